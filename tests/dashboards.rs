//! The dashboards that are shipped: equal to what the table makes, well formed, every field of the schema; every query answered by a
//! real InfluxDB 1.6 and a real VictoriaMetrics with what a fleet wrote; alert rules by promtool. No Grafana: its macros are filled in.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and waits on the real clock")]

#[path = "support/demo.rs"]
mod demo;
#[path = "support/grid.rs"]
mod grid;
#[path = "support/invented.rs"]
mod invented;
#[path = "support/questions.rs"]
mod questions;
mod support;
#[path = "support/write_endpoint.rs"]
mod write_endpoint;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fleetgauge::app::dashboards::table::Look;
use fleetgauge::app::dashboards::{DASHBOARDS, NOT_SHOWN, PALETTE, files};
use fleetgauge::points::schema::MEASUREMENTS;
use questions::{Answers, Fleet, boards, questions};
use support::{Process, TempDir, fleetgauge, free_port, server, wait_for, wait_for_port};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

#[test]
fn the_shipped_files_are_what_the_table_makes() {
    const RENEW: &str = "renew them with `cargo run -- dashboards export dashboards`";
    let folder = TempDir::new("dashboards");
    let output = fleetgauge().args(["dashboards", "export"]).arg(folder.path().join("new")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let files = files();
    for (path, text) in &files {
        assert_eq!(&std::fs::read_to_string(folder.path().join("new").join(path)).unwrap(), text, "{path}");
        assert!(std::fs::read_to_string(shipped().join(path)).is_ok_and(|found| found == *text), "dashboards/{path}: {RENEW}");
    }
    let mut found = Vec::new();
    let mut folders = vec![shipped()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    let known: BTreeSet<PathBuf> = files.iter().map(|(path, _)| shipped().join(path)).collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), known, "no other file stands in dashboards/: {RENEW}");
}

