//! Every query of the dashboards answered by a real InfluxDB 1.6 and a real VictoriaMetrics with what the demo wrote. No Grafana: its
//! macros are filled in.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support::dashboard_queries;
use crate::support::invented_rows;
use crate::support::victoria_metrics_rows;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::dashboard_queries::{Answers, Fleet, boards, questions};
use crate::support::{Process, TempDir, free_port, server, wait_for, wait_for_port};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

/// Both servers filled with what the demo wrote, and every question of every panel, variable, annotation and alert rule asked: one without
/// an answer fails. What the demo cannot show stands in `invented`, which is printed (`--nocapture`).
#[test]
fn every_query_is_answered() {
    const TEST: &str = "every_query_is_answered";
    let (Some(influxd), Some(victoria)) =
        (server(TEST, "influxd"), server(TEST, "victoria-metrics"))
    else {
        return;
    };
    let fleet = Fleet::record();
    let folder = TempDir::new("dashboards-servers");
    let (influx, _influxd) = start_influx(&influxd, &folder);
    let (metrics, _victoria) = start_victoria(&victoria, &folder);
    for database in ["run", "filled", "highest"] {
        assert_eq!(
            dashboard_queries::post(
                influx,
                "/query",
                &[("q", &format!("CREATE DATABASE {database}"))]
            )
            .0,
            200
        );
    }
    let invented = invented_rows::lines(&fleet);
    let write = |port, path: &str, lines: &[&str]| {
        for part in lines.chunks(1_000) {
            let (status, text) = dashboard_queries::post_text(port, path, &part.join("\n"));
            assert_eq!(status, 204, "{text}");
        }
    };
    let run: Vec<&str> = fleet.lines.iter().map(String::as_str).collect();
    let all: Vec<&str> = invented
        .iter()
        .map(String::as_str)
        .chain(run.iter().copied())
        .collect();
    write(influx, "/write?db=run&precision=ms", &run);
    write(influx, "/write?db=filled&precision=ms", &all);
    let highest = victoria_metrics_rows::of(&all);
    write(
        influx,
        "/write?db=highest&precision=ms",
        &highest.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    write(metrics, "/api/v2/write?precision=ms", &all);
    wait_for("VictoriaMetrics to show what it took", || {
        dashboard_queries::get(metrics, "/internal/force_flush");
        dashboard_queries::post(
            metrics,
            "/api/v1/query",
            &[
                ("query", "count(last_over_time({__name__=~\".+\"}[5d]))"),
                ("time", &fleet.seconds()),
            ],
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
                other => wrong.push(format!(
                    "grafana/{name} / {}: {other:?}\n    {}",
                    question.panel, question.text
                )),
            }
            if fleet.ask_influx(influx, "run", &question) != Answers::Data {
                not_by_demo.push((
                    format!("{name} / {}", question.panel),
                    question.text.clone(),
                ));
            }
        }
    }
    for query in
        dashboard_queries::of_alert_rules(&shipped().join("provisioning/alerting/fleetgauge.yml"))
    {
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
                other => wrong.push(format!(
                    "grafana-prometheus/{name} / {}: {other:?}\n    {}",
                    question.panel, question.text
                )),
            }
        }
    }
    println!(
        "{asked} questions of {} rows in {} s of the fleet",
        fleet.lines.len(),
        (fleet.to - fleet.from) / 1000
    );
    println!(
        "{} questions of InfluxDB are answered by what is invented:",
        not_by_demo.len()
    );
    not_by_demo
        .iter()
        .for_each(|(place, _)| println!("  {place}"));
    println!("invented:");
    for one in invented_rows::INVENTED {
        println!(
            "  {} {}: {}",
            one.measurement,
            one.fields.join(", "),
            one.why
        );
        let needed = not_by_demo.iter().any(|(_, text)| {
            invented_rows::excuse(text).is_some_and(|excuse| std::ptr::eq(excuse, one))
        });
        assert!(
            needed,
            "{}: no question needs what is invented",
            one.measurement
        );
    }
    let unexcused: Vec<_> = not_by_demo
        .iter()
        .filter(|(_, text)| invented_rows::excuse(text).is_none())
        .collect();
    assert!(
        unexcused.is_empty(),
        "answered by chance of what is invented: {unexcused:?}"
    );
    assert!(asked > 300, "only {asked} questions");
    assert!(
        wrong.is_empty(),
        "{} of {asked} questions:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // The two sets tell the same where the question is the same: states and sums at the end of the range.
    let mut compared = 0;
    for ((name, board), (_, other)) in boards(&shipped().join("grafana"))
        .iter()
        .zip(boards(&shipped().join("grafana-prometheus")))
    {
        // Rows of the future are in one of the two only.
        let (mut influxql, promql) = (by_panel(board), by_panel(&other));
        influxql.retain(|questions| questions.iter().all(|question| question.ahead.is_none()));
        assert_eq!(
            influxql.len(),
            promql.len(),
            "{name}: the sets have other panels than those ahead"
        );
        for (panel, (mine, theirs)) in influxql.into_iter().zip(promql).enumerate() {
            let pairs = mine.iter().zip(&theirs).filter(|(mine, theirs)| {
                !mine.table && theirs.instant && !theirs.text.contains("increase(")
            });
            for (mine, theirs) in pairs {
                // A sum that was written anew with less stays at its highest in VictoriaMetrics (kilometres by a class factor until the
                // day's first meter reading); its windows begin with a sample that InfluxDB counts to the one before; and of two
                // states of a connector in one millisecond, it keeps one by chance.
                let a_sum = theirs.text.contains("max_over_time");
                let database = if a_sum { "highest" } else { "filled" };
                let (one, two) = (
                    fleet.numbers(influx, Some(database), mine),
                    fleet.numbers(metrics, None, theirs),
                );
                let near = |number: f64| match theirs.text.split(' ').next() {
                    _ if a_sum => (0.02 * number.abs()).max(1.0),
                    // It grows within its day, and which of the numbers of one time is the last is chance there.
                    _ if theirs.text.contains("avoided_emissions_vehicles") => 2.0,
                    Some("count") => 2.0,
                    _ => 1e-6 * number.abs().max(1.0),
                };
                let same = one.len() == two.len()
                    && one.iter().zip(&two).all(|(a, b)| (a - b).abs() <= near(*a));
                assert!(
                    same,
                    "{name}, panel {panel}: {one:?} and {two:?}\n{}\n{}",
                    mine.text, theirs.text
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "only {compared} compared");
    // Rows of the future are in InfluxDB; VictoriaMetrics has what is at most two days ahead, as the docs say.
    let ahead = "count(last_over_time(target_projection_trajectory_value[2000d]))";
    let in_years = ((fleet.to + 1_800 * 86_400_000) / 1000).to_string();
    let (_, kept) = dashboard_queries::post(
        metrics,
        "/api/v1/query",
        &[("query", ahead), ("time", &in_years)],
    );
    let (_, all) = dashboard_queries::post(
        metrics,
        "/api/v1/query",
        &[
            ("query", &ahead.replace("[2000d]", "[1790d]")),
            ("time", &in_years),
        ],
    );
    assert!(
        kept.contains("value\"") && !all.contains("value\""),
        "{kept} {all}"
    );
    // A misspelt field must not pass for an answer.
    let mut misspelt = questions(&boards(&shipped().join("grafana"))[0].1).remove(0);
    misspelt.text = "SELECT last(\"valeu\") FROM \"target_progress\" WHERE $timeFilter".to_owned();
    assert_eq!(
        fleet.ask_influx(influx, "filled", &misspelt),
        Answers::Nothing
    );
}

/// Questions of each panel apart.
fn by_panel(board: &serde_json::Value) -> Vec<Vec<dashboard_queries::Question>> {
    let alone = |panel: &serde_json::Value| {
        let board = serde_json::json!({ "panels": [panel], "templating": { "list": [{}] }, "annotations": { "list": [] } });
        questions(&board)
    };
    board["panels"]
        .as_array()
        .unwrap()
        .iter()
        .map(alone)
        .collect()
}

fn start_influx(program: &Path, folder: &TempDir) -> (u16, Process) {
    let (port, rpc) = (free_port(), free_port());
    let path = folder.path().display();
    let config = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:{rpc}\"\n[meta]\ndir = \"{path}/meta\"\n[data]\ndir = \"{path}/data\"\nwal-dir = \"{path}/wal\"\n[http]\nbind-address = \"127.0.0.1:{port}\"\n"
    );
    std::fs::write(folder.path().join("influxdb.conf"), config).unwrap();
    let mut command = Command::new(program);
    command
        .arg("-config")
        .arg(folder.path().join("influxdb.conf"))
        .stderr(Stdio::null())
        .stdout(Stdio::null());
    let process = Process::start(&mut command);
    wait_for_port(port);
    (port, process)
}

fn start_victoria(program: &Path, folder: &TempDir) -> (u16, Process) {
    let port = free_port();
    let mut command = Command::new(program);
    command.arg(format!(
        "-storageDataPath={}",
        folder.path().join("vm").display()
    ));
    command.arg(format!("-httpListenAddr=127.0.0.1:{port}"));
    // Retention as the provisioning file asks; without the offset and the cache, so that new rows can be read.
    command.args([
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
        "-search.disableCache",
    ]);
    let process = Process::start(command.stderr(Stdio::null()).stdout(Stdio::null()));
    wait_for_port(port);
    (port, process)
}
