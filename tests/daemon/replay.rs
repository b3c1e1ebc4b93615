//! Captures: `fleetgauge replay` gives the facts of the daemon that wrote the capture, without its tags, and reads captures of other
//! programs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::process::Stdio;

use crate::support::clock::session_of_this_month;
use crate::support::{Daemon, TempDir, fleetgauge, wait_for};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, connect, http::HeaderValue};

fn write_register(folder: &std::path::Path) {
    let files = [
        (
            "vehicles.csv",
            "vehicle_id,id_tags,fuel\nAMB-1,04A1B2C3D4E5F6,ELECTRICITY\n",
        ),
        (
            "charge_points.csv",
            "charge_point_id,connectors,max_power_kw\nCP1,2,22\nCS1,1,150\n",
        ),
    ];
    std::fs::create_dir_all(folder.join("register")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join("register").join(name), text).unwrap();
    }
    let (store, register) = (folder.join("data"), folder.join("register"));
    let config = format!("[store]\ndirectory = {store:?}\n[register]\ndirectory = {register:?}\n");
    std::fs::write(folder.join("fleetgauge.toml"), config).unwrap();
}

/// Sends frames one after the other and returns the answers. `$TX` stands for the newest transaction id that was answered.
fn exchange(
    daemon: &Daemon,
    charge_point: &str,
    protocol: &'static str,
    frames: &[String],
) -> Vec<String> {
    let mut request = format!("ws://127.0.0.1:{}/ocpp/{charge_point}", daemon.ocpp)
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", HeaderValue::from_static(protocol));
    let (mut socket, _) = connect(request).unwrap();
    let mut answers: Vec<String> = Vec::new();
    for frame in frames {
        let id = answers.iter().rev().find_map(|answer| {
            serde_json::from_str::<Value>(answer).ok()?[2]["transactionId"].as_i64()
        });
        let frame = frame.replace("$TX", &id.unwrap_or(0).to_string());
        socket.send(Message::text(frame)).unwrap();
        answers.push(socket.read().unwrap().into_text().unwrap().to_string());
    }
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
    answers
}

/// The report, what was written to standard error, and the exit code.
fn replay(arguments: &[&str], input: Option<&str>) -> (Value, String, Option<i32>) {
    let mut command = fleetgauge();
    command
        .arg("replay")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.unwrap_or_default().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"));
    (report, errors, output.status.code())
}

#[test]
fn a_capture_gives_the_facts_of_the_live_run() {
    let folder = TempDir::new("replay-live");
    write_register(folder.path());
    let capture = folder.path().join("capture");
    let daemon = Daemon::start(
        folder.path(),
        &[("capture.directory", capture.to_str().unwrap())],
    );
    let [start, middle, end] = session_of_this_month();
    exchange(
        &daemon,
        "CP1",
        "ocpp1.6",
        &ocpp16_session(&start, &middle, &end),
    );
    exchange(
        &daemon,
        "CS1",
        "ocpp2.0.1",
        &ocpp201_session(&start, &middle, &end),
    );
    wait_for("both links are down", || {
        daemon.api("charge-points")["charge_points"]
            .as_array()
            .unwrap()
            .iter()
            .all(|point| point["online"] == false)
    });
    let sessions = daemon.api("sessions")["sessions"].clone();
    let points = daemon.api("charge-points")["charge_points"].clone();
    daemon.stop();
    assert_eq!(sessions.as_array().unwrap().len(), 2, "{sessions}");
    let files: Vec<_> = std::fs::read_dir(&capture)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(
        !text.contains("04A1B2C3D4E5F6") && !text.contains("UNKNOWN"),
        "tags stay out of captures: {text}"
    );
    assert!(text.lines().count() > 20);
    let config = folder.path().join("fleetgauge.toml");
    let (report, errors, code) = replay(
        &[
            files[0].to_str().unwrap(),
            "--config",
            config.to_str().unwrap(),
        ],
        None,
    );
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(report["sessions"], sessions);
    assert_eq!(report["charge_points"], points);
    assert_replayed(&report);
}

