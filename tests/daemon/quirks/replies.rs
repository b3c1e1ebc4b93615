//! The replies of a running daemon to a case's frames.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use super::case::{Case, Step, cases};
use super::handshake;
use crate::support::ocpp_client::{Socket, dial};
use crate::support::{Daemon, TempDir};

#[test]
fn replies_are_as_expected() {
    let folder = TempDir::new("quirk-replies");
    let daemon = Daemon::start(
        folder.path(),
        &[("ocpp.unknown", "accept"), ("store.commit_interval", "1ms")],
    );
    let mut failures = BTreeMap::new();
    let mut exchanged = 0;
    for case in cases() {
        if !case.steps.is_empty() && !case.is_for_tap() {
            exchanged += 1;
            if let Err(wrong) = exchange(&daemon, &case) {
                failures.insert(case.name.clone(), wrong);
            }
        }
        if case.folder.join("handshake").exists()
            && let Err(wrong) = handshake::check(&daemon, &case)
        {
            failures.insert(case.name.clone(), wrong);
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {exchanged} differ\n{failures:#?}",
        failures.len()
    );
    println!("{exchanged} cases exchanged over a socket");
}

fn connect(daemon: &Daemon, case: &Case, version: &str) -> Socket {
    let path = format!("/ocpp/{}", case.name);
    dial(daemon, &path, Some(&format!("ocpp{version}")))
        .unwrap()
        .0
}

fn receive(socket: &mut Socket) -> Result<String, String> {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return Ok(text.to_string()),
            Ok(Message::Close(frame)) => return Err(format!("closed: {frame:?}")),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn exchange(daemon: &Daemon, case: &Case) -> Result<(), String> {
    let mut socket = connect(daemon, case, case.version);
    let mut last_id = String::from("0");
    let mut steps = case.steps.iter().peekable();
    while let Some(step) = steps.next() {
        match step {
            Step::Sent(text) => {
                socket
                    .send(Message::text(text.replace("$TX", &last_id)))
                    .map_err(|error| error.to_string())?;
                let Some(Step::Reply(want)) = steps.peek() else {
                    expect_no_reply(&mut socket, text)?;
                    continue;
                };
                expect_reply(&mut socket, text, want, &mut last_id)?;
                steps.next();
            }
            Step::Down => drop(socket.close(None)),
            Step::Up { version, .. } if version.is_empty() => {
                socket = connect(daemon, case, case.version);
            }
            Step::Up { version, .. } => socket = connect(daemon, case, version),
            Step::Reply(text) => return Err(format!("a reply without a frame before it: {text}")),
            Step::At(_) | Step::Operator(_) => {}
        }
    }
    Ok(())
}

/// The next reply must belong to the next request.
fn expect_no_reply(socket: &mut Socket, text: &str) -> Result<(), String> {
    socket
        .send(Message::text(r#"[2,"probe","Heartbeat",{}]"#))
        .unwrap();
    let reply = receive(socket)?;
    if reply.starts_with(r#"[3,"probe""#) {
        return Ok(());
    }
    Err(format!("{text}: want no reply, got {reply}"))
}

fn expect_reply(
    socket: &mut Socket,
    text: &str,
    want: &str,
    last_id: &mut String,
) -> Result<(), String> {
    let reply = receive(socket)?;
    if want.contains("$TX+") {
        *last_id = transaction_id(&reply).ok_or_else(|| format!("no transaction id in {reply}"))?;
    }
    let want = want.replace("$TX+", last_id).replace("$TX", last_id);
    if matches(&want, &reply) {
        return Ok(());
    }
    Err(format!("{text}: want {want}, got {reply}"))
}

fn transaction_id(frame: &str) -> Option<String> {
    let frame: Value = serde_json::from_str(frame).ok()?;
    frame[2]["transactionId"].as_i64().map(|id| id.to_string())
}

/// `*` in the pattern matches anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap()) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) if !part.is_empty() => rest = &rest[at + part.len()..],
            Some(_) => {}
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some(part) => part.is_empty() || rest.is_empty() || text.ends_with(part),
    }
}
