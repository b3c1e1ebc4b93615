//! Limits of provisioning: when it may begin, keys as charge points spell them, OCPP 2.0.1, and a charge point in Python that checks every
//! request.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::time::{Duration, Instant};

use crate::support::ocpp_client::{CP1, foreign_client, run_python, write_register};
use crate::support::scripted_charge_point::{
    ALL, PROVISIONING_ON, REGISTER, Reply, ScriptedChargePoint, assert_only_allowed_requests, obey,
    provisioning_daemon, provisioning_of, state,
};
use crate::support::{Daemon, TempDir, free_port, wait_for};
use serde_json::json;

#[test]
fn the_boot_is_answered_and_settled_first_and_a_drop_cancels() {
    let folder = TempDir::new("setup-boot");
    let daemon = provisioning_daemon(folder.path());
    // A charge point that reconnects every few seconds gets no request at all.
    for _ in 0..3 {
        let mut charge_point = ScriptedChargePoint::connect(&daemon, "CP1", "ocpp1.6", &[], obey);
        charge_point.boot();
        charge_point.serve_until(3, |_| false);
        assert_eq!(charge_point.log(), [""; 0]);
    }
    // Each boot begins the pause anew.
    let mut charge_point = ScriptedChargePoint::connect(&daemon, "CP1", "ocpp1.6", &[], obey);
    charge_point.serve_until(3, |_| false);
    charge_point.boot();
    charge_point.serve_until(3, |_| false);
    charge_point.boot();
    let booted = Instant::now();
    assert!(charge_point.serve_until(20, |charge_point| !charge_point.requests.is_empty()));
    assert!(
        charge_point.requests[0].at - booted >= Duration::from_millis(4_900),
        "{:?}",
        charge_point.requests[0].at - booted
    );
}

#[test]
fn keys_are_optional_quoted_and_in_any_case() {
    let folder = TempDir::new("setup-odd");
    write_register(
        folder.path(),
        "charge_point_id,max_power_kw\nODD,150\nVENDOR,22\nPHASES,22\n",
    );
    let daemon = Daemon::start(folder.path(), &PROVISIONING_ON);
    let odd = [
        ("metervaluesampleinterval", "'900'"),
        ("WEBSOCKETPINGINTERVAL", "\" 30 \""),
    ];
    let vendor = [
        ("MeterValuesSampledData", ""),
        (
            "evb_SupportedMeasurands",
            "Energy.Active.Import.Register, W ,Temperature",
        ),
    ];
    let phases = [(
        "MeterValuesSampledData",
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import.L1,Current.Import.L2,Voltage.L1-N,Voltage.L2-N,SoC",
    )];
    let mut charge_points = [
        ("ODD", &odd[..]),
        ("VENDOR", &vendor[..]),
        ("PHASES", &phases[..]),
    ]
    .map(|(id, values)| {
        (
            ScriptedChargePoint::connect(&daemon, id, "ocpp1.6", values, obey),
            id,
        )
    });
    charge_points
        .iter_mut()
        .for_each(|(charge_point, _)| charge_point.boot());
    std::thread::scope(|scope| {
        for (charge_point, id) in &mut charge_points {
            let daemon = &daemon;
            scope.spawn(move || {
                charge_point.expect(30, |_| provisioning_of(daemon, id)["state"] == "done")
            });
        }
    });
    let [(odd, _), (vendor, _), (phases, _)] = &charge_points;
    assert_eq!(
        odd.value("metervaluesampleinterval"),
        "30",
        "150 kW, in its own spelling"
    );
    assert_eq!(odd.count("ChangeConfiguration"), 1, "{:?}", odd.log());
    assert_eq!(
        vendor.value("MeterValuesSampledData"),
        "Energy.Active.Import.Register,W",
        "what it says it has, in its own words"
    );
    assert_eq!(phases.count("ChangeConfiguration"), 0, "{:?}", phases.log());
}

