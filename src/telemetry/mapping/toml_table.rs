//! A TOML table whose keys are taken one by one. A value of the wrong type, or a key that is left over, becomes an error with its line and
//! a hint.

use std::cell::RefCell;

use toml::de::{DeTable, DeValue};

use super::error::MappingError;
use crate::model::nearest;
use crate::units::Decimal;

/// A mapping file and its mistakes so far.
pub(super) struct MappingFile<'f> {
    file: &'f str,
    text: &'f str,
    errors: RefCell<Vec<MappingError>>,
}

impl<'f> MappingFile<'f> {
    /// A file by its name and text.
    pub(super) fn new(file: &'f str, text: &'f str) -> Self {
        Self {
            file,
            text,
            errors: RefCell::default(),
        }
    }

    /// Parses the syntax; `None`, with the errors reported, if it is not TOML.
    pub(super) fn parse(&self) -> Option<TomlTable<'f, '_>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            self.refuse(
                error.span().map_or(0, |span| span.start),
                "",
                error.message(),
                "this line is not TOML",
            );
        }
        errors
            .is_empty()
            .then(|| TomlTable::new(self, String::new(), 0, table.into_inner(), &[]))
    }

    /// How many mistakes there are.
    pub(super) fn count(&self) -> usize {
        self.errors.borrow().len()
    }

    /// The mistakes, by line.
    pub(super) fn into_errors(self) -> Vec<MappingError> {
        let mut errors = self.errors.into_inner();
        errors.sort_by_key(|error| error.line);
        errors
    }

    /// Records a mistake at a byte of the text.
    pub(super) fn refuse(
        &self,
        at: usize,
        key: &str,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let (file, key) = (self.file.to_owned(), key.to_owned());
        self.errors.borrow_mut().push(MappingError {
            file,
            line,
            key,
            reason: reason.into(),
            hint: hint.into(),
        });
    }
}

/// A table and the keys not taken yet.
pub(super) struct TomlTable<'f, 's> {
    source: &'s MappingFile<'f>,
    path: String,
    at: usize,
    left: DeTable<'f>,
    known: Vec<&'static str>,
    /// Keys of the table around this one, which slip in here easily.
    parent_keys: &'static [&'static str],
}

/// A value, and where its key stands.
pub(super) struct TomlEntry<'f> {
    /// The key's first byte.
    pub at: usize,
    /// The value, borrowed from the file's text.
    pub value: DeValue<'f>,
}

