//! Dashboards keep the rules of Grafana's own linter that apply, and have what provisioning needs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::shipped;
use crate::support::dashboard_queries::{boards, queries};
use fleetgauge::dashboards::{DASHBOARDS, PALETTE};

#[test]
fn dashboards_are_well_formed() {
    let mut uids = BTreeSet::new();
    for (source, folder) in [
        ("influxdb", "grafana"),
        ("prometheus", "grafana-prometheus"),
    ] {
        for (name, board) in boards(&shipped().join(folder)) {
            let uid = board["uid"].as_str().unwrap();
            assert!(uids.insert(uid.to_owned()), "{name}: uid");
            assert!(uid.len() <= 40, "{name}: Grafana takes 40 characters");
            check_head(&name, &board);
            check_annotation(source, &name, &board);
            check_variables(source, &name, &board);
            check_layout(&name, &board);
            for panel in board["panels"].as_array().unwrap() {
                let place = format!("{folder}/{name}: {}", panel["title"]);
                check_panel(source, &place, panel);
                check_targets(&place, panel);
            }
            check_queries(source, &name, &board);
        }
    }
    assert_eq!(uids.len(), 2 * DASHBOARDS.len());
}

fn check_head(name: &str, board: &Value) {
    assert!(
        board["schemaVersion"] == 39 && board.get("__inputs").is_none(),
        "{name}"
    );
    let link = &board["links"][0];
    assert_eq!(link["tags"], board["tags"], "{name}: links to its own set");
    assert!(
        link["keepTime"] == true && link["includeVars"] == true,
        "{name}: a link keeps range and variables"
    );
    assert!(
        board["timezone"] == "Europe/London" && board["time"]["to"] == "now",
        "{name}"
    );
    for colour in colours(board) {
        assert!(
            PALETTE.contains(&colour.as_str()),
            "{name}: {colour} is not one that everybody can tell apart"
        );
    }
}

fn check_annotation(source: &str, name: &str, board: &Value) {
    let annotation = &board["annotations"]["list"][0];
    assert!(
        annotation["name"] == "Alerts" && annotation["datasource"]["uid"] == "${datasource}",
        "{name}"
    );
    // Grafana 10 reads `target`; what stands beside it is the same for older versions.
    let key = if source == "influxdb" {
        "query"
    } else {
        "expr"
    };
    assert!(
        annotation["target"][key].is_string() && annotation["target"][key] == annotation[key],
        "{name}: annotation"
    );
}

fn check_variables(source: &str, name: &str, board: &Value) {
    let variables = board["templating"]["list"].as_array().unwrap();
    assert!(
        variables[0]["name"] == "datasource" && variables[0]["query"] == source,
        "{name}"
    );
    for variable in &variables[1..] {
        // A link carries it to other dashboards by its name.
        let one = variable["name"].as_str().unwrap().starts_with("one_");
        assert!(
            variable["multi"] == !one && variable["includeAll"] == !one,
            "{name}: {}",
            variable["name"]
        );
        assert_eq!(
            variable["refresh"], 2,
            "{name}: {} is looked up when the time range changes",
            variable["name"]
        );
        assert_eq!(variable["datasource"]["uid"], "${datasource}", "{name}");
    }
}

/// Panels have ids of their own, stay within the width, and do not overlap.
fn check_layout(name: &str, board: &Value) {
    let mut ids = BTreeSet::new();
    let mut taken: BTreeSet<(u64, u64)> = BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        let place = format!("{name}: {}", panel["title"]);
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{place}: id");
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{place}: within the width");
        for cell in (at("x")..at("x") + at("w"))
            .flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)))
        {
            assert!(taken.insert(cell), "{place}: lies upon another panel");
        }
    }
}

fn check_panel(source: &str, place: &str, panel: &Value) {
    let description = panel["description"].as_str().unwrap();
    assert!(
        description.len() > 15 && description.ends_with('.'),
        "{place}: description"
    );
    for unit in units(&panel["fieldConfig"]) {
        assert!(
            UNITS.contains(&unit.as_str()) || unit.starts_with("suffix:"),
            "{place}: unit {unit}"
        );
        assert!(
            !unit.contains(": "),
            "{place}: Grafana puts the space before a suffix"
        );
    }
    assert!(
        panel["fieldConfig"]["defaults"]["unit"].is_string(),
        "{place}: unit"
    );
    assert_eq!(panel["datasource"]["uid"], "${datasource}", "{place}");
    assert!(
        PANEL_TYPES.contains(&panel["type"].as_str().unwrap()),
        "{place}: a panel of Grafana itself"
    );
    let ahead = panel["timeFrom"]
        .as_str()
        .is_none_or(|from| source == "influxdb" && from.starts_with('+'));
    assert!(ahead, "{place}: VictoriaMetrics drops rows of the future");
}

fn check_targets(place: &str, panel: &Value) {
    let targets = panel["targets"].as_array().unwrap();
    assert!(
        !targets.is_empty() && targets.len() <= 26,
        "{place}: {} queries",
        targets.len()
    );
    let references: BTreeSet<&str> = targets
        .iter()
        .map(|target| target["refId"].as_str().unwrap())
        .collect();
    assert_eq!(references.len(), targets.len(), "{place}: letters");
    assert!(
        targets
            .iter()
            .all(|target| target["datasource"]["uid"] == "${datasource}"),
        "{place}"
    );
}

fn check_queries(source: &str, name: &str, board: &Value) {
    for text in queries(board).into_iter().map(|query| query.text) {
        assert!(
            !text.contains("autogen"),
            "{name}: names a retention policy: {text}"
        );
        assert!(
            source == "prometheus" || !text.contains("=~") || text.contains(":regex}"),
            "{name}: {text}"
        );
    }
}

const PANEL_TYPES: [&str; 6] = [
    "stat",
    "gauge",
    "timeseries",
    "bargauge",
    "state-timeline",
    "table",
];

/// Ids of units that Grafana has and we use.
const UNITS: [&str; 15] = [
    "none",
    "string",
    "percentunit",
    "watth",
    "watt",
    "amp",
    "volt",
    "celsius",
    "lengthkm",
    "velocitykmh",
    "litre",
    "massg",
    "ms",
    "s",
    "dateTimeAsIso",
];

/// Units of a panel and its columns.
fn units(config: &Value) -> Vec<String> {
    let columns = config["overrides"].as_array().into_iter().flatten();
    let columns = columns
        .flat_map(|one| one["properties"].as_array().unwrap())
        .filter(|one| one["id"] == "unit");
    let all = columns
        .map(|one| &one["value"])
        .chain(std::iter::once(&config["defaults"]["unit"]));
    all.map(|unit| unit.as_str().unwrap().to_owned()).collect()
}

/// Every colour of a dashboard.
fn colours(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.len() == 7 && text.starts_with('#') => {
            vec![text.clone()]
        }
        Value::Array(list) => list.iter().flat_map(colours).collect(),
        Value::Object(map) => map.values().flat_map(colours).collect(),
        _ => Vec::new(),
    }
}
