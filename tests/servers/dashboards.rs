//! A real InfluxDB 1.6 and a real VictoriaMetrics answer every query of the dashboards, with what the demo wrote. Grafana is not there: its
//! macros are filled in.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::dashboard_queries::{
    self, Answer, Fleet, Query, alert_rule_queries, boards, queries,
};
use crate::support::invented_rows;
use crate::support::victoria_metrics_rows;
use crate::support::{Process, TempDir, free_port, server, wait_for, wait_for_port};

/// InfluxDB's databases: what the demo wrote, the same with invented rows, and that as VictoriaMetrics keeps sums.
const DATABASES: [&str; 3] = ["run", "filled", "highest"];

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

/// Both servers hold what the demo wrote, and every query of every panel, variable, annotation and alert rule is sent: one without an answer
/// fails. What the demo cannot show is in `invented_rows`, which is printed (`--nocapture`).
#[test]
fn every_query_is_answered() {
    const TEST: &str = "every_query_is_answered";
    let (Some(influxd), Some(victoria)) =
        (server(TEST, "influxd"), server(TEST, "victoria-metrics"))
    else {
        return;
    };
    let folder = TempDir::new("dashboards-servers");
    let (influx, _influxd) = start_influx(&influxd, &folder);
    let (metrics, _victoria) = start_victoria(&victoria, &folder);
    let servers = Servers {
        fleet: Fleet::record(),
        influx,
        metrics,
    };
    servers.fill();
    servers.check_answers();
    servers.compare_numbers();
    servers.check_rows_of_the_future();
    servers.check_a_misspelt_field();
}

/// The ports of both servers, and what they are filled with.
struct Servers {
    fleet: Fleet,
    influx: u16,
    metrics: u16,
}

impl Servers {
    fn fill(&self) {
        for database in DATABASES {
            let form = [("q", &*format!("CREATE DATABASE {database}"))];
            assert_eq!(dashboard_queries::post(self.influx, "/query", &form).0, 200);
        }
        let invented = invented_rows::lines(&self.fleet);
        let run: Vec<&str> = self.fleet.lines.iter().map(String::as_str).collect();
        let all: Vec<&str> = invented
            .iter()
            .map(String::as_str)
            .chain(run.iter().copied())
            .collect();
        let highest = victoria_metrics_rows::of(&all);
        let highest: Vec<&str> = highest.iter().map(String::as_str).collect();
        for (database, lines) in DATABASES.into_iter().zip([&run, &all, &highest]) {
            write(
                self.influx,
                &format!("/write?db={database}&precision=ms"),
                lines,
            );
        }
        write(self.metrics, "/api/v2/write?precision=ms", &all);
        let form = [
            ("query", "count(last_over_time({__name__=~\".+\"}[5d]))"),
            ("time", &*self.fleet.seconds()),
        ];
        wait_for("VictoriaMetrics to show what it took", || {
            dashboard_queries::get(self.metrics, "/internal/force_flush");
            let (_, text) = dashboard_queries::post(self.metrics, "/api/v1/query", &form);
            text.contains("value\"")
        });
    }

    fn check_answers(&self) {
        let mut report = Report::default();
        for (name, board) in boards(&shipped().join("grafana")) {
            for query in queries(&board) {
                let place = format!("grafana/{name} / {}", query.panel);
                let answer = self.fleet.query_influx(self.influx, "filled", &query);
                report.add(answer, &place, &query);
                if self.fleet.query_influx(self.influx, "run", &query) != Answer::Data {
                    report.not_by_demo.push((place, query.text));
                }
            }
        }
        for query in alert_rule_queries(&shipped().join("provisioning/alerting/fleetgauge.yml")) {
            let answer = self.fleet.query_influx(self.influx, "filled", &query);
            report.add(answer, "alert rule", &query);
        }
        for (name, board) in boards(&shipped().join("grafana-prometheus")) {
            for query in queries(&board) {
                let answer = self.fleet.query_metrics(self.metrics, &query);
                let place = format!("grafana-prometheus/{name} / {}", query.panel);
                report.add(answer, &place, &query);
            }
        }
        println!(
            "{} queries of {} rows in {} s of the fleet",
            report.sent,
            self.fleet.lines.len(),
            (self.fleet.to - self.fleet.from) / 1000
        );
        report.check();
    }

    /// The two sets show the same where the query is the same: states and sums at the end of the range.
    fn compare_numbers(&self) {
        let mut compared = 0;
        for ((name, board), (_, other)) in boards(&shipped().join("grafana"))
            .iter()
            .zip(boards(&shipped().join("grafana-prometheus")))
        {
            // Rows of the future are in one of the two only.
            let (mut influxql, promql) = (by_panel(board), by_panel(&other));
            influxql.retain(|queries| queries.iter().all(|query| query.ahead.is_none()));
            assert_eq!(
                influxql.len(),
                promql.len(),
                "{name}: the sets have other panels than those ahead"
            );
            for (panel, (influxql, promql)) in influxql.into_iter().zip(promql).enumerate() {
                let pairs = influxql.iter().zip(&promql).filter(|(influxql, promql)| {
                    !influxql.table && promql.instant && !promql.text.contains("increase(")
                });
                for (influxql, promql) in pairs {
                    self.compare(&format!("{name}, panel {panel}"), influxql, promql);
                    compared += 1;
                }
            }
        }
        assert!(compared > 20, "only {compared} compared");
    }

