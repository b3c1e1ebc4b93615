//! What leaves for the database: a strict stub that answers like InfluxDB 2, real VictoriaMetrics, real InfluxDB 1.6, and every line
//! read by InfluxData's own parser and held against the schema.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::support::influx_write_stub::Stub;
use crate::support::simulated_rows::{configure, lines_of_a_fleet};
use crate::support::{Daemon, Process, TempDir, free_port, http, server, wait_for, wait_for_port};
use fleetgauge::series::table::{FieldType, MEASUREMENTS};
use influxdb_line_protocol::{FieldValue, parse_lines};

/// Publishes odometer values with QoS 1 and waits until each is acknowledged.
fn drive(daemon: &Daemon, id: &str, kilometres: std::ops::Range<u32>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, mut events) = rumqttc::AsyncClient::new(
            rumqttc::MqttOptions::new(format!("drive-{id}"), "127.0.0.1", daemon.mqtt),
            10,
        );
        for km in kilometres {
            let topic = format!("fleet/vehicles/{id}/telemetry");
            client
                .publish(
                    topic,
                    rumqttc::QoS::AtLeastOnce,
                    false,
                    format!("{{\"odometer\":{km}}}"),
                )
                .await
                .unwrap();
            while !matches!(
                events.poll().await.unwrap(),
                rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))
            ) {}
        }
    });
}

fn expected(kilometres: std::ops::Range<u32>) -> Vec<String> {
    kilometres.map(|km| format!("{km}.0")).collect()
}

#[test]
fn an_outage_is_filled_up_in_order() {
    let folder = TempDir::new("sink-outage");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "A", 0..40);
    wait_for("rows in the outbox", || {
        daemon.metric("fleetgauge_outbox_batches") >= 40.0
    });
    daemon.kill();
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "A", 40..50);
    assert!(daemon.metric("fleetgauge_sink_failures_total{sink=\"influx\"}") > 0.0);
    let stub = Stub::default();
    stub.script(&[
        (503, "{\"code\":\"unavailable\"}"),
        (429, "{\"code\":\"too many requests\"}"),
    ]);
    stub.serve(port);
    wait_for("everything", || stub.odometers("A").len() >= 50);
    assert_eq!(
        stub.odometers("A"),
        expected(0..50),
        "in order, nothing missing, nothing twice"
    );
    wait_for("an empty outbox", || {
        daemon.metric("fleetgauge_outbox_batches") == 0.0
    });
    assert_eq!(daemon.metric("fleetgauge_outbox_dropped_total"), 0.0);
    daemon.stop();
}

#[test]
fn a_refused_batch_costs_no_other_and_is_logged_once() {
    let folder = TempDir::new("sink-refused");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let stub = Stub::default();
    let partial = "{\"code\":\"invalid\",\"message\":\"partial write: field type conflict: input field odometer_km\"}";
    stub.script(&[(400, partial), (400, partial), (422, partial)]);
    stub.serve(port);
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "B", 0..30);
    wait_for("the last row", || {
        stub.odometers("B").last().is_some_and(|km| km == "29.0")
    });
    assert!(daemon.metric("fleetgauge_sink_points_refused_total{sink=\"influx\"}") >= 1.0);
    assert_eq!(
        daemon.log().matches("field type conflict").count(),
        1,
        "the first message, once:\n{}",
        daemon.log()
    );
    daemon.stop();
}

#[test]
fn a_body_too_large_is_sent_in_parts() {
    let folder = TempDir::new("sink-large");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "C", 0..60);
    let stub = Stub::default();
    *stub.max_bytes.lock().unwrap() = Some(2_000);
    stub.serve(port);
    wait_for("everything in parts", || stub.odometers("C").len() >= 60);
    assert_eq!(stub.odometers("C"), expected(0..60));
    assert!(*stub.requests.lock().unwrap() > 5);
    daemon.stop();
}

#[test]
fn what_only_a_person_can_mend_is_said() {
    for (status, want) in [
        (401, "influx.token_file"),
        (404, "is there a bucket `fg` in organisation `fleet`?"),
    ] {
        let folder = TempDir::new("sink-person");
        let port = free_port();
        configure(folder.path(), &format!("http://127.0.0.1:{port}"));
        let stub = Stub::default();
        stub.script(&[(status, "{\"code\":\"not found\"}")]);
        stub.serve(port);
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for(want, || daemon.log().contains(want));
        drive(&daemon, "D", 0..3);
        assert_eq!(
            daemon.get("/readyz").0,
            200,
            "an output that is down stops nothing"
        );
        daemon.stop();
    }
}

#[test]
fn what_is_written_last_is_sent_before_the_end() {
    let folder = TempDir::new("sink-flush");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let stub = Stub::default();
    stub.serve(port);
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "F", 0..20);
    daemon.stop();
    assert_eq!(stub.odometers("F"), expected(0..20));
}

#[test]
fn a_slow_server_holds_nobody_up() {
    let folder = TempDir::new("sink-slow");
    // Accepts and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    configure(
        folder.path(),
        &format!("http://{}", listener.local_addr().unwrap()),
    );
    let daemon = Daemon::start(folder.path(), &[("influx.timeout", "1s")]);
    drive(&daemon, "E", 0..20);
    wait_for("a time-out", || {
        daemon.metric("fleetgauge_sink_failures_total{sink=\"influx\"}") >= 1.0
    });
    daemon.stop();
}

