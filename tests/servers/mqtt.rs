//! Devices straight into the MQTT listener: every quality of service, both versions, wills, credentials, bad input.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Daemon, TempDir, fleetgauge, odometer, server, telemetry, topic, wait_for};
use rumqttc::v5;

const PUBACK: u8 = 0x40;

/// A raw MQTT connection.
struct Raw(TcpStream);

impl Raw {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        Self(stream)
    }

    /// CONNECT 3.1.1 with a client id and keep-alive; the CONNACK's return code.
    fn connect(port: u16, id: &str, keep_alive: u16) -> Self {
        let mut raw = Self::open(port);
        assert_eq!(raw.log_in(id, keep_alive, None, 0x02), 0, "CONNACK");
        raw
    }

    fn log_in(&mut self, id: &str, keep_alive: u16, login: Option<(&str, &str)>, flags: u8) -> u8 {
        let mut body = b"\0\x04MQTT\x04".to_vec();
        body.push(flags | if login.is_some() { 0xc0 } else { 0 });
        body.extend_from_slice(&keep_alive.to_be_bytes());
        for text in [
            Some(id),
            login.map(|login| login.0),
            login.map(|login| login.1),
        ]
        .into_iter()
        .flatten()
        {
            body.extend_from_slice(&(text.len() as u16).to_be_bytes());
            body.extend_from_slice(text.as_bytes());
        }
        self.send(0x10, &body);
        let answer = self.packet();
        assert_eq!(answer[0], 0x20, "{answer:?}");
        answer[3]
    }

    fn send(&mut self, kind: u8, body: &[u8]) {
        let mut packet = vec![kind];
        let mut length = body.len();
        loop {
            let byte = (length % 128) as u8;
            length /= 128;
            packet.push(if length > 0 { byte | 0x80 } else { byte });
            if length == 0 {
                break;
            }
        }
        packet.extend_from_slice(body);
        self.0.write_all(&packet).unwrap();
    }

    fn publish(&mut self, topic: &[u8], payload: &[u8], qos: u8, id: u16) {
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend_from_slice(topic);
        if qos > 0 {
            body.extend_from_slice(&id.to_be_bytes());
        }
        body.extend_from_slice(payload);
        self.send(0x30 | qos << 1, &body);
    }

    /// The next packet with a length below 128; empty at the end of the connection.
    fn packet(&mut self) -> Vec<u8> {
        let mut head = [0u8; 2];
        if self.0.read_exact(&mut head).is_err() {
            return Vec::new();
        }
        let mut packet = head.to_vec();
        packet.resize(2 + usize::from(head[1]), 0);
        self.0.read_exact(&mut packet[2..]).unwrap();
        packet
    }
}

#[test]
fn every_quality_of_service_is_acknowledged_by_its_protocol() {
    let folder = TempDir::new("mqtt-qos");
    let daemon = Daemon::start(folder.path(), &[]);
    let mut raw = Raw::connect(daemon.mqtt, "van", 0);
    raw.publish(topic("Q0").as_bytes(), b"{\"odometer\":1}", 0, 0);
    raw.publish(topic("Q1").as_bytes(), b"{\"odometer\":2}", 1, 7);
    assert_eq!(raw.packet(), [PUBACK, 2, 0, 7]);
    assert_eq!(
        odometer(&daemon, "Q1"),
        Some(2.0),
        "acknowledged is visible"
    );
    raw.publish(topic("Q2").as_bytes(), b"{\"odometer\":3}", 2, 8);
    assert_eq!(raw.packet(), [0x50, 2, 0, 8], "PUBREC");
    raw.publish(topic("Q2").as_bytes(), b"{\"odometer\":3}", 2, 8);
    assert_eq!(
        raw.packet(),
        [0x50, 2, 0, 8],
        "PUBREC again, for the same message"
    );
    raw.send(0x62, &[0, 8]);
    assert_eq!(raw.packet(), [0x70, 2, 0, 8], "PUBCOMP");
    raw.send(0xc0, &[]);
    assert_eq!(raw.packet(), [0xd0, 0], "PINGRESP");
    raw.send(0x82, &[0, 9, 0, 1, b'#', 1]);
    assert_eq!(
        raw.packet(),
        [0x90, 3, 0, 9, 1],
        "SUBACK: answered, though nothing is routed"
    );
    raw.send(0xa2, &[0, 10, 0, 1, b'#']);
    assert_eq!(raw.packet(), [0xb0, 2, 0, 10], "UNSUBACK");
    assert_eq!(
        (odometer(&daemon, "Q0"), odometer(&daemon, "Q2")),
        (Some(1.0), Some(3.0))
    );
    assert_eq!(
        daemon.metric("fleetgauge_messages_accepted_total{source=\"mqtt\"}"),
        3.0
    );
}

