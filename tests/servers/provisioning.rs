//! Charge points asked for rich telemetry: what is sent, in which order, and what is never sent, against scripted ones that keep a
//! configuration; and against Python's `ocpp`, which checks every request of ours against the official schemas.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::ocpp_client::{CP1, register};
use crate::support::scripted_charge_point::{
    ALL, Charger, ON, REGISTER, Reply, daemon, done, key_of, never_sent, obey, setup_of, state,
};
use crate::support::{Daemon, TempDir, server, wait_for};
use serde_json::json;

#[test]
fn nothing_is_sent_unless_it_is_switched_on() {
    let (off, on) = (TempDir::new("setup-off"), TempDir::new("setup-tap"));
    register(off.path(), "charge_point_id\nCP1\nTAPPED\n");
    let off_daemon = Daemon::start(off.path(), &[]);
    register(
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
        &[&ON[..], &[("ocpp.unknown", "quarantine")]].concat(),
    );
    let mut chargers = [
        (&off_daemon, "CP1", false),
        (&on_daemon, "TAPPED", false),
        (&on_daemon, "GUEST", false),
        (&on_daemon, "OTHER", false),
        (&on_daemon, "CHOSEN", true),
    ]
    .map(|(daemon, id, asked)| {
        let mut charger = Charger::connect(daemon, id, "ocpp1.6", &[], obey);
        charger.boot();
        (charger, id, asked)
    });
    let end = Instant::now() + Duration::from_secs(8);
    while Instant::now() < end {
        for (charger, _, _) in &mut chargers {
            charger.listen(0, |_| false);
        }
    }
    for (mut charger, id, asked) in chargers {
        charger.listen(1, |_| false);
        assert_eq!(
            !charger.heard.is_empty(),
            asked,
            "{id}: {:?}",
            charger.story()
        );
    }
}

#[test]
fn the_whole_sequence_of_1_6() {
    let folder = TempDir::new("setup-16");
    let daemon = daemon(folder.path());
    let mut charger = Charger::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[
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
        ],
        obey,
    );
    let began = Instant::now();
    charger.boot();
    assert!(
        charger.listen(5, |charger| !charger.heard.is_empty())
            || began.elapsed() >= Duration::from_secs(5)
    );
    // One connector's state comes by itself.
    charger.say(r#"[2,"s","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]"#);
    assert!(charger.listen(30, done(&daemon)), "{:?}", charger.story());
    assert_eq!(
        charger.story(),
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
        charger.heard[0].at - began >= Duration::from_secs(5),
        "the pause after the boot"
    );
    for (key, want) in [
        ("MeterValuesSampledData", ALL),
        ("MeterValueSampleInterval", "60"),
        ("MeterValuesAlignedData", REGISTER),
        ("ClockAlignedDataInterval", "900"),
        ("WebSocketPingInterval", "54"),
    ] {
        assert_eq!(charger.value(key), want, "{key}");
    }
    assert_eq!(
        charger.heard[7].payload["connectorId"], 2,
        "only the one that did not say it"
    );
    let setup = setup_of(&daemon, "CP1");
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
    // What is set already is not written again, and the memory outlives the process.
    let values: Vec<_> = charger
        .values
        .iter()
        .map(|(key, (value, _))| (key.as_str(), value.as_str()))
        .collect();
    drop(daemon);
    let daemon = Daemon::start(folder.path(), &ON);
    assert_eq!(state(&daemon), "done");
    let mut again = Charger::connect(&daemon, "CP1", "ocpp1.6", &values, obey);
    assert!(
        again.listen(30, |charger| charger.count("TriggerMessage") >= 4),
        "{:?}",
        again.story()
    );
    assert_eq!(again.count("ChangeConfiguration"), 0, "{:?}", again.story());
    never_sent(&[charger, again]);
}

