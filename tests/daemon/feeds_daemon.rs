//! The daemon with foreign formats over real sockets: what decoders remember outlasts a kill, user properties arrive, and the audit log is
//! listed and undone from the command line.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use crate::support::{Daemon, TempDir, fleetgauge, http, odometer, wait_for};
use serde_json::{Value, json};

/// An MQTT 5 device that publishes with QoS 1 and waits for each PUBACK.
struct Device {
    stream: TcpStream,
    id: u16,
}

impl Device {
    fn connect(port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .write_all(b"\x10\x10\0\x04MQTT\x05\x02\0\x3c\0\0\x03dev")
            .unwrap();
        let mut head = [0; 2];
        stream.read_exact(&mut head).unwrap();
        let mut rest = vec![0; head[1].into()];
        stream.read_exact(&mut rest).unwrap();
        assert_eq!((head[0], rest[1]), (0x20, 0), "CONNACK");
        Self { stream, id: 0 }
    }

    fn publish(&mut self, topic: &str, payload: &str, properties: &[(&str, &str)]) {
        self.id += 1;
        let text = |body: &mut Vec<u8>, text: &str| {
            body.extend_from_slice(&(text.len() as u16).to_be_bytes());
            body.extend_from_slice(text.as_bytes());
        };
        let mut user = Vec::new();
        for (name, value) in properties {
            user.push(0x26);
            text(&mut user, name);
            text(&mut user, value);
        }
        let mut body = Vec::new();
        text(&mut body, topic);
        body.extend_from_slice(&self.id.to_be_bytes());
        body.push(u8::try_from(user.len()).unwrap());
        body.extend_from_slice(&user);
        body.extend_from_slice(payload.as_bytes());
        let length = body.len();
        assert!(length < 16_384);
        self.stream
            .write_all(&[0x32, (length % 128) as u8 | 0x80, (length / 128) as u8])
            .unwrap();
        self.stream.write_all(&body).unwrap();
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).unwrap();
        assert_eq!(head[0], 0x40, "PUBACK");
        let mut rest = vec![0; head[1].into()];
        self.stream.read_exact(&mut rest).unwrap();
    }
}

fn list(daemon: &Daemon, arguments: &[&str]) -> (bool, String, String) {
    let at = format!("127.0.0.1:{}", daemon.web);
    let output = fleetgauge()
        .arg("counters")
        .args(arguments)
        .args(["--at", &at])
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn memories_of_decoders_survive_a_kill() {
    let folder = TempDir::new("feeds-memory");
    let daemon = Daemon::start(folder.path(), &[]);
    let mut device = Device::connect(daemon.mqtt);
    device.publish("evcc/loadpoints/1/vehicleName", "db:22", &[]);
    daemon.kill();
    let daemon = Daemon::start(folder.path(), &[]);
    let mut device = Device::connect(daemon.mqtt);
    device.publish("evcc/loadpoints/1/vehicleOdometer", "45210", &[]);
    wait_for("the odometer of the vehicle named before the kill", || {
        odometer(&daemon, "evcc:vehicle/db:22") == Some(45_210.0)
    });
    // Through a checkpoint as well.
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    let mut device = Device::connect(daemon.mqtt);
    device.publish("evcc/loadpoints/1/vehicleOdometer", "45211", &[]);
    wait_for("the odometer after an orderly stop", || {
        odometer(&daemon, "evcc:vehicle/db:22") == Some(45_211.0)
    });
}

#[test]
fn the_time_of_a_flespi_state_comes_in_a_user_property() {
    let folder = TempDir::new("feeds-property");
    let daemon = Daemon::start(folder.path(), &[("capture.directory", "capture")]);
    let mut device = Device::connect(daemon.mqtt);
    let hour_ago = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        - 3_600;
    let time = format!("{hour_ago}.25");
    device.publish(
        "flespi/state/gw/devices/5539228/telemetry/can.vehicle.mileage",
        "74075.3",
        &[("timestamp", &time)],
    );
    let feed = || {
        daemon.api("feeds")["feeds"]
            .as_array()
            .unwrap()
            .iter()
            .find(|feed| feed["feed"] == "flespi:5539228")
            .cloned()
    };
    wait_for("the feed", || feed().is_some());
    let lag = feed().unwrap()["lag_s"].as_f64().unwrap();
    assert!((3_590.0..3_700.0).contains(&lag), "an hour late: {lag}");
    device.publish(
        "fleet/vehicles/V1/telemetry",
        r#"{"odometre":5,"soc":50}"#,
        &[],
    );
    wait_for("the misspelt key", || {
        daemon.api("rejects")["ignored_fields"]
            == json!([{"field":"odometre","reason":"unknown_key","count":1}])
    });
    daemon.stop();
    let captured = std::fs::read_dir(folder.path().join("capture"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = std::fs::read_to_string(&captured).unwrap();
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["mqtt"]["props"]["timestamp"], json!(time), "{text}");
    let output = fleetgauge().arg("replay").arg(captured).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["vehicles"][1]["odometer_km"], 74_075.3, "{report}");
}

#[test]
fn the_audit_log_is_listed_and_undone_from_the_command_line() {
    let folder = TempDir::new("feeds-audit");
    let daemon = Daemon::start(folder.path(), &[]);
    let mut device = Device::connect(daemon.mqtt);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64;
    for (minutes_ago, km) in [(60, 1_000.0), (30, 9_000.0), (20, 9_001.0), (10, 9_002.0)] {
        let payload = json!({ "ts": now - minutes_ago * 60_000, "odometer": km }).to_string();
        device.publish("fleet/vehicles/V1/telemetry", &payload, &[]);
    }
    let (good, text, _) = list(&daemon, &["list", "--asset", "V1"]);
    assert!(
        good && text.contains("V1 (V1)  odometer  rebase  1000 -> 9000 km  undo adds 8000 km"),
        "{text}"
    );
    assert!(text.contains("gained 2 km, books"), "{text}");
    let (good, _, error) = list(&daemon, &["undo", "7"]);
    assert!(
        !good && error.contains("there is no entry 7; `fleetgauge counters list` shows them"),
        "{error}"
    );
    let (good, text, _) = list(&daemon, &["undo", "1"]);
    assert!(good && text == "entry 1 is undone\n", "{text}");
    daemon.kill();
    let daemon = Daemon::start(folder.path(), &[]);
    let (_, text, _) = list(&daemon, &["list", "--json"]);
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert!(
        answer["entries"][0]["undone_at"].is_string(),
        "what was answered is on disk: {answer}"
    );
    // A page of somebody else's cannot do it: no form sends JSON.
    let body = r#"{"entry":1}"#;
    let request = |kind: &str| {
        format!(
            "POST /api/v1/counters/undo HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    assert_eq!(http(daemon.web, &request("text/plain")).0, 415);
    assert_eq!(http(daemon.web, &request("application/json")).0, 409);
    daemon.stop();
    let output = Command::new(env!("CARGO_BIN_EXE_fleetgauge"))
        .args(["counters", "list", "--at", "127.0.0.1:1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("no daemon answers at 127.0.0.1:1"),
        "{output:?}"
    );
}
