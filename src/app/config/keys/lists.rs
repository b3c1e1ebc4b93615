//! Keys whose values are lists or tables with free keys.

use std::sync::Arc;

use super::Section;
use super::texts::text_of;
use crate::app::config::source::{Node, Value};
use crate::model::{OcppVersion, nearest};
use crate::telemetry::{DECODERS, Formats};

/// The texts of a list; an item that is none, or is empty, is a mistake.
fn texts_of(value: &Value) -> Result<Vec<String>, String> {
    let Value::List(items) = value else {
        return Err(format!("is {}, not a list", value.kind()));
    };
    items.iter().map(|item| text_of(&item.value)).collect()
}

impl Section<'_> {
    /// A list of texts.
    pub(crate) fn texts(&mut self, key: &'static str, into: &mut Vec<String>) {
        self.read(key, into, "write a list of texts: [\"a\", \"b\"]", texts_of);
    }

    /// A list of some of the words.
    pub(crate) fn words(&mut self, key: &'static str, into: &mut Vec<String>, words: &[&str]) {
        let hint = format!("write a list of: {}", words.join(", "));
        self.read(key, into, &hint, |value| {
            let texts = texts_of(value)?;
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
    pub(crate) fn versions(&mut self, key: &'static str, into: &mut Vec<OcppVersion>) {
        self.read(
            key,
            into,
            "write a list such as [\"1.6\", \"2.0.1\", \"2.1\"]",
            |value| {
                let version = |text: &String| {
                    OcppVersion::from_name(text)
                        .ok_or("has a version that is not spoken here".to_owned())
                };
                let versions: Vec<_> = texts_of(value)?
                    .iter()
                    .map(version)
                    .collect::<Result<_, String>>()?;
                if versions.is_empty() {
                    Err("is empty".to_owned())
                } else {
                    Ok(versions)
                }
            },
        );
    }

    /// A list of MQTT formats.
    pub(crate) fn formats(&mut self, key: &'static str, into: &mut Arc<Formats>) {
        let known: Vec<&str> = DECODERS.iter().map(|decoder| decoder.name).collect();
        let hint = format!("write a list of: {}", known.join(", "));
        self.read(key, into, &hint, |value| {
            let names = texts_of(value)?;
            if names.is_empty() {
                return Err("is empty".to_owned());
            }
            Formats::named(names.iter().map(String::as_str))
                .map(Arc::new)
                .map_err(|name| format!("has `{name}`, which is no format"))
        });
    }

    /// Names of the reader's own choice with texts: `key = { site = "DERBY" }`.
    pub(crate) fn pairs(&mut self, key: &'static str, into: &mut Vec<(String, String)>) {
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

    /// The sections of a list within this one, by their names.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<(String, Node)> {
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
                    Some(node.position),
                    "",
                    format!("is {}, not a list", other.kind()),
                    "write [{ .. }, { .. }]",
                );
                Vec::new()
            }
        }
    }
}
