//! One section's keys, taken one by one into a room's settings; what is wrong or left over becomes an error with a hint.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::ConfigError;
use super::lengths::{parse_duration, parse_size};
use super::source::{Node, Place, Value};
use crate::model::{OcppVersion, nearest};
use crate::telemetry::{DECODERS, Formats};
use crate::units::Day;

/// A section being read.
pub(super) struct Section<'a> {
    name: String,
    place: Place,
    keys: BTreeMap<String, Node>,
    known: Vec<&'static str>,
    errors: &'a mut Vec<ConfigError>,
}

/// The items of `[[key]]`, none if it is absent; a mistake if it is written otherwise. `else_hint` follows the hint on the brackets.
pub(super) fn section_list(
    node: Option<Node>,
    key: &str,
    else_hint: &str,
    errors: &mut Vec<ConfigError>,
) -> Vec<Node> {
    match node {
        None => Vec::new(),
        Some(Node {
            value: Value::List(items),
            ..
        }) => items,
        Some(Node { place, .. }) => {
            errors.push(ConfigError {
                key: key.into(),
                place,
                value: String::new(),
                reason: "is not a list of sections".into(),
                hint: format!("write [[{key}]] with two brackets{else_hint}"),
            });
            Vec::new()
        }
    }
}

impl<'a> Section<'a> {
    /// Takes a section out of the tree; an absent one is empty.
    pub(super) fn take(
        tree: &mut BTreeMap<String, Node>,
        name: &str,
        errors: &'a mut Vec<ConfigError>,
    ) -> Self {
        let node = tree.remove(name);
        Self::of(name.to_owned(), node, errors)
    }

    /// A section by its node.
    pub(super) fn of(name: String, node: Option<Node>, errors: &'a mut Vec<ConfigError>) -> Self {
        let place = node
            .as_ref()
            .map_or(Place::Line(1), |node| node.place.clone());
        let keys = match node {
            None => BTreeMap::new(),
            Some(Node {
                value: Value::Table(keys),
                ..
            }) => keys,
            Some(Node { value, place }) => {
                let reason = format!("is {}, not a section", value.kind());
                errors.push(ConfigError {
                    key: name.clone(),
                    place,
                    value: String::new(),
                    reason,
                    hint: format!("write [{name}] on a line of its own"),
                });
                BTreeMap::new()
            }
        };
        Self {
            name,
            place,
            keys,
            known: Vec::new(),
            errors,
        }
    }

    /// The key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Where a key stands, to report something about it after it was taken.
    pub(super) fn place_of(&self, key: &str) -> Option<Place> {
        self.keys.get(key).map(|node| node.place.clone())
    }

    /// Nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Reports something about a key, or about the whole section if `key` is empty.
    pub(super) fn refuse(
        &mut self,
        key: &str,
        place: Option<Place>,
        value: impl Into<String>,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let place = place
            .or_else(|| self.keys.get(key).map(|node| node.place.clone()))
            .unwrap_or_else(|| self.place.clone());
        let key = if key.is_empty() {
            self.name.clone()
        } else {
            format!("{}.{key}", self.name)
        };
        self.errors.push(ConfigError {
            key,
            place,
            value: value.into(),
            reason: reason.into(),
            hint: hint.into(),
        });
    }

    fn node(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        self.keys.remove(key)
    }

    /// Takes a key that `read` can make something of.
    fn read<T>(
        &mut self,
        key: &'static str,
        into: &mut T,
        hint: &str,
        read: impl Fn(&Value) -> Result<T, String>,
    ) {
        let Some(node) = self.node(key) else { return };
        match read(&node.value) {
            Ok(value) => *into = value,
            Err(reason) => self.refuse(key, Some(node.place), shown(&node.value), reason, hint),
        }
    }

