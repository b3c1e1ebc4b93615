//! Provisioning against scripted charge points with a configuration: which requests are sent, in which order, and which never are.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod responses;
mod writes;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::ocpp_client::write_register;
use crate::support::scripted_charge_point::{
    ALL, PROVISIONING_ON, REGISTER, Reply, ScriptedChargePoint, assert_only_allowed_requests,
    is_done, key_of, obey, provisioning_daemon, provisioning_of, state,
};
use crate::support::{Daemon, TempDir};

#[test]
fn no_request_is_sent_unless_it_is_switched_on() {
    let (off, on) = (TempDir::new("setup-off"), TempDir::new("setup-tap"));
    write_register(off.path(), "charge_point_id\nCP1\nTAPPED\n");
    let off_daemon = Daemon::start(off.path(), &[]);
    write_register(
        on.path(),
        &format!(
            "charge_point_id,mode,upstream\nTAPPED,tap,ws://127.0.0.1:{}/ocpp\nOTHER,,\nCHOSEN,,\n",
            off_daemon.ocpp
        ),
    );
    // Lists go in by file: the environment has texts only.
    let config = "[register]\ndirectory = \"register\"\n[setup]\ncharge_points = [\"chosen\", \"TAPPED\", \"GUEST\"]\n";
    std::fs::write(on.path().join("fleetgauge.toml"), config).unwrap();
    let on_daemon = Daemon::start(
        on.path(),
        &[&PROVISIONING_ON[..], &[("ocpp.unknown", "quarantine")]].concat(),
    );
    let mut charge_points = [
        (&off_daemon, "CP1", false),
        (&on_daemon, "TAPPED", false),
        (&on_daemon, "GUEST", false),
        (&on_daemon, "OTHER", false),
        (&on_daemon, "CHOSEN", true),
    ]
    .map(|(daemon, id, requested)| {
        let mut charge_point = ScriptedChargePoint::connect(daemon, id, "ocpp1.6", &[], obey);
        charge_point.boot();
        (charge_point, id, requested)
    });
    let end = Instant::now() + Duration::from_secs(8);
    while Instant::now() < end {
        for (charge_point, _, _) in &mut charge_points {
            charge_point.serve_until(0, |_| false);
        }
    }
    for (mut charge_point, id, requested) in charge_points {
        charge_point.serve_until(1, |_| false);
        assert_eq!(
            !charge_point.requests.is_empty(),
            requested,
            "{id}: {:?}",
            charge_point.log()
        );
    }
}

const CONFIGURATION: [(&str, &str); 10] = [
    ("MeterValuesSampledData", REGISTER),
    ("MeterValueSampleInterval", "900"),
    ("ClockAlignedDataInterval", "0"),
    ("MeterValuesAlignedData", ""),
    ("StopTxnSampledData", REGISTER),
    ("HeartbeatInterval", "300"),
    ("WebSocketPingInterval", "54"),
    (
        "SupportedFeatureProfiles",
        "Core,FirmwareManagement,RemoteTrigger",
    ),
    ("NumberOfConnectors", "2"),
    ("AuthorizeRemoteTxRequests", "true"),
];

