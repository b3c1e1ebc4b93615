//! The smallest MQTT client: one PUBLISH of QoS 0 over a connection of its own.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::Daemon;

/// Publishes to the daemon's MQTT server and waits until it has closed the connection (MQTT 3.1.1: CONNECT, PUBLISH, DISCONNECT).
pub fn publish(daemon: &Daemon, topic: &str, payload: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.mqtt)).unwrap();
    let mut bytes = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01v".to_vec();
    let length = 2 + topic.len() + payload.len();
    assert!(
        length < 128,
        "the remaining length of this client is one byte"
    );
    bytes.extend([0x30, length as u8, 0, topic.len() as u8]);
    bytes.extend(topic.bytes().chain(payload.bytes()));
    bytes.extend([0xe0, 0]);
    stream.write_all(&bytes).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}
