//! WebSocket handshakes as charge points send them, byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::case::Case;
use crate::support::{Daemon, wait_for};

pub(super) fn check(daemon: &Daemon, case: &Case) -> Result<(), String> {
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let request = case.read("handshake").unwrap();
    let request: Vec<&str> = request.lines().collect();
    stream
        .write_all(format!("{}\r\n\r\n", request.join("\r\n")).as_bytes())
        .unwrap();
    let head = read_head(&mut stream);
    for line in case.read("answer").unwrap().lines() {
        let (wanted, text) = match line.strip_prefix('!') {
            Some(text) => (false, text),
            None => (true, line),
        };
        if head.lines().any(|found| found.starts_with(text)) != wanted {
            return Err(format!("`{line}` in\n{head}"));
        }
    }
    if let Some(identity) = case.read("identity") {
        wait_for_charge_point(daemon, identity.trim());
    }
    Ok(())
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0u8];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// The engine learns of the connection shortly after the handshake.
fn wait_for_charge_point(daemon: &Daemon, identity: &str) {
    wait_for(&format!("charge point {identity}"), || {
        let points = daemon.api("charge-points");
        points["charge_points"]
            .as_array()
            .unwrap()
            .iter()
            .any(|point| point["charge_point_id"] == identity)
    });
}
