//! A real InfluxDB 1.6 and a real VictoriaMetrics.

use std::process::{Command, Stdio};

use super::drive;
use crate::support::influx_write_stub::Stub;
use crate::support::simulated_rows::{configure, lines_of_a_fleet};
use crate::support::{Daemon, Process, TempDir, free_port, http, server, wait_for, wait_for_port};

#[test]
fn real_influxdb_takes_every_line() {
    const TEST: &str = "real_influxdb_takes_every_line";
    let Some(program) = server(TEST, "influxd") else {
        return;
    };
    let folder = TempDir::new("output-influxd");
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
    let folder = TempDir::new("output-victoria");
    let port = free_port();
    let mut command = Command::new(program);
    command
        .arg(format!(
            "-storageDataPath={}",
            folder.path().join("vm").display()
        ))
        .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
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
    // It keeps new rows in memory for seconds, and writes them when it ends in order.
    victoria.end();
    drive(&daemon, "VM1", 110..130);
    let _victoria = start(&mut command);
    wait_for("all values", || odometers(port).0.len() >= 30);
    let (found, series) = odometers(port);
    assert_eq!(found, (100..130).map(f64::from).collect::<Vec<_>>());
    assert_eq!(series[0]["metric"]["vehicle_id"], "VM1");
    daemon.stop();
}

/// Values of odometers in VictoriaMetrics in ascending order, and their series.
fn odometers(port: u16) -> (Vec<f64>, Vec<serde_json::Value>) {
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
        .flat_map(|one| one["values"].as_array().unwrap())
        .map(|value| value.as_f64().unwrap())
        .collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    (values, series)
}
