//! Results back to a real Mosquitto: the tree of topics, the last will, vehicles as devices of Home Assistant, and what is left out.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::support::clock::avoid_midnight;
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

/// Retained messages as soon as `is` holds.
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

/// Sends odometers, each until the API has it.
fn drive(daemon: &Daemon, broker: &Mosquitto, id: &str, kms: &[f64]) {
    for km in kms {
        wait_for("the odometer", || {
            broker.drive(id, *km);
            odometer(daemon, id) == Some(*km)
        });
    }
}

/// A daemon that publishes what AMB-001 has driven: 2.5 km.
fn publishing_daemon(folder: &Path, broker: &Mosquitto, version: &str) -> Daemon {
    publishing(folder, broker.port, version, "[target]\nshare = 0.95\n");
    let daemon = Daemon::start(folder, &[]);
    drive(&daemon, broker, "AMB-001", &[100.0, 101.0, 102.5]);
    topic_is(broker, "fleetgauge/today/distance_km", "2.5");
    topic_is(broker, "fleetgauge/status", "online");
    daemon
}

/// A topic below `fleetgauge/` and the figure of /api/v1/overview that it has.
const FIGURES: &[(&str, &str)] = &[
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
];

fn assert_retained_figures_are_those_of(api: &Value, retained: &BTreeMap<String, String>) {
    for (topic, path) in FIGURES {
        assert_eq!(
            retained[&format!("fleetgauge/{topic}")],
            api.pointer(path).unwrap().to_string(),
            "{topic}"
        );
    }
    assert_eq!(retained["fleetgauge/target/due"], "2028-03-31");
    let number = |topic: &str| retained[topic].parse::<f64>().unwrap();
    let gap = 0.95 - api["target"]["current"].as_f64().unwrap();
    assert!((number("fleetgauge/target/gap_ratio") - gap).abs() < 1e-6);
    let overview: Value = serde_json::from_str(&retained["fleetgauge/overview"]).unwrap();
    assert_eq!(overview["today"], api["today"]);
}

#[test]
fn results_are_retained_topics_with_the_figures_of_the_api() {
    const TEST: &str = "results_are_retained_topics_with_the_figures_of_the_api";
    avoid_midnight(Duration::from_secs(120));
    for version in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        // From a run when there was a path to the target.
        broker.publish_with("fleetgauge/target/plan_ratio", "0.5", &["-r"]);
        let folder = TempDir::new("publish-tree");
        let daemon = publishing_daemon(folder.path(), &broker, version);
        let retained = broker.retained("fleetgauge/#");
        let api = daemon.api("overview");
        assert_retained_figures_are_those_of(&api, &retained);
        assert!(
            api["target"]["plan"].is_null()
                && !retained.contains_key("fleetgauge/target/plan_ratio"),
            "unknown is erased"
        );
        daemon.stop();
    }
}

#[test]
fn unchanged_figures_are_not_published_again() {
    const TEST: &str = "unchanged_figures_are_not_published_again";
    avoid_midnight(Duration::from_secs(120));
    for version in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("publish-unchanged");
        let daemon = publishing_daemon(folder.path(), &broker, version);
        broker.retained("fleetgauge/#");
        let listener = broker.listen("fleetgauge/#");
        let published = daemon.metric("fleetgauge_published_total");
        std::thread::sleep(Duration::from_millis(2_500));
        assert_eq!(
            (
                listener.messages(),
                daemon.metric("fleetgauge_published_total")
            ),
            (Vec::new(), published)
        );
        daemon.stop();
    }
}

#[test]
fn the_status_is_offline_after_a_kill_and_after_a_stop() {
    const TEST: &str = "the_status_is_offline_after_a_kill_and_after_a_stop";
    for version in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("publish-status");
        publishing(folder.path(), broker.port, version, "");
        let daemon = Daemon::start(folder.path(), &[]);
        topic_is(&broker, "fleetgauge/status", "online");
        daemon.kill();
        topic_is(&broker, "fleetgauge/status", "offline");
        let daemon = Daemon::start(folder.path(), &[]);
        topic_is(&broker, "fleetgauge/status", "online");
        daemon.stop();
        topic_is(&broker, "fleetgauge/status", "offline");
    }
}

