//! Writes to a configuration: lists shrink, harmful writes are given up, and no write is sent before its attempt is durable.

use std::process::Command;

use serde_json::json;

use crate::support::ocpp_client::{CP1, write_register};
use crate::support::scripted_charge_point::{
    PROVISIONING_ON, Reply, ScriptedChargePoint, assert_only_allowed_requests, is_done, key_of,
    obey, provisioning_daemon, provisioning_of, state,
};
use crate::support::{Daemon, TempDir, server, wait_for};

#[test]
fn rejected_lists_shrink_and_are_read_back() {
    let folder = TempDir::new("setup-shrink");
    let daemon = provisioning_daemon(folder.path());
    let script = |action: &str, payload: &serde_json::Value| {
        let unknown = action == "ChangeConfiguration"
            && payload["value"].as_str().unwrap().contains("Voltage");
        if unknown {
            Reply::With(json!({"status": "Rejected"}))
        } else {
            Reply::Obey
        }
    };
    let mut charge_point = ScriptedChargePoint::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("MeterValuesSampledData", "")],
        script,
    );
    charge_point.boot();
    charge_point.expect(30, is_done(&daemon));
    assert_eq!(
        charge_point.value("MeterValuesSampledData"),
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import,SoC"
    );
    assert_eq!(
        charge_point.count("ChangeConfiguration"),
        4,
        "one less each time, then the full list of what is left"
    );
    assert_eq!(
        charge_point.log().last().unwrap(),
        r#"GetConfiguration ["MeterValuesSampledData"]"#
    );
    assert_eq!(
        key_of(&provisioning_of(&daemon, "CP1"), "MeterValuesSampledData")["outcome"],
        "kept"
    );
}

#[test]
fn a_write_is_given_up_after_two_attempts_also_over_kill_9() {
    let folder = TempDir::new("setup-twice");
    write_register(folder.path(), CP1);
    let values = [("MeterValueSampleInterval", "900")];
    // Each write takes the charge point down, and then us.
    let mut writes = Vec::new();
    for round in 0..3 {
        // So rare a commit that a note which was not waited for would be lost.
        let daemon = Daemon::start(
            folder.path(),
            &[&PROVISIONING_ON[..7], &[("store.commit_interval", "2s")]].concat(),
        );
        let script = |action: &str, _: &serde_json::Value| {
            if action == "ChangeConfiguration" {
                Reply::Drop
            } else {
                Reply::Obey
            }
        };
        let mut charge_point =
            ScriptedChargePoint::connect(&daemon, "CP1", "ocpp1.6", &values, script);
        charge_point.boot();
        charge_point.serve_until(20, |charge_point| {
            charge_point.down || state(&daemon) == "done"
        });
        writes.push(charge_point.count("ChangeConfiguration"));
        if round < 2 {
            daemon.kill();
            continue;
        }
        let setup = provisioning_of(&daemon, "CP1");
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
    let daemon = provisioning_daemon(folder.path());
    let script = |action: &str, _: &serde_json::Value| match action {
        "ChangeConfiguration" => Reply::With(json!({"status": "RebootRequired"})),
        _ => Reply::Obey,
    };
    let mut charge_point = ScriptedChargePoint::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("MeterValueSampleInterval", "900")],
        script,
    );
    charge_point.boot();
    charge_point.expect(30, is_done(&daemon));
    assert_eq!(provisioning_of(&daemon, "CP1")["reboot_required"], true);
    drop(charge_point);
    wait_for("the link to be gone", || {
        daemon.metric("fleetgauge_connections{source=\"ocpp\"}") == 0.0
    });
    // A mere reconnect changes nothing.
    let mut charge_point = ScriptedChargePoint::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("MeterValueSampleInterval", "900")],
        obey,
    );
    assert!(charge_point.serve_until(30, |charge_point| !charge_point.requests.is_empty()));
    charge_point.expect(30, is_done(&daemon));
    assert_eq!(
        (
            charge_point.count("ChangeConfiguration"),
            provisioning_of(&daemon, "CP1")["reboot_required"].clone()
        ),
        (0, json!(true))
    );
    // Somebody else rebooted it, and now it is so.
    charge_point
        .values
        .insert("MeterValueSampleInterval".into(), ("60".into(), false));
    charge_point.boot();
    assert!(charge_point.serve_until(30, |_| key_of(
        &provisioning_of(&daemon, "CP1"),
        "MeterValueSampleInterval"
    )["outcome"]
        == "kept"));
    assert_eq!(provisioning_of(&daemon, "CP1")["reboot_required"], false);
    assert_only_allowed_requests(&[charge_point]);
}

/// What a crash could repeat must not leave before it is on disk.
#[test]
fn no_write_leaves_before_its_attempt_is_on_disk() {
    let Some(prlimit) = server("no_write_leaves_before_its_attempt_is_on_disk", "prlimit") else {
        return;
    };
    let folder = TempDir::new("setup-disk");
    let daemon = provisioning_daemon(folder.path());
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
    let mut charge_point = ScriptedChargePoint::connect(
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
    charge_point.boot();
    charge_point.expect(30, |charge_point| {
        charge_point.count("GetConfiguration") == 1
    });
    assert!(
        !charge_point.serve_until(4, |charge_point| charge_point.count("ChangeConfiguration")
            > 0),
        "{:?}",
        charge_point.log()
    );
    limit("unlimited");
    charge_point.expect(30, |charge_point| {
        charge_point.count("ChangeConfiguration") == 1
    });
}
