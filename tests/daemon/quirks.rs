//! What charge points really send (`reference` numbers in the names): a folder each under `tests/frames/ocpp*/`.
//!
//! `frames` is run twice: over a socket against a running daemon, for the replies, and through `replay` on its own clock, for the facts.
//!
//! ```text
//! # a remark                      @ 08:00:00   the time on 21 August 2026, for the replay
//! > [2,"1","Heartbeat",{}]        said by the charge point; `> file:NAME` says a file's content
//! < [3,"1",{"currentTime":"*"}]   the reply, `*` is anything; without one there must be none
//! << [2,..]                       said by the operator's central system, in cases for the tap (`+ tap`), which are only replayed
//! + 2.0.1    -                    the link comes up (again), goes down
//! ```
//!
//! `$TX` is the transaction id that was answered last. `expected.json` is compared with the replay's report: what it names must be so.
//! `handshake` and `answer` are the heads of a WebSocket handshake; a line of `answer` that begins with `!` must not be there.
//! `test` names the test that shows a behaviour which is more than frames. `about` says where the quirk is known from.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::support::ocpp_client::{Socket, dial};
use crate::support::{Daemon, TempDir, wait_for};
use fleetgauge::app::RegisterSource;
use fleetgauge::app::config::{Config, load_factors};
use fleetgauge::app::replay::{Replay, Setting};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::TokenHasher;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const DAY: &str = "2026-08-21";

#[derive(Clone, Debug)]
enum Step {
    At(String),
    Said(String),
    Reply(String),
    Operator(String),
    Up { version: String, tap: bool },
    Down,
}

struct Case {
    name: String,
    folder: PathBuf,
    version: &'static str,
    steps: Vec<Step>,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames");
    let mut found = Vec::new();
    for (folder, version) in [("ocpp16", "1.6"), ("ocpp201", "2.0.1"), ("ocpp21", "2.1")] {
        let mut folders: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        folders.sort();
        for folder in folders {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                folder.join("about").exists(),
                "{name}: say in `about` where the quirk is known from"
            );
            let steps = std::fs::read_to_string(folder.join("frames"))
                .map(|text| steps(&text, &folder))
                .unwrap_or_default();
            found.push(Case {
                name,
                folder,
                version,
                steps,
            });
        }
    }
    found
}

fn steps(text: &str, folder: &Path) -> Vec<Step> {
    let mut steps = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        let said = |rest: &str| match rest.strip_prefix("file:") {
            Some(name) => std::fs::read_to_string(folder.join(name)).unwrap(),
            None => rest.to_owned(),
        };
        steps.push(match mark {
            "@" if rest.contains('T') => Step::At(rest.to_owned()),
            "@" => Step::At(format!("{DAY}T{rest}Z")),
            ">" => Step::Said(said(rest)),
            "<" => Step::Reply(rest.to_owned()),
            "<<" => Step::Operator(rest.to_owned()),
            "+" if rest == "tap" => Step::Up {
                version: String::new(),
                tap: true,
            },
            "+" => Step::Up {
                version: rest.to_owned(),
                tap: false,
            },
            "-" => Step::Down,
            other => panic!("{}: `{other}`", folder.display()),
        });
    }
    steps
}