#[test]
fn a_broker_that_lost_its_data_gets_all_topics_again() {
    const TEST: &str = "a_broker_that_lost_its_data_gets_all_topics_again";
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
fn topics_are_published_only_where_configured_and_are_not_read_back() {
    const TEST: &str = "topics_are_published_only_where_configured_and_are_not_read_back";
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
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(broker.retained("#"), BTreeMap::new());
    daemon.stop();
    let everything = "topics = [\"#\"]\n[publish]\nbroker = \"depot\"\ninterval = \"1s\"\n[home_assistant]\nenabled = true\nvehicles = [\"AMB-001\"]\n";
    configure(folder.path(), broker.port, everything);
    let daemon = Daemon::start(folder.path(), &[]);
    topic_is(&broker, "fleetgauge/state/AMB-001", "{\"odometer\":100.0}");
    topic_is(&broker, "fleetgauge/status", "online");
    wait_for("the daemon's own messages", || {
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

const AMB_101: &str = "fleet/vehicles/AMB-101/telemetry";
const AMB_101_CONFIG: &str = "homeassistant/device/fleetgauge_AMB-101/config";

/// A daemon that publishes AMB-101 and AMB-102 to Home Assistant, of which AMB-101 and one other have sent data.
fn daemon_with_devices(folder: &Path, broker: &Mosquitto, version: &str) -> Daemon {
    let devices = home("vehicles = [\"AMB-101\", \"AMB-102\"]");
    publishing(folder, broker.port, version, &devices);
    let daemon = Daemon::start(folder, &[]);
    drive(&daemon, broker, "AMB-101", &[84_512.345]);
    drive(&daemon, broker, "OTHER", &[5.0]);
    broker.publish(
        AMB_101,
        "{\"soc\":76.5,\"fuel_used_total\":5321.4,\"charging\":true,\"position\":[52.1,-1.2]}",
    );
    daemon
}

/// The state of AMB-101 as soon as it contains a text.
fn state_with(broker: &Mosquitto, text: &str) -> Value {
    let topic = "fleetgauge/state/AMB-101";
    let retained = wait_for_retained(broker, "fleetgauge/state/#", text, |retained| {
        retained
            .get(topic)
            .is_some_and(|state| state.contains(text))
    });
    serde_json::from_str(&retained[topic]).unwrap()
}

#[test]
fn the_state_of_a_device_has_plausible_readings_only() {
    const TEST: &str = "the_state_of_a_device_has_plausible_readings_only";
    for version in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("publish-state");
        let daemon = daemon_with_devices(folder.path(), &broker, version);
        let want = json!({ "odometer": 84512.345, "soc": 76.5, "fuel_used_total": 5321.4, "charging": true });
        assert_eq!(state_with(&broker, "76.5"), want);
        // The counter rejects an odometer that falls to 0.
        broker.publish(AMB_101, "{\"odometer\":0,\"soc\":75}");
        assert_eq!(state_with(&broker, "75.0")["odometer"], 84_512.345);
        daemon.stop();
    }
}

/// The document of tests/samples, with the name that the program has now.
fn sample_discovery_document() -> Value {
    let lines = include_str!("../samples/ha_discovery.jsonl");
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let payload = line["payload"].as_str().unwrap();
    serde_json::from_str(&payload.replace("fleetagg", "fleetgauge")).unwrap()
}

#[test]
fn selected_vehicles_with_data_are_devices_of_home_assistant() {
    const TEST: &str = "selected_vehicles_with_data_are_devices_of_home_assistant";
    for version in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("publish-home");
        let daemon = daemon_with_devices(folder.path(), &broker, version);
        state_with(&broker, "76.5");
        let retained = broker.retained("homeassistant/#");
        assert_eq!(
            retained.keys().collect::<Vec<_>>(),
            [AMB_101_CONFIG],
            "only those on the list of which something is known"
        );
        let document: Value = serde_json::from_str(&retained[AMB_101_CONFIG]).unwrap();
        let sample = sample_discovery_document();
        for key in ["device", "origin", "state_topic", "availability"] {
            assert_eq!(document[key], sample[key], "{key}");
        }
        let components = document["components"].as_object().unwrap();
        for (component, want) in sample["components"].as_object().unwrap() {
            assert_eq!(&components[component], want, "{component}");
        }
        assert_eq!(components["charging"]["platform"], "binary_sensor");
        assert_eq!(components.len(), 4);
        assert_devices_are_sent_again_when_home_assistant_starts(&broker);
        daemon.stop();
    }
}

fn assert_devices_are_sent_again_when_home_assistant_starts(broker: &Mosquitto) {
    let listener = broker.listen("homeassistant/device/#");
    std::thread::sleep(Duration::from_millis(300));
    let mut messages = Vec::new();
    wait_for("the document once more", || {
        broker.publish("homeassistant/status", "online");
        std::thread::sleep(Duration::from_millis(100));
        messages.extend(listener.messages());
        messages
            .iter()
            .any(|line| line.contains(&format!(" 1 {AMB_101_CONFIG} {{")))
    });
}

/// Waits until exactly these vehicles are devices of Home Assistant with a state.
fn wait_for_devices(broker: &Mosquitto, suffixes: &[&str]) {
    let documents: Vec<String> = suffixes
        .iter()
        .map(|suffix| format!("homeassistant/device/fleetgauge_{suffix}/config"))
        .collect();
    wait_for_retained(
        broker,
        "homeassistant/#",
        &format!("devices {suffixes:?}"),
        |retained| {
            retained
                .keys()
                .filter(|topic| topic.contains("fleetgauge_"))
                .eq(documents.iter())
        },
    );
    let states: Vec<String> = suffixes
        .iter()
        .map(|suffix| format!("fleetgauge/state/{suffix}"))
        .collect();
    wait_for_retained(broker, "fleetgauge/state/#", "their states", |retained| {
        retained.keys().eq(states.iter())
    });
}

/// `B.C` in topics.
const B_C: &str = "B_C_b146af2c";

/// A daemon with these settings of Home Assistant.
fn start_with(folder: &Path, broker: &Mosquitto, settings: &str) -> Daemon {
    publishing(folder, broker.port, "5", settings);
    Daemon::start(folder, &[])
}

/// A daemon with A and B.C on the list, which have sent data and are devices.
fn daemon_with_two_devices(folder: &Path, broker: &Mosquitto) -> Daemon {
    let daemon = start_with(folder, broker, &home("vehicles = [\"A\", \"B.C\"]"));
    drive(&daemon, broker, "A", &[1.0]);
    broker.publish("fleet/vehicles/B.C/telemetry", "{\"odometer\":2}");
    wait_for_devices(broker, &["A", B_C]);
    daemon
}

#[test]
fn a_vehicle_removed_from_the_list_is_removed_from_home_assistant() {
    const TEST: &str = "a_vehicle_removed_from_the_list_is_removed_from_home_assistant";
    const OTHER: &str = "homeassistant/device/somebody/config";
    let Some(broker) = Mosquitto::start(TEST) else {
        return;
    };
    broker.publish_with(OTHER, "{\"origin\":{\"name\":\"other\"}}", &["-r"]);
    let folder = TempDir::new("publish-removed");
    daemon_with_two_devices(folder.path(), &broker).stop();
    // The devices of an earlier run are read from the broker, whether that run was stopped or killed.
    let daemon = start_with(folder.path(), &broker, &home("vehicles = [\"A\"]"));
    wait_for_devices(&broker, &["A"]);
    daemon.kill();
    let daemon = start_with(folder.path(), &broker, "");
    wait_for_devices(&broker, &[]);
    assert!(
        broker.retained("homeassistant/#").contains_key(OTHER),
        "another program's device"
    );
    daemon.stop();
}

#[test]
fn devices_are_limited_with_listed_vehicles_before_those_of_organisations() {
    const TEST: &str = "devices_are_limited_with_listed_vehicles_before_those_of_organisations";
    let Some(broker) = Mosquitto::start(TEST) else {
        return;
    };
    let folder = TempDir::new("publish-limited");
    daemon_with_two_devices(folder.path(), &broker).stop();
    // There is room for one of the organisation's four vehicles.
    let settings =
        home("vehicles = [\"A\", \"B.C\"]\norganisations = [\"ACUTE-N\"]\nmax_devices = 3");
    let daemon = start_with(folder.path(), &broker, &settings);
    wait_for("the overflow to be counted", || {
        daemon.metric("fleetgauge_home_assistant_vehicles_left_out") == 3.0
    });
    assert!(daemon.log().contains("home_assistant.max_devices"));
    drive(&daemon, &broker, "ACN-501", &[1.0]);
    wait_for_devices(&broker, &["A", "ACN-501", B_C]);
    daemon.stop();
}

#[test]
fn a_firing_alert_is_on_the_topic_of_its_rule_until_it_is_resolved() {
    const TEST: &str = "a_firing_alert_is_on_the_topic_of_its_rule_until_it_is_resolved";
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
