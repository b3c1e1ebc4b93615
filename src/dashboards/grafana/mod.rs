//! The table of panels as Grafana's classic dashboard JSON (schema 39, read by Grafana 10 and later).
//!
//! The data source is a variable, because `__inputs` is filled in at import only, never by provisioning.

mod panel;
mod targets;

use serde_json::{Value as Json, json};

use super::colours::VERMILION;
use super::table::{Dashboard, Panel, Variable};
use super::{influxql, promql};
use panel::panel;

/// The language that queries are written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// InfluxDB 1.8, 2, 3.
    InfluxQl,
    /// VictoriaMetrics and Prometheus.
    PromQl,
}

impl Language {
    fn source_type(self) -> &'static str {
        match self {
            Self::InfluxQl => "influxdb",
            Self::PromQl => "prometheus",
        }
    }

    /// The tag by which the dashboards of a set link to each other.
    fn set(self) -> &'static str {
        match self {
            Self::InfluxQl => "fleetgauge",
            Self::PromQl => "fleetgauge-prometheus",
        }
    }

    /// Rows of the future are in InfluxDB only.
    pub fn has(self, panel: &Panel) -> bool {
        self == Self::InfluxQl || panel.ahead.is_none()
    }

    fn source(self) -> Json {
        json!({ "type": self.source_type(), "uid": "${datasource}" })
    }
}

/// A dashboard's JSON.
pub fn dashboard(board: &Dashboard, language: Language) -> Json {
    let (mut x, mut y, mut row_height) = (0, 0, 0);
    let mut panels = Vec::new();
    for (at, one) in board
        .panels
        .iter()
        .filter(|panel| language.has(panel))
        .enumerate()
    {
        if x + one.width > 24 {
            (x, y, row_height) = (0, y + u32::from(row_height), 0);
        }
        let mut body = panel(one, language);
        body["id"] = json!(at + 1);
        body["gridPos"] = json!({ "x": x, "y": y, "w": one.width, "h": one.height });
        panels.push(body);
        (x, row_height) = (x + one.width, row_height.max(one.height));
    }
    let mut variables = vec![json!({
        "name": "datasource", "label": "Data source", "type": "datasource", "query": language.source_type(), "refresh": 1, "hide": 0,
        "multi": false, "includeAll": false, "options": [], "regex": "",
    })];
    variables.extend(board.variables.iter().map(|one| variable(one, language)));
    json!({
        "uid": uid(board, language),
        "title": match language {
            Language::InfluxQl => board.title.to_owned(),
            Language::PromQl => format!("{} (Prometheus)", board.title),
        },
        "description": board.description,
        "tags": [language.set()],
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        // Days of the books are London days.
        "timezone": "Europe/London",
        "time": { "from": board.from, "to": "now" },
        "refresh": "1m",
        "links": [{
            "title": "Fleetgauge", "type": "dashboards", "tags": [language.set()], "asDropdown": true, "includeVars": true,
            "keepTime": true, "targetBlank": false, "icon": "external link", "tooltip": "The other dashboards", "url": "",
        }],
        "templating": { "list": variables },
        "annotations": { "list": [annotation(language)] },
        "panels": panels,
    })
}

/// Grafana takes 40 characters.
fn uid(board: &Dashboard, language: Language) -> String {
    let set = match language {
        Language::InfluxQl => "fleetgauge",
        Language::PromQl => "fleetgauge-prom",
    };
    format!("{set}-{}", board.name)
}

/// Alerts as they begin to fire. Since Grafana 10 the sources read `target`; what stands beside it is for older ones.
fn annotation(language: Language) -> Json {
    let mut one = json!({
        "name": "Alerts", "enable": true, "hide": false, "iconColor": VERMILION, "datasource": language.source(),
    });
    match language {
        Language::InfluxQl => {
            let query = "SELECT \"subject\", \"rule\", \"state_code\" FROM \"alerts\" WHERE \"state_code\" = 2 AND $timeFilter";
            one["query"] = json!(query);
            one["textColumn"] = json!("subject");
            one["tagsColumn"] = json!("rule");
            one["target"] = json!({
                "refId": "Anno", "query": query, "rawQuery": true, "queryType": "tags", "fromAnnotations": true, "textEditor": true,
                "textColumn": "subject", "tagsColumn": "rule", "name": "Alerts",
            });
        }
        Language::PromQl => {
            let query = "alerts_state_code == 2";
            one["expr"] = json!(query);
            one["titleFormat"] = json!("{{rule}}");
            one["textFormat"] = json!("{{severity}} {{fleet}} {{site}}");
            one["step"] = json!("60s");
            one["target"] = json!({ "refId": "Anno", "expr": query, "interval": "60s", "range": true, "instant": false });
        }
    }
    one
}

fn variable(variable: &Variable, language: Language) -> Json {
    let query = match language {
        Language::InfluxQl => json!(influxql::values(variable)),
        Language::PromQl => json!({ "query": promql::values(variable), "refId": "Variable" }),
    };
    let definition = match language {
        Language::InfluxQl => influxql::values(variable),
        Language::PromQl => promql::values(variable),
    };
    let (text, value) = if variable.several {
        ("All", "$__all")
    } else {
        (variable.first, variable.first)
    };
    let current = if value.is_empty() {
        json!({})
    } else {
        json!({ "text": text, "value": value, "selected": true })
    };
    json!({
        "name": variable.name(), "label": variable.label, "type": "query", "datasource": language.source(), "query": query,
        "definition": definition, "refresh": 2, "sort": 1, "hide": 0, "multi": variable.several, "includeAll": variable.several,
        // A pattern in place of a list of all values, which may be long; it also matches rows with the tag value `unknown`.
        "allValue": if variable.several { json!(".*") } else { Json::Null },
        "current": current, "options": [], "regex": "",
    })
}
