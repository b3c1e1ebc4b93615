//! The tap between real charge points and real central systems: it changes nothing on the wire, and every session is known.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod bytes;

use bytes::{listening_upstream, raw_charger};

use crate::support;
use crate::support::tls;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::ocpp_client::{
    dial, foreign_client, request, run_python, status_of, transaction_id, write_register,
};
use crate::support::tls::Authority;
use crate::support::{Daemon, Process, TempDir, free_port, signal, wait_for};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

/// An operator's central system by Python's `ocpp`.
fn operator(test: &str, folder: &Path, port: u16, files: &[&str]) -> Option<Process> {
    let python = foreign_client(test)?;
    let script = format!(
        "{}/tests/support/central_system.py",
        env!("CARGO_MANIFEST_DIR")
    );
    let log = std::fs::File::create(folder.join("operator.log")).unwrap();
    let mut command = Command::new(python);
    command
        .current_dir(folder)
        .arg(script)
        .arg(port.to_string())
        .args(files)
        .stderr(log.try_clone().unwrap())
        .stdout(log);
    let process = Process::start(&mut command);
    wait_for("the operator", || operator_log(folder).contains("ready"));
    Some(process)
}

/// The operator's log.
fn operator_log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("operator.log")).unwrap_or_default()
}

fn charge_points(upstream: &str) -> String {
    format!(
        "charge_point_id,mode,upstream,connectors,max_power_kw\nCP1,tap,{upstream},2,22\nLOCKED,tap,{upstream},1,22\nOURS,csms,,1,22\n"
    )
}

fn session(daemon: &Daemon) -> Value {
    let sessions = daemon.api("sessions");
    assert_eq!(
        sessions["sessions"].as_array().unwrap().len(),
        1,
        "{sessions}"
    );
    sessions["sessions"][0].clone()
}

/// What the operator's log has of the tapped charge point.
fn assert_operator_got_the_charge_points_requests(log: &str) {
    assert!(
        log.contains("path /services/ocpp/CP1?token=x ocpp1.6 Python"),
        "{log}"
    );
    assert!(
        log.contains(
            "configuration GetConfiguration(configuration_key=[{'key': 'HeartbeatInterval'"
        ),
        "{log}"
    );
}

/// The session with the operator's transaction id.
fn assert_session_is_known(daemon: &Daemon) {
    wait_for("the end of the session", || {
        session(daemon)["ended_at"].is_string()
    });
    let session = session(daemon);
    assert_eq!(
        (
            session["transaction_id"].as_i64(),
            session["energy_wh"].as_f64()
        ),
        (Some(9001), Some(5500.0)),
        "{session}"
    );
    assert_eq!(
        (session["vehicle_id"].as_str(), session["method"].as_str()),
        (Some("AMB-1"), Some("meter"))
    );
}

/// The charge point after its connection has ended.
fn assert_charge_point_is_known(daemon: &Daemon) {
    wait_for("the end of the link", || {
        daemon.api("charge-points")["charge_points"][0]["online"] == false
    });
    let point = daemon.api("charge-points")["charge_points"][0].clone();
    assert_eq!(point["operator_online"], true);
    assert_eq!(
        (
            point["mode"].as_str(),
            point["vendor"].as_str(),
            point["ocpp_version"].as_str()
        ),
        (Some("tap"), Some("ACME"), Some("1.6"))
    );
}