#[test]
fn the_sequence_of_1_6_reads_writes_reads_back_and_triggers() {
    let folder = TempDir::new("setup-16");
    let daemon = provisioning_daemon(folder.path());
    let mut charge_point =
        ScriptedChargePoint::connect(&daemon, "CP1", "ocpp1.6", &CONFIGURATION, obey);
    let began = Instant::now();
    charge_point.boot();
    assert!(
        charge_point.serve_until(5, |charge_point| !charge_point.requests.is_empty())
            || began.elapsed() >= Duration::from_secs(5)
    );
    // One connector reports its state by itself.
    charge_point.send(r#"[2,"s","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]"#);
    charge_point.expect(30, is_done(&daemon));
    assert_eq!(
        charge_point.log(),
        [
            "GetConfiguration",
            "ChangeConfiguration MeterValuesSampledData",
            "ChangeConfiguration MeterValueSampleInterval",
            "ChangeConfiguration MeterValuesAlignedData",
            "ChangeConfiguration ClockAlignedDataInterval",
            r#"GetConfiguration ["MeterValuesSampledData","MeterValueSampleInterval","MeterValuesAlignedData","ClockAlignedDataInterval"]"#,
            "TriggerMessage StatusNotification",
            "TriggerMessage StatusNotification",
            "TriggerMessage MeterValues",
        ]
    );
    assert!(
        charge_point.requests[0].at - began >= Duration::from_secs(5),
        "the pause after the boot"
    );
    assert_eq!(
        charge_point.requests[7].payload["connectorId"], 2,
        "only the connector that has not reported its state"
    );
    assert_is_provisioned(&daemon, &charge_point);
    drop(daemon);
    assert_nothing_is_written_after_a_restart(folder.path(), &charge_point);
    assert_only_allowed_requests(&[charge_point]);
}

fn assert_is_provisioned(daemon: &Daemon, charge_point: &ScriptedChargePoint) {
    for (key, want) in [
        ("MeterValuesSampledData", ALL),
        ("MeterValueSampleInterval", "60"),
        ("MeterValuesAlignedData", REGISTER),
        ("ClockAlignedDataInterval", "900"),
        ("WebSocketPingInterval", "54"),
    ] {
        assert_eq!(charge_point.value(key), want, "{key}");
    }
    let setup = provisioning_of(daemon, "CP1");
    assert_eq!(
        (
            setup["command_channel"].as_str(),
            setup["refused"].as_array().unwrap().len()
        ),
        (Some("ok"), 0),
        "{setup}"
    );
    assert_eq!(
        key_of(&setup, "MeterValuesSampledData")["outcome"],
        "kept",
        "{setup}"
    );
}

fn assert_nothing_is_written_after_a_restart(folder: &Path, charge_point: &ScriptedChargePoint) {
    let values: Vec<_> = charge_point
        .values
        .iter()
        .map(|(key, (value, _))| (key.as_str(), value.as_str()))
        .collect();
    let daemon = Daemon::start(folder, &PROVISIONING_ON);
    assert_eq!(state(&daemon), "done");
    let mut again = ScriptedChargePoint::connect(&daemon, "CP1", "ocpp1.6", &values, obey);
    again.expect(30, |charge_point| charge_point.count("TriggerMessage") >= 4);
    assert_eq!(again.count("ChangeConfiguration"), 0, "{:?}", again.log());
    assert_only_allowed_requests(&[again]);
}

const ALL_PROFILES: [(&str, &str); 3] = [
    ("MeterValuesSampledData", ""),
    ("MeterValueSampleInterval", "0"),
    (
        "SupportedFeatureProfiles",
        "Core,RemoteTrigger,Reservation,SmartCharging,FirmwareManagement,LocalAuthListManagement",
    ),
];

/// The reply of the charge point `id`, which behaves as its name says.
fn reply(id: &str, action: &str) -> Reply {
    match (id, action) {
        ("OBEYS", _) | (_, "GetConfiguration") if id != "EMPTY" => Reply::Obey,
        ("ERRS", _) => Reply::Error("NotSupported"),
        ("EMPTY", _) => Reply::With(json!({})),
        _ => Reply::With(json!({"status": "Rejected"})),
    }
}

/// No ChangeAvailability and no TriggerMessage(BootNotification), whatever the charge point answers.
#[test]
fn dangerous_requests_are_never_sent() {
    let folder = TempDir::new("setup-never");
    let ids = ["OBEYS", "REJECTS", "ERRS", "EMPTY"];
    write_register(
        folder.path(),
        &format!("charge_point_id\n{}\n", ids.join("\n")),
    );
    let daemon = Daemon::start(folder.path(), &PROVISIONING_ON);
    let charge_points = std::thread::scope(|scope| {
        let run = |id: &'static str| {
            let daemon = &daemon;
            scope.spawn(move || {
                let script = move |action: &str, _: &serde_json::Value| reply(id, action);
                let mut charge_point =
                    ScriptedChargePoint::connect(daemon, id, "ocpp1.6", &ALL_PROFILES, script);
                charge_point.boot();
                charge_point.expect(30, |_| provisioning_of(daemon, id)["state"] == "done");
                charge_point
            })
        };
        ids.map(run).map(|thread| thread.join().unwrap())
    });
    let [_, rejects, errs, _] = &charge_points;
    assert_eq!(
        rejects.count("ChangeConfiguration"),
        5 + 1,
        "each list once, and the interval: {:?}",
        rejects.log()
    );
    assert_eq!(errs.count("ChangeConfiguration"), 5 + 1, "{:?}", errs.log());
    assert_eq!(
        rejects.count("TriggerMessage"),
        3,
        "both globally, and one connector: {:?}",
        rejects.log()
    );
    let setup = provisioning_of(&daemon, "REJECTS");
    assert_eq!(
        setup["refused"],
        json!(["MeterValueSampleInterval", "MeterValuesSampledData"]),
        "{setup}"
    );
    assert_only_allowed_requests(&charge_points);
}
