//! Charge points connect: by which paths, protocols and passwords, with faulty WebSockets, and a second time under the same identity.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::support::ocpp_client::{
    CP1, cp1, dial, foreign_client, request, run_python, status_of, write_register,
};
use crate::support::{Daemon, TempDir, fleetgauge, wait_for};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, connect, http::HeaderValue};

/// A daemon with CP1, and LOCKED with the password `secret`.
fn daemon_with_a_password(folder: &Path) -> Daemon {
    let mut hash = fleetgauge();
    hash.arg("hash-password")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut child = hash.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"secret").unwrap();
    let hash = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    write_register(
        folder,
        &format!("charge_point_id,auth\nCP1,\nLOCKED,{}\n", hash.trim()),
    );
    Daemon::start(folder, &[])
}

#[test]
fn registered_charge_points_connect_by_any_path_with_a_known_protocol() {
    let folder = TempDir::new("ocpp-access");
    let daemon = daemon_with_a_password(folder.path());
    for (path, protocol, want) in [
        ("/ocpp/CP1", Some("ocpp1.6"), Ok(Some("ocpp1.6"))),
        ("/ocpp/cp1", Some("ocpp2.0, OCPP1.6J"), Ok(Some("OCPP1.6J"))),
        (
            "/ocpp/cp1",
            Some("ocpp1.6, ocpp2.0.1, ocpp2.1"),
            Ok(Some("ocpp2.1")),
        ),
        ("//ocpp//CP1/", None, Ok(None)),
        (
            "/anything/CP%31?token=x",
            Some("ocpp1.6"),
            Ok(Some("ocpp1.6")),
        ),
        ("/ocpp/CP2", Some("ocpp1.6"), Err(404)),
        ("/ocpp/", Some("ocpp1.6"), Err(400)),
        ("/ocpp/a%2Fb", Some("ocpp1.6"), Err(400)),
        ("/ocpp/LOCKED", Some("ocpp1.6"), Err(401)),
    ] {
        match (dial(&daemon, path, protocol), want) {
            (Ok((_, agreed)), Ok(want)) => {
                assert_eq!(agreed.as_deref(), want, "{path} {protocol:?}")
            }
            (Err(error), Err(want)) => assert_eq!(status_of(error), want, "{path} {protocol:?}"),
            (found, _) => panic!("{path} {protocol:?}: {:?}", found.map(|(_, agreed)| agreed)),
        }
    }
    let rejects = daemon.get("/api/v1/rejects").1;
    assert!(
        rejects.contains("not_registered")
            && rejects.contains("CP2")
            && rejects.contains("from 127.0.0.1"),
        "{rejects}"
    );
}

/// OCPP-J 1.6, section 4.2: the handshake is completed without a protocol, and the connection closed.
#[test]
fn a_handshake_without_a_common_version_names_none_and_is_closed() {
    let folder = TempDir::new("ocpp-no-version");
    let daemon = daemon_with_a_password(folder.path());
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    let head = "GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a2V5\r\nSec-WebSocket-Protocol: ocpp2.0\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(
        text.starts_with("HTTP/1.1 101") && !text.contains("Sec-WebSocket-Protocol"),
        "{text}"
    );
    assert!(text.contains("no OCPP version in common"), "{text}");
}

#[test]
fn a_password_is_checked_at_every_connection_and_never_logged() {
    let folder = TempDir::new("ocpp-password");
    let daemon = daemon_with_a_password(folder.path());
    for (login, good) in [
        ("TE9DS0VEOnNlY3JldA==", true),
        ("bG9ja2VkOnNlY3JldA", true),
        ("TE9DS0VEOndyb25n", false),
        ("Q1AxOnNlY3JldA==", false),
        ("!", false),
    ] {
        for _ in 0..2 {
            let mut request = format!("ws://127.0.0.1:{}/ocpp/LOCKED", daemon.ocpp)
                .into_client_request()
                .unwrap();
            request.headers_mut().insert(
                "Authorization",
                HeaderValue::from_str(&format!("Basic {login}")).unwrap(),
            );
            match connect(request) {
                Ok(_) => assert!(good, "{login}"),
                Err(error) => assert!(!good && status_of(error) == 401, "{login}"),
            }
        }
    }
    assert!(
        !daemon.log().contains("secret") && !daemon.log().contains("TE9DS0VE"),
        "secrets stay out of the log"
    );
}

#[test]
fn unknown_charge_points_are_accepted_where_the_setting_allows_it() {
    let open = TempDir::new("ocpp-open");
    let daemon = Daemon::start(open.path(), &[("ocpp.unknown", "accept")]);
    let mut socket = dial(&daemon, "/ocpp/ANY", Some("ocpp1.6")).unwrap().0;
    assert_eq!(
        request(&mut socket, r#"[2,"1","Authorize",{"idTag":"FFFF"}]"#),
        r#"[3,"1",{"idTagInfo":{"status":"Accepted"}}]"#
    );
}

#[test]
fn the_newest_connection_replaces_the_older_one() {
    let folder = TempDir::new("ocpp-newest");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut old = cp1(&daemon);
    request(&mut old, r#"[2,"1","Heartbeat",{}]"#);
    let mut new = cp1(&daemon);
    request(&mut new, r#"[2,"1","Heartbeat",{}]"#);
    assert!(
        matches!(old.read(), Ok(Message::Close(_)) | Err(_)),
        "the old one is closed"
    );
    drop(old);
    std::thread::sleep(Duration::from_millis(300));
    let online =
        |daemon: &Daemon| daemon.api("charge-points")["charge_points"][0]["online"].as_bool();
    assert_eq!(
        online(&daemon),
        Some(true),
        "the end of the old connection does not make the charge point offline"
    );
    drop(new);
    wait_for("offline", || online(&daemon) == Some(false));
}

#[test]
fn text_that_is_not_utf8_ends_the_connection() {
    let folder = TempDir::new("ocpp-utf8");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let mut frame = tokio_tungstenite::tungstenite::protocol::frame::Frame::message(
        b"[2,\xff".to_vec(),
        tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode::Data(
            tokio_tungstenite::tungstenite::protocol::frame::coding::Data::Text,
        ),
        true,
    );
    frame.header_mut().mask = Some([1, 2, 3, 4]);
    socket.send(Message::Frame(frame)).unwrap();
    let Message::Close(Some(close)) = socket.read().unwrap() else {
        panic!("no close frame")
    };
    assert_eq!(u16::from(close.code), 1007);
    let rejects = daemon.api("rejects");
    assert!(
        rejects["counts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|count| count["reason"] == "utf8"),
        "{rejects}"
    );
}

#[test]
fn compressed_messages_are_accepted() {
    let test = "compressed_messages_are_accepted";
    // Python's `websockets` offers permessage-deflate by itself.
    let Some(python) = foreign_client(test) else {
        return;
    };
    let folder = TempDir::new("ocpp-deflate");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let text = run_python(
        &python,
        "compressed.py",
        &[&format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)],
    );
    assert_eq!(text.trim(), "compressed, answered");
}

#[test]
fn an_unfinished_handshake_delays_no_other_charge_point() {
    let folder = TempDir::new("ocpp-half");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let half: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
            stream
                .write_all(b"GET /ocpp/CP1 HTTP/1.1\r\nHost:")
                .unwrap();
            stream
        })
        .collect();
    let mut socket = cp1(&daemon);
    assert!(request(&mut socket, r#"[2,"1","Heartbeat",{}]"#).starts_with("[3,"));
    drop(half);
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    stream.write_all(&[b'x'; 9_000]).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}
