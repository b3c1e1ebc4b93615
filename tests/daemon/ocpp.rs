//! The central system against real WebSockets: our own raw client for what is odd, and Python's `ocpp` as a foreign one that checks
//! every answer against the official schemas.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support::ocpp_client::{
    CP1, ask, cp1, foreign_client, hear, register, runs, say, transaction_id,
};
use crate::support::{Daemon, TempDir};
use tokio_tungstenite::tungstenite::Message;

#[test]
fn a_session_over_the_wire_and_over_a_restart() {
    let folder = TempDir::new("ocpp-session");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let boot = ask(
        &mut socket,
        r#"[2,"1","BootNotification",{"chargePointVendor":"ACME","chargePointModel":"M1"}]"#,
    );
    assert!(
        boot.starts_with(r#"[3,"1",{"currentTime":""#)
            && boot.contains(r#""interval":300,"status":"Accepted""#),
        "{boot}"
    );
    assert_eq!(
        ask(
            &mut socket,
            r#"[2,"2","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Preparing"}]"#
        ),
        r#"[3,"2",{}]"#
    );
    let started = ask(
        &mut socket,
        r#"[2,"3","StartTransaction",{"connectorId":1,"idTag":"a1b2c3","meterStart":1000,"timestamp":"2026-11-24T09:00:00Z"}]"#,
    );
    assert!(
        started.contains(r#""idTagInfo":{"status":"Accepted"}"#),
        "{started}"
    );
    let id = transaction_id(&started);
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let meter = format!(
        r#"[2,"4","MeterValues",{{"connectorId":1,"transactionId":{id},"meterValue":[{{"timestamp":"2026-11-24T09:30:00Z","sampledValue":[{{"value":"4000"}}]}}]}}]"#
    );
    assert_eq!(ask(&mut socket, &meter), r#"[3,"4",{}]"#);
    let stop = format!(
        r#"[2,"5","StopTransaction",{{"transactionId":{id},"meterStop":6000,"timestamp":"2026-11-24T10:00:00Z","reason":"Local"}}]"#
    );
    assert_eq!(ask(&mut socket, &stop), r#"[3,"5",{}]"#);
    let sessions = daemon.api("sessions");
    let session = &sessions["sessions"][0];
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            session["energy_wh"].as_f64(),
            session["vehicle_id"].as_str()
        ),
        (Some(5000.0), Some("AMB-1"))
    );
    assert_eq!(
        (session["method"].as_str(), session["started_at"].as_str()),
        (Some("meter"), Some("2026-11-24T09:00:00.000Z"))
    );
    assert_ne!(session["id_token_hash"].as_str().unwrap(), "a1b2c3");
    let second = ask(
        &mut socket,
        r#"[2,"6","StartTransaction",{"connectorId":1,"idTag":"a1b2c3","meterStart":6000,"timestamp":"2026-11-24T11:00:00Z"}]"#,
    );
    assert!(transaction_id(&second) > id, "ids are never issued twice");
    daemon.stop();
}

#[test]
fn odd_frames_get_an_answer_where_there_is_an_id_and_never_end_the_connection() {
    let folder = TempDir::new("ocpp-odd");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let deep = format!(
        r#"[2,"1","DataTransfer",{}1{}]"#,
        r#"{"a":"#.repeat(5_000),
        "}".repeat(5_000)
    );
    let large = format!(
        r#"[2,"big","DataTransfer",{{"vendorId":"{}"}}]"#,
        "x".repeat(400_000)
    );
    // Answers; an empty one means that nothing can be answered.
    for (frame, want) in [
        (r#"[2,"1","MakeCoffee",{}]"#, r#"[4,"1","NotImplemented","#),
        (
            r#"[2,"1","MeterValues",{"connectorId":1,"transactionId":,}]"#,
            r#"[3,"1",{}]"#,
        ),
        (
            r#"[2,"1","StopTransaction",{"transactionId":,}]"#,
            r#"[4,"1","FormationViolation","#,
        ),
        (
            r#"[2,"1","Heartbeat",[]]"#,
            r#"[4,"1","FormationViolation","#,
        ),
        (r#"[2,"1"]"#, r#"[4,"1","FormationViolation","#),
        (&large, r#"[4,"big","FormationViolation","#),
        (&deep, r#"[4,"1","FormationViolation","nested too deep"#),
        (
            r#"[2,17,"StatusNotification",{"connectorId":0,"status":"Occupied","errorCode":"Error"}]"#,
            "[3,17,{}]",
        ),
        (r#"[2,"n","Heartbeat",null]"#, r#"[3,"n",{"currentTime""#),
        (
            r#"[2,"1","Authorize",{"idTag":"FFFF"}]"#,
            r#"[3,"1",{"idTagInfo":{"status":"Invalid"}}]"#,
        ),
        (
            r#"[2,"1","StartTransaction",{}]"#,
            r#"[3,"1",{"transactionId":"#,
        ),
        (
            r#"[2,"1","StopTransaction",{"transactionId":-1}]"#,
            r#"[3,"1",{}]"#,
        ),
        (
            r#"[2,"1","MeterValues",{"connectorId":-5,"meterValue":"none"}]"#,
            r#"[3,"1",{}]"#,
        ),
        (
            r#"[2,"1","SignCertificate",{"csr":"x"}]"#,
            r#"[3,"1",{"status":"Rejected"}]"#,
        ),
        ("", ""),
        ("{}", ""),
        ("[]", ""),
        ("[2", ""),
        (r#"[3,"1",{}]"#, ""),
        (r#"[4,"1"]"#, ""),
        (r#"[6,"1","X",{}]"#, ""),
        ("\u{0}", ""),
    ] {
        say(&mut socket, frame);
        if want.is_empty() {
            // The next answer belongs to the next request.
            let answer = ask(&mut socket, r#"[2,"after","Heartbeat",{}]"#);
            assert!(
                answer.starts_with(r#"[3,"after""#),
                "{frame:?} got {answer}"
            );
        } else {
            let answer = hear(&mut socket);
            assert!(
                answer.starts_with(want),
                "{} got {answer}",
                &frame[..frame.len().min(80)]
            );
        }
    }
    socket
        .send(Message::binary(br#"[2,"b","Heartbeat",{}]"#.to_vec()))
        .unwrap();
    assert!(
        hear(&mut socket).starts_with(r#"[3,"b""#),
        "text marked as binary"
    );
    let rejects = daemon.api("rejects");
    assert!(
        rejects["counts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|count| count["reason"] == "unknown_action"),
        "{rejects}"
    );
    assert!(
        rejects["counts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|count| count["reason"] == "syntax" && count["count"].as_u64() >= Some(5)),
        "{rejects}"
    );
}

#[test]
fn the_same_frame_again_is_not_counted_twice() {
    let folder = TempDir::new("ocpp-again");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let start = r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"A1B2C3","meterStart":0}]"#;
    let first = ask(&mut socket, start);
    assert_eq!(ask(&mut socket, start), first);
    assert_eq!(
        daemon.api("sessions")["sessions"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_flood_is_answered_in_order() {
    let folder = TempDir::new("ocpp-flood");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[("store.commit_interval", "1ms")]);
    let mut socket = cp1(&daemon);
    // A night's memory at once, without waiting for an answer.
    for n in 0..500 {
        let minute = format!("{:02}:{:02}", n / 60, n % 60);
        say(
            &mut socket,
            &format!(
                r#"[2,"{n}","MeterValues",{{"connectorId":1,"meterValue":[{{"timestamp":"2026-11-24T{minute}:00Z","sampledValue":[{{"value":"{}"}}]}}]}}]"#,
                1_000 + n
            ),
        );
    }
    for n in 0..500 {
        assert_eq!(hear(&mut socket), format!(r#"[3,"{n}",{{}}]"#));
    }
}

#[test]
fn a_foreign_client_finds_every_answer_valid() {
    let Some(python) = foreign_client("a_foreign_client_finds_every_answer_valid") else {
        return;
    };
    let folder = TempDir::new("ocpp-python");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let text = runs(
        &python,
        "charge_point.py",
        &[&format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)],
    );
    assert_eq!(
        text.lines().last(),
        Some("14 actions, every answer valid"),
        "{text}"
    );
    let session = &daemon.api("sessions")["sessions"][0];
    assert_eq!(
        (
            session["energy_wh"].as_f64(),
            session["vehicle_id"].as_str()
        ),
        (Some(5500.0), Some("AMB-1"))
    );
    let point = &daemon.api("charge-points")["charge_points"][0];
    assert_eq!(
        (
            point["requests_checked"].as_u64(),
            point["conformant_ratio"].as_f64()
        ),
        (Some(13), Some(1.0)),
        "all but Authorize: {point}"
    );
}

#[test]
fn a_foreign_charging_station_finds_every_answer_valid() {
    let Some(python) = foreign_client("a_foreign_charging_station_finds_every_answer_valid") else {
        return;
    };
    for (version, actions) in [("2.0.1", 25), ("2.1", 37)] {
        let folder = TempDir::new("ocpp-python-2");
        register(folder.path(), CP1);
        let daemon = Daemon::start(folder.path(), &[]);
        let text = runs(
            &python,
            "charging_station.py",
            &[version, &format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)],
        );
        let said = format!("OCPP {version}: a session, and {actions} actions, every answer valid");
        assert_eq!(text.lines().last(), Some(said.as_str()), "{text}");
        let sessions = daemon.api("sessions");
        let sessions = sessions["sessions"].as_array().unwrap();
        let session = sessions
            .iter()
            .find(|session| session["transaction_id"] == "tx-1")
            .unwrap();
        assert_eq!(
            (
                session["energy_wh"].as_f64(),
                session["vehicle_id"].as_str()
            ),
            (Some(3400.0), Some("AMB-1"))
        );
        assert_eq!(
            (session["method"].as_str(), session["charging_s"].as_i64()),
            (Some("meter"), Some(1700)),
            "{session}"
        );
        assert_eq!(session["quality"], serde_json::json!([]), "{session}");
        let point = &daemon.api("charge-points")["charge_points"][0];
        assert_eq!(point["ocpp_version"], version);
        assert_eq!(
            point["conformant_ratio"].as_f64(),
            Some(1.0),
            "{version}: {point}"
        );
    }
}