#[test]
fn a_charge_point_and_a_central_system_in_python_exchange_messages_through_the_tap() {
    const TEST: &str =
        "a_charge_point_and_a_central_system_in_python_exchange_messages_through_the_tap";
    let (folder, port) = (TempDir::new("tap-foreign"), free_port());
    let Some(_operator) = operator(TEST, folder.path(), port, &[]) else {
        return;
    };
    write_register(
        folder.path(),
        &charge_points(&format!("ws://127.0.0.1:{port}/services/ocpp")),
    );
    let daemon = Daemon::start(folder.path(), &[]);
    let python = foreign_client(TEST).unwrap();
    let text = run_python(
        &python,
        "tapped_charge_point.py",
        &[&format!("ws://127.0.0.1:{}/ocpp/CP1?token=x", daemon.ocpp)],
    );
    assert!(text.contains("5 answers, transaction 9001"), "{text}");
    assert_operator_got_the_charge_points_requests(&operator_log(folder.path()));
    assert_session_is_known(&daemon);
    assert_charge_point_is_known(&daemon);
    assert!(
        operator_log(folder.path()).contains("closed 1000"),
        "the close code is the charge point's own"
    );
    // The same process is a central system for other charge points.
    let mut ours = dial(&daemon, "/ocpp/OURS", Some("ocpp1.6")).unwrap().0;
    assert!(request(&mut ours, r#"[2,"1","Heartbeat",{}]"#).starts_with("[3,"));
    daemon.stop();
}

#[test]
fn a_refusal_of_the_operator_reaches_the_charge_point_unchanged() {
    const TEST: &str = "a_refusal_of_the_operator_reaches_the_charge_point_unchanged";
    let (folder, port) = (TempDir::new("tap-refusal"), free_port());
    let Some(operator) = operator(TEST, folder.path(), port, &[]) else {
        return;
    };
    write_register(
        folder.path(),
        &charge_points(&format!("ws://127.0.0.1:{port}")),
    );
    let daemon = Daemon::start(folder.path(), &[]);
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    let head = "GET /ocpp/LOCKED HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n";
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 401 ") && answer.contains("Basic realm=\"operator\""),
        "{answer}"
    );
    assert!(
        answer.ends_with("the operator does not know you\n"),
        "{answer}"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    stream
        .write_all(format!("{head}Authorization: Basic TE9DS0VEOnNlY3JldA==\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    // No version in common is the operator's decision too.
    let (_, agreed) = dial(&daemon, "/ocpp/CP1", Some("ocpp2.1, ocpp2.0.1")).unwrap();
    assert_eq!(agreed.as_deref(), Some("ocpp2.0.1"));
    // Away: the charge point is not answered in its name.
    let mut open = dial(&daemon, "/ocpp/CP1", Some("ocpp1.6")).unwrap().0;
    assert!(request(&mut open, r#"[2,"1","Heartbeat",{}]"#).starts_with("[3,"));
    signal(operator.0.id(), "KILL");
    assert!(
        open.read().is_err() || matches!(open.read(), Ok(Message::Close(_)) | Err(_)),
        "the link ends with the operator's"
    );
    drop(operator);
    wait_for("a refusal", || {
        dial(&daemon, "/ocpp/CP1", Some("ocpp1.6"))
            .map_err(status_of)
            .err()
            == Some(502)
    });
    assert!(daemon.metric("fleetgauge_tap_upstream_failures_total") >= 1.0);
    assert!(
        daemon.log().contains("its operator cannot be reached"),
        "{}",
        daemon.log()
    );
    assert!(
        !daemon.log().contains("TE9DS0VE"),
        "secrets stay out of the log"
    );
}

/// A TransactionEvent of 2.0.1; the first one names the connector and the token.
fn transaction_event(seq: u32, kind: &str, minute: u32, wh: u32, context: &str) -> String {
    let evse = if seq == 0 {
        r#""evse":{"id":2,"connectorId":1},"idToken":{"idToken":"A1B2C3","type":"ISO14443"},"#
    } else {
        ""
    };
    format!(
        r#"[2,"{seq}","TransactionEvent",{{"eventType":"{kind}","timestamp":"2026-11-24T09:{minute:02}:00Z","triggerReason":"MeterValuePeriodic","seqNo":{seq},{evse}"transactionInfo":{{"transactionId":"tx-9"}},"meterValue":[{{"timestamp":"2026-11-24T09:{minute:02}:00Z","sampledValue":[{{"value":{wh},"context":"{context}"}}]}}]}}]"#
    )
}

#[test]
fn a_transaction_of_2_0_1_through_the_tap_is_a_session() {
    const TEST: &str = "a_transaction_of_2_0_1_through_the_tap_is_a_session";
    let (folder, port) = (TempDir::new("tap-201"), free_port());
    let Some(_operator) = operator(TEST, folder.path(), port, &[]) else {
        return;
    };
    write_register(
        folder.path(),
        &charge_points(&format!("ws://127.0.0.1:{port}")),
    );
    let daemon = Daemon::start(folder.path(), &[]);
    let (mut socket, agreed) = dial(&daemon, "/ocpp/CP1", Some("ocpp2.0.1")).unwrap();
    assert_eq!(agreed.as_deref(), Some("ocpp2.0.1"));
    for (seq, kind, minute, wh, context) in [
        (0, "Started", 0, 1_000, "Transaction.Begin"),
        (1, "Updated", 15, 3_000, "Sample.Periodic"),
        (2, "Ended", 30, 5_500, "Transaction.End"),
    ] {
        // Python's `ocpp` has checked the request against the official schema.
        assert_eq!(
            request(
                &mut socket,
                &transaction_event(seq, kind, minute, wh, context)
            ),
            format!(r#"[3,"{seq}",{{}}]"#)
        );
    }
    wait_for("the end of the session", || {
        daemon.api("sessions")["sessions"][0]["ended_at"].is_string()
    });
    let session = session(&daemon);
    assert_eq!(
        (
            session["transaction_id"].as_str(),
            session["connector_id"].as_i64()
        ),
        (Some("tx-9"), Some(2)),
        "{session}"
    );
    assert_eq!(
        (
            session["energy_wh"].as_f64(),
            session["vehicle_id"].as_str()
        ),
        (Some(4500.0), Some("AMB-1"))
    );
    assert_eq!(
        (
            session["method"].as_str(),
            session["quality"].as_array().map(Vec::len)
        ),
        (Some("meter"), Some(0))
    );
}

#[test]
fn connections_are_encrypted_on_both_sides_of_the_tap() {
    const TEST: &str = "connections_are_encrypted_on_both_sides_of_the_tap";
    let (folder, port, tls_port) = (TempDir::new("tap-tls"), free_port(), free_port());
    let Some(authority) = Authority::new(TEST, folder.path()) else {
        return;
    };
    authority.sign("server", "localhost", "DNS:localhost");
    let Some(_operator) = operator(TEST, folder.path(), port, &["server.pem", "server.key"]) else {
        return;
    };
    write_register(
        folder.path(),
        &charge_points(&format!("wss://localhost:{port}")),
    );
    let config = |ca: &str| {
        let text = format!(
            "[register]\ndirectory = \"register\"\n[ocpp]\ntls_listen = \"127.0.0.1:{tls_port}\"\ncertificate_file = \"server.pem\"\nkey_file = \"server.key\"\n[tap]\n{ca}\n"
        );
        std::fs::write(folder.path().join("fleetgauge.toml"), text).unwrap();
    };
    config("ca_file = \"ca.pem\"");
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = tls::dial(folder.path(), tls_port, "/ocpp/CP1", None, None).unwrap();
    socket
        .send(Message::text(
            r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"A1B2C3","meterStart":7,"timestamp":"2026-11-24T09:00:00Z"}]"#,
        ))
        .unwrap();
    let answer = socket.read().unwrap();
    let id = transaction_id(answer.to_text().unwrap());
    wait_for("the session", || {
        daemon.api("sessions")["sessions"][0]["transaction_id"].as_i64() == Some(id)
    });
    daemon.stop();
    // The operator's certificate is checked against this machine's authorities where none are named.
    config("");
    let daemon = Daemon::start(folder.path(), &[]);
    assert!(
        tls::dial(folder.path(), tls_port, "/ocpp/CP1", None, None)
            .is_err_and(|status| status == "502")
    );
    assert!(
        daemon.log().contains("its operator cannot be reached"),
        "{}",
        daemon.log()
    );
}

#[test]
fn frames_pass_while_the_store_cannot_write() {
    let folder = TempDir::new("tap-stuck");
    let (port, upstream) = listening_upstream();
    write_register(
        folder.path(),
        &charge_points(&format!("ws://127.0.0.1:{port}")),
    );
    let daemon = Daemon::start(folder.path(), &[("tap.max_queued", "8")]);
    let (mut charger, _) = raw_charger(&daemon, "/ocpp/CP1");
    let (_, mut operator) = upstream.recv_timeout(Duration::from_secs(10)).unwrap();
    // No file of the store may grow: what a full disk looks like.
    let limited = Command::new("prlimit")
        .args([format!("--pid={}", daemon.id()), "--fsize=1".into()])
        .stderr(Stdio::null())
        .status();
    if !limited.is_ok_and(|status| status.success()) {
        return support::skipped(
            "frames_pass_while_the_store_cannot_write",
            "`prlimit` is not on PATH",
        );
    }
    let frame = br#"[2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]"#;
    let message: Vec<u8> = [0x81, 0x80 | frame.len() as u8, 0, 0, 0, 0]
        .into_iter()
        .chain(*frame)
        .collect();
    for _ in 0..2_000 {
        charger.write_all(&message).unwrap();
        let mut passed = vec![0; message.len()];
        operator.read_exact(&mut passed).unwrap();
        assert_eq!(passed, message);
    }
}