#[test]
fn every_panel_asks_for_what_the_schema_has_and_every_field_is_shown() {
    let mut shown: BTreeSet<(&str, &str)> = BTreeSet::new();
    for board in DASHBOARDS {
        for panel in board.panels {
            for series in panel.series {
                let place = format!("{} / {}", board.name, panel.title);
                let measurement = MEASUREMENTS.iter().find(|known| known.name == series.measurement);
                let measurement = measurement.unwrap_or_else(|| panic!("{place}: no measurement {}", series.measurement));
                for field in series.fields() {
                    let known = measurement.fields.iter().find(|column| column.name == field);
                    assert!(known.is_some(), "{place}: {} has no field {field}", measurement.name);
                    shown.insert((measurement.name, field));
                }
                for tag in series.tags() {
                    assert!(
                        measurement.tags.iter().any(|column| column.name == tag),
                        "{place}: {} has no tag {tag}",
                        measurement.name
                    );
                }
                let chosen = format!("{:?}", series.filters);
                for variable in ["site", "fleet", "target", "charge_point_id", "vehicle_id"] {
                    let wanted = chosen.contains(&format!("Chosen(\"{variable}\")"));
                    assert!(!wanted || board.variables.iter().any(|one| one.tag == variable), "{place}: no variable {variable}");
                }
            }
        }
        for variable in board.variables {
            let measurement = MEASUREMENTS.iter().find(|known| known.name == variable.measurement).unwrap();
            assert!(measurement.fields.iter().any(|column| column.name == variable.field), "{}", variable.field);
            assert!(measurement.tags.iter().any(|column| column.name == variable.tag), "{}", variable.tag);
        }
    }
    for measurement in MEASUREMENTS {
        for field in measurement.fields {
            let why = NOT_SHOWN.iter().find(|(name, hidden, _)| (*name, *hidden) == (measurement.name, field.name));
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
    for (source, folder) in [("influxdb", "grafana"), ("prometheus", "grafana-prometheus")] {
        for (name, board) in boards(&shipped().join(folder)) {
            assert!(uids.insert(board["uid"].as_str().unwrap().to_owned()), "{name}: uid");
            assert!(board["uid"].as_str().unwrap().len() <= 40, "{name}: Grafana takes 40 characters");
            assert!(board["schemaVersion"] == 39 && board.get("__inputs").is_none(), "{name}");
            let link = &board["links"][0];
            assert_eq!(link["tags"], board["tags"], "{name}: links to its own set");
            assert!(link["keepTime"] == true && link["includeVars"] == true, "{name}: a link keeps range and variables");
            assert!(board["timezone"] == "Europe/London" && board["time"]["to"] == "now", "{name}");
            let annotation = &board["annotations"]["list"][0];
            assert!(annotation["name"] == "Alerts" && annotation["datasource"]["uid"] == "${datasource}", "{name}");
            // Grafana 10 reads `target`; what stands beside it is for older ones and says the same.
            let key = if source == "influxdb" { "query" } else { "expr" };
            assert!(annotation["target"][key].is_string() && annotation["target"][key] == annotation[key], "{name}: annotation");
            for colour in colours(&board) {
                assert!(PALETTE.contains(&colour.as_str()), "{name}: {colour} is not one that everybody can tell apart");
            }
            let variables = board["templating"]["list"].as_array().unwrap();
            assert!(variables[0]["name"] == "datasource" && variables[0]["query"] == source, "{name}");
            for variable in &variables[1..] {
                assert_eq!(variable["refresh"], 2, "{name}: {} is looked up when the time range changes", variable["name"]);
                assert_eq!(variable["datasource"]["uid"], "${datasource}", "{name}");
            }
            let mut ids = BTreeSet::new();
            let mut taken: BTreeSet<(u64, u64)> = BTreeSet::new();
            for panel in board["panels"].as_array().unwrap() {
                let place = format!("{folder}/{name}: {}", panel["title"]);
                assert!(ids.insert(panel["id"].as_u64().unwrap()), "{place}: id");
                let description = panel["description"].as_str().unwrap();
                assert!(description.len() > 15 && description.ends_with('.'), "{place}: description");
                assert!(panel["fieldConfig"]["defaults"]["unit"].as_str().is_some_and(|unit| !unit.is_empty()), "{place}: unit");
                assert_eq!(panel["datasource"]["uid"], "${datasource}", "{place}");
                let kinds = ["stat", "gauge", "timeseries", "bargauge", "state-timeline", "table"];
                assert!(kinds.contains(&panel["type"].as_str().unwrap()), "{place}: a panel of Grafana itself");
                let ahead = panel["timeFrom"].as_str().is_none_or(|from| source == "influxdb" && from.starts_with('+'));
                assert!(ahead, "{place}: VictoriaMetrics drops rows of the future");
                let targets = panel["targets"].as_array().unwrap();
                assert!(!targets.is_empty() && targets.len() <= 26, "{place}: {} queries", targets.len());
                let references: BTreeSet<&str> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
                assert_eq!(references.len(), targets.len(), "{place}: letters");
                assert!(targets.iter().all(|target| target["datasource"]["uid"] == "${datasource}"), "{place}");
                let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
                assert!(at("x") + at("w") <= 24, "{place}: within the width");
                for cell in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
                    assert!(taken.insert(cell), "{place}: lies upon another panel");
                }
            }
            for text in questions(&board).into_iter().map(|question| question.text) {
                assert!(!text.contains("autogen"), "{name}: names a retention policy: {text}");
                assert!(source == "prometheus" || !text.contains("=~") || text.contains(":regex}"), "{name}: {text}");
            }
        }
    }
    assert_eq!(uids.len(), 2 * DASHBOARDS.len());
}

/// Every colour of a dashboard.
fn colours(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) if text.len() == 7 && text.starts_with('#') => vec![text.clone()],
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
            for series in panel.series.iter().filter(|series| scoped.contains(&series.measurement)) {
                let text = fleetgauge::app::dashboards::influxql::query(series);
                let apart =
                    series.by.contains(&"scope") || text.contains("\"scope\" = ") || text.contains("\"scope\" != '2_market'");
                assert!(apart, "{}: {text}", panel.title);
                checked += 1;
            }
            let market =
                panel.series.iter().any(|series| format!("{:?}", series.filters).contains("Is(\"scope\", \"2_market\")"));
            assert!(!market || panel.look != Look::Bars, "{}: stacked bars add what must not be added", panel.title);
        }
    }
    assert!(checked > 10);
}