impl<'f, 's> TomlTable<'f, 's> {
    fn new(
        source: &'s MappingFile<'f>,
        path: String,
        at: usize,
        left: DeTable<'f>,
        parent_keys: &'static [&'static str],
    ) -> Self {
        Self {
            source,
            path,
            at,
            left,
            known: Vec::new(),
            parent_keys,
        }
    }

    /// Returns true if the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.left.contains_key(key)
    }

    /// Where a key stands that was not taken yet.
    pub(super) fn position(&self, key: &str) -> Option<usize> {
        self.left
            .get_key_value(key)
            .map(|(key, _)| key.span().start)
    }

    /// Records a mistake about a key, at the key, or about the table if the key is empty.
    pub(super) fn refuse(
        &self,
        key: &str,
        at: Option<usize>,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let path = match (self.path.is_empty(), key.is_empty()) {
            (_, true) => self.path.clone(),
            (true, false) => key.to_owned(),
            (false, false) => format!("{}.{key}", self.path),
        };
        self.source.refuse(
            at.or_else(|| self.position(key)).unwrap_or(self.at),
            &path,
            reason,
            hint,
        );
    }

    /// Takes a key out of the table; keys that are left over are mistakes.
    pub(super) fn take(&mut self, key: &'static str) -> Option<TomlEntry<'f>> {
        self.known.push(key);
        let (key, value) = self.left.remove_entry(key)?;
        Some(TomlEntry {
            at: key.span().start,
            value: value.into_inner(),
        })
    }

    fn wrong_type(&self, key: &str, taken: &TomlEntry<'_>, wanted: &str, hint: &str) {
        self.refuse(
            key,
            Some(taken.at),
            format!("is {}, not {wanted}", kind(&taken.value)),
            hint,
        );
    }

    /// A text that is not empty; where it stands comes with it.
    pub(super) fn text(&mut self, key: &'static str, hint: &str) -> Option<(String, usize)> {
        let taken = self.take(key)?;
        match &taken.value {
            DeValue::String(text) if text.is_empty() => {
                self.refuse(key, Some(taken.at), "is empty", hint)
            }
            DeValue::String(text) => return Some((text.clone().into_owned(), taken.at)),
            _ => self.wrong_type(key, &taken, "a text", hint),
        }
        None
    }

    /// A text that may be empty.
    pub(super) fn any_text(&mut self, key: &'static str, hint: &str) -> Option<(String, usize)> {
        let taken = self.take(key)?;
        if let DeValue::String(text) = &taken.value {
            return Some((text.clone().into_owned(), taken.at));
        }
        self.wrong_type(key, &taken, "a text", hint);
        None
    }

    /// One of the words.
    pub(super) fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let hint = format!(
            "one of: {}",
            words
                .iter()
                .map(|(word, _)| *word)
                .collect::<Vec<_>>()
                .join(", ")
        );
        let (text, at) = self.text(key, &hint)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            self.refuse(key, Some(at), format!("`{text}` is not known"), hint);
        }
        found
    }

    /// A number, exactly.
    pub(super) fn number(&mut self, key: &'static str, hint: &str) -> Option<Decimal> {
        let taken = self.take(key)?;
        let number = decimal(&taken.value);
        if number.is_none() {
            self.wrong_type(key, &taken, "a number", hint);
        }
        number
    }

    /// The elements of a list with the position of its key; `None` if absent or of another type, which is reported.
    pub(super) fn list(
        &mut self,
        key: &'static str,
        hint: &str,
    ) -> Option<(Vec<TomlEntry<'f>>, usize)> {
        let taken = self.take(key)?;
        let at = taken.at;
        let DeValue::Array(items) = taken.value else {
            self.wrong_type(key, &taken, "a list", hint);
            return None;
        };
        Some((
            items
                .into_iter()
                .map(|item| TomlEntry {
                    at: item.span().start,
                    value: item.into_inner(),
                })
                .collect(),
            at,
        ))
    }

    /// A table within this one.
    pub(super) fn table(
        &mut self,
        key: &'static str,
        hint: &str,
        parent_keys: &'static [&'static str],
    ) -> Option<TomlTable<'f, 's>> {
        let taken = self.take(key)?;
        let at = taken.at;
        let DeValue::Table(inner) = taken.value else {
            self.wrong_type(key, &taken, "a table", hint);
            return None;
        };
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };
        Some(TomlTable::new(self.source, path, at, inner, parent_keys))
    }

    /// A list of tables within this one.
    pub(super) fn tables(
        &mut self,
        key: &'static str,
        hint: &str,
        parent_keys: &'static [&'static str],
    ) -> Vec<TomlTable<'f, 's>> {
        let Some((items, at)) = self.list(key, hint) else {
            return Vec::new();
        };
        if items.is_empty() {
            self.refuse(key, Some(at), "is empty", hint);
        }
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };
        let mut tables = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            match item.value {
                DeValue::Table(inner) => tables.push(TomlTable::new(
                    self.source,
                    path,
                    item.at,
                    inner,
                    parent_keys,
                )),
                other => self.source.refuse(
                    item.at,
                    &path,
                    format!("is {}, not a table", kind(&other)),
                    hint,
                ),
            }
        }
        tables
    }

    /// What is left, key by key: for tables whose keys are free.
    pub(super) fn rest(&mut self) -> Vec<(String, TomlEntry<'f>)> {
        let left = std::mem::take(&mut self.left);
        let entry = |(key, value): (
            toml::Spanned<std::borrow::Cow<'f, str>>,
            toml::Spanned<DeValue<'f>>,
        )| {
            let at = key.span().start;
            (
                key.into_inner().into_owned(),
                TomlEntry {
                    at,
                    value: value.into_inner(),
                },
            )
        };
        left.into_iter().map(entry).collect()
    }

    /// Reports the keys that were not taken.
    pub(super) fn finish(mut self) {
        for (key, taken) in self.rest() {
            let hint = if self.parent_keys.contains(&key.as_str()) {
                let table = self
                    .path
                    .rsplit('.')
                    .next()
                    .unwrap_or_default()
                    .split('[')
                    .next()
                    .unwrap_or_default();
                format!(
                    "it belongs to [[map]]: in TOML, keys below the heading of `{table}` are its own, so write `{key}` above it"
                )
            } else {
                nearest(&key, &self.known)
            };
            self.refuse(&key, Some(taken.at), "is not a key here", hint);
        }
    }
}

/// A number's digits as they stand.
pub(super) fn decimal(value: &DeValue<'_>) -> Option<Decimal> {
    match value {
        DeValue::Integer(number) => Some(Decimal::new(
            i128::from_str_radix(number.as_str(), number.radix()).ok()?,
            0,
        )),
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(number) if number.as_str().parse::<Decimal>().is_err() => "no number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
