//! Alerts all the way: a vehicle says something, and receivers are told, once, whatever dies in between. Receivers of our own and a real
//! Alertmanager.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod alertmanager;

use crate::support;
use std::path::Path;
use std::process::Command;

use crate::support::notification_receivers::{MailServer, Receiver};
use crate::support::{
    Daemon, Process, TempDir, fleetgauge, free_port, http, server, wait_for, wait_for_port,
};
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};

const RULE: &str = "[[alert]]\nname = \"battery_low\"\nmeasurement = \"vehicle_telemetry\"\nfield = \"soc_ratio\"\n\
                    below = 0.15\nclear = 0.3\nsummary = \"Hardly any charge left\"\n";

fn configure(folder: &Path, rest: &str) {
    std::fs::write(folder.join("fleetgauge.toml"), format!("{RULE}{rest}")).unwrap();
}

/// A vehicle says how much charge it has, and is told that this is on disk.
fn charge(daemon: &Daemon, vehicle: &str, percent: u32) {
    let (client, mut events) = Client::new(MqttOptions::new(vehicle, "127.0.0.1", daemon.mqtt), 10);
    client
        .publish(
            support::topic(vehicle),
            QoS::AtLeastOnce,
            false,
            format!("{{\"soc\":{percent}}}"),
        )
        .unwrap();
    let acknowledged =
        |event: Result<Event, _>| matches!(event, Ok(Event::Incoming(Packet::PubAck(_))));
    assert!(events.iter().any(acknowledged));
    client.disconnect().unwrap();
    events.iter().take_while(Result::is_ok).for_each(drop);
}