/// An OCPP 2.0.1 charge point without metering settings, in whose transaction message 1 is missing.
fn charge_point_of_2_0_1(daemon: &Daemon) -> ScriptedChargePoint {
    let values = [
        ("SampledDataCtrlr.TxUpdatedInterval", "0"),
        ("SampledDataCtrlr.TxUpdatedMeasurands", REGISTER),
        ("SampledDataCtrlr.TxStartedMeasurands", REGISTER),
        ("AlignedDataCtrlr.Interval", "0"),
        ("OCPPCommCtrlr.HeartbeatInterval", "300"),
    ];
    let script = |action: &str, _: &serde_json::Value| match action {
        "GetTransactionStatus" => {
            Reply::With(json!({"ongoingIndicator": false, "messagesInQueue": false}))
        }
        _ => Reply::Obey,
    };
    let mut charge_point =
        ScriptedChargePoint::connect(daemon, "CP1", "ocpp2.0.1", &values, script);
    charge_point.send(r#"[2,"b","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"ACME","model":"M2"}}]"#);
    for (number, kind) in [(0, "Started"), (2, "Updated")] {
        charge_point.send(&format!(
            r#"[2,"t{number}","TransactionEvent",{{"eventType":"{kind}","timestamp":"2026-11-25T08:00:0{number}Z","triggerReason":"CablePluggedIn","seqNo":{number},"transactionInfo":{{"transactionId":"tx-1"}},"evse":{{"id":1,"connectorId":1}}}}]"#
        ));
    }
    charge_point
}

/// Answers GetBaseReport with the first part of a report (`tbc`: to be continued) of which no further part comes.
fn send_part_of_the_report(charge_point: &mut ScriptedChargePoint) {
    charge_point.expect(30, |charge_point| charge_point.count("GetBaseReport") == 1);
    let report = &charge_point.requests.last().unwrap().payload["requestId"];
    let part = format!(
        r#"[2,"n","NotifyReport",{{"requestId":{report},"generatedAt":"2026-11-25T08:00:00Z","seqNo":0,"tbc":true,"reportData":[{{"component":{{"name":"Connector","evse":{{"id":2,"connectorId":1}}}},"variable":{{"name":"AvailabilityState"}},"variableAttribute":[{{"value":"Available"}}]}}]}}]"#
    );
    charge_point.send(&part);
}

#[test]
fn a_charge_point_of_2_0_1_gets_every_step_of_provisioning() {
    let folder = TempDir::new("setup-201");
    let daemon = provisioning_daemon(folder.path());
    let mut charge_point = charge_point_of_2_0_1(&daemon);
    send_part_of_the_report(&mut charge_point);
    charge_point.expect(30, |charge_point| {
        charge_point.count("GetTransactionStatus") == 1
    });
    assert_eq!(
        charge_point.log(),
        [
            "GetVariables",
            "GetVariables",
            "SetVariables",
            "SetVariables",
            "SetVariables",
            "GetVariables",
            "GetBaseReport FullInventory",
            "GetTransactionStatus tx-1",
        ]
    );
    assert_eq!(
        charge_point.value("SampledDataCtrlr.TxUpdatedMeasurands"),
        ALL
    );
    assert_eq!(
        (
            charge_point.value("SampledDataCtrlr.TxUpdatedInterval"),
            charge_point.value("AlignedDataCtrlr.Interval")
        ),
        ("60", "900")
    );
    let setup = provisioning_of(&daemon, "CP1");
    assert_eq!(
        (setup["inventory"].as_str(), setup["state"].as_str()),
        (Some("partial"), Some("done")),
        "{setup}"
    );
    let points = daemon.api("charge-points");
    assert_eq!(
        points["charge_points"][0]["connectors"][1]["status"], "Available",
        "of the part that came: {points}"
    );
    assert_only_allowed_requests(&[charge_point]);
}

#[test]
fn a_foreign_charge_point_finds_every_request_valid() {
    let Some(python) = foreign_client("a_foreign_charge_point_finds_every_request_valid") else {
        return;
    };
    for (version, want) in [
        ("1.6", "ChangeConfiguration GetConfiguration TriggerMessage"),
        ("2.0.1", "GetBaseReport GetVariables SetVariables"),
        ("2.1", "GetBaseReport GetVariables SetVariables"),
    ] {
        let folder = TempDir::new("setup-python");
        write_register(folder.path(), CP1);
        let port = free_port();
        let daemon = Daemon::start_on(
            folder.path(),
            (free_port(), port, free_port()),
            &PROVISIONING_ON,
        );
        let text = run_python(
            &python,
            "provisioned_charge_point.py",
            &[version, &format!("ws://127.0.0.1:{port}/ocpp/CP1")],
        );
        assert_eq!(
            text.lines().last(),
            Some(format!("OCPP {version}: {want}: every request valid").as_str()),
            "{text}"
        );
        wait_for("the setup to be done", || state(&daemon) == "done");
        assert_eq!(provisioning_of(&daemon, "CP1")["refused"], json!([]));
    }
}
