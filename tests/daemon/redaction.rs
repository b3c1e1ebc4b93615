//! Rejected messages are kept for people to look at. RFID tags and passwords must not be in what is kept, nor in the log.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::support::ocpp_client::{CP1, cp1, request, write_register};
use crate::support::{Daemon, TempDir, topic, wait_for};

const TAG: &str = "04A1B2C3D4";
const PASSWORD: &str = "correct-horse-battery";

/// Messages that the daemon rejects, each with a secret.
fn rejected_frames() -> Vec<String> {
    let padding = "x".repeat(300);
    vec![
        format!(r#"[2,"1","StartTransaction",{{"connectorId":1,"idTag":"{TAG}","meterStart":}}]"#),
        format!(r#"[2,"2","Authorize",{{"idTag":"{TAG}"#),
        format!(r#"[2,"3","NoSuchAction",{{"idToken":{{"idToken":"{TAG}"}}}}]"#),
        format!(r#"[2,"4","NoSuchAction",{{"key":"AuthorizationKey","value":"{PASSWORD}"}}]"#),
        format!(
            r#"[2,"5","NoSuchAction",{{"value":"{PASSWORD}","x":"{padding}","key":"AuthorizationKey"}}]"#
        ),
        format!(r#"[2,"6","NoSuchAction",{{"vpn":{{"password":"{PASSWORD}"}}}}]"#),
    ]
}

/// Publishes one message with QoS 1 and waits for its PUBACK.
fn publish(port: u16, topic: &str, payload: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01r")
        .unwrap();
    let mut response = [0; 4];
    stream.read_exact(&mut response).unwrap();
    assert_eq!(response, [0x20, 2, 0, 0], "CONNACK");
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend_from_slice(topic.as_bytes());
    body.extend_from_slice(&[0, 7]);
    body.extend_from_slice(payload.as_bytes());
    assert!(body.len() < 128, "one byte of length");
    stream.write_all(&[0x32, body.len() as u8]).unwrap();
    stream.write_all(&body).unwrap();
    stream.read_exact(&mut response).unwrap();
    assert_eq!(response, [0x40, 2, 0, 7], "PUBACK");
}

#[test]
fn rejects_and_the_log_have_no_tags_and_no_passwords() {
    let folder = TempDir::new("redaction");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[("register.directory", "register")]);
    let mut socket = cp1(&daemon);
    let frames = rejected_frames();
    for frame in &frames {
        socket.send(Message::text(frame.as_str())).unwrap();
    }
    // Responses come in order, so all frames before this one are handled.
    while !request(&mut socket, r#"[2,"end","Heartbeat",{}]"#).starts_with(r#"[3,"end""#) {}
    publish(
        daemon.mqtt,
        &topic("AMB-1"),
        &format!(r#"{{"id_tag":"{TAG}","odometer":"#),
    );
    let kept = || daemon.api("rejects")["newest"].as_array().unwrap().clone();
    wait_for("all rejects", || kept().len() > frames.len());
    let log = daemon.log();
    for reject in kept() {
        let text = reject.to_string();
        assert!(text.contains("***"), "{text}");
        assert_secret_free(&text);
    }
    assert_secret_free(&log);
    assert_secret_free(&Value::from(daemon.get("/metrics").1).to_string());
    daemon.stop();
}

fn assert_secret_free(text: &str) {
    for secret in [TAG, PASSWORD] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}