/// A session with a corrected, a repeated and an unknown request.
fn ocpp16_session(start: &str, middle: &str, end: &str) -> [String; 9] {
    [
        r#"[2,"1","BootNotification",{"chargePointVendor":"ACME","chargePointModel":"M1"}]"#.to_owned(),
        format!(
            r#"[2,"2","StatusNotification",{{"connectorId":1,"errorCode":"NoError","status":"Preparing","timestamp":"{start}"}}]"#
        ),
        format!(
            r#"[2,"3","StartTransaction",{{"connectorId":1,"idTag":"04A1B2C3D4E5F6","meterStart":1000,"timestamp":"{start}"}}]"#
        ),
        format!(
            r#"[2,"4","MeterValues",{{"connectorId":1,"transactionId":$TX,"meterValue":[{{"timestamp":"{middle}","sampledValue":[{{"value":"4000"}}]}}]}}]"#
        ),
        format!(
            r#"[2,"5","MeterValues",{{"connectorId":1,"transactionId":,"meterValue":[{{"timestamp":"{middle}","sampledValue":[{{"value":"4000"}}]}}]}}]"#
        ),
        format!(
            r#"[2,"6","StopTransaction",{{"transactionId":$TX,"idTag":"04A1B2C3D4E5F6","meterStop":6000,"timestamp":"{end}"}}]"#
        ),
        format!(
            r#"[2,"6","StopTransaction",{{"transactionId":$TX,"idTag":"04A1B2C3D4E5F6","meterStop":6000,"timestamp":"{end}"}}]"#
        ),
        r#"[2,"7","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]"#.to_owned(),
        r#"[2,"8","Coffee",{}]"#.to_owned(),
    ]
}

/// A session with a gap in `seqNo` and an unknown token.
fn ocpp201_session(start: &str, middle: &str, end: &str) -> [String; 3] {
    let event = |kind: &str, seq: u32, at: &str, wh: u32, more: &str| {
        format!(
            r#"[2,"e{seq}","TransactionEvent",{{"eventType":"{kind}","timestamp":"{at}","triggerReason":"Authorized","seqNo":{seq},"transactionInfo":{{"transactionId":"tx-9"}},{more}"meterValue":[{{"timestamp":"{at}","sampledValue":[{{"value":{wh}}}]}}]}}]"#
        )
    };
    let token =
        r#""evse":{"id":1,"connectorId":1},"idToken":{"idToken":"UNKNOWN","type":"ISO14443"},"#;
    [
        event("Started", 0, start, 500, token),
        event("Updated", 2, middle, 900, ""),
        event("Ended", 3, end, 1500, ""),
    ]
}

/// What the report must hold beside the sessions and charge points of the live run.
fn assert_replayed(report: &Value) {
    let sessions = &report["sessions"];
    assert_eq!(report["rejects"][0]["reason"], "unknown_action");
    let times = report["uptime"]["connectors"].as_array().unwrap();
    let ended =
        |id: &str| times.iter().find(|of| of["charge_point_id"] == id).unwrap()["sessions"].clone();
    assert_eq!(
        (times.len(), ended("CP1"), ended("CS1")),
        (2, json!(1), json!(1)),
        "{times:?}"
    );
    assert_eq!(
        times[0]["class"]["not_observed_ms"], 0,
        "a replay is never away: {}",
        times[0]
    );
    assert!(
        sessions
            .as_array()
            .unwrap()
            .iter()
            .any(|session| session["vehicle_id"] == "AMB-1"),
        "{sessions}"
    );
    assert!(
        sessions
            .as_array()
            .unwrap()
            .iter()
            .any(|session| session["quality"] == json!(["seq_gap"])),
        "{sessions}"
    );
}