/// No ChangeAvailability (quirk 37), no TriggerMessage(BootNotification) (32), whatever the charge point answers.
#[test]
fn what_is_never_sent() {
    let folder = TempDir::new("setup-never");
    let ids = ["OBEYS", "REJECTS", "ERRS", "EMPTY"];
    register(
        folder.path(),
        &format!("charge_point_id\n{}\n", ids.join("\n")),
    );
    let daemon = Daemon::start(folder.path(), &ON);
    let values = [
        ("MeterValuesSampledData", ""),
        ("MeterValueSampleInterval", "0"),
        (
            "SupportedFeatureProfiles",
            "Core,RemoteTrigger,Reservation,SmartCharging,FirmwareManagement,LocalAuthListManagement",
        ),
    ];
    let chargers = std::thread::scope(|scope| {
        let run = |id: &'static str| {
            let daemon = &daemon;
            scope.spawn(move || {
                let script = move |action: &str, _: &serde_json::Value| match (id, action) {
                    ("OBEYS", _) | (_, "GetConfiguration") if id != "EMPTY" => Reply::Obey,
                    ("ERRS", _) => Reply::Error("NotSupported"),
                    ("EMPTY", _) => Reply::With(json!({})),
                    _ => Reply::With(json!({"status": "Rejected"})),
                };
                let mut charger = Charger::connect(daemon, id, "ocpp1.6", &values, script);
                charger.boot();
                assert!(
                    charger.listen(30, |_| setup_of(daemon, id)["state"] == "done"),
                    "{id}: {:?}",
                    charger.story()
                );
                charger
            })
        };
        ids.map(run).map(|thread| thread.join().unwrap())
    });
    let [_, rejects, errs, _] = &chargers;
    assert_eq!(
        rejects.count("ChangeConfiguration"),
        5 + 1,
        "each list once, and the interval: {:?}",
        rejects.story()
    );
    assert_eq!(
        errs.count("ChangeConfiguration"),
        5 + 1,
        "{:?}",
        errs.story()
    );
    assert_eq!(
        rejects.count("TriggerMessage"),
        3,
        "both globally, and one connector: {:?}",
        rejects.story()
    );
    let setup = setup_of(&daemon, "REJECTS");
    assert_eq!(
        setup["refused"],
        json!(["MeterValueSampleInterval", "MeterValuesSampledData"]),
        "{setup}"
    );
    never_sent(&chargers);
}

#[test]
fn rejected_lists_shrink_and_are_read_back() {
    let folder = TempDir::new("setup-shrink");
    let daemon = daemon(folder.path());
    let script = |action: &str, payload: &serde_json::Value| {
        let unknown = action == "ChangeConfiguration"
            && payload["value"].as_str().unwrap().contains("Voltage");
        if unknown {
            Reply::With(json!({"status": "Rejected"}))
        } else {
            Reply::Obey
        }
    };
    let mut charger = Charger::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("MeterValuesSampledData", "")],
        script,
    );
    charger.boot();
    assert!(charger.listen(30, done(&daemon)), "{:?}", charger.story());
    assert_eq!(
        charger.value("MeterValuesSampledData"),
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import,SoC"
    );
    assert_eq!(
        charger.count("ChangeConfiguration"),
        4,
        "one less each time, then the full list of what is left"
    );
    assert_eq!(
        charger.story().last().unwrap(),
        r#"GetConfiguration ["MeterValuesSampledData"]"#
    );
    assert_eq!(
        key_of(&setup_of(&daemon, "CP1"), "MeterValuesSampledData")["outcome"],
        "kept"
    );
}

#[test]
fn a_write_is_given_up_after_two_attempts_also_over_kill_9() {
    let folder = TempDir::new("setup-twice");
    register(folder.path(), CP1);
    let values = [("MeterValueSampleInterval", "900")];
    // Each write takes the charge point down, and then us.
    let mut writes = Vec::new();
    for round in 0..3 {
        // So rare a commit that a note which was not waited for would be lost.
        let daemon = Daemon::start(
            folder.path(),
            &[&ON[..7], &[("store.commit_interval", "2s")]].concat(),
        );
        let script = |action: &str, _: &serde_json::Value| {
            if action == "ChangeConfiguration" {
                Reply::Drop
            } else {
                Reply::Obey
            }
        };
        let mut charger = Charger::connect(&daemon, "CP1", "ocpp1.6", &values, script);
        charger.boot();
        charger.listen(20, |charger| charger.down || state(&daemon) == "done");
        writes.push(charger.count("ChangeConfiguration"));
        if round < 2 {
            daemon.kill();
            continue;
        }
        let setup = setup_of(&daemon, "CP1");
        assert_eq!(
            (&setup["given_up"], &setup["state"]),
            (&json!(["MeterValueSampleInterval"]), &json!("done")),
            "{setup}"
        );
    }
    assert_eq!(writes, [1, 1, 0]);
}

