//! A panel's queries as JSON, and how their columns are joined in a table.

use serde_json::{Value as Json, json};

use super::Language;
use crate::dashboards::table::{Column, Panel, Series, Value};
use crate::dashboards::{influxql, promql};

pub(super) fn targets(panel: &Panel, language: Language) -> Json {
    let mut targets = Vec::new();
    for series in panel.series {
        match (language, series.value) {
            (Language::InfluxQl, value) => {
                let format = if matches!(value, Value::Rows { .. }) { "table" } else { "time_series" };
                targets.push(json!({
                    "rawQuery": true, "query": influxql::query(series), "resultFormat": format, "alias": influxql::alias(series),
                    "measurement": series.measurement, "tags": [], "select": [], "groupBy": [],
                }));
            }
            (Language::PromQl, Value::Rows { .. }) => targets.extend(numbers(series).map(|column| {
                let expression = promql::cell(series, column.field);
                let expression = if column.times == 1 { expression } else { format!("({expression}) * {}", column.times) };
                json!({ "expr": expression, "instant": true, "range": false, "format": "table", "legendFormat": "__auto" })
            })),
            (Language::PromQl, _) => targets.push(json!({
                "expr": promql::query(series), "instant": series.is_instant(), "range": !series.is_instant(), "format": "time_series",
                "legendFormat": promql::legend(series),
            })),
        }
    }
    for (at, target) in targets.iter_mut().enumerate() {
        target["refId"] = json!(reference(at));
        target["datasource"] = language.source();
    }
    Json::Array(targets)
}

/// Columns that Prometheus can hold: it keeps no text. A table of text alone lists its rows.
fn numbers(series: &Series) -> impl Iterator<Item = &'static Column> {
    let Value::Rows { columns, .. } = series.value else {
        return Vec::new().into_iter();
    };
    let mut kept: Vec<&Column> = columns
        .iter()
        .filter(|column| column.unit != "string")
        .collect();
    if kept.is_empty() {
        kept.extend(columns.first());
    }
    kept.into_iter()
}

pub(super) fn transformations(panel: &Panel, language: Language) -> Json {
    let mut renamed = serde_json::Map::new();
    let mut hidden = serde_json::Map::new();
    for series in panel.series {
        let Value::Rows { columns, every } = series.value else {
            continue;
        };
        match language {
            Language::InfluxQl => renamed.extend(
                columns
                    .iter()
                    .map(|column| (column.field.to_owned(), json!(column.title))),
            ),
            Language::PromQl => {
                let kept: Vec<&Column> = numbers(series).collect();
                for (at, column) in kept.iter().enumerate() {
                    // A single query's column has no letter.
                    let name = if kept.len() == 1 {
                        "Value".to_owned()
                    } else {
                        format!("Value #{}", reference(at))
                    };
                    if column.unit == "string" {
                        hidden.insert(name, json!(true));
                    } else {
                        renamed.insert(name, json!(column.title));
                    }
                }
            }
        }
        // The time of a state at the end of the range has no meaning.
        if !every || language == Language::PromQl {
            hidden.insert("Time".to_owned(), json!(true));
        }
    }
    let organise = json!({ "id": "organize", "options": { "renameByName": renamed, "excludeByName": hidden, "indexByName": {} } });
    match language {
        Language::InfluxQl => json!([organise]),
        Language::PromQl => json!([{ "id": "merge", "options": {} }, organise]),
    }
}

/// `A` to `Z`.
pub(super) fn reference(at: usize) -> String {
    char::from(b'A' + (at % 26) as u8).to_string()
}