/// Sessions and telemetry as another program recorded them, and two lines (10 and 11) that are not of a capture.
fn foreign_capture() -> String {
    let ocpp = |at: &str, from: &str, frame: &str| {
        json!({"at": format!("2026-08-21T{at}Z"), "ocpp": {"charge_point": "CP1", "version": "1.6", "from": from, "frame": frame}}).to_string()
    };
    [
        r#"{"at":"2026-08-21T07:59:00Z","ocpp":{"charge_point":"CP1","event":"connected"}}"#.to_owned(),
        ocpp("08:00:00", "charge_point", r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"04A1B2C3D4E5F6","meterStart":0,"timestamp":"2026-08-21T08:00:00Z"}]"#),
        ocpp("08:00:00.1", "csms", r#"[3,"1",{"transactionId":4711,"idTagInfo":{"status":"Accepted"}}]"#),
        ocpp("09:00:00", "charge_point", r#"[2,"2","StopTransaction",{"transactionId":4711,"meterStop":7000,"timestamp":"2026-08-21T09:00:00Z"}]"#),
        // The answer to this start was not recorded; the meter values carry its id. No message stops it.
        ocpp("10:00:00", "charge_point", r#"[2,"3","StartTransaction",{"connectorId":2,"idTag":"F6E5D4C3B2A104","meterStart":0,"timestamp":"2026-08-21T10:00:00Z"}]"#),
        ocpp("10:30:00", "charge_point", r#"[2,"4","MeterValues",{"connectorId":2,"transactionId":4712,"meterValue":[{"timestamp":"2026-08-21T10:30:00Z","sampledValue":[{"value":"3000"}]}]}]"#),
        ocpp("11:00:00", "charge_point", r#"[2,"5","StatusNotification",{"connectorId":2,"errorCode":"NoError","status":"Available"}]"#),
        r#"{"at":"2026-08-21T12:00:00Z","mqtt":{"topic":"fleet/vehicles/AMB-1/telemetry","payload":"{\"odometer\":52513.5}"}}"#.to_owned(),
        r#"{"at":"2026-08-21T12:30:00Z","mqtt":{"topic":"fleet/vehicles/AMB-1/telemetry","payload_b64":"eyJvZG9tZXRlciI6NTI1MjMuNX0="}}"#.to_owned(),
        r#"{"at":"yesterday","mqtt":{"topic":"x"}}"#.to_owned(),
        "not a line".to_owned(),
    ]
    .join("\n")
}

fn replay_foreign_capture() -> (Value, String, Option<i32>) {
    let folder = TempDir::new("replay-foreign");
    write_register(folder.path());
    let register = folder.path().join("register");
    replay(
        &["-", "--register", register.to_str().unwrap()],
        Some(&foreign_capture()),
    )
}

#[test]
fn unreadable_lines_of_a_capture_are_named() {
    let (_, errors, code) = replay_foreign_capture();
    assert_eq!(code, Some(1), "two lines are none: {errors}");
    assert!(
        errors.contains(":10: `at` \"yesterday\"") && errors.contains("2 lines"),
        "{errors}"
    );
}

#[test]
fn sessions_of_a_foreign_capture_have_the_other_systems_transaction_ids() {
    let (report, _, _) = replay_foreign_capture();
    let sessions = report["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{report:#}");
    let (orphan, whole) = (&sessions[0], &sessions[1]);
    assert_eq!(
        (
            whole["transaction_id"].as_i64(),
            whole["energy_wh"].as_f64(),
            whole["vehicle_id"].as_str()
        ),
        (Some(4711), Some(7000.0), Some("AMB-1"))
    );
    assert_eq!(whole["half_hours"].as_array().unwrap().len(), 2);
    assert_eq!(
        (
            orphan["transaction_id"].as_i64(),
            orphan["energy_wh"].as_f64()
        ),
        (Some(4712), Some(3000.0))
    );
    assert_eq!(orphan["quality"], json!(["tag_resembles", "orphaned"]));
    assert_eq!(
        (
            &orphan["vehicle_id"],
            &orphan["user"],
            &orphan["suggested_vehicle_id"]
        ),
        (&Value::Null, &json!("unallocated"), &json!("AMB-1"))
    );
}

#[test]
fn telemetry_of_a_foreign_capture_gives_distances_and_emissions() {
    let (report, _, _) = replay_foreign_capture();
    assert_eq!(
        report["vehicles"][0]["distance_today_km"].as_f64(),
        Some(10.0),
        "{:#}",
        report["vehicles"]
    );
    assert!(
        report["emissions"]["rows"]
            .as_array()
            .is_some_and(|rows| !rows.is_empty()),
        "{report:#}"
    );
}