    fn compare(&self, place: &str, influxql: &Query, promql: &Query) {
        // A sum that was written anew with less stays at its highest in VictoriaMetrics (kilometres by a class factor until the day's first
        // meter reading); its windows begin with a sample that InfluxDB counts to the one before; and of two states of a connector in one
        // millisecond, it keeps one by chance.
        let is_sum = promql.text.contains("max_over_time");
        let database = if is_sum { "highest" } else { "filled" };
        let one = self
            .fleet
            .numbers_of_influx(self.influx, database, influxql);
        let two = self.fleet.numbers_of_metrics(self.metrics, promql);
        let tolerance = |number: f64| match promql.text.split(' ').next() {
            _ if is_sum => (0.02 * number.abs()).max(1.0),
            // It grows within its day, and which of the numbers of one time is the last is chance there.
            _ if promql.text.contains("avoided_emissions_vehicles") => 2.0,
            Some("count") => 2.0,
            _ => 1e-6 * number.abs().max(1.0),
        };
        let same = one.len() == two.len()
            && one
                .iter()
                .zip(&two)
                .all(|(a, b)| (a - b).abs() <= tolerance(*a));
        assert!(
            same,
            "{place}: {one:?} and {two:?}\n{}\n{}",
            influxql.text, promql.text
        );
    }

    /// InfluxDB has rows of the future; VictoriaMetrics has what is at most two days ahead, as the documentation says.
    fn check_rows_of_the_future(&self) {
        let in_years = ((self.fleet.to + 1_800 * 86_400_000) / 1000).to_string();
        let count = |range: &str| {
            let query =
                format!("count(last_over_time(target_projection_trajectory_value[{range}]))");
            let form = [("query", query.as_str()), ("time", &in_years)];
            dashboard_queries::post(self.metrics, "/api/v1/query", &form).1
        };
        let (kept, all) = (count("2000d"), count("1790d"));
        assert!(
            kept.contains("value\"") && !all.contains("value\""),
            "{kept} {all}"
        );
    }

    /// A misspelt field must not pass for an answer.
    fn check_a_misspelt_field(&self) {
        let mut misspelt = queries(&boards(&shipped().join("grafana"))[0].1).remove(0);
        misspelt.text =
            "SELECT last(\"valeu\") FROM \"target_progress\" WHERE $timeFilter".to_owned();
        assert_eq!(
            self.fleet.query_influx(self.influx, "filled", &misspelt),
            Answer::Empty
        );
    }
}

/// What the servers answered.
#[derive(Default)]
struct Report {
    sent: usize,
    wrong: Vec<String>,
    /// Place and text of queries that only invented rows answer.
    not_by_demo: Vec<(String, String)>,
}

impl Report {
    fn add(&mut self, answer: Answer, place: &str, query: &Query) {
        self.sent += 1;
        if answer != Answer::Data {
            self.wrong
                .push(format!("{place}: {answer:?}\n    {}", query.text));
        }
    }

    fn check(&self) {
        println!(
            "{} queries of InfluxDB are answered by what is invented:",
            self.not_by_demo.len()
        );
        for (place, _) in &self.not_by_demo {
            println!("  {place}");
        }
        println!("invented:");
        for one in invented_rows::INVENTED {
            println!(
                "  {} {}: {}",
                one.measurement,
                one.fields.join(", "),
                one.reason
            );
            let needed = self.not_by_demo.iter().any(|(_, text)| {
                invented_rows::for_query(text).is_some_and(|found| std::ptr::eq(found, one))
            });
            assert!(
                needed,
                "{}: no query needs what is invented",
                one.measurement
            );
        }
        let unexplained: Vec<_> = self
            .not_by_demo
            .iter()
            .filter(|(_, text)| invented_rows::for_query(text).is_none())
            .collect();
        assert!(
            unexplained.is_empty(),
            "answered by chance of what is invented: {unexplained:?}"
        );
        assert!(self.sent > 300, "only {} queries", self.sent);
        assert!(
            self.wrong.is_empty(),
            "{} of {} queries:\n{}",
            self.wrong.len(),
            self.sent,
            self.wrong.join("\n")
        );
    }
}

fn write(port: u16, path: &str, lines: &[&str]) {
    for part in lines.chunks(1_000) {
        let (status, text) = dashboard_queries::post_text(port, path, &part.join("\n"));
        assert_eq!(status, 204, "{text}");
    }
}

/// The queries of each panel.
fn by_panel(board: &serde_json::Value) -> Vec<Vec<Query>> {
    let alone = |panel: &serde_json::Value| {
        let board = serde_json::json!({ "panels": [panel], "templating": { "list": [{}] }, "annotations": { "list": [] } });
        queries(&board)
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
