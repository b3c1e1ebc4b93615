//! What a simulated fleet makes the daemon write: the lines themselves, caught by the stub.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::carbon_intensity_api;
use crate::support::influx_write_stub::Stub;
use crate::support::{Daemon, Process, TempDir, fleetgauge, free_port, signal, wait_for};

/// The configuration that the stub expects.
pub fn configure(folder: &Path, url: &str) {
    std::fs::write(folder.join("token"), "stub-token\n").unwrap();
    let config = format!(
        "[influx]\nurl = \"{url}\"\norg = \"fleet\"\nbucket = \"fg\"\ntoken_file = \"token\"\n[store]\ncommit_batch = 1\ncommit_interval = \"1ms\"\n"
    );
    std::fs::write(folder.join("fleetgauge.toml"), config).unwrap();
}

/// A vehicle whose odometer goes on elsewhere, in one message of its memory: what the audit log of registers is for.
fn replaced_telematics_unit(port: u16) {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64;
    let sample = |(minutes_ago, km): (i64, u32)| {
        format!(
            "{{\"ts\":{},\"odometer\":{km}}}",
            now - minutes_ago * 60_000
        )
    };
    let samples = [(60, 1_000), (30, 9_000), (20, 9_001), (10, 9_002)]
        .map(sample)
        .join(",");
    let (topic, payload) = (
        "fleet/vehicles/SPARE-1/telemetry",
        format!("{{\"samples\":[{samples}]}}"),
    );
    let length = 2 + topic.len() + payload.len();
    let mut packet = b"\x10\x0f\0\x04MQTT\x04\x02\0\x3c\0\x03rep".to_vec();
    packet.extend([
        0x30,
        (length % 128) as u8 | 0x80,
        (length / 128) as u8,
        0,
        topic.len() as u8,
    ]);
    packet.extend_from_slice(topic.as_bytes());
    packet.extend_from_slice(payload.as_bytes());
    let mut device = TcpStream::connect(("127.0.0.1", port)).unwrap();
    device.write_all(&packet).unwrap();
    // The CONNACK; what follows it in the same connection is read as well.
    device.read_exact(&mut [0; 4]).unwrap();
}

/// The demo's fleet for a few seconds: every measurement and most fields.
pub fn lines_of_a_fleet(stub: &Stub, seconds: u64) -> Vec<String> {
    let folder = TempDir::new("sink-fleet");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    stub.serve(port);
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config/register");
    // The fleet's clock runs ahead of the daemon's; within a day that is a clock to be believed.
    let daemon = Daemon::start(
        folder.path(),
        &[
            ("register.directory", example),
            ("store.commit_interval", "100ms"),
            ("store.commit_batch", "1000"),
            ("intensity.enabled", "true"),
            (
                "intensity.url",
                &carbon_intensity_api::CarbonIntensityApi::start().url(),
            ),
        ],
    );
    let (mqtt, ocpp) = (
        format!("127.0.0.1:{}", daemon.mqtt),
        format!("ws://127.0.0.1:{}/ocpp", daemon.ocpp),
    );
    let mut command = fleetgauge();
    command
        .args([
            "simulate",
            "--mqtt",
            &mqtt,
            "--ocpp",
            &ocpp,
            "--register",
            example,
            "--speed",
            "300",
        ])
        .stderr(Stdio::null());
    let fleet = Process::start(&mut command);
    replaced_telematics_unit(daemon.mqtt);
    std::thread::sleep(Duration::from_secs(seconds));
    wait_for("a finished session", || {
        stub.lines()
            .iter()
            .any(|line| line.starts_with("charging_session"))
    });
    drop(fleet);
    // A register read again is put to use at once: the day's rows are written anew, without waiting for the minute.
    signal(daemon.id(), "HUP");
    wait_for("the day's emissions", || {
        stub.lines()
            .iter()
            .any(|line| line.starts_with("fleet_emissions"))
    });
    wait_for("half-hours", || {
        stub.lines()
            .iter()
            .any(|line| line.starts_with("charging_intensity"))
    });
    daemon.stop();
    stub.lines()
}
