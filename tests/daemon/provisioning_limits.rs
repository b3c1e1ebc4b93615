//! Setup's manners: when it may begin, keys as charge points write them, OCPP 2.0.1, and a foreign charge point that checks what we ask.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::time::{Duration, Instant};

use crate::support::ocpp_client::{CP1, foreign_client, register, runs};
use crate::support::scripted_charge_point::{
    ALL, Charger, ON, REGISTER, Reply, daemon, never_sent, obey, setup_of, state,
};
use crate::support::{Daemon, TempDir, free_port, wait_for};
use serde_json::json;

#[test]
fn the_boot_is_answered_and_settled_first_and_a_drop_cancels() {
    let folder = TempDir::new("setup-boot");
    let daemon = daemon(folder.path());
    // A link that flaps every few seconds hears nothing at all.
    for _ in 0..3 {
        let mut charger = Charger::connect(&daemon, "CP1", "ocpp1.6", &[], obey);
        charger.boot();
        charger.listen(3, |_| false);
        assert_eq!(charger.story(), [""; 0]);
    }
    // Each boot begins the pause anew.
    let mut charger = Charger::connect(&daemon, "CP1", "ocpp1.6", &[], obey);
    charger.listen(3, |_| false);
    charger.boot();
    charger.listen(3, |_| false);
    charger.boot();
    let booted = Instant::now();
    assert!(charger.listen(20, |charger| !charger.heard.is_empty()));
    assert!(
        charger.heard[0].at - booted >= Duration::from_millis(4_900),
        "{:?}",
        charger.heard[0].at - booted
    );
}

#[test]
fn keys_are_optional_quoted_and_in_any_case() {
    let folder = TempDir::new("setup-odd");
    register(
        folder.path(),
        "charge_point_id,max_power_kw\nODD,150\nVENDOR,22\nPHASES,22\n",
    );
    let daemon = Daemon::start(folder.path(), &ON);
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
    let mut chargers = [
        ("ODD", &odd[..]),
        ("VENDOR", &vendor[..]),
        ("PHASES", &phases[..]),
    ]
    .map(|(id, values)| (Charger::connect(&daemon, id, "ocpp1.6", values, obey), id));
    chargers.iter_mut().for_each(|(charger, _)| charger.boot());
    std::thread::scope(|scope| {
        for (charger, id) in &mut chargers {
            let daemon = &daemon;
            scope.spawn(move || {
                assert!(
                    charger.listen(30, |_| setup_of(daemon, id)["state"] == "done"),
                    "{:?}",
                    charger.story()
                )
            });
        }
    });
    let [(odd, _), (vendor, _), (phases, _)] = &chargers;
    assert_eq!(
        odd.value("metervaluesampleinterval"),
        "30",
        "150 kW, in its own spelling"
    );
    assert_eq!(odd.count("ChangeConfiguration"), 1, "{:?}", odd.story());
    assert_eq!(
        vendor.value("MeterValuesSampledData"),
        "Energy.Active.Import.Register,W",
        "what it says it has, in its own words"
    );
    assert_eq!(
        phases.count("ChangeConfiguration"),
        0,
        "{:?}",
        phases.story()
    );
}

#[test]
fn the_whole_sequence_of_2_0_1() {
    let folder = TempDir::new("setup-201");
    let daemon = daemon(folder.path());
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
    let mut charger = Charger::connect(&daemon, "CP1", "ocpp2.0.1", &values, script);
    charger.say(r#"[2,"b","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"ACME","model":"M2"}}]"#);
    // Number 1 is missing.
    for (number, kind) in [(0, "Started"), (2, "Updated")] {
        charger.say(&format!(
            r#"[2,"t{number}","TransactionEvent",{{"eventType":"{kind}","timestamp":"2026-11-25T08:00:0{number}Z","triggerReason":"CablePluggedIn","seqNo":{number},"transactionInfo":{{"transactionId":"tx-1"}},"evse":{{"id":1,"connectorId":1}}}}]"#
        ));
    }
    assert!(
        charger.listen(30, |charger| charger.count("GetBaseReport") == 1),
        "{:?}",
        charger.story()
    );
    // It never ends: the piece that came is kept.
    let report = &charger.heard.last().unwrap().payload["requestId"];
    let piece = format!(
        r#"[2,"n","NotifyReport",{{"requestId":{report},"generatedAt":"2026-11-25T08:00:00Z","seqNo":0,"tbc":true,"reportData":[{{"component":{{"name":"Connector","evse":{{"id":2,"connectorId":1}}}},"variable":{{"name":"AvailabilityState"}},"variableAttribute":[{{"value":"Available"}}]}}]}}]"#
    );
    charger.say(&piece);
    assert!(
        charger.listen(30, |charger| charger.count("GetTransactionStatus") == 1),
        "{:?}",
        charger.story()
    );
    assert_eq!(
        charger.story(),
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
    assert_eq!(charger.value("SampledDataCtrlr.TxUpdatedMeasurands"), ALL);
    assert_eq!(
        (
            charger.value("SampledDataCtrlr.TxUpdatedInterval"),
            charger.value("AlignedDataCtrlr.Interval")
        ),
        ("60", "900")
    );
    let setup = setup_of(&daemon, "CP1");
    assert_eq!(
        (setup["inventory"].as_str(), setup["state"].as_str()),
        (Some("partial"), Some("done")),
        "{setup}"
    );
    let points = daemon.api("charge-points");
    assert_eq!(
        points["charge_points"][0]["connectors"][1]["status"], "Available",
        "of the piece that came: {points}"
    );
    never_sent(&[charger]);
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
        register(folder.path(), CP1);
        let port = free_port();
        let daemon = Daemon::start_on(folder.path(), (free_port(), port, free_port()), &ON);
        let text = runs(
            &python,
            "asked_charge_point.py",
            &[version, &format!("ws://127.0.0.1:{port}/ocpp/CP1")],
        );
        assert_eq!(
            text.lines().last(),
            Some(format!("OCPP {version}: {want}: every request valid").as_str()),
            "{text}"
        );
        wait_for("the setup to be done", || state(&daemon) == "done");
        assert_eq!(setup_of(&daemon, "CP1")["refused"], json!([]));
    }
}
