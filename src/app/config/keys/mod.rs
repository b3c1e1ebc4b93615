//! Reads one section of the configuration key by key. A wrong value and a key that no reader takes become errors with
//! their position and a hint.

mod lists;
mod numbers;
mod texts;

use std::collections::BTreeMap;

use super::ConfigError;
use super::source::{Node, SourcePosition, Value};
use crate::model::nearest;

/// A section being read.
pub(super) struct Section<'a> {
    name: String,
    position: SourcePosition,
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
        Some(Node { position, .. }) => {
            errors.push(ConfigError {
                key: key.into(),
                position,
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
        Self::from_node(name.to_owned(), node, errors)
    }

    /// A section by its node.
    pub(super) fn from_node(
        name: String,
        node: Option<Node>,
        errors: &'a mut Vec<ConfigError>,
    ) -> Self {
        let position = node
            .as_ref()
            .map_or(SourcePosition::Line(1), |node| node.position.clone());
        let keys = match node {
            None => BTreeMap::new(),
            Some(Node {
                value: Value::Table(keys),
                ..
            }) => keys,
            Some(Node { value, position }) => {
                let reason = format!("is {}, not a section", value.kind());
                errors.push(ConfigError {
                    key: name.clone(),
                    position,
                    value: String::new(),
                    reason,
                    hint: format!("write [{name}] on a line of its own"),
                });
                BTreeMap::new()
            }
        };
        Self {
            name,
            position,
            keys,
            known: Vec::new(),
            errors,
        }
    }

    /// The key is written and not taken yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// The position of a key, for reports after it was taken.
    pub(super) fn position_of(&self, key: &str) -> Option<SourcePosition> {
        self.keys.get(key).map(|node| node.position.clone())
    }

    /// The section is empty or absent.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Reports something about a key, or about the whole section if `key` is empty.
    pub(super) fn refuse(
        &mut self,
        key: &str,
        position: Option<SourcePosition>,
        value: impl Into<String>,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let position = position
            .or_else(|| self.keys.get(key).map(|node| node.position.clone()))
            .unwrap_or_else(|| self.position.clone());
        let key = if key.is_empty() {
            self.name.clone()
        } else {
            format!("{}.{key}", self.name)
        };
        self.errors.push(ConfigError {
            key,
            position,
            value: value.into(),
            reason: reason.into(),
            hint: hint.into(),
        });
    }

    /// Reports something about the whole section.
    pub(super) fn refuse_section(&mut self, reason: impl Into<String>, hint: impl Into<String>) {
        self.refuse("", None, "", reason, hint);
    }

    /// Reports something about a key that is still there, without its value.
    pub(super) fn refuse_key(
        &mut self,
        key: &str,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.refuse(key, None, "", reason, hint);
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
            Err(reason) => self.refuse(key, Some(node.position), shown(&node.value), reason, hint),
        }
    }

    /// A section within this one, if it is there.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Section<'_>> {
        let node = self.node(key)?;
        Some(Section::from_node(
            format!("{}.{key}", self.name),
            Some(node),
            self.errors,
        ))
    }

    /// Where mistakes go, for sections within this one.
    pub(super) fn errors(&mut self) -> &mut Vec<ConfigError> {
        self.errors
    }

    /// Removes a key that was reported already.
    pub(super) fn skip(&mut self, key: &'static str) {
        self.node(key);
    }

    /// Reports the keys that no reader has taken.
    pub(super) fn finish(mut self) {
        for (key, node) in std::mem::take(&mut self.keys) {
            let hint = nearest(&key, &self.known);
            self.refuse(
                &key,
                Some(node.position),
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
