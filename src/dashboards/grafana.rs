//! The table of panels as Grafana's classic dashboard JSON (schema 39, read by Grafana 10 and later).
//!
//! The data source is a variable, for `__inputs` is filled in at import only, never by provisioning.

use serde_json::{Value as Json, json};

use super::colours::{ORANGE, PALETTE, VERMILION};
use super::table::{Column, Dashboard, Look, Panel, Series, State, Value, Variable};
use super::{influxql, promql};

/// Query language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// InfluxDB 1.8, 2, 3.
    InfluxQl,
    /// VictoriaMetrics, Prometheus.
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
        // All of them without a list of all of them, which may be long; also rows whose tag is `unknown`.
        "allValue": if variable.several { json!(".*") } else { Json::Null },
        "current": current, "options": [], "regex": "",
    })
}

fn panel(panel: &Panel, language: Language) -> Json {
    let mut body = json!({
        "title": panel.title,
        "description": panel.description,
        "type": match panel.look {
            Look::Stat => "stat",
            Look::Gauge => "gauge",
            Look::Lines | Look::Bars => "timeseries",
            Look::BarGauge => "bargauge",
            Look::States => "state-timeline",
            Look::Table => "table",
        },
        "datasource": language.source(),
        "fieldConfig": { "defaults": defaults(panel), "overrides": overrides(panel) },
        "options": options(panel),
        "targets": targets(panel, language),
        "transformations": if panel.look == Look::Table { transformations(panel, language) } else { json!([]) },
    });
    if let Some(interval) = shortest_interval(panel) {
        body["interval"] = json!(interval);
    }
    if let Some(ahead) = panel.ahead {
        body["timeFrom"] = json!(ahead);
    }
    body
}

/// Shorter intervals would hold less than one row.
fn shortest_interval(panel: &Panel) -> Option<&'static str> {
    panel.series.iter().find_map(|series| match series.value {
        Value::Booked { step, .. } => Some(step),
        Value::Less {
            by_interval: true, ..
        } => Some("1d"),
        // Counters of connectors are written every 15 minutes.
        Value::Growth { .. } if series.measurement == "connector_time" => Some("1h"),
        Value::Share {
            by_interval: true, ..
        } => Some("1h"),
        Value::Growth { .. } => Some("5m"),
        Value::Over { .. } => Some("1m"),
        _ => None,
    })
}

fn defaults(panel: &Panel) -> Json {
    let mut defaults = json!({
        "unit": panel.unit,
        "noValue": "no data",
        // Lines of an unknown number of names: one hue by lightness. Named series have colours of their own below.
        "color": { "mode": "shades", "fixedColor": PALETTE[0] },
        "mappings": mappings(panel.states),
    });
    if panel.unit == "percentunit" && panel.look == Look::Gauge {
        defaults["min"] = json!(0);
        defaults["max"] = json!(1);
        defaults["thresholds"] = json!({ "mode": "absolute", "steps": [
            { "color": VERMILION, "value": null }, { "color": ORANGE, "value": 0.97 }, { "color": PALETTE[0], "value": 0.99 },
        ] });
        defaults["color"] = json!({ "mode": "thresholds" });
    }
    defaults["custom"] = match panel.look {
        Look::Lines => {
            json!({ "drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "auto", "spanNulls": true })
        }
        Look::Bars => {
            json!({ "drawStyle": "bars", "lineWidth": 1, "fillOpacity": 80, "stacking": { "mode": "normal", "group": "A" } })
        }
        Look::States => json!({ "fillOpacity": 80, "lineWidth": 0 }),
        Look::Table => json!({ "align": "auto", "filterable": true }),
        _ => json!({}),
    };
    defaults
}

fn overrides(panel: &Panel) -> Json {
    let columns = panel.series.iter().flat_map(|series| match series.value {
        Value::Rows { columns, .. } => columns,
        _ => &[],
    });
    let column = |column: &Column| {
        let mut properties = vec![json!({ "id": "unit", "value": column.unit })];
        if !column.states.is_empty() {
            properties.push(json!({ "id": "mappings", "value": mappings(column.states) }));
            properties
                .push(json!({ "id": "custom.cellOptions", "value": { "type": "color-text" } }));
        }
        json!({ "matcher": { "id": "byName", "options": column.title }, "properties": properties })
    };
    let mut all: Vec<Json> = columns.map(column).collect();
    if panel.look != Look::Table && panel.series.len() > 1 {
        all.extend((0..panel.series.len()).map(|at| {
            let mode = if panel.series[at].by.is_empty() { "fixed" } else { "shades" };
            let mut properties =
                vec![json!({ "id": "color", "value": { "mode": mode, "fixedColor": PALETTE[at % PALETTE.len()] } })];
            if panel.series[at].dashed && panel.look == Look::Lines {
                properties.push(json!({ "id": "custom.lineStyle", "value": { "fill": "dash", "dash": [10, 8] } }));
            }
            json!({ "matcher": { "id": "byFrameRefID", "options": reference(at) }, "properties": properties })
        }));
    }
    if let Some((upper, lower)) = panel.band {
        let fill = [
            json!({ "id": "custom.fillBelowTo", "value": lower }),
            json!({ "id": "custom.fillOpacity", "value": 20 }),
        ];
        all.push(json!({ "matcher": { "id": "byName", "options": upper }, "properties": fill }));
    }
    Json::Array(all)
}

fn mappings(states: &[State]) -> Json {
    if states.is_empty() {
        return json!([]);
    }
    let mut options = serde_json::Map::new();
    for (at, state) in states.iter().enumerate() {
        let shown = json!({ "text": state.word, "color": state.colour, "index": at });
        if states.len() == 2 {
            options.insert((state.code == 1).to_string(), shown.clone());
        }
        options.insert(state.code.to_string(), shown);
    }
    json!([{ "type": "value", "options": options }])
}

fn options(panel: &Panel) -> Json {
    let last = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
    let legend = json!({ "displayMode": "list", "placement": "bottom", "showLegend": true });
    match panel.look {
        // The name stands beside the number, so that colour is not the only sign.
        Look::Stat => {
            let peak = panel
                .series
                .iter()
                .all(|series| matches!(series.value, Value::Over { .. }));
            let calcs = if peak {
                json!(["max"])
            } else {
                last["calcs"].clone()
            };
            json!({ "reduceOptions": { "calcs": calcs, "fields": "", "values": false }, "textMode": "value_and_name", "graphMode": "none", "colorMode": "none" })
        }
        Look::Gauge => json!({ "reduceOptions": last, "showThresholdMarkers": true }),
        Look::BarGauge => {
            json!({ "reduceOptions": last, "orientation": "horizontal", "displayMode": "basic" })
        }
        Look::Lines | Look::Bars => {
            json!({ "legend": legend, "tooltip": { "mode": "multi", "sort": "desc" } })
        }
        Look::States => {
            json!({ "legend": legend, "mergeValues": true, "showValue": "auto", "rowHeight": 0.9 })
        }
        Look::Table => json!({ "showHeader": true, "cellHeight": "sm" }),
    }
}

fn targets(panel: &Panel, language: Language) -> Json {
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

/// Columns that Prometheus can hold: it keeps no text. A table of text alone lists who is there.
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

fn transformations(panel: &Panel, language: Language) -> Json {
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
        // Of a state at the end of the range, the time says nothing.
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
fn reference(at: usize) -> String {
    char::from(b'A' + (at % 26) as u8).to_string()
}
