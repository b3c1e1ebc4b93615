//! A panel as JSON: its type, field configuration and options.

use serde_json::{Value as Json, json};

use super::Language;
use super::targets::{reference, targets, transformations};
use crate::dashboards::colours::{ORANGE, PALETTE, VERMILION};
use crate::dashboards::table::{Column, Look, Panel, State, Value};

pub(super) fn panel(panel: &Panel, language: Language) -> Json {
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
