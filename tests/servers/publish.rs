//! Results back to a real Mosquitto: the tree of topics, the last will, vehicles as devices of Home Assistant, and what is left out.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::mosquitto::{Mosquitto, configure};
use crate::support::{Daemon, TempDir, odometer, wait_for};
use serde_json::{Value, json};

const REGISTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/register");

fn publishing(folder: &Path, port: u16, version: &str, rest: &str) {
    let rest = format!(
        "version = \"{version}\"\n[publish]\nbroker = \"depot\"\ninterval = \"1s\"\n[register]\ndirectory = \"{REGISTER}\"\n{rest}"
    );
    configure(folder, port, &rest);
}

/// Retained messages as soon as `is` says so.
fn wait_for_retained(
    broker: &Mosquitto,
    filter: &str,
    what: &str,
    is: impl Fn(&BTreeMap<String, String>) -> bool,
) -> BTreeMap<String, String> {
    let mut retained = BTreeMap::new();
    wait_for(what, || {
        retained = broker.retained(filter);
        is(&retained)
    });
    retained
}

fn topic_is(broker: &Mosquitto, topic: &str, payload: &str) {
    wait_for_retained(
        broker,
        topic,
        &format!("`{topic}` to be `{payload}`"),
        |retained| retained.get(topic).is_some_and(|found| found == payload),
    );
}

/// Drives, until what was driven is in the API.
fn drive(daemon: &Daemon, broker: &Mosquitto, id: &str, kms: &[f64]) {
    for km in kms {
        wait_for("the odometer", || {
            broker.drive(id, *km);
            odometer(daemon, id) == Some(*km)
        });
    }
}

#[test]
fn results_are_retained_topics_with_the_figures_of_the_api() {
    const TEST: &str = "results_are_retained_topics_with_the_figures_of_the_api";
    for version in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        // From a run when there was a path to the target.
        broker.publish_with("fleetgauge/target/plan_ratio", "0.5", &["-r"]);
        let folder = TempDir::new("publish-tree");
        publishing(
            folder.path(),
            broker.port,
            version,
            "[target]\nshare = 0.95\n",
        );
        let daemon = Daemon::start(folder.path(), &[]);
        drive(&daemon, &broker, "AMB-001", &[100.0, 101.0, 102.5]);
        topic_is(&broker, "fleetgauge/today/distance_km", "2.5");
        topic_is(&broker, "fleetgauge/status", "online");
        let retained = broker.retained("fleetgauge/#");
        let api = daemon.api("overview");
        let at = |path: &str| api.pointer(path).unwrap().to_string();
        for (topic, path) in [
            ("transition/low_emission_share_ratio", "/transition/share"),
            (
                "transition/low_emission_share_upper_ratio",
                "/transition/upper",
            ),
            ("transition/vehicles_in_scope", "/transition/in_scope"),
            ("transition/vehicles_needed", "/target/gap"),
            ("target/goal_ratio", "/target/goal"),
            ("today/energy_kwh", "/today/energy_kwh"),
            ("today/scope1_kgco2e", "/today/scope1_kgco2e"),
            (
                "today/scope2_location_kgco2e",
                "/today/scope2_location_kgco2e",
            ),
            ("data/completeness_ratio", "/data/completeness"),
            ("charge_points/online", "/charge_points/online"),
            ("charge_points/faulted", "/charge_points/faulted"),
            ("charge_points/charging", "/charge_points/charging"),
            ("charge_points/power_w", "/charge_points/power_w"),
        ] {
            assert_eq!(
                retained[&format!("fleetgauge/{topic}")],
                at(path),
                "{topic}"
            );
        }
        assert_eq!(retained["fleetgauge/target/due"], "2028-03-31");
        let number = |topic: &str| retained[topic].parse::<f64>().unwrap();
        let gap = 0.95 - api["target"]["current"].as_f64().unwrap();
        assert!((number("fleetgauge/target/gap_ratio") - gap).abs() < 1e-6);
        assert!(
            api["target"]["plan"].is_null()
                && !retained.contains_key("fleetgauge/target/plan_ratio"),
            "unknown is erased"
        );
        let overview: Value = serde_json::from_str(&retained["fleetgauge/overview"]).unwrap();
        assert_eq!(overview["today"], api["today"]);
        // Nothing has changed: nothing is published.
        let listener = broker.listen("fleetgauge/#");
        let published = daemon.metric("fleetgauge_published_total");
        std::thread::sleep(std::time::Duration::from_millis(2_500));
        assert_eq!(
            (listener.news(), daemon.metric("fleetgauge_published_total")),
            (Vec::new(), published)
        );
        daemon.kill();
        topic_is(&broker, "fleetgauge/status", "offline");
        let daemon = Daemon::start(folder.path(), &[]);
        topic_is(&broker, "fleetgauge/status", "online");
        daemon.stop();
        topic_is(&broker, "fleetgauge/status", "offline");
    }
}