#[test]
fn a_reboot_is_required_but_never_caused() {
    let folder = TempDir::new("setup-reboot");
    let daemon = daemon(folder.path());
    let script = |action: &str, _: &serde_json::Value| match action {
        "ChangeConfiguration" => Reply::With(json!({"status": "RebootRequired"})),
        _ => Reply::Obey,
    };
    let mut charger = Charger::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("MeterValueSampleInterval", "900")],
        script,
    );
    charger.boot();
    assert!(charger.listen(30, done(&daemon)), "{:?}", charger.story());
    assert_eq!(setup_of(&daemon, "CP1")["reboot_required"], true);
    drop(charger);
    wait_for("the link to be gone", || {
        daemon.metric("fleetgauge_connections{source=\"ocpp\"}") == 0.0
    });
    // A mere reconnect changes nothing.
    let mut charger = Charger::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("MeterValueSampleInterval", "900")],
        obey,
    );
    assert!(charger.listen(30, |charger| !charger.heard.is_empty()));
    assert!(charger.listen(30, done(&daemon)), "{:?}", charger.story());
    assert_eq!(
        (
            charger.count("ChangeConfiguration"),
            setup_of(&daemon, "CP1")["reboot_required"].clone()
        ),
        (0, json!(true))
    );
    // Somebody else rebooted it, and now it is so.
    charger
        .values
        .insert("MeterValueSampleInterval".into(), ("60".into(), false));
    charger.boot();
    assert!(charger.listen(30, |_| key_of(
        &setup_of(&daemon, "CP1"),
        "MeterValueSampleInterval"
    )["outcome"]
        == "kept"));
    assert_eq!(setup_of(&daemon, "CP1")["reboot_required"], false);
    never_sent(&[charger]);
}

#[test]
fn one_that_hears_no_request_has_its_link_closed_once() {
    let folder = TempDir::new("setup-deaf");
    let daemon = daemon(folder.path());
    let deaf = |_: &str, _: &serde_json::Value| Reply::Silence;
    let mut charger = Charger::connect(&daemon, "CP1", "ocpp1.6", &[], deaf);
    charger.boot();
    assert!(
        charger.listen(40, |charger| charger.down),
        "{:?}",
        charger.story()
    );
    assert_eq!(charger.story(), ["GetConfiguration"; 3]);
    let waited: Vec<_> = charger
        .heard
        .windows(2)
        .map(|two| (two[1].at - two[0].at).as_secs())
        .collect();
    assert!(waited[0] < waited[1], "the pause grows: {waited:?}");
    let mut charger = Charger::connect(&daemon, "CP1", "ocpp1.6", &[], deaf);
    charger.boot();
    assert!(
        !charger.listen(26, |charger| charger.down),
        "a second time it is not closed"
    );
    assert_eq!(charger.story(), ["GetConfiguration"; 3]);
    let setup = setup_of(&daemon, "CP1");
    assert_eq!(
        (setup["command_channel"].as_str(), setup["state"].as_str()),
        (Some("deaf"), Some("under_way")),
        "{setup}"
    );
    let points = daemon.api("charge-points");
    assert_eq!(
        points["charge_points"][0]["online"], true,
        "the link is another matter"
    );
}