/// Both servers filled with what the demo wrote, and every question of every panel, variable, annotation and alert rule asked: one without
/// an answer fails. What the demo cannot show stands in `invented`, which is printed (`--nocapture`).
#[test]
fn every_query_is_answered() {
    const TEST: &str = "every_query_is_answered";
    let (Some(influxd), Some(victoria)) = (server(TEST, "influxd"), server(TEST, "victoria-metrics")) else { return };
    let fleet = Fleet::record();
    let folder = TempDir::new("dashboards-servers");
    let (influx, _influxd) = start_influx(&influxd, &folder);
    let (metrics, _victoria) = start_victoria(&victoria, &folder);
    for database in ["run", "filled"] {
        assert_eq!(questions::post(influx, "/query", &[("q", &format!("CREATE DATABASE {database}"))]).0, 200);
    }
    let invented = invented::lines(&fleet);
    let write = |port, path: &str, lines: &[&str]| {
        for part in lines.chunks(1_000) {
            let (status, text) = questions::post_text(port, path, &part.join("\n"));
            assert_eq!(status, 204, "{text}");
        }
    };
    let run: Vec<&str> = fleet.lines.iter().map(String::as_str).collect();
    let all: Vec<&str> = invented.iter().map(String::as_str).chain(run.iter().copied()).collect();
    write(influx, "/write?db=run&precision=ms", &run);
    write(influx, "/write?db=filled&precision=ms", &all);
    write(metrics, "/api/v2/write?precision=ms", &all);
    wait_for("VictoriaMetrics to show what it took", || {
        questions::get(metrics, "/internal/force_flush");
        questions::post(
            metrics,
            "/api/v1/query",
            &[("query", "count(last_over_time({__name__=~\".+\"}[5d]))"), ("time", &fleet.seconds())],
        )
        .1
        .contains("value\"")
    });
    let mut wrong = Vec::new();
    let mut not_by_demo = Vec::new();
    let mut asked = 0;
    for (name, board) in boards(&shipped().join("grafana")) {
        for question in questions(&board) {
            asked += 1;
            match fleet.ask_influx(influx, "filled", &question) {
                Answers::Data => {}
                other => wrong.push(format!("grafana/{name} / {}: {other:?}\n    {}", question.panel, question.text)),
            }
            if fleet.ask_influx(influx, "run", &question) != Answers::Data {
                not_by_demo.push((format!("{name} / {}", question.panel), question.text.clone()));
            }
        }
    }
    for query in questions::of_alert_rules(&shipped().join("provisioning/alerting/fleetgauge.yml")) {
        asked += 1;
        if fleet.ask_influx(influx, "filled", &query) != Answers::Data {
            wrong.push(format!("alert rule: {}", query.text));
        }
    }
    for (name, board) in boards(&shipped().join("grafana-prometheus")) {
        for question in questions(&board) {
            asked += 1;
            match fleet.ask_metrics(metrics, &question) {
                Answers::Data => {}
                other => wrong.push(format!("grafana-prometheus/{name} / {}: {other:?}\n    {}", question.panel, question.text)),
            }
        }
    }
    println!("{asked} questions of {} rows in {} s of the fleet", fleet.lines.len(), (fleet.to - fleet.from) / 1000);
    println!("{} questions of InfluxDB are answered by what is invented:", not_by_demo.len());
    not_by_demo.iter().for_each(|(place, _)| println!("  {place}"));
    println!("invented:");
    for one in invented::INVENTED {
        println!("  {} {}: {}", one.measurement, one.fields.join(", "), one.why);
        let needed = not_by_demo.iter().any(|(_, text)| invented::excuse(text).is_some_and(|excuse| std::ptr::eq(excuse, one)));
        assert!(needed, "{}: no question needs what is invented", one.measurement);
    }
    let unexcused: Vec<_> = not_by_demo.iter().filter(|(_, text)| invented::excuse(text).is_none()).collect();
    assert!(unexcused.is_empty(), "answered by chance of what is invented: {unexcused:?}");
    assert!(asked > 300, "only {asked} questions");
    assert!(wrong.is_empty(), "{} of {asked} questions:\n{}", wrong.len(), wrong.join("\n"));
    // The two sets tell the same where the question is the same: states and sums at the end of the range.
    let mut compared = 0;
    for ((name, board), (_, other)) in
        boards(&shipped().join("grafana")).iter().zip(boards(&shipped().join("grafana-prometheus")))
    {
        // Rows of the future are in one of the two only.
        let (mut influxql, promql) = (by_panel(board), by_panel(&other));
        influxql.retain(|questions| questions.iter().all(|question| question.ahead.is_none()));
        assert_eq!(influxql.len(), promql.len(), "{name}: the sets have other panels than those ahead");
        for (panel, (mine, theirs)) in influxql.into_iter().zip(promql).enumerate() {
            let pairs = mine
                .iter()
                .zip(&theirs)
                .filter(|(mine, theirs)| !mine.table && theirs.instant && !theirs.text.contains("increase("));
            for (mine, theirs) in pairs {
                let (one, two) = (fleet.numbers(influx, Some("filled"), mine), fleet.numbers(metrics, None, theirs));
                // A sum that was written anew with less stays at its highest in VictoriaMetrics; its windows begin with a sample that
                // InfluxDB counts to the one before; and of two states of a connector in one millisecond, it keeps one by chance.
                let near = |number: f64| match theirs.text.split(' ').next() {
                    _ if theirs.text.contains("max_over_time") => (0.05 * number.abs()).max(1.0),
                    Some("count") => 2.0,
                    _ => 1e-6 * number.abs().max(1.0),
                };
                let same = one.len() == two.len() && one.iter().zip(&two).all(|(a, b)| (a - b).abs() <= near(*a));
                assert!(same, "{name}, panel {panel}: {one:?} and {two:?}\n{}\n{}", mine.text, theirs.text);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "only {compared} compared");
    // A misspelt field must not pass for an answer.
    let mut misspelt = questions(&boards(&shipped().join("grafana"))[0].1).remove(0);
    misspelt.text = "SELECT last(\"valeu\") FROM \"target_progress\" WHERE $timeFilter".to_owned();
    assert_eq!(fleet.ask_influx(influx, "filled", &misspelt), Answers::Nothing);
}

/// Questions of each panel apart.
fn by_panel(board: &serde_json::Value) -> Vec<Vec<questions::Question>> {
    let alone = |panel: &serde_json::Value| {
        let board = serde_json::json!({ "panels": [panel], "templating": { "list": [{}] }, "annotations": { "list": [] } });
        questions(&board)
    };
    board["panels"].as_array().unwrap().iter().map(alone).collect()
}

fn start_influx(program: &Path, folder: &TempDir) -> (u16, Process) {
    let (port, rpc) = (free_port(), free_port());
    let path = folder.path().display();
    let config = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:{rpc}\"\n[meta]\ndir = \"{path}/meta\"\n[data]\ndir = \"{path}/data\"\nwal-dir = \"{path}/wal\"\n[http]\nbind-address = \"127.0.0.1:{port}\"\n"
    );
    std::fs::write(folder.path().join("influxdb.conf"), config).unwrap();
    let mut command = Command::new(program);
    command.arg("-config").arg(folder.path().join("influxdb.conf")).stderr(Stdio::null()).stdout(Stdio::null());
    let process = Process::start(&mut command);
    wait_for_port(port);
    (port, process)
}

fn start_victoria(program: &Path, folder: &TempDir) -> (u16, Process) {
    let port = free_port();
    let mut command = Command::new(program);
    command.arg(format!("-storageDataPath={}", folder.path().join("vm").display()));
    command.arg(format!("-httpListenAddr=127.0.0.1:{port}"));
    // Retention as the provisioning file asks; without the offset and the cache, so that new rows can be read.
    command.args(["-retentionPeriod=100y", "-search.latencyOffset=0s", "-search.disableCache"]);
    let process = Process::start(command.stderr(Stdio::null()).stdout(Stdio::null()));
    wait_for_port(port);
    (port, process)
}

#[test]
fn promtool_takes_the_alert_rules_and_their_tests() {
    const TEST: &str = "promtool_takes_the_alert_rules_and_their_tests";
    let Some(promtool) = server(TEST, "promtool") else { return };
    for arguments in [["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]] {
        let output = Command::new(&promtool).args(arguments).current_dir(shipped().join("prometheus")).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    }
    // Every rule has a case in which it fires, and one in which it does not.
    let rules = std::fs::read_to_string(shipped().join("prometheus/rules.yml")).unwrap();
    let tests = std::fs::read_to_string(shipped().join("prometheus/rules_test.yml")).unwrap();
    let names: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let cases: Vec<(&str, bool)> = cases(&tests);
    for name in &names {
        for fires in [true, false] {
            let how = if fires { "fires" } else { "does not fire" };
            assert!(cases.contains(&(name, fires)), "{name}: rules_test.yml has no case in which it {how}");
        }
    }
    assert!(cases.iter().all(|(name, _)| names.contains(name)), "a case of a rule that is not there");
    println!("{} rules, {} cases", names.len(), cases.len());
}

/// Cases of a file of promtool: the rule, and whether alerts are expected.
fn cases(tests: &str) -> Vec<(&str, bool)> {
    let case = |(at, _): (usize, &str)| {
        let case = &tests[at + "eval_time: ".len()..];
        let case = &case[..case.find("eval_time: ").unwrap_or(case.len())];
        let name = case.split_once("alertname: ").unwrap().1;
        (name.split([' ', '\n', '}']).next().unwrap(), case.contains("exp_alerts:"))
    };
    tests.match_indices("eval_time: ").map(case).collect()
}
