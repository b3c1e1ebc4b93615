//! Alerts from a vehicle's message to the receivers of notifications, each sent once over kills and restarts: webhooks, mail, and a real
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

/// A vehicle publishes its state of charge and waits for the acknowledgement.
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

/// A `[[notify]]` section with a webhook that is sent alerts at once.
fn webhook(receiver: &Receiver) -> String {
    format!(
        "[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\ngroup_wait = \"0s\"\n",
        receiver.url()
    )
}

/// A firing notification of AMB-101. Returns the alert's fingerprint.
fn assert_firing(notification: &serde_json::Value) -> serde_json::Value {
    assert_eq!(
        (
            notification["version"].as_str(),
            notification["status"].as_str(),
            notification["receiver"].as_str()
        ),
        (Some("4"), Some("firing"), Some("hook"))
    );
    let alert = &notification["alerts"][0];
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
        notification["groupKey"]
            .as_str()
            .unwrap()
            .starts_with("{}:{alertname=\"battery_low\""),
        "{notification}"
    );
    alert["fingerprint"].clone()
}

#[test]
fn a_notification_is_delivered_once_over_a_kill_of_the_daemon() {
    let folder = TempDir::new("notify-webhook");
    let receiver = Receiver::start(&[503; 100]);
    configure(folder.path(), &webhook(&receiver));
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
    assert_firing(&receiver.accepted()[0].json());
    daemon.stop();
}

#[test]
fn an_alert_is_notified_when_it_fires_and_when_it_resolves_and_not_between() {
    let folder = TempDir::new("notify-resolved");
    let receiver = Receiver::start(&[]);
    configure(folder.path(), &webhook(&receiver));
    let daemon = Daemon::start(folder.path(), &[]);
    charge(&daemon, "AMB-101", 10);
    wait_for("the delivery", || !receiver.accepted().is_empty());
    let fingerprint = assert_firing(&receiver.accepted()[0].json());
    charge(&daemon, "AMB-101", 9);
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    charge(&daemon, "AMB-101", 8);
    charge(&daemon, "AMB-101", 80);
    wait_for("the end", || receiver.accepted().len() == 2);
    let end = receiver.accepted()[1].json();
    assert_eq!(
        (end["status"].as_str(), &end["alerts"][0]["fingerprint"]),
        (Some("resolved"), &fingerprint)
    );
    assert_eq!(daemon.api("alerts")["alerts"][0]["state"], "resolved");
    daemon.stop();
}

