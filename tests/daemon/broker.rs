//! The MQTT subscriber behind a real Mosquitto: restarts of both, shared subscriptions, retained messages, passwords, TLS.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::tls::Authority;
use crate::support::{
    Daemon, Process, TempDir, free_port, odometer, server, telemetry, topic, wait_for,
    wait_for_port,
};

/// A Mosquitto of our own.
fn mosquitto(program: &Path, folder: &Path, port: u16, extra: &str) -> Process {
    let config = folder.join("mosquitto.conf");
    let text = format!(
        "listener {port} 127.0.0.1\nmax_inflight_messages 1000\nmax_queued_messages 200000\npersistence true\npersistence_location {}/\n{extra}",
        folder.display()
    );
    std::fs::write(&config, text).unwrap();
    let log = std::fs::File::create(folder.join("mosquitto.log")).unwrap();
    let process = Process::start(
        Command::new(program)
            .arg("-c")
            .arg(config)
            .stderr(log)
            .stdout(Stdio::null()),
    );
    wait_for_port(port);
    process
}

fn publish(publisher: &Path, port: u16, id: &str, km: f64, extra: &[&str]) {
    let mut command = Command::new(publisher);
    command
        .args([
            "-p",
            &port.to_string(),
            "-q",
            "1",
            "-t",
            &topic(id),
            "-m",
            &telemetry(km),
        ])
        .args(extra);
    assert!(command.status().unwrap().success());
}

#[test]
fn a_subscriber_survives_its_own_and_the_brokers_restarts() {
    const TEST: &str = "a_subscriber_survives_its_own_and_the_brokers_restarts";
    let (Some(program), Some(publisher)) =
        (server(TEST, "mosquitto"), server(TEST, "mosquitto_pub"))
    else {
        return;
    };
    for version in ["3.1.1", "5"] {
        let folder = TempDir::new("mqtt-broker");
        let port = free_port();
        let broker = mosquitto(&program, folder.path(), port, "allow_anonymous true\n");
        let config = format!(
            "[[broker]]\nname = \"depot\"\nhost = \"127.0.0.1\"\nport = {port}\nversion = \"{version}\"\nclient_id = \"fleetgauge-test\"\n"
        );
        std::fs::write(folder.path().join("fleetgauge.toml"), config).unwrap();
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for("the broker", || {
            daemon.metric("fleetgauge_brokers_connected") == 1.0
        });
        // Subscribed is a moment after connected.
        wait_for("a first message", || {
            publish(&publisher, port, "S1", 10.0, &[]);
            odometer(&daemon, "S1") == Some(10.0)
        });
        daemon.kill();
        publish(&publisher, port, "S1", 20.0, &[]);
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for("messages published while the daemon was down", || {
            odometer(&daemon, "S1") == Some(20.0)
        });
        drop(broker);
        wait_for("the loss of the broker", || {
            daemon.metric("fleetgauge_brokers_connected") == 0.0
        });
        let _broker = mosquitto(&program, folder.path(), port, "allow_anonymous true\n");
        wait_for("the broker again", || {
            daemon.metric("fleetgauge_brokers_connected") == 1.0
        });
        wait_for("a message after the broker's restart", || {
            publish(&publisher, port, "S1", 30.0, &[]);
            odometer(&daemon, "S1") == Some(30.0)
        });
        daemon.stop();
    }
}

/// A broker with the user `fg`, and the programs around it.
struct LockedBroker {
    folder: TempDir,
    publisher: PathBuf,
    port: u16,
    _process: Process,
}

const LOGIN: [&str; 4] = ["-u", "fg", "-P", "broker-secret"];

impl LockedBroker {
    /// `None` if a program is missing and the test is skipped.
    fn start(test: &str) -> Option<Self> {
        let program = server(test, "mosquitto")?;
        let publisher = server(test, "mosquitto_pub")?;
        let passwd = server(test, "mosquitto_passwd")?;
        let folder = TempDir::new("mqtt-shared");
        let port = free_port();
        let file = folder.path().join("passwd");
        let status = Command::new(passwd)
            .args(["-b", "-c"])
            .arg(&file)
            .args(["fg", "broker-secret"])
            .status();
        assert!(status.unwrap().success());
        let mut extra = format!("allow_anonymous false\npassword_file {}\n", file.display());
        if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
            extra.push_str("user root\n");
        }
        Some(Self {
            _process: mosquitto(&program, folder.path(), port, &extra),
            folder,
            publisher,
            port,
        })
    }

    /// A `[[broker]]` section with the password in a file.
    fn section(&self, name: &str, topics: &str) -> String {
        let port = self.port;
        format!(
            "[[broker]]\nname = \"{name}\"\nhost = \"127.0.0.1\"\nport = {port}\ntopics = {topics}\nusername = \"fg\"\npassword_file = \"broker.password\"\nclient_id = \"{name}\"\n"
        )
    }

    /// A daemon with these sections that has connected to all.
    fn start_daemon(&self, sections: &[String]) -> Daemon {
        let folder = self.folder.path();
        std::fs::write(folder.join("broker.password"), "broker-secret\n").unwrap();
        std::fs::write(folder.join("fleetgauge.toml"), sections.concat()).unwrap();
        let daemon = Daemon::start(folder, &[]);
        wait_for("all connections", || {
            daemon.metric("fleetgauge_brokers_connected") == sections.len() as f64
        });
        daemon
    }
}

