//! Records the rows that `fleetgauge demo` writes to a stub of InfluxDB. Two more devices connect to the daemon: a vehicle whose telematics
//! unit was replaced, and a charge point with a fault.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, connect, http::HeaderValue};

use crate::support::carbon_intensity_api;
use crate::support::influx_write_stub::Stub;
use crate::support::{Process, TempDir, fleetgauge, free_port, signal, wait_for_port};

/// The charge point that has a fault.
pub const FAULTY_CHARGE_POINT: &str = "GUEST-1";
/// The highest speed of the demo's clock.
const SPEED: i64 = 600;
/// Length of the recording in real seconds: some hours of the fleet's.
const SECONDS: u64 = 30;

/// Real time without a database: most of an hour of the fleet's.
const OUTAGE: Duration = Duration::from_secs(5);

/// What the demo wrote.
pub struct Recording {
    /// Line protocol, in order.
    pub lines: Vec<String>,
    /// Start on the fleet's clock in Unix milliseconds.
    pub from: i64,
    /// End on the fleet's clock in Unix milliseconds.
    pub to: i64,
}

/// Runs the demo and returns its rows.
pub fn record() -> Recording {
    let (folder, stub) = (TempDir::new("demo"), Stub::default());
    let [influx, mqtt, ocpp, web] = [0; 4].map(|_| free_port());
    std::fs::write(folder.path().join("token"), "stub-token\n").unwrap();
    let mut command = fleetgauge();
    command
        .args(["demo", "--speed", &SPEED.to_string()])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .current_dir(folder.path());
    for (key, value) in [
        ("INFLUX__URL", format!("http://127.0.0.1:{influx}")),
        ("INFLUX__ORG", "fleet".to_owned()),
        ("INFLUX__BUCKET", "fg".to_owned()),
        (
            "INFLUX__TOKEN_FILE",
            folder.path().join("token").display().to_string(),
        ),
        ("LISTENER__LISTEN", format!("127.0.0.1:{mqtt}")),
        ("OCPP__LISTEN", format!("127.0.0.1:{ocpp}")),
        ("WEB__LISTEN", format!("127.0.0.1:{web}")),
        ("INTENSITY__ENABLED", "true".to_owned()),
        (
            "INTENSITY__URL",
            carbon_intensity_api::CarbonIntensityApi::start().url(),
        ),
    ] {
        command.env(format!("FLEETGAUGE__{key}"), value);
    }
    let (from, started) = (
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis() as i64,
        Instant::now(),
    );
    let demo = Process::start(&mut command);
    wait_for_port(mqtt);
    wait_for_port(ocpp);
    replaced_telematics_unit(mqtt, from);
    faulty_charge_point(ocpp);
    // A database that is down raises an alert with a number for certain; every row is still written.
    std::thread::sleep(OUTAGE);
    stub.serve(influx);
    std::thread::sleep(Duration::from_secs(SECONDS / 2));
    // A reloaded register makes the daemon query the grid's intensity again, which it does only every real half-hour otherwise.
    signal(demo.0.id(), "HUP");
    std::thread::sleep(Duration::from_secs(SECONDS / 2));
    demo.end();
    Recording {
        lines: stub.lines(),
        from,
        to: from + started.elapsed().as_millis() as i64 * SPEED,
    }
}

/// Sends one message with stored samples of an electric vehicle, in which the odometer jumps.
fn replaced_telematics_unit(port: u16, now: i64) {
    let sample = |(minutes_ago, km, kwh): (i64, u32, u32)| json!({ "ts": now - minutes_ago * 60_000, "odometer": km, "charge_grid_energy_total": kwh, "battery_power": -11.5 });
    let samples = [
        (60, 1_000, 800),
        (30, 9_000, 800),
        (20, 9_001, 801),
        (10, 9_002, 801),
    ]
    .map(sample);
    let (topic, payload) = (
        "fleet/vehicles/SPARE-1/telemetry",
        json!({ "samples": samples }).to_string(),
    );
    let length = 2 + topic.len() + payload.len();
    assert!(length < 128 * 128, "a length of two bytes");
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

/// Connects a charge point that has a fault, a connector out of service, and a thermometer; it stays connected.
fn faulty_charge_point(port: u16) {
    let mut request = format!("ws://127.0.0.1:{port}/ocpp/{FAULTY_CHARGE_POINT}")
        .into_client_request()
        .unwrap();
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("ocpp1.6"),
    );
    let (mut socket, _) = connect(request).unwrap();
    let status = |connector: u32, status: &str, error: &str| json!({ "connectorId": connector, "status": status, "errorCode": error });
    let sample = json!({ "value": "31", "measurand": "Temperature", "unit": "Celsius" });
    let calls: [(&str, Value); 5] = [
        (
            "BootNotification",
            json!({ "chargePointVendor": "faulty", "chargePointModel": "one", "firmwareVersion": "1" }),
        ),
        ("StatusNotification", status(1, "Faulted", "GroundFailure")),
        ("StatusNotification", status(2, "Unavailable", "NoError")),
        ("StatusNotification", status(3, "Available", "NoError")),
        (
            "MeterValues",
            json!({ "connectorId": 3, "meterValue": [{ "timestamp": "", "sampledValue": [sample] }] }),
        ),
    ];
    for (id, (action, payload)) in calls.into_iter().enumerate() {
        socket
            .send(Message::text(
                json!([2, id.to_string(), action, payload]).to_string(),
            ))
            .unwrap();
        while !matches!(socket.read().unwrap(), Message::Text(_)) {}
    }
    // Its link ends with the demo.
    std::mem::forget(socket);
}