#[test]
fn clients_of_both_versions_publish_on_one_port() {
    let folder = TempDir::new("mqtt-versions");
    let daemon = Daemon::start(folder.path(), &[]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut options = rumqttc::MqttOptions::new("v4", "127.0.0.1", daemon.mqtt);
        options.set_keep_alive(Duration::from_secs(5));
        let (client, mut events) = rumqttc::AsyncClient::new(options, 16);
        for km in 1..=3 {
            client
                .publish(
                    topic("V4"),
                    rumqttc::QoS::AtLeastOnce,
                    false,
                    telemetry(f64::from(km)),
                )
                .await
                .unwrap();
        }
        let mut acknowledged = 0;
        while acknowledged < 3 {
            acknowledged += usize::from(matches!(
                events.poll().await.unwrap(),
                rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))
            ));
        }
        let mut options = v5::MqttOptions::new("v5", "127.0.0.1", daemon.mqtt);
        options
            .set_keep_alive(Duration::from_secs(5))
            .set_outgoing_inflight_upper_limit(16);
        let (client, mut events) = v5::AsyncClient::new(options, 16);
        for km in 1..=3 {
            client
                .publish(
                    topic("V5"),
                    v5::mqttbytes::QoS::ExactlyOnce,
                    false,
                    telemetry(f64::from(km)),
                )
                .await
                .unwrap();
        }
        let mut completed = 0;
        while completed < 3 {
            completed += usize::from(matches!(
                events.poll().await.unwrap(),
                v5::Event::Incoming(v5::mqttbytes::v5::Packet::PubComp(_))
            ));
        }
    });
    assert_eq!(
        (odometer(&daemon, "V4"), odometer(&daemon, "V5")),
        (Some(3.0), Some(3.0))
    );
}

#[test]
fn a_will_is_published_when_the_device_is_lost_and_not_when_it_disconnects() {
    let folder = TempDir::new("mqtt-will");
    let daemon = Daemon::start(folder.path(), &[]);
    let with_will = |id: &str| {
        let mut raw = Raw::open(daemon.mqtt);
        let mut body = b"\0\x04MQTT\x04\x06\0\x3c".to_vec();
        for text in [id, &topic(id), &telemetry(5.0)] {
            body.extend_from_slice(&(text.len() as u16).to_be_bytes());
            body.extend_from_slice(text.as_bytes());
        }
        raw.send(0x10, &body);
        assert_eq!(raw.packet(), [0x20, 2, 0, 0]);
        raw
    };
    drop(with_will("LOST"));
    let mut polite = with_will("POLITE");
    polite.send(0xe0, &[]);
    drop(polite);
    wait_for("the will", || odometer(&daemon, "LOST") == Some(5.0));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(odometer(&daemon, "POLITE"), None);
}

/// Topic, payload and reason of the reject; without a reason the message is of a kind that may be accepted in part.
type BadMessage = (&'static [u8], Vec<u8>, &'static str);

const ODD: &[u8] = b"fleet/vehicles/ODD/telemetry";