    /// true or false.
    pub(super) fn flag(&mut self, key: &'static str, into: &mut bool) {
        self.read(key, into, "write true or false", |value| match value {
            Value::Bool(flag) => Ok(*flag),
            other => Err(format!("is {}, not true or false", other.kind())),
        });
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, key: &'static str, into: &mut String) {
        self.read(key, into, "write a text in quotes", text_of);
    }

    /// A text that may be left out.
    pub(super) fn optional_text(&mut self, key: &'static str, into: &mut Option<String>) {
        self.read(
            key,
            into,
            "write a text in quotes, or leave the key out",
            |value| text_of(value).map(Some),
        );
    }

    /// A text that `parse` can make something of, and that may be left out.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        into: &mut Option<T>,
        hint: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) {
        self.read(key, into, hint, |value| {
            text_of(value).and_then(|text| parse(&text)).map(Some)
        });
    }

    /// A path that may be left out.
    pub(super) fn optional_path(&mut self, key: &'static str, into: &mut Option<PathBuf>) {
        self.read(
            key,
            into,
            "write a path in quotes, or leave the key out",
            |value| text_of(value).map(|text| Some(PathBuf::from(text))),
        );
    }

    /// A path.
    pub(super) fn path(&mut self, key: &'static str, into: &mut PathBuf) {
        self.read(key, into, "write a path in quotes", |value| {
            text_of(value).map(PathBuf::from)
        });
    }

    /// One of the words.
    pub(super) fn word<T: Copy>(&mut self, key: &'static str, into: &mut T, words: &[(&str, T)]) {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = format!("one of: {}", known.join(", "));
        self.read(key, into, &hint, |value| {
            let text = text_of(value)?;
            words
                .iter()
                .find(|(word, _)| *word == text)
                .map(|(_, value)| *value)
                .ok_or_else(|| "is not known".to_owned())
        });
    }

    /// A whole number within a range, ends included.
    pub(super) fn whole<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        into: &mut T,
        low: i64,
        high: i64,
    ) {
        self.read(
            key,
            into,
            &format!("a whole number from {low} to {high}"),
            |value| match value {
                Value::Integer(number) if (low..=high).contains(number) => {
                    T::try_from(*number).map_err(|_| "is out of range".to_owned())
                }
                Value::Integer(_) => Err("is out of range".to_owned()),
                other => Err(format!("is {}, not a whole number", other.kind())),
            },
        );
    }

    /// A share from 0 to 1.
    pub(super) fn share(&mut self, key: &'static str, into: &mut f64) {
        self.read(
            key,
            into,
            "a share from 0 to 1, such as 0.9 for 90 %",
            share_of,
        );
    }

    /// A share that may be left out.
    pub(super) fn optional_share(&mut self, key: &'static str, into: &mut Option<f64>) {
        self.read(
            key,
            into,
            "a share from 0 to 1, such as 0.5 for 50 %",
            |value| share_of(value).map(Some),
        );
    }

    /// A number within a range, ends included, that may be left out.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        into: &mut Option<f64>,
        low: f64,
        high: f64,
    ) {
        self.read(
            key,
            into,
            &format!("a number from {low} to {high}"),
            |value| {
                let number = match value {
                    Value::Float(number) => *number,
                    Value::Integer(number) => *number as f64,
                    other => return Err(format!("is {}, not a number", other.kind())),
                };
                if (low..=high).contains(&number) {
                    Ok(Some(number))
                } else {
                    Err("is out of range".to_owned())
                }
            },
        );
    }

    /// A number within a range, ends included.
    pub(super) fn level(&mut self, key: &'static str, into: &mut f64, low: f64, high: f64) {
        let mut number = Some(*into);
        self.number(key, &mut number, low, high);
        *into = number.unwrap_or(*into);
    }

    /// A section within this one, if it is there.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Section<'_>> {
        let node = self.node(key)?;
        Some(Section::of(
            format!("{}.{key}", self.name),
            Some(node),
            self.errors,
        ))
    }

    /// The sections of a list within this one, by their names.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<(String, Node)> {
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        let name = format!("{}.{key}", self.name);
        match node.value {
            Value::List(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| (format!("{name}[{index}]"), item))
                .collect(),
            other => {
                self.refuse(
                    key,
                    Some(node.place),
                    "",
                    format!("is {}, not a list", other.kind()),
                    "write [{ .. }, { .. }]",
                );
                Vec::new()
            }
        }
    }

    /// Where mistakes go, for sections within this one.
    pub(super) fn errors(&mut self) -> &mut Vec<ConfigError> {
        self.errors
    }

    /// Leaves a key out: something was said about it already.
    pub(super) fn skip(&mut self, key: &'static str) {
        self.node(key);
    }

    /// Names of the reader's own choice with texts: `key = { site = "DERBY" }`.
    pub(super) fn pairs(&mut self, key: &'static str, into: &mut Vec<(String, String)>) {
        self.read(
            key,
            into,
            "write names and texts: { site = \"DERBY\" }",
            |value| {
                let Value::Table(keys) = value else {
                    return Err(format!("is {}, not names and texts", value.kind()));
                };
                keys.iter()
                    .map(|(name, node)| Ok((name.clone(), text_of(&node.value)?)))
                    .collect()
            },
        );
    }

    /// A date.
    pub(super) fn day(&mut self, key: &'static str, into: &mut Day) {
        self.read(key, into, "write it in quotes: \"2028-03-31\"", |value| {
            text_of(value)?
                .parse()
                .map_err(|error: crate::units::ParseDayError| error.to_string())
        });
    }

    /// A date that may be left out.
    pub(super) fn optional_day(&mut self, key: &'static str, into: &mut Option<Day>) {
        let mut day = Day::default();
        let given = self.has(key);
        self.day(key, &mut day);
        if given && day != Day::default() {
            *into = Some(day);
        }
    }

    /// A duration with its unit, within a range.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        into: &mut Duration,
        low: Duration,
        high: Duration,
    ) {
        let hint = "a number with its unit, such as \"250ms\", \"30s\", \"15m\", \"2h\", \"7d\"";
        self.read(key, into, hint, |value| {
            let duration = match value {
                Value::Text(text) => parse_duration(text).ok_or("is not a duration")?,
                Value::Integer(0) => Duration::ZERO,
                Value::Integer(_) | Value::Float(_) => return Err("has no unit".to_owned()),
                other => return Err(format!("is {}, not a duration", other.kind())),
            };
            if (low..=high).contains(&duration) {
                Ok(duration)
            } else {
                Err(format!("must be from {low:?} to {high:?}"))
            }
        });
    }

    /// A size in bytes, with or without unit, within a range.
    pub(super) fn size<T: TryFrom<u64>>(
        &mut self,
        key: &'static str,
        into: &mut T,
        low: u64,
        high: u64,
    ) {
        self.read(
            key,
            into,
            "a number of bytes, or with a unit: \"256KiB\", \"64MiB\", \"2GiB\"",
            |value| {
                let bytes = match value {
                    Value::Text(text) => parse_size(text).ok_or("is not a size")?,
                    Value::Integer(number) => u64::try_from(*number).map_err(|_| "is negative")?,
                    other => return Err(format!("is {}, not a size", other.kind())),
                };
                if !(low..=high).contains(&bytes) {
                    return Err(format!("must be from {low} to {high} bytes"));
                }
                T::try_from(bytes).map_err(|_| "is too large for this machine".to_owned())
            },
        );
    }

    /// `host:port` to listen on.
    pub(super) fn address(&mut self, key: &'static str, into: &mut String) {
        self.read(
            key,
            into,
            "write host:port, such as \"127.0.0.1:9310\", or \"0.0.0.0:9310\" for every network of this machine",
            |value| {
                let text = text_of(value)?;
                match text.rsplit_once(':') {
                    Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text),
                    Some(("", _)) | None => Err("has no address".to_owned()),
                    Some(_) => Err("has no port from 0 to 65535".to_owned()),
                }
            },
        );
    }

    /// `host:port` to listen on, that may be left out.
    pub(super) fn optional_address(&mut self, key: &'static str, into: &mut Option<String>) {
        let mut address = String::new();
        self.address(key, &mut address);
        if !address.is_empty() {
            *into = Some(address);
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str, into: &mut Vec<String>) {
        self.read(
            key,
            into,
            "write a list of texts: [\"a\", \"b\"]",
            |value| match value {
                Value::List(items) => items.iter().map(|item| text_of(&item.value)).collect(),
                other => Err(format!("is {}, not a list", other.kind())),
            },
        );
    }

    /// A list of some of the words.
    pub(super) fn words(&mut self, key: &'static str, into: &mut Vec<String>, words: &[&str]) {
        let hint = format!("write a list of: {}", words.join(", "));
        self.read(key, into, &hint, |value| {
            let Value::List(items) = value else {
                return Err(format!("is {}, not a list", value.kind()));
            };
            let texts: Vec<String> = items
                .iter()
                .map(|item| text_of(&item.value))
                .collect::<Result<_, _>>()?;
            match texts.iter().find(|text| !words.contains(&text.as_str())) {
                Some(other) => Err(format!(
                    "has `{other}`, which is not known; {}",
                    nearest(other, words)
                )),
                None => Ok(texts),
            }
        });
    }

    /// A list of OCPP versions, the best first.
    pub(super) fn versions(&mut self, key: &'static str, into: &mut Vec<OcppVersion>) {
        self.read(
            key,
            into,
            "write a list such as [\"1.6\", \"2.0.1\", \"2.1\"]",
            |value| {
                let Value::List(items) = value else {
                    return Err(format!("is {}, not a list", value.kind()));
                };
                let version = |item: &Node| {
                    OcppVersion::from_name(&text_of(&item.value)?)
                        .ok_or("has a version that is not spoken here".to_owned())
                };
                let versions: Vec<_> = items.iter().map(version).collect::<Result<_, String>>()?;
                if versions.is_empty() {
                    Err("is empty".to_owned())
                } else {
                    Ok(versions)
                }
            },
        );
    }

    /// A list of MQTT formats.
    pub(super) fn formats(&mut self, key: &'static str, into: &mut Arc<Formats>) {
        let known: Vec<&str> = DECODERS.iter().map(|decoder| decoder.name).collect();
        let hint = format!("write a list of: {}", known.join(", "));
        self.read(key, into, &hint, |value| {
            let Value::List(items) = value else {
                return Err(format!("is {}, not a list", value.kind()));
            };
            let names: Vec<String> = items
                .iter()
                .map(|item| text_of(&item.value))
                .collect::<Result<_, _>>()?;
            if names.is_empty() {
                return Err("is empty".to_owned());
            }
            Formats::named(names.iter().map(String::as_str))
                .map(Arc::new)
                .map_err(|name| format!("has `{name}`, which is no format"))
        });
    }

    /// Reports what nobody asked for.
    pub(super) fn finish(mut self) {
        for (key, node) in std::mem::take(&mut self.keys) {
            let hint = nearest(&key, &self.known);
            self.refuse(
                &key,
                Some(node.place),
                "",
                "is not a key of this section",
                hint,
            );
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::List(_) | Value::Table(_) | Value::Other => String::new(),
    }
}

fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) if text.is_empty() => Err("is empty".to_owned()),
        Value::Text(text) => Ok(text.clone()),
        other => Err(format!("is {}, not a text", other.kind())),
    }
}

fn share_of(value: &Value) -> Result<f64, String> {
    let share = match value {
        Value::Float(number) => *number,
        Value::Integer(number) => *number as f64,
        other => return Err(format!("is {}, not a share", other.kind())),
    };
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("is not from 0 to 1".to_owned())
    }
}