#[test]
fn a_late_answer_still_counts() {
    let folder = TempDir::new("setup-late");
    let daemon = daemon(folder.path());
    let mut silent = true;
    let script = move |_: &str, _: &serde_json::Value| {
        if std::mem::take(&mut silent) {
            Reply::Silence
        } else {
            Reply::Obey
        }
    };
    let mut charger = Charger::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("MeterValueSampleInterval", "900")],
        script,
    );
    charger.boot();
    assert!(charger.listen(20, |charger| !charger.heard.is_empty()));
    // Time is up after one second; after another two it comes all the same.
    charger.listen(3, |_| false);
    let answer = json!([3, charger.heard[0].id, charger.configuration(&json!({}))]).to_string();
    charger.say(&answer);
    assert!(charger.listen(20, done(&daemon)), "{:?}", charger.story());
    assert_eq!(charger.value("MeterValueSampleInterval"), "60");
    assert_eq!(
        charger.count("GetConfiguration"),
        2,
        "the first and the read back: {:?}",
        charger.story()
    );
    // Once more it belongs to nothing.
    assert_eq!(daemon.metric("fleetgauge_ocpp_answers_unasked_total"), 0.0);
    charger.say(&answer);
    wait_for("an unasked answer", || {
        daemon.metric("fleetgauge_ocpp_answers_unasked_total") == 1.0
    });
}

#[test]
fn a_refused_or_ignored_trigger_is_not_repeated() {
    let folder = TempDir::new("setup-trigger");
    register(
        folder.path(),
        "charge_point_id,connectors\nREFUSES,4\nIGNORES,4\n",
    );
    let daemon = Daemon::start(folder.path(), &ON);
    let values = [("SupportedFeatureProfiles", "'Core, RemoteTrigger'")];
    let mut refuses = Charger::connect(
        &daemon,
        "REFUSES",
        "ocpp1.6",
        &values,
        |action: &str, payload: &serde_json::Value| {
            let refused = action == "TriggerMessage" && !payload["connectorId"].is_null();
            if refused {
                Reply::With(json!({"status": "Rejected"}))
            } else {
                Reply::Obey
            }
        },
    );
    let mut ignores = Charger::connect(
        &daemon,
        "IGNORES",
        "ocpp1.6",
        &values,
        |action: &str, payload: &serde_json::Value| {
            let ignored = action == "TriggerMessage" && payload["connectorId"] == 2;
            if ignored { Reply::Silence } else { Reply::Obey }
        },
    );
    refuses.boot();
    ignores.boot();
    std::thread::scope(|scope| {
        for (charger, id) in [(&mut refuses, "REFUSES"), (&mut ignores, "IGNORES")] {
            let daemon = &daemon;
            scope.spawn(move || {
                assert!(
                    charger.listen(40, |_| setup_of(daemon, id)["state"] == "done"),
                    "{:?}",
                    charger.story()
                )
            });
        }
    });
    let statuses = ["TriggerMessage StatusNotification"; 2];
    assert_eq!(
        refuses.story(),
        [
            &["GetConfiguration"],
            &statuses[..],
            &["TriggerMessage MeterValues"]
        ]
        .concat()
    );
    assert_eq!(
        ignores.count("TriggerMessage"),
        4,
        "global, 1, 2, and samples: {:?}",
        ignores.story()
    );
}

/// What a crash could repeat must not leave before it is on disk.
#[test]
fn no_write_leaves_before_its_attempt_is_on_disk() {
    let Some(prlimit) = server("no_write_leaves_before_its_attempt_is_on_disk", "prlimit") else {
        return;
    };
    let folder = TempDir::new("setup-disk");
    let daemon = daemon(folder.path());
    let id = daemon.id();
    let limit = move |bytes: &str| {
        let arguments = [format!("--pid={id}"), format!("--fsize={bytes}:")];
        assert!(
            Command::new(&prlimit)
                .args(arguments)
                .status()
                .unwrap()
                .success()
        );
    };
    let full = limit.clone();
    let mut charger = Charger::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("HeartbeatInterval", "7")],
        move |action, _| {
            if action == "GetConfiguration" {
                // From here no file of the daemon may grow: a full disk.
                full("1");
            }
            Reply::Obey
        },
    );
    charger.boot();
    assert!(
        charger.listen(30, |charger| charger.count("GetConfiguration") == 1),
        "{:?}",
        charger.story()
    );
    assert!(
        !charger.listen(4, |charger| charger.count("ChangeConfiguration") > 0),
        "{:?}",
        charger.story()
    );
    limit("unlimited");
    assert!(
        charger.listen(30, |charger| charger.count("ChangeConfiguration") == 1),
        "{:?}",
        charger.story()
    );
}
