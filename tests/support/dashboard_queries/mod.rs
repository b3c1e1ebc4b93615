//! The queries of dashboards and alert rules, read from the shipped files.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses its own part"
)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod fleet;
mod http;

use std::path::Path;

use serde_json::Value;

pub use fleet::Fleet;
pub use http::{get, post, post_text};

/// A query of a panel, a variable or an annotation.
#[derive(Clone, Debug)]
pub struct Query {
    /// The panel's title, or which variable.
    pub panel: String,
    /// The query as it stands in the file.
    pub text: String,
    /// Shortest interval of the panel.
    pub interval: String,
    /// PromQL: of the end of the range only.
    pub instant: bool,
    /// Every column must have a value.
    pub table: bool,
    /// Years ahead, where the panel does not look back.
    pub ahead: Option<i64>,
}

/// The answer of a server.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// Values.
    Data,
    /// No value at all.
    Empty,
    /// A column without any value.
    EmptyColumn(String),
    /// The server's message.
    Error(String),
}

/// Dashboards of a folder, by file name.
pub fn boards(folder: &Path) -> Vec<(String, Value)> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (
            name,
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap(),
        )
    };
    paths.into_iter().map(read).collect()
}

fn new_query(panel: &str, text: &Value) -> Query {
    let text = text.as_str().unwrap().to_owned();
    Query {
        panel: panel.to_owned(),
        text,
        interval: "1m".to_owned(),
        instant: false,
        table: false,
        ahead: None,
    }
}

/// Every query of a dashboard.
pub fn queries(board: &Value) -> Vec<Query> {
    let mut all = Vec::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let text = if target["expr"].is_string() {
                &target["expr"]
            } else {
                &target["query"]
            };
            all.push(Query {
                interval: panel["interval"].as_str().unwrap_or("1m").to_owned(),
                instant: target["instant"] == true,
                table: target["resultFormat"] == "table",
                ahead: panel["timeFrom"].as_str().map(|text| {
                    text.strip_prefix('+')
                        .unwrap()
                        .strip_suffix('y')
                        .unwrap()
                        .parse()
                        .unwrap()
                }),
                ..new_query(panel["title"].as_str().unwrap(), text)
            });
        }
    }
    for variable in &board["templating"]["list"].as_array().unwrap()[1..] {
        let query = &variable["query"];
        all.push(new_query(
            &format!("variable {}", variable["name"]),
            if query.is_string() {
                query
            } else {
                &query["query"]
            },
        ));
    }
    for annotation in board["annotations"]["list"].as_array().unwrap() {
        let text = if annotation["expr"].is_string() {
            &annotation["expr"]
        } else {
            &annotation["query"]
        };
        all.push(new_query("annotation", text));
    }
    all
}

/// InfluxQL of Grafana's alert rules.
pub fn alert_rule_queries(file: &Path) -> Vec<Query> {
    let text = std::fs::read_to_string(file).unwrap();
    let models = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("model: "));
    // `$$` is a plain `$` in a provisioning file; a single one would be a variable of the environment.
    assert!(!text.replace("$$", "").contains('$'));
    let models =
        models.map(|model| serde_json::from_str::<Value>(&model.replace("$$", "$")).unwrap());
    models
        .filter(|model| model["query"].is_string())
        .map(|model| new_query("alert rule", &model["query"]))
        .collect()
}
