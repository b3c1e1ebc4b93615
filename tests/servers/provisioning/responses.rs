//! Missing, late and negative responses.

use serde_json::json;

use crate::support::ocpp_client::write_register;
use crate::support::scripted_charge_point::{
    PROVISIONING_ON, Reply, ScriptedChargePoint, is_done, provisioning_daemon, provisioning_of,
};
use crate::support::{Daemon, TempDir, wait_for};

#[test]
fn an_unresponsive_charge_point_has_its_connection_closed_once() {
    let folder = TempDir::new("setup-deaf");
    let daemon = provisioning_daemon(folder.path());
    let deaf = |_: &str, _: &serde_json::Value| Reply::Silence;
    let mut charge_point = ScriptedChargePoint::connect(&daemon, "CP1", "ocpp1.6", &[], deaf);
    charge_point.boot();
    charge_point.expect(40, |charge_point| charge_point.down);
    assert_eq!(charge_point.log(), ["GetConfiguration"; 3]);
    let waited: Vec<_> = charge_point
        .requests
        .windows(2)
        .map(|two| (two[1].at - two[0].at).as_secs())
        .collect();
    assert!(waited[0] < waited[1], "the pause grows: {waited:?}");
    let mut charge_point = ScriptedChargePoint::connect(&daemon, "CP1", "ocpp1.6", &[], deaf);
    charge_point.boot();
    assert!(
        !charge_point.serve_until(26, |charge_point| charge_point.down),
        "a second time it is not closed"
    );
    assert_eq!(charge_point.log(), ["GetConfiguration"; 3]);
    let setup = provisioning_of(&daemon, "CP1");
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
fn a_late_response_still_counts() {
    let folder = TempDir::new("setup-late");
    let daemon = provisioning_daemon(folder.path());
    let mut silent = true;
    let script = move |_: &str, _: &serde_json::Value| {
        if std::mem::take(&mut silent) {
            Reply::Silence
        } else {
            Reply::Obey
        }
    };
    let mut charge_point = ScriptedChargePoint::connect(
        &daemon,
        "CP1",
        "ocpp1.6",
        &[("MeterValueSampleInterval", "900")],
        script,
    );
    charge_point.boot();
    assert!(charge_point.serve_until(20, |charge_point| !charge_point.requests.is_empty()));
    // Time is up after one second; after another two it comes all the same.
    charge_point.serve_until(3, |_| false);
    let answer = json!([
        3,
        charge_point.requests[0].id,
        charge_point.configuration(&json!({}))
    ])
    .to_string();
    charge_point.send(&answer);
    charge_point.expect(20, is_done(&daemon));
    assert_eq!(charge_point.value("MeterValueSampleInterval"), "60");
    assert_eq!(
        charge_point.count("GetConfiguration"),
        2,
        "the first and the read back: {:?}",
        charge_point.log()
    );
    // Once more it belongs to nothing.
    assert_eq!(daemon.metric("fleetgauge_ocpp_answers_unasked_total"), 0.0);
    charge_point.send(&answer);
    wait_for("an unasked answer", || {
        daemon.metric("fleetgauge_ocpp_answers_unasked_total") == 1.0
    });
}

#[test]
fn a_refused_or_ignored_trigger_is_not_repeated() {
    let folder = TempDir::new("setup-trigger");
    write_register(
        folder.path(),
        "charge_point_id,connectors\nREFUSES,4\nIGNORES,4\n",
    );
    let daemon = Daemon::start(folder.path(), &PROVISIONING_ON);
    let values = [("SupportedFeatureProfiles", "'Core, RemoteTrigger'")];
    let mut refuses = ScriptedChargePoint::connect(
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
    let mut ignores = ScriptedChargePoint::connect(
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
        for (charge_point, id) in [(&mut refuses, "REFUSES"), (&mut ignores, "IGNORES")] {
            let daemon = &daemon;
            scope.spawn(move || {
                charge_point.expect(40, |_| provisioning_of(daemon, id)["state"] == "done")
            });
        }
    });
    let statuses = ["TriggerMessage StatusNotification"; 2];
    assert_eq!(
        refuses.log(),
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
        ignores.log()
    );
}