#[test]
fn retained_messages_give_an_odometer_and_no_freshness() {
    const TEST: &str = "retained_messages_give_an_odometer_and_no_freshness";
    let Some(broker) = LockedBroker::start(TEST) else {
        return;
    };
    let retained = [&LOGIN[..], &["-r"]].concat();
    publish(&broker.publisher, broker.port, "KEPT", 7.0, &retained);
    let daemon =
        broker.start_daemon(&[broker.section("plain", "[\"fleet/vehicles/+/telemetry\"]")]);
    wait_for("the retained message", || {
        odometer(&daemon, "KEPT") == Some(7.0)
    });
    let vehicles = daemon.api("vehicles");
    assert!(
        vehicles["vehicles"][0]["last_heard_at"].is_null(),
        "a retained message makes nothing fresh: {vehicles}"
    );
    assert!(!daemon.log().contains("broker-secret"));
}

#[test]
fn a_shared_subscription_stands_beside_a_plain_one() {
    const TEST: &str = "a_shared_subscription_stands_beside_a_plain_one";
    let Some(broker) = LockedBroker::start(TEST) else {
        return;
    };
    let daemon = broker.start_daemon(&[
        broker.section("plain", "[\"fleet/vehicles/+/telemetry\"]"),
        broker.section("shared", "[\"$share/depot/ovms/#\"]"),
    ]);
    wait_for("a message through the shared subscription", || {
        let mut command = Command::new(&broker.publisher);
        command
            .args([
                "-p",
                &broker.port.to_string(),
                "-q",
                "1",
                "-t",
                "ovms/u/OV1/metric/v/p/odometer",
                "-m",
                "123.4",
            ])
            .args(LOGIN);
        assert!(command.status().unwrap().success());
        odometer(&daemon, "ovms:OV1") == Some(123.4)
    });
    assert!(!daemon.log().contains("broker-secret"));
}

#[test]
fn a_broker_is_trusted_by_the_authority_in_a_file() {
    const TEST: &str = "a_broker_is_trusted_by_the_authority_in_a_file";
    let (Some(program), Some(publisher)) =
        (server(TEST, "mosquitto"), server(TEST, "mosquitto_pub"))
    else {
        return;
    };
    let folder = TempDir::new("mqtt-tls");
    let Some(authority) = Authority::new(TEST, folder.path()) else {
        return;
    };
    authority.sign("broker", "localhost", "DNS:localhost");
    let (port, plain) = (free_port(), free_port());
    let path = folder.path().display();
    let mut extra = format!(
        "allow_anonymous true\ncertfile {path}/broker.pem\nkeyfile {path}/broker.key\nlistener {plain} 127.0.0.1\nallow_anonymous true\n"
    );
    if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
        extra.push_str("user root\n");
    }
    let _broker = mosquitto(&program, folder.path(), port, &extra);
    let config = format!(
        "[[broker]]\nname = \"tls\"\nhost = \"localhost\"\nport = {port}\nca_file = \"ca.pem\"\nclient_id = \"tls\"\n"
    );
    std::fs::write(folder.path().join("fleetgauge.toml"), config).unwrap();
    let daemon = Daemon::start(folder.path(), &[]);
    wait_for("a message over TLS", || {
        publish(&publisher, plain, "TLS1", 5.0, &[]);
        odometer(&daemon, "TLS1") == Some(5.0)
    });
    daemon.stop();
    std::fs::write(
        folder.path().join("fleetgauge.toml"),
        format!("[[broker]]\nhost = \"localhost\"\nport = {port}\nca_file = \"other.pem\"\n"),
    )
    .unwrap();
    let other = TempDir::new("mqtt-tls-other");
    Authority::new(TEST, other.path()).unwrap();
    std::fs::copy(other.path().join("ca.pem"), folder.path().join("other.pem")).unwrap();
    let daemon = Daemon::start(folder.path(), &[]);
    wait_for("a refusal", || {
        daemon.log().contains("UnknownIssuer") || daemon.log().contains("certificate")
    });
    assert_eq!(daemon.metric("fleetgauge_brokers_connected"), 0.0);
}