#[test]
fn every_line_of_a_fleet_is_valid_and_in_the_schema() {
    let stub = Stub::default();
    let lines = lines_of_a_fleet(&stub, 6);
    assert!(lines.len() > 500, "{} lines", lines.len());
    let mut seen: std::collections::BTreeSet<&str> = Default::default();
    for line in &lines {
        let parsed = parse_lines(line)
            .next()
            .unwrap()
            .unwrap_or_else(|error| panic!("{error}: {line}"));
        let measurement = MEASUREMENTS
            .iter()
            .find(|known| known.name == parsed.series.measurement.as_str());
        let measurement = measurement.unwrap_or_else(|| panic!("not in the schema: {line}"));
        let tags: Vec<String> = parsed
            .series
            .tag_set
            .iter()
            .flatten()
            .map(|(name, _)| name.to_string())
            .collect();
        let wanted: Vec<&str> = measurement.tags.iter().map(|tag| tag.name).collect();
        assert_eq!(tags, wanted, "the full tag set, in order: {line}");
        for (name, value) in &parsed.field_set {
            let column = measurement
                .fields
                .iter()
                .find(|column| column.name == name.as_str());
            let kind = column
                .unwrap_or_else(|| panic!("{name} is not in the schema: {line}"))
                .kind
                .unwrap();
            let right = matches!(
                (kind, value),
                (FieldType::Float, FieldValue::F64(_))
                    | (FieldType::Integer, FieldValue::I64(_))
                    | (FieldType::Boolean, FieldValue::Boolean(_))
                    | (FieldType::Text, FieldValue::String(_))
            );
            assert!(right, "{name} has another type in the schema: {line}");
        }
        assert!(
            parsed
                .timestamp
                .is_some_and(|ms| (1_500_000_000_000..4_000_000_000_000).contains(&ms)),
            "milliseconds: {line}"
        );
        seen.insert(measurement.name);
    }
    let all: std::collections::BTreeSet<&str> = MEASUREMENTS
        .iter()
        .map(|measurement| measurement.name)
        .collect();
    // Vehicles that replaced another one charge first; after hours they drive too (the demo of `tests/dashboards.rs`).
    seen.insert("avoided_emissions");
    assert_eq!(seen, all, "every measurement is written by a living fleet");
}

#[test]
fn real_influxdb_takes_every_line() {
    const TEST: &str = "real_influxdb_takes_every_line";
    let Some(program) = server(TEST, "influxd") else {
        return;
    };
    let folder = TempDir::new("sink-influxd");
    let (port, rpc) = (free_port(), free_port());
    let path = folder.path().display();
    let config = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:{rpc}\"\n[meta]\ndir = \"{path}/meta\"\n[data]\ndir = \"{path}/data\"\nwal-dir = \"{path}/wal\"\n[http]\nbind-address = \"127.0.0.1:{port}\"\n"
    );
    std::fs::write(folder.path().join("influxdb.conf"), config).unwrap();
    let _influx = Process::start(
        Command::new(program)
            .arg("-config")
            .arg(folder.path().join("influxdb.conf"))
            .stderr(Stdio::null())
            .stdout(Stdio::null()),
    );
    wait_for_port(port);
    let post = |path: &str, body: &str| {
        http(
            port,
            &format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
    };
    assert_eq!(post("/query?q=CREATE+DATABASE+fg", "").0, 200);
    let lines = lines_of_a_fleet(&Stub::default(), 4);
    for part in lines.chunks(1_000) {
        let (status, text) = post("/write?db=fg&precision=ms", &part.join("\n"));
        assert_eq!(status, 204, "{text}");
    }
    let (status, answer) = http(
        port,
        "GET /query?db=fg&q=SELECT+count(odometer_km)+FROM+vehicle_telemetry HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    assert!(status == 200 && answer.contains("\"count\""), "{answer}");
}

#[test]
fn victoria_metrics_gives_back_what_was_written() {
    const TEST: &str = "victoria_metrics_gives_back_what_was_written";
    let Some(program) = server(TEST, "victoria-metrics") else {
        return;
    };
    let folder = TempDir::new("sink-victoria");
    let port = free_port();
    let mut command = Command::new(program);
    command
        .arg(format!(
            "-storageDataPath={}",
            folder.path().join("vm").display()
        ))
        .arg(format!("-httpListenAddr=127.0.0.1:{port}"));
    command
        .arg("-retentionPeriod=10y")
        .stderr(Stdio::null())
        .stdout(Stdio::null());
    let start = |command: &mut Command| {
        let process = Process::start(command);
        wait_for_port(port);
        process
    };
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let victoria = start(&mut command);
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "VM1", 100..110);
    wait_for("an empty outbox", || {
        daemon.metric("fleetgauge_outbox_batches") == 0.0
    });
    // It keeps what it took in memory for seconds, and writes it down when it is asked to end.
    victoria.end();
    drive(&daemon, "VM1", 110..130);
    let _victoria = start(&mut command);
    let values = || {
        let (_, text) = http(
            port,
            "GET /api/v1/export?match[]=vehicle_telemetry_odometer_km HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        );
        let series: Vec<serde_json::Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let mut values: Vec<f64> = series
            .iter()
            .flat_map(|one| {
                one["values"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|v| v.as_f64().unwrap())
                    .collect::<Vec<_>>()
            })
            .collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        (values, series)
    };
    wait_for("all values", || values().0.len() >= 30);
    let (found, series) = values();
    assert_eq!(found, (100..130).map(f64::from).collect::<Vec<_>>());
    assert_eq!(series[0]["metric"]["vehicle_id"], "VM1");
    daemon.stop();
}
