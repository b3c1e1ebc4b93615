//! A store of every released version opens, and says what that version said. `tests/fixtures/make_store.py` made the stores.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::mqtt_publish::publish;
use crate::support::ocpp_client::dial;
use crate::support::{Daemon, TempDir, wait_for};

/// Where answers depend on the time at which they are given.
const CHANGES_WITH_TIME: [&str; 9] = [
    "as_of",
    "stale",
    "online",
    "in_service",
    "distance_today_km",
    "fuel_today_l",
    "completeness",
    "flags",
    "factor_sets",
];

fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/store-{version}"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The answer without what changes with time.
fn lasting(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !CHANGES_WITH_TIME.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), lasting(value)))
            .collect(),
        Value::Array(items) => items.iter().map(lasting).collect(),
        other => other.clone(),
    }
}

/// A member of each element of a list, by the element's id.
fn by_id(answer: &Value, list: &str, id: &str, field: &str) -> Value {
    let elements = answer[list].as_array().unwrap().iter();
    elements
        .map(|element| {
            let id = element[id].as_str().unwrap_or_default().to_owned();
            (id, element[field].clone())
        })
        .collect()
}

fn answers_are_the_same(daemon: &Daemon, expected: &Value) {
    let now = |name: &str| daemon.api(expected["answers"][name]["path"].as_str().unwrap());
    let then = |name: &str| &expected["answers"][name]["answer"];
    for name in ["activity", "history", "indicators", "counters"] {
        assert_eq!(lasting(&now(name)), lasting(then(name)), "{name}");
    }
    let of_vehicles = ("vehicles", "vehicles", "vehicle_id");
    let of_feeds = ("feeds", "feeds", "feed");
    for ((name, list, id), field) in [
        (of_vehicles, "odometer_km"),
        (of_vehicles, "soc_percent"),
        (of_vehicles, "feeds"),
        (of_feeds, "last_heard_at"),
        (of_feeds, "registered_as"),
        (("alerts", "silences", "comment"), "matchers"),
    ] {
        assert_eq!(
            by_id(&now(name), list, id, field),
            by_id(then(name), list, id, field),
            "{field} of {name}"
        );
    }
    let closed = |answer: &Value| -> Vec<Value> {
        let sessions = answer["sessions"].as_array().unwrap().iter();
        let closed = sessions.filter(|session| !session["ended_at"].is_null());
        closed.map(lasting).collect()
    };
    let then_closed = closed(then("sessions"));
    assert_eq!(then_closed.len(), 2);
    for session in &then_closed {
        assert!(closed(&now("sessions")).contains(session), "{session:#}");
    }
    let emissions = |answer: &Value| lasting(&answer["rows"]);
    assert_eq!(
        emissions(&now("emissions")),
        emissions(then("emissions")),
        "emissions"
    );
}

/// What decoders and books remembered is in use again.
fn memories_are_used(daemon: &Daemon, expected: &Value) {
    publish(daemon, "evcc/loadpoints/1/vehicleSoc", "55");
    wait_for("the state of charge of the load point's vehicle", || {
        by_id(
            &daemon.api("vehicles"),
            "vehicles",
            "vehicle_id",
            "soc_percent",
        )["EV-1"]
            == json!(55.0)
    });
    let transaction = expected["open_transaction"].as_i64().unwrap();
    let (mut socket, _) = dial(daemon, "/ocpp/CP-1", Some("ocpp1.6")).unwrap();
    let stop = json!([2, "stop", "StopTransaction", {
        "transactionId": transaction, "meterStop": 108_000, "timestamp": expected["made_at"], "reason": "Local"
    }]);
    socket.send(Message::text(stop.to_string())).unwrap();
    let response = socket.read().unwrap().into_text().unwrap();
    assert!(response.starts_with("[3,\"stop\""), "{response}");
    let sessions = expected["answers"]["sessions"]["path"].as_str().unwrap();
    wait_for("the end of the session that was open", || {
        let ended = by_id(&daemon.api(sessions), "sessions", "id", "energy_wh");
        let mut energies = ended.as_object().unwrap().iter();
        energies
            .any(|(id, energy)| id.contains(&transaction.to_string()) && *energy == json!(500.0))
    });
}

#[test]
fn a_store_of_version_0_1_0_opens_and_goes_on() {
    let fixture = fixture("0.1.0");
    let text = std::fs::read_to_string(fixture.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let folder = TempDir::new("store-0.1.0");
    copy(&fixture, folder.path());
    let daemon = Daemon::start(folder.path(), &[]);
    answers_are_the_same(&daemon, &expected);
    memories_are_used(&daemon, &expected);
    daemon.stop();
    // And once more from a checkpoint of this version.
    let daemon = Daemon::start(folder.path(), &[]);
    let counters = daemon.api("counters");
    assert_eq!(
        counters["entries"],
        expected["answers"]["counters"]["answer"]["entries"]
    );
    daemon.stop();
}