#[test]
fn a_broker_that_lost_everything_is_told_everything_again() {
    const TEST: &str = "a_broker_that_lost_everything_is_told_everything_again";
    let Some(mut broker) = Mosquitto::start(TEST) else {
        return;
    };
    let folder = TempDir::new("publish-again");
    publishing(folder.path(), broker.port, "5", "");
    let daemon = Daemon::start(folder.path(), &[]);
    topic_is(&broker, "fleetgauge/status", "online");
    broker.kill();
    broker.forget();
    wait_for("the loss of the broker", || {
        daemon.metric("fleetgauge_publisher_connected") == 0.0
    });
    broker.start_again();
    topic_is(&broker, "fleetgauge/status", "online");
    let retained = broker.retained("fleetgauge/#");
    assert!(
        retained.contains_key("fleetgauge/overview")
            && retained.contains_key("fleetgauge/today/distance_km"),
        "{retained:?}"
    );
}

#[test]
fn nothing_is_published_unless_asked_for_and_nothing_of_ours_comes_back() {
    const TEST: &str = "nothing_is_published_unless_asked_for_and_nothing_of_ours_comes_back";
    let Some(broker) = Mosquitto::start(TEST) else {
        return;
    };
    let folder = TempDir::new("publish-off");
    configure(
        folder.path(),
        broker.port,
        "[publish]\ninterval = \"1s\"\n[home_assistant]\nvehicles = [\"AMB-001\"]\n",
    );
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, &broker, "AMB-001", &[100.0]);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(broker.retained("#"), BTreeMap::new());
    daemon.stop();
    let everything = "topics = [\"#\"]\n[publish]\nbroker = \"depot\"\ninterval = \"1s\"\n[home_assistant]\nenabled = true\nvehicles = [\"AMB-001\"]\n";
    configure(folder.path(), broker.port, everything);
    let daemon = Daemon::start(folder.path(), &[]);
    topic_is(&broker, "fleetgauge/state/AMB-001", "{\"odometer\":100.0}");
    topic_is(&broker, "fleetgauge/status", "online");
    wait_for("ours to come back", || {
        daemon.metric("fleetgauge_messages_own_total") >= 20.0
    });
    assert_eq!(daemon.api("rejects")["counts"], json!([]));
    broker.publish("fleetgauge/vehicles/AMB-001/telemetry", "{}");
    wait_for("a device's topic under our prefix", || {
        daemon.metric("fleetgauge_rejected_total{source=\"mqtt\",reason=\"unknown_topic\"}") == 1.0
    });
}

fn home(list: &str) -> String {
    format!("[home_assistant]\nenabled = true\n{list}\n")
}

#[test]
fn chosen_vehicles_are_devices_of_home_assistant_with_what_is_believed() {
    const TEST: &str = "chosen_vehicles_are_devices_of_home_assistant_with_what_is_believed";
    for version in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("publish-home");
        publishing(
            folder.path(),
            broker.port,
            version,
            &home("vehicles = [\"AMB-101\", \"AMB-102\"]"),
        );
        let daemon = Daemon::start(folder.path(), &[]);
        drive(&daemon, &broker, "AMB-101", &[84_512.345]);
        drive(&daemon, &broker, "OTHER", &[5.0]);
        broker.publish(
            "fleet/vehicles/AMB-101/telemetry",
            "{\"soc\":76.5,\"fuel_used_total\":5321.4,\"charging\":true,\"position\":[52.1,-1.2]}",
        );
        let state = |state: &str| -> Value {
            wait_for_retained(&broker, "fleetgauge/state/#", state, |retained| {
                retained
                    .get("fleetgauge/state/AMB-101")
                    .is_some_and(|found| found.contains(state))
            })
            .remove("fleetgauge/state/AMB-101")
            .map(|text| serde_json::from_str(&text).unwrap())
            .unwrap()
        };
        let want = json!({ "odometer": 84512.345, "soc": 76.5, "fuel_used_total": 5321.4, "charging": true });
        assert_eq!(state("76.5"), want);
        // A glitch that the counter does not believe.
        broker.publish(
            "fleet/vehicles/AMB-101/telemetry",
            "{\"odometer\":0,\"soc\":75}",
        );
        assert_eq!(state("75.0")["odometer"], 84_512.345);
        let config = "homeassistant/device/fleetgauge_AMB-101/config";
        let retained = broker.retained("homeassistant/#");
        assert_eq!(
            retained.keys().collect::<Vec<_>>(),
            [config],
            "only those on the list of which something is known"
        );
        let document: Value = serde_json::from_str(&retained[config]).unwrap();
        let sample: Value = serde_json::from_str(
            include_str!("../samples/ha_discovery.jsonl")
                .lines()
                .next()
                .unwrap(),
        )
        .unwrap();
        let sample: Value = serde_json::from_str(
            &sample["payload"]
                .as_str()
                .unwrap()
                .replace("fleetagg", "fleetgauge"),
        )
        .unwrap();
        for key in ["device", "origin", "state_topic", "availability"] {
            assert_eq!(document[key], sample[key], "{key}");
        }
        for (component, want) in sample["components"].as_object().unwrap() {
            assert_eq!(&document["components"][component], want, "{component}");
        }
        assert_eq!(
            document["components"]["charging"]["platform"],
            "binary_sensor"
        );
        assert_eq!(document["components"].as_object().unwrap().len(), 4);
        // Home Assistant starts: it is told again.
        let listener = broker.listen("homeassistant/device/#");
        std::thread::sleep(std::time::Duration::from_millis(300));
        let mut heard = Vec::new();
        wait_for("the document once more", || {
            broker.publish("homeassistant/status", "online");
            std::thread::sleep(std::time::Duration::from_millis(100));
            heard.extend(listener.news());
            heard
                .iter()
                .any(|line| line.contains(&format!(" 1 {config} {{")))
        });
        daemon.stop();
    }
}