/// `*` is anything.
fn fits(pattern: &str, text: &str) -> bool {
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

fn transaction_id(frame: &str) -> Option<String> {
    let frame: Value = serde_json::from_str(frame).ok()?;
    frame[2]["transactionId"].as_i64().map(|id| id.to_string())
}

#[test]
fn every_number_has_its_case() {
    let mut missing: BTreeSet<u32> = (1..=106).collect();
    for case in cases() {
        let number: u32 = case.name[1..4]
            .parse()
            .unwrap_or_else(|_| panic!("{}: q and three digits", case.name));
        missing.remove(&number);
        let shown = ["frames", "handshake", "test"]
            .into_iter()
            .filter(|file| case.folder.join(file).exists())
            .count();
        assert!(shown > 0, "{}: shows nothing", case.name);
        if let Ok(named) = std::fs::read_to_string(case.folder.join("test")) {
            let (file, test) = named.trim().split_once("::").unwrap();
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let source = std::fs::read_to_string(&path)
                .unwrap_or_else(|_| panic!("{}: no {}", case.name, path.display()));
            assert!(
                source.contains(&format!("fn {test}(")),
                "{}: {file} has no test `{test}`",
                case.name
            );
        }
    }
    assert!(missing.is_empty(), "without a case: {missing:?}");
}

#[test]
fn facts() {
    let mut failures = Vec::new();
    let mut replayed = 0;
    for case in cases()
        .iter()
        .filter(|case| case.folder.join("expected.json").exists())
    {
        let expected: Value = serde_json::from_str(
            &std::fs::read_to_string(case.folder.join("expected.json")).unwrap(),
        )
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let report = replay(case);
        let mut wrong = Vec::new();
        for (key, want) in expected.as_object().unwrap() {
            differences(key, want, &report[key], &mut wrong);
        }
        replayed += 1;
        if !wrong.is_empty() {
            failures.push(format!("{}:\n  {}", case.name, wrong.join("\n  ")));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {replayed} differ\n{}",
        failures.len(),
        failures.join("\n")
    );
    println!("{replayed} cases replayed");
}

/// What `want` names must be so in `found`; lists must have the same length.
fn differences(path: &str, want: &Value, found: &Value, wrong: &mut Vec<String>) {
    match (want, found) {
        (Value::Object(want), Value::Object(found)) => {
            for (key, want) in want {
                differences(
                    &format!("{path}.{key}"),
                    want,
                    found.get(key).unwrap_or(&Value::Null),
                    wrong,
                );
            }
        }
        (Value::Array(want), Value::Array(found)) if want.len() == found.len() => {
            for (index, (want, found)) in want.iter().zip(found).enumerate() {
                differences(&format!("{path}[{index}]"), want, found, wrong);
            }
        }
        (Value::Number(want), Value::Number(found))
            if (want.as_f64().unwrap() - found.as_f64().unwrap()).abs() < 1e-9 => {}
        _ if want == found => {}
        _ => wrong.push(format!("{path}: want {want}, found {found}")),
    }
}

fn replay(case: &Case) -> Value {
    let folder = TempDir::new("quirk");
    for (name, text) in [
        ("vehicles.csv", "vehicle_id,id_tags\nAMB-1,04A1B2C3D4E5F6\n"),
        (
            "charge_points.csv",
            "charge_point_id,connectors,max_power_kw\nCP,2,22\n",
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let config = Config::default();
    let hasher = TokenHasher::new(&[0; 32]);
    let mut replay = Replay::new(Setting {
        engine: config.engine.clone(),
        profile: Profile::by_name(&config.engine.profile).unwrap(),
        register: Arc::new(
            RegisterSource::Folder(folder.path().to_owned())
                .load(&UK, &hasher)
                .unwrap(),
        ),
        factors: Arc::new(load_factors(&config.factors).unwrap()),
        hasher,
        repair_metering: config.ocpp.repair_metering,
        max_depth: config.ocpp.max_json_depth,
    });
    let mut at = format!("{DAY}T08:00:00Z");
    let mut version = case.version.to_owned();
    let mut last = 4710;
    let mut tell = |at: &str, ocpp: Value| {
        replay
            .line(&json!({ "at": at, "ocpp": ocpp }).to_string())
            .unwrap()
    };
    if !matches!(case.steps.first(), Some(Step::Up { .. })) {
        tell(
            &at,
            json!({"charge_point": "CP", "event": "connected", "version": version}),
        );
    }
    for step in &case.steps {
        let frame = |from: &str, text: &str, last: i64| json!({"charge_point": "CP", "version": version, "from": from, "frame": text.replace("$TX", &last.to_string())});
        match step {
            Step::At(time) => at.clone_from(time),
            Step::Said(text) => tell(&at, frame("charge_point", text, last)),
            Step::Operator(text) => tell(&at, frame("csms", text, last)),
            Step::Reply(text) => {
                if text.contains("\"transactionId\":$TX+") {
                    last += 1;
                }
                tell(
                    &at,
                    frame(
                        "csms",
                        &text
                            .replace("$TX+", "$TX")
                            .replace("\"*\"", "\"\"")
                            .replace('*', ""),
                        last,
                    ),
                );
            }
            Step::Up {
                version: spoken,
                tap,
            } => {
                if !spoken.is_empty() {
                    version.clone_from(spoken);
                }
                let mode = if *tap { "tap" } else { "csms" };
                tell(
                    &at,
                    json!({"charge_point": "CP", "event": "connected", "version": version, "mode": mode}),
                );
            }
            Step::Down => tell(&at, json!({"charge_point": "CP", "event": "disconnected"})),
        }
    }
    replay.finish();
    replay.report().unwrap()
}

fn join(daemon: &Daemon, name: &str, version: &str) -> Socket {
    dial(
        daemon,
        &format!("/ocpp/{name}"),
        Some(&format!("ocpp{version}")),
    )
    .unwrap()
    .0
}

fn hear(socket: &mut Socket) -> Result<String, String> {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return Ok(text.to_string()),
            Ok(Message::Close(frame)) => return Err(format!("closed: {frame:?}")),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[test]
fn replies() {
    let folder = TempDir::new("quirk-replies");
    let daemon = Daemon::start(
        folder.path(),
        &[("ocpp.unknown", "accept"), ("store.commit_interval", "1ms")],
    );
    let mut failures = BTreeMap::new();
    let mut spoken = 0;
    for case in cases() {
        let tap = case
            .steps
            .iter()
            .any(|step| matches!(step, Step::Operator(_) | Step::Up { tap: true, .. }));
        if !case.steps.is_empty() && !tap {
            spoken += 1;
            if let Err(wrong) = speak(&daemon, &case) {
                failures.insert(case.name.clone(), wrong);
            }
        }
        if case.folder.join("handshake").exists()
            && let Err(wrong) = shake(&daemon, &case)
        {
            failures.insert(case.name.clone(), wrong);
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {spoken} differ\n{failures:#?}",
        failures.len()
    );
    println!("{spoken} cases spoken over a socket");
}

fn speak(daemon: &Daemon, case: &Case) -> Result<(), String> {
    let mut socket = join(daemon, &case.name, case.version);
    let mut last = String::from("0");
    let mut steps = case.steps.iter().peekable();
    while let Some(step) = steps.next() {
        match step {
            Step::Said(text) => {
                socket
                    .send(Message::text(text.replace("$TX", &last)))
                    .map_err(|error| error.to_string())?;
                let Some(Step::Reply(want)) = steps.peek() else {
                    // Nothing is answered: the next answer belongs to the next request.
                    socket
                        .send(Message::text(r#"[2,"probe","Heartbeat",{}]"#))
                        .unwrap();
                    let answer = hear(&mut socket)?;
                    if !answer.starts_with(r#"[3,"probe""#) {
                        return Err(format!("{text}: nothing was to be answered, but {answer}"));
                    }
                    continue;
                };
                let answer = hear(&mut socket)?;
                let issued = want.contains("$TX+");
                if issued {
                    last = transaction_id(&answer)
                        .ok_or_else(|| format!("no transaction id in {answer}"))?;
                }
                let want = want.replace("$TX+", &last).replace("$TX", &last);
                if !fits(&want, &answer) {
                    return Err(format!("{text}: want {want}, got {answer}"));
                }
                steps.next();
            }
            Step::Down => drop(socket.close(None)),
            Step::Up { version, .. } => {
                socket = join(
                    daemon,
                    &case.name,
                    if version.is_empty() {
                        case.version
                    } else {
                        version
                    },
                );
            }
            Step::Reply(text) => return Err(format!("a reply to nothing: {text}")),
            Step::At(_) | Step::Operator(_) => {}
        }
    }
    Ok(())
}

fn shake(daemon: &Daemon, case: &Case) -> Result<(), String> {
    let read = |name: &str| std::fs::read_to_string(case.folder.join(name)).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let head: Vec<String> = read("handshake").lines().map(str::to_owned).collect();
    stream
        .write_all(format!("{}\r\n\r\n", head.join("\r\n")).as_bytes())
        .unwrap();
    let mut answer = Vec::new();
    let mut byte = [0u8];
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        answer.push(byte[0]);
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    for line in read("answer").lines() {
        let (wanted, text) = line
            .strip_prefix('!')
            .map_or((true, line), |text| (false, text));
        if answer.lines().any(|found| found.starts_with(text)) != wanted {
            return Err(format!("`{line}` in\n{answer}"));
        }
    }
    if let Ok(identity) = std::fs::read_to_string(case.folder.join("identity")) {
        // It is told right behind the answer.
        wait_for(&format!("charge point {identity}"), || {
            let points = daemon.api("charge-points");
            points["charge_points"]
                .as_array()
                .unwrap()
                .iter()
                .any(|point| point["charge_point_id"] == identity.trim())
        });
    }
    Ok(())
}