#[test]
fn a_notification_refused_for_good_delays_no_other() {
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

/// `fleetgauge alerts` at a daemon: exit code and text.
fn alerts_command(folder: &Path, daemon: &Daemon, arguments: &[&str]) -> (Option<i32>, String) {
    let at = format!("127.0.0.1:{}", daemon.web);
    command(folder, &[&["alerts"], arguments, &["--at", &at]].concat())
}

/// The alert of a vehicle.
fn alert_of(daemon: &Daemon, vehicle: &str) -> serde_json::Value {
    let alerts = daemon.api("alerts");
    alerts["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|alert| alert["labels"]["vehicle_id"] == *vehicle)
        .unwrap()
        .clone()
}

/// Ann silences AMB-101 before it alerts, and acknowledges CAR-201's alert.
fn silence_and_acknowledge(folder: &Path, daemon: &Daemon, receiver: &Receiver) {
    let silence = ["silence", "vehicle_id=AMB-1*", "--for", "2h", "--by", "ann"];
    let (code, text) = alerts_command(folder, daemon, &silence);
    assert!(
        code == Some(0) && text.starts_with("silence 1 holds until"),
        "{text}"
    );
    charge(daemon, "AMB-101", 10);
    charge(daemon, "CAR-201", 10);
    wait_for("the notification of CAR-201", || {
        !receiver.accepted().is_empty()
    });
    let silenced = alert_of(daemon, "AMB-101");
    assert_eq!(
        (&silenced["silenced"], &silenced["told"]),
        (&serde_json::json!(1), &serde_json::json!(false))
    );
    let other = alert_of(daemon, "CAR-201");
    let fingerprint = other["fingerprint"].as_str().unwrap();
    let (code, text) = alerts_command(folder, daemon, &["ack", fingerprint, "--by", "ann"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn silences_and_acknowledgements_survive_a_kill() {
    let folder = TempDir::new("notify-people");
    let receiver = Receiver::start(&[]);
    configure(folder.path(), &webhook(&receiver));
    let daemon = Daemon::start(folder.path(), &[]);
    silence_and_acknowledge(folder.path(), &daemon, &receiver);
    daemon.kill();
    let daemon = Daemon::start(folder.path(), &[]);
    let (_, text) = alerts_command(folder.path(), &daemon, &["list"]);
    for want in [
        "battery_low",
        "acknowledged by ann",
        "silence 1",
        "vehicle_id=AMB-1*",
    ] {
        assert!(text.contains(want), "{want}:\n{text}");
    }
    let (code, _) = alerts_command(folder.path(), &daemon, &["unsilence", "1"]);
    assert_eq!(code, Some(0));
    wait_for("the notification of AMB-101", || {
        receiver.accepted().len() == 2
    });
    assert_eq!(
        receiver.accepted()[1].json()["alerts"][0]["labels"]["vehicle_id"],
        "AMB-101"
    );
    daemon.stop();
}

#[test]
fn impossible_commands_are_refused_with_a_reason() {
    let folder = TempDir::new("notify-impossible");
    let daemon = Daemon::start(folder.path(), &[]);
    for &(path, body, status, want) in REFUSED {
        let (found, text) = post(&daemon, path, body);
        assert!(
            found == status && text.contains(want),
            "{path} {body}: {found} {text}"
        );
    }
    let form = "POST /api/v1/alerts/unsilence HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\n\
                Content-Length: 8\r\n\r\n{\"id\":1}";
    assert_eq!(http(daemon.web, form).0, 415, "a form of another site");
    daemon.stop();
}

fn write_mail_notifier(folder: &Path, port: u16) {
    let notify = format!(
        "[[notify]]\nname = \"mail\"\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nusername = \"user\"\n\
         password_file = \"password\"\nfrom = \"gauge@fleet.example\"\nto = [\"x@refused.example\", \"ann@fleet.example\"]\n\
         group_wait = \"0s\"\n"
    );
    configure(folder, &notify);
}

/// `fleetgauge alerts test`: exit code and text.
fn test_notifier(folder: &Path, to: &str) -> (Option<i32>, String) {
    let arguments = ["alerts", "test", "--to", to, "--config", "fleetgauge.toml"];
    command(folder, &arguments)
}

const SMTP_MECHANISMS: [&str; 2] = ["AUTH PLAIN LOGIN", "AUTH LOGIN"];

#[test]
fn mails_about_one_alert_are_a_thread() {
    let folder = TempDir::new("notify-mail");
    std::fs::write(folder.path().join("password"), "secret\n").unwrap();
    for mechanisms in SMTP_MECHANISMS {
        let server = MailServer::start(mechanisms);
        write_mail_notifier(folder.path(), server.port);
        let daemon = Daemon::start(folder.path(), &[]);
        charge(&daemon, "AMB-101", 10);
        wait_for("the mail", || server.mails().len() == 1);
        charge(&daemon, "AMB-101", 90);
        wait_for("its end", || server.mails().len() == 2);
        daemon.stop();
        let mails = server.mails();
        let header = |mail: &[String], name: &str| {
            mail.iter()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_else(|| panic!("{name}: {mail:?}"))
                .to_owned()
        };
        let (fired, resolved) = (&mails[0], &mails[1]);
        assert!(
            header(fired, "Subject: ").starts_with("[fleetgauge] WARNING Hardly any charge left")
        );
        assert!(
            header(resolved, "Subject: ")
                .starts_with("[fleetgauge] RESOLVED Hardly any charge left")
        );
        let id = header(fired, "Message-ID: ");
        assert_eq!(header(resolved, "In-Reply-To: "), id);
        assert_ne!(header(resolved, "Message-ID: "), id);
        assert_eq!(header(fired, "Auto-Submitted: "), "auto-generated");
        assert_eq!(header(fired, "MAIL FROM:"), "<gauge@fleet.example>");
    }
}

#[test]
fn a_test_mail_shows_whether_the_password_is_right() {
    let folder = TempDir::new("notify-mail-test");
    for mechanisms in SMTP_MECHANISMS {
        let server = MailServer::start(mechanisms);
        write_mail_notifier(folder.path(), server.port);
        for (password, code, want) in [
            ("secret\n", 0, "mail has taken the test"),
            ("wrong", 1, "are `username` and `password_file` right?"),
        ] {
            std::fs::write(folder.path().join("password"), password).unwrap();
            let (found, text) = test_notifier(folder.path(), "mail");
            assert!(found == Some(code) && text.contains(want), "{text}");
        }
        assert_eq!(server.mails().len(), 1);
    }
}

const KINDS: [&str; 5] = ["webhook", "ntfy", "text", "teams", "alertmanager"];

/// A notifier of each kind, all to one receiver.
fn configure_each_kind(folder: &Path, receiver: &Receiver) {
    let url = receiver.url();
    let section = |kind: &str| {
        let topic = if kind == "ntfy" {
            "topic = \"emas\"\n"
        } else {
            ""
        };
        format!(
            "[[notify]]\nname = \"{kind}\"\nkind = \"{kind}\"\nurl = \"{url}\"\nlink = \"http://page/\"\n{topic}"
        )
    };
    configure(folder, &KINDS.map(section).concat());
}

#[test]
fn each_kind_of_notifier_has_a_body_of_its_own() {
    let folder = TempDir::new("notify-kinds");
    let receiver = Receiver::start(&[]);
    configure_each_kind(folder.path(), &receiver);
    for kind in KINDS {
        let (code, text) = test_notifier(folder.path(), kind);
        assert_eq!(code, Some(0), "{kind}: {text}");
    }
    let requests = receiver.accepted();
    let at = |request: usize, path: &str| {
        requests[request]
            .json()
            .pointer(path)
            .cloned()
            .unwrap_or_else(|| panic!("{path}: {}", requests[request].body))
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
        (requests[4].line.as_str(), at(4, "/0/labels/alertname")),
        ("POST /hook/api/v2/alerts HTTP/1.1", "test".into())
    );
}

#[test]
fn a_test_of_an_unknown_or_refusing_notifier_fails_with_a_hint() {
    let folder = TempDir::new("notify-refusing");
    let receiver = Receiver::start(&[401]);
    configure_each_kind(folder.path(), &receiver);
    let (code, text) = test_notifier(folder.path(), "nobody");
    assert!(
        code == Some(2) && text.contains("there are: webhook, ntfy"),
        "{text}"
    );
    let (code, text) = test_notifier(folder.path(), "ntfy");
    assert!(
        code == Some(1) && text.contains("is `token_file` right?"),
        "{text}"
    );
}