#[test]
fn a_vehicle_taken_off_the_list_is_removed_there_and_the_list_is_limited() {
    const TEST: &str = "a_vehicle_taken_off_the_list_is_removed_there_and_the_list_is_limited";
    let Some(broker) = Mosquitto::start(TEST) else {
        return;
    };
    let folder = TempDir::new("publish-removed");
    let start = |rest: &str| {
        publishing(folder.path(), broker.port, "5", rest);
        Daemon::start(folder.path(), &[])
    };
    let ours = |suffixes: &[&str]| {
        let want: Vec<String> = suffixes
            .iter()
            .map(|suffix| format!("homeassistant/device/fleetgauge_{suffix}/config"))
            .collect();
        let is = |retained: &BTreeMap<String, String>| {
            retained
                .keys()
                .filter(|topic| topic.contains("fleetgauge_"))
                .eq(want.iter())
        };
        wait_for_retained(
            &broker,
            "homeassistant/#",
            &format!("devices {suffixes:?}"),
            is,
        );
        let states: Vec<String> = suffixes
            .iter()
            .map(|suffix| format!("fleetgauge/state/{suffix}"))
            .collect();
        wait_for_retained(&broker, "fleetgauge/state/#", "their states", |retained| {
            retained.keys().eq(states.iter())
        });
    };
    broker.publish_with(
        "homeassistant/device/somebody/config",
        "{\"origin\":{\"name\":\"other\"}}",
        &["-r"],
    );
    let daemon = start(&home("vehicles = [\"A\", \"B.C\"]"));
    drive(&daemon, &broker, "A", &[1.0]);
    broker.publish("fleet/vehicles/B.C/telemetry", "{\"odometer\":2}");
    let odd = "B_C_b146af2c";
    ours(&["A", odd]);
    daemon.stop();
    // Killed in between or not: what an earlier run published is read back.
    let daemon = start(&home("vehicles = [\"A\"]"));
    ours(&["A"]);
    daemon.kill();
    // Those of an organisation come after those by name; one of four has room.
    let daemon = start(&home(
        "vehicles = [\"A\", \"B.C\"]\norganisations = [\"ACUTE-N\"]\nmax_devices = 3",
    ));
    wait_for("the overflow to be counted", || {
        daemon.metric("fleetgauge_home_assistant_vehicles_left_out") == 3.0
    });
    assert!(daemon.log().contains("home_assistant.max_devices"));
    drive(&daemon, &broker, "ACN-501", &[1.0]);
    ours(&["A", "ACN-501", odd]);
    daemon.stop();
    let daemon = start("");
    ours(&[]);
    assert!(
        broker
            .retained("homeassistant/#")
            .contains_key("homeassistant/device/somebody/config"),
        "not ours"
    );
    daemon.stop();
}

#[test]
fn what_is_firing_is_on_the_topic_of_its_rule_until_it_is_over() {
    const TEST: &str = "what_is_firing_is_on_the_topic_of_its_rule_until_it_is_over";
    const TOPIC: &str = "fleetgauge/alerts/battery_low";
    let Some(broker) = Mosquitto::start(TEST) else {
        return;
    };
    // From a run before, of an alert that is over.
    broker.publish_with("fleetgauge/alerts/charger_faulted", "[1]", &["-r"]);
    let folder = TempDir::new("publish-alerts");
    let rule = "[[alert]]\nname = \"battery_low\"\nmeasurement = \"vehicle_telemetry\"\nfield = \"soc_ratio\"\nbelow = 0.15\n";
    publishing(folder.path(), broker.port, "5", rule);
    let _daemon = Daemon::start(folder.path(), &[]);
    let charge = |percent: u32| {
        broker.publish(
            "fleet/vehicles/AMB-101/telemetry",
            &format!("{{\"soc\":{percent}}}"),
        )
    };
    wait_for("the alert", || {
        charge(10);
        broker.retained("fleetgauge/alerts/#").contains_key(TOPIC)
    });
    let retained = broker.retained("fleetgauge/alerts/#");
    let firing: Value = serde_json::from_str(&retained[TOPIC]).unwrap();
    assert_eq!(
        (retained.len(), &firing[0]["labels"]["vehicle_id"]),
        (1, &json!("AMB-101")),
        "{retained:?}"
    );
    wait_for("its end", || {
        charge(90);
        broker.retained("fleetgauge/alerts/#").is_empty()
    });
}
