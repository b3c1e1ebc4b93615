//! Keys whose values are texts: words of a list, paths, dates and addresses.

use std::path::PathBuf;

use super::Section;
use crate::app::config::source::Value;
use crate::units::Day;

impl Section<'_> {
    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str, into: &mut String) {
        self.read(key, into, "write a text in quotes", text_of);
    }

    /// A text that may be left out.
    pub(crate) fn optional_text(&mut self, key: &'static str, into: &mut Option<String>) {
        self.read(
            key,
            into,
            "write a text in quotes, or leave the key out",
            |value| text_of(value).map(Some),
        );
    }

    /// A text that `parse` can make something of, and that may be left out.
    pub(crate) fn parsed<T>(
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

    /// One of the words.
    pub(crate) fn word<T: Copy>(&mut self, key: &'static str, into: &mut T, words: &[(&str, T)]) {
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

    /// A path, relative to the working directory.
    pub(crate) fn path(&mut self, key: &'static str, into: &mut PathBuf) {
        self.read(key, into, "write a path in quotes", |value| {
            text_of(value).map(PathBuf::from)
        });
    }

    /// A path that may be left out.
    pub(crate) fn optional_path(&mut self, key: &'static str, into: &mut Option<PathBuf>) {
        self.read(
            key,
            into,
            "write a path in quotes, or leave the key out",
            |value| text_of(value).map(|text| Some(PathBuf::from(text))),
        );
    }

    /// A date such as "2028-03-31".
    pub(crate) fn day(&mut self, key: &'static str, into: &mut Day) {
        self.read(key, into, "write it in quotes: \"2028-03-31\"", |value| {
            text_of(value)?
                .parse()
                .map_err(|error: crate::units::ParseDayError| error.to_string())
        });
    }

    /// A date that may be left out.
    pub(crate) fn optional_day(&mut self, key: &'static str, into: &mut Option<Day>) {
        let mut day = Day::default();
        let given = self.has(key);
        self.day(key, &mut day);
        if given && day != Day::default() {
            *into = Some(day);
        }
    }

    /// `host:port` to listen on.
    pub(crate) fn address(&mut self, key: &'static str, into: &mut String) {
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
    pub(crate) fn optional_address(&mut self, key: &'static str, into: &mut Option<String>) {
        let mut address = String::new();
        self.address(key, &mut address);
        if !address.is_empty() {
            *into = Some(address);
        }
    }
}

/// The text of a value, which is not empty.
pub(super) fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) if text.is_empty() => Err("is empty".to_owned()),
        Value::Text(text) => Ok(text.clone()),
        other => Err(format!("is {}, not a text", other.kind())),
    }
}
