//! The settings as they were loaded: each key that the file or the environment set, with its position. Secrets are not kept.

use std::collections::BTreeMap;

use serde::Serialize;

use super::source::{Node, SourcePosition, Value};

/// Parts of names of keys with secret values; `..._file` is only the path of a secret.
const SECRET: [&str; 6] = ["password", "token", "secret", "key", "credential", "salt"];

/// A key that was set.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// The key with its section, `section.key`.
    pub key: String,
    /// As TOML writes it.
    pub value: String,
    /// The line of the file, or the name of the environment variable.
    pub from: String,
}

/// All of them. How a setting was written is no part of what it means, so two are always equal.
#[derive(Clone, Default, Debug)]
pub struct Loaded(pub Vec<Setting>);

impl PartialEq for Loaded {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Loaded {
    pub(super) fn of(tree: &BTreeMap<String, Node>, file: &str) -> Self {
        let mut found = Vec::new();
        for (name, node) in tree {
            walk(name, node, file, &mut found);
        }
        Self(found)
    }

    /// The answer of `/api/v1/settings`.
    pub fn json(&self) -> String {
        serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "settings": self.0 }).to_string()
    }
}

fn walk(name: &str, node: &Node, file: &str, found: &mut Vec<Setting>) {
    match &node.value {
        Value::Table(keys) => keys
            .iter()
            .for_each(|(key, node)| walk(&format!("{name}.{key}"), node, file, found)),
        Value::List(items)
            if items
                .iter()
                .any(|item| matches!(item.value, Value::Table(_))) =>
        {
            items.iter().enumerate().for_each(|(index, item)| {
                walk(&format!("{name}[{}]", index + 1), item, file, found)
            });
        }
        value => found.push(Setting {
            key: name.to_owned(),
            value: if is_secret(name) {
                "(not shown)".to_owned()
            } else {
                shown(value)
            },
            from: match &node.position {
                SourcePosition::Line(line) => format!("{file} line {line}"),
                SourcePosition::Variable(variable) => variable.clone(),
            },
        }),
    }
}

fn is_secret(name: &str) -> bool {
    let key = name.rsplit('.').next().unwrap_or(name);
    !key.ends_with("_file") && SECRET.iter().any(|part| key.contains(part))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{:?}", without_path(text)),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::List(items) => format!(
            "[{}]",
            items
                .iter()
                .map(|item| shown(&item.value))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        Value::Table(_) | Value::Other => "…".to_owned(),
    }
}

/// Of an address only its host: chat webhooks carry their secret in the path, and some people write passwords before the host.
fn without_path(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let more = if matches!(path, "" | "/") && host == authority {
        path
    } else {
        "/…"
    };
    format!("{scheme}://{host}{more}")
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn secrets_are_left_out_and_positions_are_reported() {
        let text = "[log]\nlevel = \"debug\"\n[[notify]]\nname = \"chat\"\nkind = \"slack\"\nurl = \"https://u:p@chat.example/hooks/T0/abc\"\n";
        let variables = [("FLEETGAUGE__TARGET__SHARE".to_owned(), "0.8".to_owned())];
        let mut tree = super::super::source::parse(text).expect("TOML");
        super::super::source::overlay(&mut tree, variables.into_iter());
        let json = super::Loaded::of(&tree, "f.toml").json();
        for want in [
            "log.level",
            "\\\"debug\\\"",
            "f.toml line 2",
            "FLEETGAUGE__TARGET__SHARE",
            "notify[1].url",
            "https://chat.example/…",
        ] {
            assert!(json.contains(want), "{want} is not in {json}");
        }
        assert!(!json.contains("abc") && !json.contains("u:p"), "{json}");
        assert!(super::is_secret("influx.token") && !super::is_secret("influx.token_file"));
        let config = Config::parse("[log]\nlevel = \"debug\"\n", "f.toml", std::iter::empty())
            .expect("a configuration");
        assert_eq!(config.loaded.0.len(), 1);
    }
}