fn post(daemon: &Daemon, path: &str, body: &str) -> (u16, String) {
    let head = "Host: localhost\r\nConnection: close\r\nContent-Type: application/json";
    http(
        daemon.web,
        &format!(
            "POST /api/v1/{path} HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
}

fn command(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = fleetgauge()
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    )
}

#[test]
fn what_is_told_is_told_once_whatever_dies() {
    let folder = TempDir::new("notify-webhook");
    let receiver = Receiver::start(&[503; 100]);
    let notify = format!(
        "[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\ngroup_wait = \"0s\"\n",
        receiver.url()
    );
    configure(folder.path(), &notify);
    let daemon = Daemon::start(folder.path(), &[]);
    charge(&daemon, "AMB-101", 10);
    wait_for("an attempt", || !receiver.requests().is_empty());
    assert!(daemon.metric("fleetgauge_notifications_waiting") == 1.0);
    assert!(daemon.metric("fleetgauge_notifications_oldest_timestamp_seconds") > 1e9);
    daemon.kill();
    receiver.answer(&[]);
    let before = receiver.requests().len();
    let daemon = Daemon::start(folder.path(), &[]);
    wait_for("the delivery", || !receiver.accepted().is_empty());
    wait_for("the row to go", || {
        daemon.metric("fleetgauge_notifications_waiting") == 0.0
    });
    assert_eq!(receiver.requests().len(), before + 1);
    let told = receiver.accepted()[0].json();
    assert_eq!(
        (
            told["version"].as_str(),
            told["status"].as_str(),
            told["receiver"].as_str()
        ),
        (Some("4"), Some("firing"), Some("hook"))
    );
    let alert = &told["alerts"][0];
    assert_eq!(alert["labels"]["alertname"], "battery_low");
    assert_eq!(alert["labels"]["vehicle_id"], "AMB-101");
    assert_eq!(alert["endsAt"], "0001-01-01T00:00:00Z");
    assert!(
        alert["annotations"]["summary"]
            .as_str()
            .unwrap()
            .starts_with("Hardly any charge left"),
        "{alert}"
    );
    assert!(
        told["groupKey"]
            .as_str()
            .unwrap()
            .starts_with("{}:{alertname=\"battery_low\""),
        "{told}"
    );
    // Once more, and once more after a stop in order: nothing is told again.
    charge(&daemon, "AMB-101", 9);
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    charge(&daemon, "AMB-101", 8);
    charge(&daemon, "AMB-101", 80);
    wait_for("the end", || receiver.accepted().len() == 2);
    let over = receiver.accepted()[1].json();
    assert_eq!(
        (over["status"].as_str(), &over["alerts"][0]["fingerprint"]),
        (Some("resolved"), &alert["fingerprint"])
    );
    assert_eq!(daemon.api("alerts")["alerts"][0]["state"], "resolved");
    daemon.stop();
}

#[test]
fn what_is_refused_for_good_keeps_nothing_waiting() {
    let folder = TempDir::new("notify-refused");
    let receiver = Receiver::start(&[400]);
    let notify = format!(
        "[[notify]]\nname = \"chat\"\nkind = \"text\"\nurl_file = \"url\"\ngroup_wait = \"0s\"\ntoken_file = \"token\"\n\
         [[notify]]\nname = \"none\"\nkind = \"teams\"\nurl = \"{}\"\nseverities = [\"critical\"]\n",
        receiver.url()
    );
    configure(folder.path(), &notify);
    std::fs::write(folder.path().join("url"), format!("{}\n", receiver.url())).unwrap();
    std::fs::write(folder.path().join("token"), "tk_1\n").unwrap();
    let daemon = Daemon::start(folder.path(), &[]);
    charge(&daemon, "A<B", 10);
    charge(&daemon, "AMB-101", 10);
    wait_for("the second one", || receiver.accepted().len() == 1);
    wait_for("the rows to go", || {
        daemon.metric("fleetgauge_notifications_waiting") == 0.0
    });
    assert_eq!(daemon.metric("fleetgauge_notifications_refused_total"), 1.0);
    let taken = &receiver.accepted()[0];
    assert!(
        taken
            .head
            .to_lowercase()
            .contains("authorization: bearer tk_1"),
        "{}",
        taken.head
    );
    assert!(
        taken.json()["text"]
            .as_str()
            .unwrap()
            .starts_with("*WARNING Hardly any charge left"),
        "{}",
        taken.body
    );
    daemon.stop();
}

/// Path, body, the status of the answer, part of its text.
const REFUSED: &[(&str, &str, u16, &str)] = &[
    (
        "alerts/ack",
        "{\"fingerprint\":\"0123456789abcdef\"}",
        409,
        "no alert 0123456789abcdef",
    ),
    (
        "alerts/ack",
        "{\"fingerprint\":\"x\"}",
        400,
        "16 hex digits",
    ),
    (
        "alerts/silence",
        "{\"matchers\":{},\"duration_s\":60}",
        409,
        "would hide everything",
    ),
    (
        "alerts/silence",
        "{\"matchers\":{\"site\":\"A\"},\"duration_s\":0}",
        400,
        "from one second to a year",
    ),
    (
        "alerts/silence",
        "{\"matchers\":{\"site\":\"A\"}}",
        400,
        "missing field",
    ),
    (
        "alerts/unsilence",
        "{\"id\":9}",
        409,
        "there is no silence 9",
    ),
];

#[test]
fn people_acknowledge_and_silence_and_a_restart_forgets_nothing() {
    let folder = TempDir::new("notify-people");
    let receiver = Receiver::start(&[]);
    let notify = format!(
        "[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\ngroup_wait = \"0s\"\n",
        receiver.url()
    );
    configure(folder.path(), &notify);
    let daemon = Daemon::start(folder.path(), &[]);
    let at = format!("127.0.0.1:{}", daemon.web);
    let (code, text) = command(
        folder.path(),
        &[
            "alerts",
            "silence",
            "vehicle_id=AMB-1*",
            "--for",
            "2h",
            "--by",
            "ann",
            "--at",
            &at,
        ],
    );
    assert!(
        code == Some(0) && text.starts_with("silence 1 holds until"),
        "{text}"
    );
    charge(&daemon, "AMB-101", 10);
    charge(&daemon, "CAR-201", 10);
    wait_for("the other one", || !receiver.accepted().is_empty());
    let alerts = daemon.api("alerts")["alerts"].clone();
    let of = |vehicle: &str| {
        alerts
            .as_array()
            .unwrap()
            .iter()
            .find(|alert| alert["labels"]["vehicle_id"] == *vehicle)
            .unwrap()
            .clone()
    };
    let fingerprint = of("CAR-201")["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(
        (&of("AMB-101")["silenced"], &of("AMB-101")["told"]),
        (&serde_json::json!(1), &serde_json::json!(false))
    );
    let (code, text) = command(
        folder.path(),
        &["alerts", "ack", &fingerprint, "--by", "ann", "--at", &at],
    );
    assert_eq!(code, Some(0), "{text}");
    daemon.kill();
    let daemon = Daemon::start(folder.path(), &[]);
    let at = format!("127.0.0.1:{}", daemon.web);
    let (_, text) = command(folder.path(), &["alerts", "list", "--at", &at]);
    for want in [
        "battery_low",
        "acknowledged by ann",
        "silence 1",
        "vehicle_id=AMB-1*",
    ] {
        assert!(text.contains(want), "{want}:\n{text}");
    }
    let (code, _) = command(folder.path(), &["alerts", "unsilence", "1", "--at", &at]);
    assert_eq!(code, Some(0));
    wait_for("the silenced one", || receiver.accepted().len() == 2);
    assert_eq!(
        receiver.accepted()[1].json()["alerts"][0]["labels"]["vehicle_id"],
        "AMB-101"
    );
    what_cannot_be_done_is_said(&daemon);
    daemon.stop();
}

fn what_cannot_be_done_is_said(daemon: &Daemon) {
    for &(path, body, status, want) in REFUSED {
        let (found, text) = post(daemon, path, body);
        assert!(
            found == status && text.contains(want),
            "{path} {body}: {found} {text}"
        );
    }
    let form = "POST /api/v1/alerts/unsilence HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\n\
                Content-Length: 8\r\n\r\n{\"id\":1}";
    assert_eq!(http(daemon.web, form).0, 415, "a form of a foreign page");
}

#[test]
fn mails_make_a_thread() {
    let folder = TempDir::new("notify-mail");
    for ways in ["AUTH PLAIN LOGIN", "AUTH LOGIN"] {
        let mails = MailServer::start(ways);
        let notify = format!(
            "[[notify]]\nname = \"mail\"\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nusername = \"user\"\n\
             password_file = \"password\"\nfrom = \"gauge@fleet.example\"\nto = [\"x@refused.example\", \"ann@fleet.example\"]\n\
             group_wait = \"0s\"\n",
            mails.port
        );
        configure(folder.path(), &notify);
        std::fs::write(folder.path().join("password"), "secret\n").unwrap();
        let (code, text) = command(
            folder.path(),
            &[
                "alerts",
                "test",
                "--to",
                "mail",
                "--config",
                "fleetgauge.toml",
            ],
        );
        assert!(
            code == Some(0) && text.contains("mail has taken the test"),
            "{text}"
        );
        let daemon = Daemon::start(folder.path(), &[]);
        charge(&daemon, "AMB-101", 10);
        wait_for("the mail", || mails.mails().len() == 2);
        charge(&daemon, "AMB-101", 90);
        wait_for("its end", || mails.mails().len() == 3);
        daemon.stop();
        let header = |mail: usize, name: &str| {
            let mail = &mails.mails()[mail];
            mail.iter()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_else(|| panic!("{name}: {mail:?}"))
                .to_owned()
        };
        assert!(header(1, "Subject: ").starts_with("[fleetgauge] WARNING Hardly any charge left"));
        assert!(header(2, "Subject: ").starts_with("[fleetgauge] RESOLVED Hardly any charge left"));
        assert_eq!(header(2, "In-Reply-To: "), header(1, "Message-ID: "));
        assert_ne!(header(2, "Message-ID: "), header(1, "Message-ID: "));
        assert_eq!(header(1, "Auto-Submitted: "), "auto-generated");
        assert_eq!(header(1, "MAIL FROM:"), "<gauge@fleet.example>");
        std::fs::write(folder.path().join("password"), "wrong").unwrap();
        let (code, text) = command(
            folder.path(),
            &[
                "alerts",
                "test",
                "--to",
                "mail",
                "--config",
                "fleetgauge.toml",
            ],
        );
        assert!(
            code == Some(1) && text.contains("are `username` and `password_file` right?"),
            "{text}"
        );
    }
}

#[test]
fn bodies_of_each_kind() {
    let folder = TempDir::new("notify-kinds");
    let receiver = Receiver::start(&[]);
    let mut text = String::new();
    for (kind, rest) in [
        ("webhook", ""),
        ("ntfy", "topic = \"emas\"\n"),
        ("text", ""),
        ("teams", ""),
        ("alertmanager", ""),
    ] {
        text.push_str(&format!(
            "[[notify]]\nname = \"{kind}\"\nkind = \"{kind}\"\nurl = \"{}\"\nlink = \"http://page/\"\n{rest}",
            receiver.url()
        ));
    }
    configure(folder.path(), &text);
    let test = |to: &str| {
        command(
            folder.path(),
            &["alerts", "test", "--to", to, "--config", "fleetgauge.toml"],
        )
    };
    let (code, text) = test("nobody");
    assert!(
        code == Some(2) && text.contains("there are: webhook, ntfy"),
        "{text}"
    );
    for kind in ["webhook", "ntfy", "text", "teams", "alertmanager"] {
        let (code, text) = test(kind);
        assert_eq!(code, Some(0), "{kind}: {text}");
    }
    let heard = receiver.accepted();
    let at = |request: usize, path: &str| {
        heard[request]
            .json()
            .pointer(path)
            .cloned()
            .unwrap_or_else(|| panic!("{path}: {}", heard[request].body))
    };
    assert_eq!(at(0, "/commonLabels/fleet"), "test");
    assert_eq!(
        (at(1, "/topic"), at(1, "/priority"), at(1, "/click")),
        ("emas".into(), 3.into(), "http://page/".into())
    );
    assert!(
        at(2, "/text")
            .as_str()
            .unwrap()
            .contains("<http://page/|open>")
    );
    assert_eq!(at(3, "/attachments/0/content/version"), "1.4");
    assert_eq!(
        at(3, "/attachments/0/content/actions/0/url"),
        "http://page/"
    );
    assert_eq!(
        (heard[4].line.as_str(), at(4, "/0/labels/alertname")),
        ("POST /hook/api/v2/alerts HTTP/1.1", "test".into())
    );
    receiver.answer(&[401]);
    let (code, text) = test("ntfy");
    assert!(
        code == Some(1) && text.contains("is `token_file` right?"),
        "{text}"
    );
}
