//! Sessions at a real Mosquitto: what it holds for us over its deaths and ours, changed topics, redelivery, floods of what nobody can read.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::Path;

use crate::support::mosquitto::{Mosquitto, configure};
use crate::support::{Daemon, TempDir, odometer, telemetry, topic, wait_for};

const RECEIVED: &str = "fleetgauge_messages_received_total{source=\"mqtt\"}";

/// Until a message of the broker arrives here.
fn wait_for_feed(daemon: &Daemon, broker: &Mosquitto, id: &str, km: f64) {
    wait_for("a message", || {
        broker.drive(id, km);
        odometer(daemon, id) == Some(km)
    });
}

/// Messages received of what `publish` publishes: a message of our own that has come through says that those before it have, too.
fn received_of(daemon: &Daemon, broker: &Mosquitto, km: f64, publish: impl FnOnce()) -> f64 {
    let mark = |km: f64| {
        broker.drive("MARK", km);
        wait_for("the mark", || odometer(daemon, "MARK") == Some(km));
    };
    // What was published before has come.
    mark(km - 0.5);
    let before = daemon.metric(RECEIVED);
    publish();
    mark(km);
    daemon.metric(RECEIVED) - before - 1.0
}

fn distance_today(daemon: &Daemon, id: &str) -> f64 {
    let vehicles = daemon.api("vehicles");
    vehicles["vehicles"]
        .as_array()
        .unwrap()
        .iter()
        .find(|vehicle| vehicle["vehicle_id"] == id)
        .unwrap()["distance_today_km"]
        .as_f64()
        .unwrap()
}

/// Until the daemon has found out that nobody is there.
fn wait_for_refusal(daemon: &Daemon) {
    let refused = || daemon.log().matches("no connection").count();
    let before = refused();
    wait_for("the loss of the broker", || {
        daemon.metric("fleetgauge_brokers_connected") == 0.0
    });
    wait_for("a refused attempt", || refused() >= before + 2);
}

fn version(folder: &Path, port: u16, version: &str, rest: &str) {
    configure(folder, port, &format!("version = \"{version}\"\n{rest}"));
}

#[test]
fn a_killed_broker_comes_back_with_its_database_or_without() {
    const TEST: &str = "a_killed_broker_comes_back_with_its_database_or_without";
    for mqtt in ["3.1.1", "5"] {
        let Some(mut broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("sessions-killed");
        version(folder.path(), broker.port, mqtt, "");
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for_feed(&daemon, &broker, "K", 1.0);
        broker.save();
        for (round, forgets) in [(0.0, false), (1.0, true)] {
            broker.kill();
            if forgets {
                broker.forget();
            }
            wait_for("the loss of the broker", || {
                daemon.metric("fleetgauge_brokers_connected") == 0.0
            });
            broker.start_again();
            wait_for_feed(&daemon, &broker, "K", 2.0 + round);
        }
        daemon.stop();
    }
}

#[test]
fn old_topics_are_gone_at_the_broker_even_if_it_comes_back_with_an_older_session() {
    const TEST: &str =
        "old_topics_are_gone_at_the_broker_even_if_it_comes_back_with_an_older_session";
    for mqtt in ["3.1.1", "5"] {
        let Some(mut broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("sessions-topics");
        version(
            folder.path(),
            broker.port,
            mqtt,
            "topics = [\"old/#\", \"fleet/#\"]\n",
        );
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for_feed(&daemon, &broker, "MARK", 1.0);
        let old = || broker.publish("old/thing", "1");
        assert_eq!(
            received_of(&daemon, &broker, 2.0, old),
            1.0,
            "the old topic is there"
        );
        broker.save();
        // Killed: what matters was written down before.
        daemon.kill();
        version(
            folder.path(),
            broker.port,
            mqtt,
            "topics = [\"fleet/vehicles/+/telemetry\"]\n",
        );
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for_feed(&daemon, &broker, "MARK", 3.0);
        let gone = |daemon: &Daemon, broker: &Mosquitto, km: f64| {
            let old = || {
                ["old/thing", "fleet/other"]
                    .into_iter()
                    .for_each(|topic| broker.publish(topic, "2"))
            };
            assert_eq!(
                received_of(daemon, broker, km, old),
                0.0,
                "the old topics are gone"
            );
        };
        gone(&daemon, &broker, 4.0);
        // The broker saved its sessions before the change, and dies: it holds the old ones again.
        broker.kill();
        wait_for_refusal(&daemon);
        broker.start_again();
        wait_for_feed(&daemon, &broker, "MARK", 5.0);
        gone(&daemon, &broker, 6.0);
        daemon.stop();
    }
}

#[test]
fn retained_messages_are_not_replayed_at_every_connection() {
    const TEST: &str = "retained_messages_are_not_replayed_at_every_connection";
    for mqtt in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("sessions-retained");
        version(folder.path(), broker.port, mqtt, "");
        broker.publish_with(&topic("KEPT"), &telemetry(7.0), &["-r"]);
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for("the retained message", || {
            odometer(&daemon, "KEPT") == Some(7.0)
        });
        wait_for_feed(&daemon, &broker, "MARK", 1.0);
        daemon.stop();
        for round in 0..2 {
            let daemon = Daemon::start(folder.path(), &[]);
            wait_for("the broker", || {
                daemon.metric("fleetgauge_brokers_connected") == 1.0
            });
            received_of(&daemon, &broker, 2.0 + f64::from(round), || {});
            assert_eq!(
                daemon.metric(RECEIVED),
                2.0,
                "{mqtt}, start {round}: the marks alone"
            );
            daemon.stop();
        }
    }
}

#[test]
fn redelivery_and_overlapping_filters_change_no_total() {
    const TEST: &str = "redelivery_and_overlapping_filters_change_no_total";
    // Mosquitto 2.0.11 sends one copy to a subscriber of 3.1.1, and one for each filter to one of 5.
    for (mqtt, copies) in [("3.1.1", 1.0), ("5", 2.0)] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("sessions-twice");
        version(
            folder.path(),
            broker.port,
            mqtt,
            "topics = [\"fleet/#\", \"fleet/vehicles/+/telemetry\"]\n",
        );
        // Only the first message is committed at once.
        let slow = [
            ("store.commit_interval", "10s"),
            ("store.commit_batch", "10000"),
        ];
        let daemon = Daemon::start(folder.path(), &slow);
        wait_for_feed(&daemon, &broker, "TWICE", 100.0);
        let (received, commits) = (
            daemon.metric(RECEIVED),
            daemon.metric("fleetgauge_commits_total"),
        );
        broker.drive("TWICE", 101.0);
        broker.drive("TWICE", 102.5);
        wait_for("both", || {
            daemon.metric(RECEIVED) >= received + 2.0 * copies
                && odometer(&daemon, "TWICE") == Some(102.5)
        });
        assert_eq!(distance_today(&daemon, "TWICE"), 2.5);
        assert!(daemon.metric("fleetgauge_commits_total") <= commits + 1.0);
        daemon.kill();
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for("what was received and not committed", || {
            odometer(&daemon, "TWICE") == Some(102.5)
        });
        assert!(daemon.metric(RECEIVED) >= 1.0, "by redelivery");
        received_of(&daemon, &broker, 1.0, || {});
        assert_eq!(distance_today(&daemon, "TWICE"), 2.5);
        daemon.stop();
    }
}

