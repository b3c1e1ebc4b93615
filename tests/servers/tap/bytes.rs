//! Bytes and headers pass the tap as they are; no real central system is needed for that.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use super::*;

/// A central system that accepts every connection and sends no frame. Each connection comes with the head of its request.
pub(super) fn listening_upstream() -> (u16, std::sync::mpsc::Receiver<(String, TcpStream)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            stream
                .write_all(
                    b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Protocol: OCPP1.6\r\n\r\n",
                )
                .unwrap();
            sender
                .send((String::from_utf8(head).unwrap(), stream))
                .unwrap();
        }
    });
    (port, receiver)
}

pub(super) fn raw_charger(daemon: &Daemon, path: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp2.1, OCPP1.6\r\nSec-WebSocket-Extensions: permessage-deflate\r\nUser-Agent: ACME 7\r\nAuthorization: Basic Q1AxOng=\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    (stream, String::from_utf8(answer).unwrap())
}

/// Pretty-printed and broken JSON, pings, pongs, fragments, binary, close codes, and at last bytes that are no WebSocket at all.
fn odd_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    for (first, payload) in [
        (0x81, &b"[\n 2,\n \"1\",\n \"Heartbeat\",\n {}\n]"[..]),
        (0x81, br#"[2,"2","MeterValues",{"transactionId":,}]"#),
        (0x89, b"ping"),
        (0x8A, b"pong"),
        (0x01, b"[2,\"3\",\"Da"),
        (0x80, b"taTransfer\",{}]"),
        (0x82, &[0xFF, 0x00, 0xFE]),
        (0x81, &[0xC3, 0x28]),
        (0x88, &[0x03, 0xF7, b'x']),
    ] {
        bytes.extend([first, 0x80 | payload.len() as u8, 7, 7, 7, 7]);
        bytes.extend(payload.iter().map(|byte| byte ^ 7));
    }
    let mut state = 1_u32;
    bytes.extend((0..200_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    bytes
}

/// What one side writes is what the other reads.
fn assert_bytes_pass(mut from: &TcpStream, mut to: &TcpStream, bytes: &[u8]) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for piece in bytes.chunks(777) {
                from.write_all(piece).unwrap();
            }
        });
        let mut passed = vec![0; bytes.len()];
        to.read_exact(&mut passed).unwrap();
        assert!(passed == bytes, "not the same bytes");
    });
}

#[test]
fn bytes_pass_unchanged_in_both_directions() {
    let folder = TempDir::new("tap-bytes");
    let (port, upstream) = listening_upstream();
    write_register(
        folder.path(),
        &charge_points(&format!("ws://127.0.0.1:{port}")),
    );
    let daemon = Daemon::start(folder.path(), &[("tap.max_queued", "4")]);
    let (mut charger, _) = raw_charger(&daemon, "/ocpp/CP1");
    let (_, mut operator) = upstream.recv_timeout(Duration::from_secs(10)).unwrap();
    let bytes = odd_bytes();
    assert_bytes_pass(&charger, &operator, &bytes);
    assert_bytes_pass(&operator, &charger, &bytes);
    // The end of the connection passes too.
    charger.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(operator.read(&mut [0; 8]).unwrap(), 0);
    operator.write_all(b"last words").unwrap();
    drop(operator);
    let mut last = String::new();
    charger.read_to_string(&mut last).unwrap();
    assert_eq!(last, "last words");
    assert!(daemon.metric("fleetgauge_tap_deaf_total") >= 1.0);
}

#[test]
fn headers_pass_as_they_are_without_compression() {
    let folder = TempDir::new("tap-headers");
    let (port, upstream) = listening_upstream();
    write_register(
        folder.path(),
        &charge_points(&format!("ws://127.0.0.1:{port}")),
    );
    let daemon = Daemon::start(folder.path(), &[]);
    let (_charger, answer) = raw_charger(&daemon, "//odd//CP%31?a=b");
    let (head, _operator) = upstream.recv_timeout(Duration::from_secs(10)).unwrap();
    for line in [
        "GET //odd//CP%31?a=b HTTP/1.1",
        "Sec-WebSocket-Protocol: ocpp2.1, OCPP1.6",
        "User-Agent: ACME 7",
        "Authorization: Basic Q1AxOng=",
    ] {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
    assert!(
        !head.contains("Extensions") && !answer.contains("Extensions"),
        "no compression through a tap"
    );
    assert!(
        answer.contains("Sec-WebSocket-Protocol: OCPP1.6\r\n"),
        "the operator's own spelling: {answer}"
    );
}