fn bad_topics() -> Vec<BadMessage> {
    let telemetry = b"{\"odometer\":1}".to_vec();
    vec![
        (b"fleet/nonsense", b"{}".to_vec(), "unknown_topic"),
        (b"\xff\xfe/x", b"{}".to_vec(), "utf8"),
        (b"fleet/vehicles/a b/telemetry", telemetry.clone(), "id"),
        (b"fleet/vehicles//telemetry", telemetry, ""),
    ]
}

fn bad_payloads() -> Vec<BadMessage> {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let many = format!(
        "{{\"samples\":[{}]}}",
        vec!["{\"odometer\":1}"; 15_000].join(",")
    );
    let texts: [(&[u8], &'static str); 11] = [
        (b"\xff\xfe", ""),
        (b"{\"odometer\":", "syntax"),
        (b"", ""),
        (b"not json", "syntax"),
        (deep.as_bytes(), ""),
        (many.as_bytes(), ""),
        (b"{\"odometer\":NaN}", "syntax"),
        (b"{\"odometer\":1e400}", ""),
        (b"{\"odometer\":\"Infinity\"}", ""),
        (b"{\"ts\":\"9999-12-31T00:00:00Z\",\"odometer\":1}", ""),
        (b"{\"ts\":\"yesterday\",\"odometer\":1}", ""),
    ];
    texts
        .map(|(payload, reason)| (ODD, payload.to_vec(), reason))
        .to_vec()
}

/// Sends messages with QoS 1, of which each must be acknowledged, and looks for their reasons in the rejects.
fn assert_acknowledged_and_counted(daemon: &Daemon, raw: &mut Raw, messages: &[BadMessage]) {
    for (id, (topic, payload, _)) in messages.iter().enumerate() {
        raw.publish(topic, payload, 1, id as u16 + 1);
        assert_eq!(
            raw.packet(),
            [PUBACK, 2, 0, id as u8 + 1],
            "{}",
            String::from_utf8_lossy(&payload[..payload.len().min(60)])
        );
    }
    let rejects = daemon.api("rejects");
    let counts = rejects["counts"].as_array().unwrap();
    for (_, _, reason) in messages.iter().filter(|message| !message.2.is_empty()) {
        assert!(
            counts.iter().any(|count| count["reason"] == *reason),
            "{reason} is not in {counts:?}"
        );
    }
    assert!(
        rejects["newest"]
            .as_array()
            .unwrap()
            .iter()
            .all(|reject| reject["excerpt"].as_str().unwrap().len() <= 1024)
    );
}

#[test]
fn bad_messages_are_counted_and_acknowledged_and_the_feed_goes_on() {
    for (name, messages) in [("topics", bad_topics()), ("payloads", bad_payloads())] {
        let folder = TempDir::new(&format!("mqtt-bad-{name}"));
        let daemon = Daemon::start(folder.path(), &[]);
        let mut raw = Raw::connect(daemon.mqtt, "odd", 60);
        assert_acknowledged_and_counted(&daemon, &mut raw, &messages);
        raw.publish(ODD, b"{\"odometer\":12.5}", 1, 99);
        assert_eq!(raw.packet(), [PUBACK, 2, 0, 99]);
        assert_eq!(odometer(&daemon, "ODD"), Some(12.5), "the feed goes on");
    }
}

#[test]
fn a_broken_connection_ends_without_disturbing_others() {
    let folder = TempDir::new("mqtt-broken");
    let daemon = Daemon::start(folder.path(), &[("listener.max_packet", "64KiB")]);
    let mut good = Raw::connect(daemon.mqtt, "good", 0);
    // Two megabytes are announced, or sent; half a packet; no MQTT at all; a version from the future.
    let mut large = Raw::connect(daemon.mqtt, "large", 0);
    large.0.write_all(&[0x32, 0x80, 0x80, 0x80, 0x01]).unwrap();
    let _ = large.0.write_all(&vec![b'x'; 2 * 1024 * 1024]);
    assert!(large.packet().is_empty(), "too large ends the connection");
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x10\x0a\0\x04MQTT\x09\x02\0\0",
        b"\x30\x02\0\0",
        b"\x10\xff\xff\xff\xff",
        b"\x10\x03\0\x04M",
    ] {
        let mut raw = Raw::open(daemon.mqtt);
        raw.0.write_all(bytes).unwrap();
        raw.0.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        let _ = raw.0.read_to_end(&mut rest);
    }
    // A slow one, byte by byte.
    let mut slow = Raw::open(daemon.mqtt);
    for byte in b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04slow" {
        slow.0.write_all(&[*byte]).unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(slow.packet(), [0x20, 2, 0, 0]);
    good.publish(topic("OK").as_bytes(), b"{\"odometer\":1}", 1, 1);
    assert_eq!(good.packet(), [PUBACK, 2, 0, 1]);
    // Silent for longer than one and a half keep-alives.
    let mut silent = Raw::connect(daemon.mqtt, "silent", 1);
    assert!(silent.packet().is_empty(), "given up after 1.5 s");
    // The same client id again: the old connection goes.
    let _second = Raw::connect(daemon.mqtt, "good", 0);
    assert!(good.packet().is_empty());
}