#[test]
fn what_nobody_can_read_is_acknowledged_and_stops_nothing() {
    const TEST: &str = "what_nobody_can_read_is_acknowledged_and_stops_nothing";
    for mqtt in ["3.1.1", "5"] {
        let Some(broker) = Mosquitto::start(TEST) else {
            return;
        };
        let folder = TempDir::new("sessions-flood");
        version(
            folder.path(),
            broker.port,
            mqtt,
            "max_inflight = 10\nmax_packet = \"1KiB\"\n",
        );
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for_feed(&daemon, &broker, "MARK", 1.0);
        broker.publish_lines(&topic("BAD"), &"this is no telemetry\n".repeat(300));
        broker.publish_lines(
            &topic("BAD"),
            &format!("{}\n", "x".repeat(2_000)).repeat(30),
        );
        wait_for_feed(&daemon, &broker, "MARK", 2.0);
        let rejected = |reason: &str| {
            daemon.metric(&format!(
                "fleetgauge_rejected_total{{source=\"mqtt\",reason=\"{reason}\"}}"
            ))
        };
        wait_for("all of them", || {
            (rejected("syntax"), rejected("too_large")) == (300.0, 30.0)
        });
        // Acknowledged: none of it comes again.
        daemon.stop();
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for_feed(&daemon, &broker, "MARK", 3.0);
        assert_eq!(
            daemon.metric("fleetgauge_rejected_total{source=\"mqtt\",reason=\"syntax\"}"),
            0.0
        );
        daemon.stop();
    }
}

#[test]
fn a_retained_message_is_a_replay_unless_the_broker_is_known_to_flag_live_ones() {
    const TEST: &str =
        "a_retained_message_is_a_replay_unless_the_broker_is_known_to_flag_live_ones";
    let Some(broker) = Mosquitto::start(TEST) else {
        return;
    };
    broker.publish_with(&topic("KEPT"), &telemetry(7.0), &["-r"]);
    for (key, heard) in [
        ("", false),
        ("retain_means_replay = true\n", false),
        ("retain_means_replay = false\n", true),
    ] {
        let folder = TempDir::new("sessions-flag");
        // A session of its own each time: to a new one, what is retained is sent.
        let text = format!(
            "[[broker]]\nhost = \"127.0.0.1\"\nport = {}\nclient_id = \"flag-{}\"\n{key}",
            broker.port,
            key.len()
        );
        std::fs::write(folder.path().join("fleetgauge.toml"), text).unwrap();
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for("the retained message", || {
            odometer(&daemon, "KEPT") == Some(7.0)
        });
        assert_eq!(
            !daemon.api("vehicles")["vehicles"][0]["last_heard_at"].is_null(),
            heard,
            "{key}"
        );
        daemon.stop();
    }
}
