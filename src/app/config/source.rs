//! The raw configuration: a TOML file with the line of every key, and the environment's overrides on top.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// A value with its position.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Node {
    pub position: SourcePosition,
    pub value: Value,
}

/// The position of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum SourcePosition {
    /// In the file, from 1.
    Line(usize),
    /// In an environment variable.
    Variable(String),
}

/// TOML's values, as far as the configuration uses them.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
    /// Dates, and integers beyond 64 bits: no key takes them.
    Other,
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a section",
            Self::Other => "a date or a number too large",
        }
    }
}

/// Reads TOML; on a syntax error, its line and message.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Node>, (usize, String)> {
    let table = DeTable::parse(text).map_err(|error| {
        (
            error.span().map_or(1, |span| line_of(text, span.start)),
            error.message().to_owned(),
        )
    })?;
    Ok(take_table(text, table.into_inner()))
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

fn take_table(text: &str, table: DeTable<'_>) -> BTreeMap<String, Node> {
    let entries = table.into_iter().map(|(key, value)| {
        let line = line_of(text, key.span().start);
        (
            key.into_inner().into_owned(),
            Node {
                position: SourcePosition::Line(line),
                value: take_value(text, value.into_inner()),
            },
        )
    });
    entries.collect()
}

fn take_value(text: &str, value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other, Value::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Other, Value::Float),
        DeValue::Boolean(flag) => Value::Bool(flag),
        DeValue::Datetime(_) => Value::Other,
        DeValue::Array(items) => Value::List(
            items
                .into_iter()
                .map(|item| Node {
                    position: SourcePosition::Line(line_of(text, item.span().start)),
                    value: take_value(text, item.into_inner()),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(take_table(text, table)),
    }
}

/// Puts `FLEETGAUGE__SECTION__KEY=value` over the file's keys. Lists of sections (`[[broker]]`) cannot be overridden.
pub(super) fn overlay(
    tree: &mut BTreeMap<String, Node>,
    variables: impl Iterator<Item = (String, String)>,
) {
    for (name, text) in variables {
        let Some(path) = name.strip_prefix("FLEETGAUGE__") else {
            continue;
        };
        let Some((section, key)) = path.split_once("__") else {
            continue;
        };
        let position = SourcePosition::Variable(name.clone());
        let section = tree.entry(section.to_lowercase()).or_insert_with(|| Node {
            position: position.clone(),
            value: Value::Table(BTreeMap::new()),
        });
        if let Value::Table(keys) = &mut section.value {
            keys.insert(
                key.to_lowercase(),
                Node {
                    position,
                    value: guess(&text),
                },
            );
        }
    }
}

/// A variable has no type: what reads as a number or a flag is one.
fn guess(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text
            .parse()
            .map(Value::Integer)
            .or_else(|_| text.parse().map(Value::Float))
            .unwrap_or_else(|_| Value::Text(text.to_owned())),
    }
}
