//! The central system over real WebSockets.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod odd_frames;
mod python;

use crate::support::ocpp_client::{
    CP1, Socket, cp1, receive, request, send, transaction_id, write_register,
};
use crate::support::{Daemon, TempDir};

/// Boots CP1 and starts a transaction at 1000 Wh. Returns its id.
fn boot_and_start(socket: &mut Socket) -> i64 {
    let boot = request(
        socket,
        r#"[2,"1","BootNotification",{"chargePointVendor":"ACME","chargePointModel":"M1"}]"#,
    );
    assert!(
        boot.starts_with(r#"[3,"1",{"currentTime":""#)
            && boot.contains(r#""interval":300,"status":"Accepted""#),
        "{boot}"
    );
    assert_eq!(
        request(
            socket,
            r#"[2,"2","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Preparing"}]"#
        ),
        r#"[3,"2",{}]"#
    );
    let started = request(
        socket,
        r#"[2,"3","StartTransaction",{"connectorId":1,"idTag":"a1b2c3","meterStart":1000,"timestamp":"2026-11-24T09:00:00Z"}]"#,
    );
    assert!(
        started.contains(r#""idTagInfo":{"status":"Accepted"}"#),
        "{started}"
    );
    transaction_id(&started)
}

/// Sends a reading and the stop at 6000 Wh.
fn meter_and_stop(socket: &mut Socket, id: i64) {
    let meter = format!(
        r#"[2,"4","MeterValues",{{"connectorId":1,"transactionId":{id},"meterValue":[{{"timestamp":"2026-11-24T09:30:00Z","sampledValue":[{{"value":"4000"}}]}}]}}]"#
    );
    assert_eq!(request(socket, &meter), r#"[3,"4",{}]"#);
    let stop = format!(
        r#"[2,"5","StopTransaction",{{"transactionId":{id},"meterStop":6000,"timestamp":"2026-11-24T10:00:00Z","reason":"Local"}}]"#
    );
    assert_eq!(request(socket, &stop), r#"[3,"5",{}]"#);
}

#[test]
fn a_session_goes_on_over_a_restart_and_its_id_is_not_issued_again() {
    let folder = TempDir::new("ocpp-session");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let id = boot_and_start(&mut cp1(&daemon));
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    meter_and_stop(&mut socket, id);
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
    let second = request(
        &mut socket,
        r#"[2,"6","StartTransaction",{"connectorId":1,"idTag":"a1b2c3","meterStart":6000,"timestamp":"2026-11-24T11:00:00Z"}]"#,
    );
    assert!(transaction_id(&second) > id, "ids are never issued twice");
    daemon.stop();
}

#[test]
fn the_same_frame_again_is_not_counted_twice() {
    let folder = TempDir::new("ocpp-again");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let start = r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"A1B2C3","meterStart":0}]"#;
    let first = request(&mut socket, start);
    assert_eq!(request(&mut socket, start), first);
    assert_eq!(
        daemon.api("sessions")["sessions"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_flood_is_answered_in_order() {
    let folder = TempDir::new("ocpp-flood");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[("store.commit_interval", "1ms")]);
    let mut socket = cp1(&daemon);
    // A night's memory at once, without waiting for an answer.
    for n in 0..500 {
        let minute = format!("{:02}:{:02}", n / 60, n % 60);
        send(
            &mut socket,
            &format!(
                r#"[2,"{n}","MeterValues",{{"connectorId":1,"meterValue":[{{"timestamp":"2026-11-24T{minute}:00Z","sampledValue":[{{"value":"{}"}}]}}]}}]"#,
                1_000 + n
            ),
        );
    }
    for n in 0..500 {
        assert_eq!(receive(&mut socket), format!(r#"[3,"{n}",{{}}]"#));
    }
}