fn hash_of(password: &str) -> String {
    let mut child = fleetgauge()
        .arg("hash-password")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(password.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
fn logins_are_checked_and_connections_limited() {
    let folder = TempDir::new("mqtt-login");
    std::fs::write(
        folder.path().join("devices"),
        format!("# devices\nvan:{}\n", hash_of("secret")),
    )
    .unwrap();
    let daemon = Daemon::start(
        folder.path(),
        &[
            ("listener.password_file", "devices"),
            ("listener.max_connections", "3"),
        ],
    );
    for (login, want) in [
        (Some(("van", "secret")), 0),
        (Some(("van", "wrong")), 4),
        (Some(("car", "secret")), 4),
        (None, 4),
        (Some(("van", "secret")), 0),
    ] {
        assert_eq!(
            Raw::open(daemon.mqtt).log_in("x", 60, login, 0x02),
            want,
            "{login:?}"
        );
    }
    assert_eq!(daemon.metric("fleetgauge_connections_refused_total"), 3.0);
    wait_for("places", || {
        daemon.metric("fleetgauge_connections{source=\"mqtt\"}") == 0.0
    });
    let held: Vec<Raw> = (0..3)
        .map(|n| {
            let mut raw = Raw::open(daemon.mqtt);
            assert_eq!(
                raw.log_in(&format!("held{n}"), 0, Some(("van", "secret")), 0x02),
                0
            );
            raw
        })
        .collect();
    let mut fourth = Raw::open(daemon.mqtt);
    assert!(fourth.packet().is_empty(), "beyond max_connections");
    drop(held);
}

#[test]
fn a_foreign_publisher_reaches_the_listener() {
    const TEST: &str = "a_foreign_publisher_reaches_the_listener";
    let Some(publisher) = server(TEST, "mosquitto_pub") else {
        return;
    };
    let folder = TempDir::new("mqtt-foreign");
    let daemon = Daemon::start(folder.path(), &[]);
    for (version, qos, id) in [
        ("311", "1", "A"),
        ("5", "1", "B"),
        ("5", "2", "C"),
        ("311", "0", "D"),
    ] {
        let mut command = Command::new(&publisher);
        command.args([
            "-p",
            &daemon.mqtt.to_string(),
            "-V",
            version,
            "-q",
            qos,
            "-t",
            &topic(id),
            "-m",
            &telemetry(42.0),
        ]);
        assert!(command.status().unwrap().success(), "{version} {qos}");
        wait_for(id, || odometer(&daemon, id) == Some(42.0));
    }
}
