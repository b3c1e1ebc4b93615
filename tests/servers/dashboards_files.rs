//! The files of the dashboards that are shipped: equal to what the table makes, well formed, every field of the schema shown; the alert
//! rules by promtool; provisioning and compose file name what is exported. No Grafana, and no container is run here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::dashboard_queries::{boards, questions};
use crate::support::{TempDir, fleetgauge, server};
use fleetgauge::dashboards::table::{Filter, Look};
use fleetgauge::dashboards::{DASHBOARDS, NOT_SHOWN, PALETTE, files};
use fleetgauge::series::table::MEASUREMENTS;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

#[test]
fn the_shipped_files_are_what_the_table_makes() {
    const RENEW: &str = "renew them with `cargo run -- dashboards export dashboards`";
    let folder = TempDir::new("dashboards");
    let output = fleetgauge()
        .args(["dashboards", "export"])
        .arg(folder.path().join("new"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let files = files();
    for (path, text) in &files {
        assert_eq!(
            &std::fs::read_to_string(folder.path().join("new").join(path)).unwrap(),
            text,
            "{path}"
        );
        assert!(
            std::fs::read_to_string(shipped().join(path)).is_ok_and(|found| found == *text),
            "dashboards/{path}: {RENEW}"
        );
    }
    let mut found = Vec::new();
    let mut folders = vec![shipped()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    let known: BTreeSet<PathBuf> = files.iter().map(|(path, _)| shipped().join(path)).collect();
    assert_eq!(
        found.into_iter().collect::<BTreeSet<_>>(),
        known,
        "no other file stands in dashboards/: {RENEW}"
    );
}

#[test]
fn every_panel_asks_for_what_the_schema_has_and_every_field_is_shown() {
    let mut shown: BTreeSet<(&str, &str)> = BTreeSet::new();
    for board in DASHBOARDS {
        for panel in board.panels {
            for series in panel.series {
                let place = format!("{} / {}", board.name, panel.title);
                let measurement = MEASUREMENTS
                    .iter()
                    .find(|known| known.name == series.measurement);
                let measurement = measurement
                    .unwrap_or_else(|| panic!("{place}: no measurement {}", series.measurement));
                for field in series.fields() {
                    let known = measurement
                        .fields
                        .iter()
                        .find(|column| column.name == field);
                    assert!(
                        known.is_some(),
                        "{place}: {} has no field {field}",
                        measurement.name
                    );
                    shown.insert((measurement.name, field));
                }
                for tag in series.tags() {
                    assert!(
                        measurement.tags.iter().any(|column| column.name == tag),
                        "{place}: {} has no tag {tag}",
                        measurement.name
                    );
                }
                for filter in series.filters {
                    let wanted = match filter {
                        Filter::Chosen(tag) => (*tag).to_owned(),
                        Filter::One(tag) => format!("one_{tag}"),
                        _ => continue,
                    };
                    assert!(
                        board.variables.iter().any(|one| one.name() == wanted),
                        "{place}: no variable {wanted}"
                    );
                }
            }
        }
        for variable in board.variables {
            let measurement = MEASUREMENTS
                .iter()
                .find(|known| known.name == variable.measurement)
                .unwrap();
            assert!(
                measurement
                    .fields
                    .iter()
                    .any(|column| column.name == variable.field),
                "{}",
                variable.field
            );
            assert!(
                measurement
                    .tags
                    .iter()
                    .any(|column| column.name == variable.tag),
                "{}",
                variable.tag
            );
        }
    }
    for measurement in MEASUREMENTS {
        for field in measurement.fields {
            let why = NOT_SHOWN
                .iter()
                .find(|(name, hidden, _)| (*name, *hidden) == (measurement.name, field.name));
            let is_shown = shown.contains(&(measurement.name, field.name));
            assert!(
                is_shown != why.is_some(),
                "{}.{}: shown {is_shown}, listed as not shown {why:?}",
                measurement.name,
                field.name
            );
        }
    }
}

/// The rules of Grafana's own linter that apply, and what provisioning needs.
#[test]
fn dashboards_are_well_formed() {
    let mut uids = BTreeSet::new();
    for (source, folder) in [
        ("influxdb", "grafana"),
        ("prometheus", "grafana-prometheus"),
    ] {
        for (name, board) in boards(&shipped().join(folder)) {
            assert!(
                uids.insert(board["uid"].as_str().unwrap().to_owned()),
                "{name}: uid"
            );
            assert!(
                board["uid"].as_str().unwrap().len() <= 40,
                "{name}: Grafana takes 40 characters"
            );
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
            let annotation = &board["annotations"]["list"][0];
            assert!(
                annotation["name"] == "Alerts"
                    && annotation["datasource"]["uid"] == "${datasource}",
                "{name}"
            );
            // Grafana 10 reads `target`; what stands beside it is for older ones and says the same.
            let key = if source == "influxdb" {
                "query"
            } else {
                "expr"
            };
            assert!(
                annotation["target"][key].is_string()
                    && annotation["target"][key] == annotation[key],
                "{name}: annotation"
            );
            for colour in colours(&board) {
                assert!(
                    PALETTE.contains(&colour.as_str()),
                    "{name}: {colour} is not one that everybody can tell apart"
                );
            }
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
            let mut ids = BTreeSet::new();
            let mut taken: BTreeSet<(u64, u64)> = BTreeSet::new();
            for panel in board["panels"].as_array().unwrap() {
                let place = format!("{folder}/{name}: {}", panel["title"]);
                assert!(ids.insert(panel["id"].as_u64().unwrap()), "{place}: id");
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
                let kinds = [
                    "stat",
                    "gauge",
                    "timeseries",
                    "bargauge",
                    "state-timeline",
                    "table",
                ];
                assert!(
                    kinds.contains(&panel["type"].as_str().unwrap()),
                    "{place}: a panel of Grafana itself"
                );
                let ahead = panel["timeFrom"]
                    .as_str()
                    .is_none_or(|from| source == "influxdb" && from.starts_with('+'));
                assert!(ahead, "{place}: VictoriaMetrics drops rows of the future");
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
                let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
                assert!(at("x") + at("w") <= 24, "{place}: within the width");
                for cell in (at("x")..at("x") + at("w"))
                    .flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)))
                {
                    assert!(taken.insert(cell), "{place}: lies upon another panel");
                }
            }
            for text in questions(&board).into_iter().map(|question| question.text) {
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
    }
    assert_eq!(uids.len(), 2 * DASHBOARDS.len());
}

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
fn units(config: &serde_json::Value) -> Vec<String> {
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
fn colours(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) if text.len() == 7 && text.starts_with('#') => {
            vec![text.clone()]
        }
        serde_json::Value::Array(list) => list.iter().flat_map(colours).collect(),
        serde_json::Value::Object(map) => map.values().flat_map(colours).collect(),
        _ => Vec::new(),
    }
}

/// Location-based and market-based scope 2 are two views of the same electricity.
#[test]
fn no_query_adds_the_two_views_of_scope_2() {
    let mut checked = 0;
    for board in DASHBOARDS {
        for panel in board.panels {
            let scoped = ["fleet_emissions", "site_emissions"];
            for series in panel
                .series
                .iter()
                .filter(|series| scoped.contains(&series.measurement))
            {
                let text = fleetgauge::dashboards::influxql::query(series);
                let apart = series.by.contains(&"scope")
                    || text.contains("\"scope\" = ")
                    || text.contains("\"scope\" != '2_market'");
                assert!(apart, "{}: {text}", panel.title);
                checked += 1;
            }
            let market = panel.series.iter().any(|series| {
                format!("{:?}", series.filters).contains("Is(\"scope\", \"2_market\")")
            });
            assert!(
                !market || panel.look != Look::Bars,
                "{}: stacked bars add what must not be added",
                panel.title
            );
        }
    }
    assert!(checked > 10);
}

/// The stack cannot be run here; what its files say of each other can be read.
#[test]
fn provisioning_and_compose_name_what_is_exported() {
    let files = files();
    let text = |path: &str| {
        &files
            .iter()
            .find(|(found, _)| found == path)
            .unwrap_or_else(|| panic!("no file {path}"))
            .1
    };
    let compose = text("compose.yml");
    let mut mounts = Vec::new();
    for line in compose
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- ./"))
    {
        let (from, to) = line.split_once(':').unwrap();
        let exported = files
            .iter()
            .any(|(path, _)| path == from || path.starts_with(&format!("{from}/")));
        assert!(exported, "compose.yml mounts {from}, which is not exported");
        mounts.push((from, to.trim_end_matches(":ro")));
    }
    assert!(
        mounts.contains(&("provisioning", "/etc/grafana/provisioning")),
        "{mounts:?}"
    );
    let value = |text: &str, key: &str| {
        text.lines()
            .find_map(|line| {
                line.trim()
                    .strip_prefix(key)?
                    .strip_prefix(": ")
                    .map(str::to_owned)
            })
            .unwrap()
    };
    let folder = value(text("provisioning/dashboards/fleetgauge.yml"), "path");
    assert!(
        mounts.contains(&("grafana", folder.as_str())),
        "dashboards are looked for in {folder}: {mounts:?}"
    );
    let source = text("provisioning/datasources/fleetgauge.yml");
    assert_eq!(value(source, "type"), "influxdb");
    let uid = value(source, "uid");
    for line in text("provisioning/alerting/fleetgauge.yml")
        .lines()
        .filter(|line| line.contains("datasourceUid: "))
    {
        assert!(
            line.ends_with(&format!(": {uid}")) || line.ends_with(": __expr__"),
            "{line}: the data source is {uid}"
        );
    }
    for variable in source
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
    {
        assert!(
            compose.contains(&format!("      {variable}: ")),
            "compose.yml does not set {variable}"
        );
    }
    let bucket = value(compose, "DOCKER_INFLUXDB_INIT_BUCKET");
    assert_eq!(
        value(source, "dbName"),
        bucket,
        "a bucket is a database of its name"
    );
    assert!(
        compose.starts_with("# ") && compose.contains("NOT RUN"),
        "it says that it was not run"
    );
}

#[test]
fn promtool_takes_the_alert_rules_and_their_tests() {
    const TEST: &str = "promtool_takes_the_alert_rules_and_their_tests";
    let Some(promtool) = server(TEST, "promtool") else {
        return;
    };
    for arguments in [
        ["check", "rules", "rules.yml"],
        ["test", "rules", "rules_test.yml"],
    ] {
        let output = Command::new(&promtool)
            .args(arguments)
            .current_dir(shipped().join("prometheus"))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
    }
    // Every rule has a case in which it fires, and one in which it does not.
    let rules = std::fs::read_to_string(shipped().join("prometheus/rules.yml")).unwrap();
    let tests = std::fs::read_to_string(shipped().join("prometheus/rules_test.yml")).unwrap();
    let names: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    let cases: Vec<(&str, bool)> = cases(&tests);
    for name in &names {
        for fires in [true, false] {
            let how = if fires { "fires" } else { "does not fire" };
            assert!(
                cases.contains(&(name, fires)),
                "{name}: rules_test.yml has no case in which it {how}"
            );
        }
    }
    assert!(
        cases.iter().all(|(name, _)| names.contains(name)),
        "a case of a rule that is not there"
    );
    println!("{} rules, {} cases", names.len(), cases.len());
}

/// Cases of a file of promtool: the rule, and whether alerts are expected.
fn cases(tests: &str) -> Vec<(&str, bool)> {
    let case = |(at, _): (usize, &str)| {
        let case = &tests[at + "eval_time: ".len()..];
        let case = &case[..case.find("eval_time: ").unwrap_or(case.len())];
        let name = case.split_once("alertname: ").unwrap().1;
        (
            name.split([' ', '\n', '}']).next().unwrap(),
            case.contains("exp_alerts:"),
        )
    };
    tests.match_indices("eval_time: ").map(case).collect()
}
