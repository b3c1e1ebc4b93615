//! The central system against real WebSockets: our own raw client for what is odd, and Python's `ocpp` as a foreign one that checks
//! every answer against the official schemas.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and waits on the real clock")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use support::{Daemon, TempDir, fleetgauge, server, skipped, wait_for};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, connect, http::HeaderValue};

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

fn register(folder: &Path, charge_points: &str) {
    let register = folder.join("register");
    std::fs::create_dir_all(&register).unwrap();
    std::fs::write(register.join("charge_points.csv"), charge_points).unwrap();
    std::fs::write(register.join("vehicles.csv"), "vehicle_id,category,fuel,id_tags\nAMB-1,van,ELECTRICITY,A1B2C3\n").unwrap();
    std::fs::write(folder.join("fleetgauge.toml"), "[register]\ndirectory = \"register\"\n").unwrap();
}

const CP1: &str = "charge_point_id,connectors,max_power_kw\nCP1,2,22\n";

fn dial(daemon: &Daemon, path: &str, protocol: Option<&'static str>) -> Result<(Socket, Option<String>), Error> {
    let mut request = format!("ws://127.0.0.1:{}{path}", daemon.ocpp).into_client_request().unwrap();
    if let Some(protocol) = protocol {
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(protocol));
    }
    let (socket, response) = connect(request)?;
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    }
    let agreed = response.headers().get("Sec-WebSocket-Protocol").map(|value| value.to_str().unwrap().to_owned());
    Ok((socket, agreed))
}

fn cp1(daemon: &Daemon) -> Socket {
    dial(daemon, "/ocpp/CP1", Some("ocpp1.6")).unwrap().0
}

fn say(socket: &mut Socket, frame: &str) {
    socket.send(Message::text(frame)).unwrap();
}

fn hear(socket: &mut Socket) -> String {
    loop {
        match socket.read().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

fn ask(socket: &mut Socket, frame: &str) -> String {
    say(socket, frame);
    hear(socket)
}

fn transaction_id(answer: &str) -> i64 {
    let frame: serde_json::Value = serde_json::from_str(answer).unwrap();
    frame[2]["transactionId"].as_i64().unwrap_or_else(|| panic!("{answer}"))
}

fn status_of(error: Error) -> u16 {
    match error {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_session_over_the_wire_and_over_a_restart() {
    let folder = TempDir::new("ocpp-session");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let boot = ask(&mut socket, r#"[2,"1","BootNotification",{"chargePointVendor":"ACME","chargePointModel":"M1"}]"#);
    assert!(boot.starts_with(r#"[3,"1",{"currentTime":""#) && boot.contains(r#""interval":300,"status":"Accepted""#), "{boot}");
    assert_eq!(
        ask(&mut socket, r#"[2,"2","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Preparing"}]"#),
        r#"[3,"2",{}]"#
    );
    let started = ask(
        &mut socket,
        r#"[2,"3","StartTransaction",{"connectorId":1,"idTag":"a1b2c3","meterStart":1000,"timestamp":"2026-11-24T09:00:00Z"}]"#,
    );
    assert!(started.contains(r#""idTagInfo":{"status":"Accepted"}"#), "{started}");
    let id = transaction_id(&started);
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let meter = format!(
        r#"[2,"4","MeterValues",{{"connectorId":1,"transactionId":{id},"meterValue":[{{"timestamp":"2026-11-24T09:30:00Z","sampledValue":[{{"value":"4000"}}]}}]}}]"#
    );
    assert_eq!(ask(&mut socket, &meter), r#"[3,"4",{}]"#);
    let stop = format!(
        r#"[2,"5","StopTransaction",{{"transactionId":{id},"meterStop":6000,"timestamp":"2026-11-24T10:00:00Z","reason":"Local"}}]"#
    );
    assert_eq!(ask(&mut socket, &stop), r#"[3,"5",{}]"#);
    let sessions = daemon.api("sessions");
    let session = &sessions["sessions"][0];
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    assert_eq!((session["energy_wh"].as_f64(), session["vehicle_id"].as_str()), (Some(5000.0), Some("AMB-1")));
    assert_eq!((session["method"].as_str(), session["started_at"].as_str()), (Some("meter"), Some("2026-11-24T09:00:00.000Z")));
    assert_ne!(session["id_token_hash"].as_str().unwrap(), "a1b2c3");
    let second = ask(
        &mut socket,
        r#"[2,"6","StartTransaction",{"connectorId":1,"idTag":"a1b2c3","meterStart":6000,"timestamp":"2026-11-24T11:00:00Z"}]"#,
    );
    assert!(transaction_id(&second) > id, "ids are never issued twice");
    daemon.stop();
}

#[test]
fn who_may_connect() {
    let folder = TempDir::new("ocpp-access");
    let mut hash = fleetgauge();
    hash.arg("hash-password").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = hash.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"secret").unwrap();
    let hash = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    register(folder.path(), &format!("charge_point_id,auth\nCP1,\nLOCKED,{}\n", hash.trim()));
    let daemon = Daemon::start(folder.path(), &[]);
    for (path, protocol, want) in [
        ("/ocpp/CP1", Some("ocpp1.6"), Ok(Some("ocpp1.6"))),
        ("/ocpp/cp1", Some("ocpp2.0, OCPP1.6J"), Ok(Some("OCPP1.6J"))),
        ("/ocpp/cp1", Some("ocpp1.6, ocpp2.0.1, ocpp2.1"), Ok(Some("ocpp2.1"))),
        ("//ocpp//CP1/", None, Ok(None)),
        ("/anything/CP%31?token=x", Some("ocpp1.6"), Ok(Some("ocpp1.6"))),
        ("/ocpp/CP2", Some("ocpp1.6"), Err(404)),
        ("/ocpp/", Some("ocpp1.6"), Err(400)),
        ("/ocpp/a%2Fb", Some("ocpp1.6"), Err(400)),
        ("/ocpp/LOCKED", Some("ocpp1.6"), Err(401)),
    ] {
        match (dial(&daemon, path, protocol), want) {
            (Ok((_, agreed)), Ok(want)) => assert_eq!(agreed.as_deref(), want, "{path} {protocol:?}"),
            (Err(error), Err(want)) => assert_eq!(status_of(error), want, "{path} {protocol:?}"),
            (found, _) => panic!("{path} {protocol:?}: {:?}", found.map(|(_, agreed)| agreed)),
        }
    }
    // No version in common: the handshake names none, and goodbye (OCPP-J 1.6 section 4.2).
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    let head = "GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a2V5\r\nSec-WebSocket-Protocol: ocpp2.0\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 101") && !text.contains("Sec-WebSocket-Protocol"), "{text}");
    assert!(text.contains("no OCPP version in common"), "{text}");
    for (login, good) in [
        ("TE9DS0VEOnNlY3JldA==", true),
        ("bG9ja2VkOnNlY3JldA", true),
        ("TE9DS0VEOndyb25n", false),
        ("Q1AxOnNlY3JldA==", false),
        ("!", false),
    ] {
        for _ in 0..2 {
            let mut request = format!("ws://127.0.0.1:{}/ocpp/LOCKED", daemon.ocpp).into_client_request().unwrap();
            request.headers_mut().insert("Authorization", HeaderValue::from_str(&format!("Basic {login}")).unwrap());
            match connect(request) {
                Ok(_) => assert!(good, "{login}"),
                Err(error) => assert!(!good && status_of(error) == 401, "{login}"),
            }
        }
    }
    assert!(!daemon.log().contains("secret") && !daemon.log().contains("TE9DS0VE"), "secrets stay out of the log");
    let open = TempDir::new("ocpp-open");
    let daemon = Daemon::start(open.path(), &[("ocpp.unknown", "accept")]);
    let mut socket = dial(&daemon, "/ocpp/ANY", Some("ocpp1.6")).unwrap().0;
    assert_eq!(ask(&mut socket, r#"[2,"1","Authorize",{"idTag":"FFFF"}]"#), r#"[3,"1",{"idTagInfo":{"status":"Accepted"}}]"#);
}

#[test]
fn odd_frames_get_an_answer_where_there_is_an_id_and_never_end_the_connection() {
    let folder = TempDir::new("ocpp-odd");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let deep = format!(r#"[2,"1","DataTransfer",{}1{}]"#, r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
    let large = format!(r#"[2,"big","DataTransfer",{{"vendorId":"{}"}}]"#, "x".repeat(400_000));
    // Answers; an empty one means that nothing can be answered.
    for (frame, want) in [
        (r#"[2,"1","MakeCoffee",{}]"#, r#"[4,"1","NotImplemented","#),
        (r#"[2,"1","MeterValues",{"connectorId":1,"transactionId":,}]"#, r#"[3,"1",{}]"#),
        (r#"[2,"1","StopTransaction",{"transactionId":,}]"#, r#"[4,"1","FormationViolation","#),
        (r#"[2,"1","Heartbeat",[]]"#, r#"[4,"1","FormationViolation","#),
        (r#"[2,"1"]"#, r#"[4,"1","FormationViolation","#),
        (&large, r#"[4,"big","FormationViolation","#),
        (&deep, r#"[4,"1","FormationViolation","nested too deep"#),
        (r#"[2,17,"StatusNotification",{"connectorId":0,"status":"Occupied","errorCode":"Error"}]"#, "[3,17,{}]"),
        (r#"[2,"n","Heartbeat",null]"#, r#"[3,"n",{"currentTime""#),
        (r#"[2,"1","Authorize",{"idTag":"FFFF"}]"#, r#"[3,"1",{"idTagInfo":{"status":"Invalid"}}]"#),
        (r#"[2,"1","StartTransaction",{}]"#, r#"[3,"1",{"transactionId":"#),
        (r#"[2,"1","StopTransaction",{"transactionId":-1}]"#, r#"[3,"1",{}]"#),
        (r#"[2,"1","MeterValues",{"connectorId":-5,"meterValue":"none"}]"#, r#"[3,"1",{}]"#),
        (r#"[2,"1","SignCertificate",{"csr":"x"}]"#, r#"[3,"1",{"status":"Rejected"}]"#),
        ("", ""),
        ("{}", ""),
        ("[]", ""),
        ("[2", ""),
        (r#"[3,"1",{}]"#, ""),
        (r#"[4,"1"]"#, ""),
        (r#"[6,"1","X",{}]"#, ""),
        ("\u{0}", ""),
    ] {
        say(&mut socket, frame);
        if want.is_empty() {
            // The next answer belongs to the next request.
            let answer = ask(&mut socket, r#"[2,"after","Heartbeat",{}]"#);
            assert!(answer.starts_with(r#"[3,"after""#), "{frame:?} got {answer}");
        } else {
            let answer = hear(&mut socket);
            assert!(answer.starts_with(want), "{} got {answer}", &frame[..frame.len().min(80)]);
        }
    }
    socket.send(Message::binary(br#"[2,"b","Heartbeat",{}]"#.to_vec())).unwrap();
    assert!(hear(&mut socket).starts_with(r#"[3,"b""#), "text marked as binary");
    let rejects = daemon.api("rejects");
    assert!(rejects["counts"].as_array().unwrap().iter().any(|count| count["reason"] == "unknown_action"), "{rejects}");
    assert!(
        rejects["counts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|count| count["reason"] == "syntax" && count["count"].as_u64() >= Some(5)),
        "{rejects}"
    );
}

#[test]
fn the_same_frame_again_is_not_counted_twice() {
    let folder = TempDir::new("ocpp-again");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let start = r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"A1B2C3","meterStart":0}]"#;
    let first = ask(&mut socket, start);
    assert_eq!(ask(&mut socket, start), first);
    assert_eq!(daemon.api("sessions")["sessions"].as_array().unwrap().len(), 1);
}

#[test]
fn the_newest_connection_wins() {
    let folder = TempDir::new("ocpp-newest");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut old = cp1(&daemon);
    ask(&mut old, r#"[2,"1","Heartbeat",{}]"#);
    let mut new = cp1(&daemon);
    ask(&mut new, r#"[2,"1","Heartbeat",{}]"#);
    assert!(matches!(old.read(), Ok(Message::Close(_)) | Err(_)), "the old one is told to go");
    drop(old);
    std::thread::sleep(Duration::from_millis(300));
    let online = |daemon: &Daemon| daemon.api("charge-points")["charge_points"][0]["online"].as_bool();
    assert_eq!(online(&daemon), Some(true), "the end of the old connection does not make the charge point offline");
    drop(new);
    wait_for("offline", || online(&daemon) == Some(false));
}

#[test]
fn half_a_handshake_holds_nobody_up() {
    let folder = TempDir::new("ocpp-half");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let half: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
            stream.write_all(b"GET /ocpp/CP1 HTTP/1.1\r\nHost:").unwrap();
            stream
        })
        .collect();
    let mut socket = cp1(&daemon);
    assert!(ask(&mut socket, r#"[2,"1","Heartbeat",{}]"#).starts_with("[3,"));
    drop(half);
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.ocpp)).unwrap();
    stream.write_all(&[b'x'; 9_000]).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

/// Python with the modules `ocpp` and `websockets`, or why not.
fn foreign_client(test: &str) -> Option<PathBuf> {
    let python = server(test, "python3")?;
    if Command::new(&python).args(["-c", "import ocpp, websockets"]).status().unwrap().success() {
        return Some(python);
    }
    assert!(std::env::var("FLEETGAUGE_REQUIRE_SERVERS").as_deref() != Ok("1"), "Python has no module `ocpp`");
    skipped(test, "Python's modules `ocpp` and `websockets` are not installed");
    None
}

fn runs(python: &PathBuf, script: &str, args: &[&str]) -> String {
    let script = format!("{}/tests/support/{script}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python).arg(script).args(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn a_foreign_client_finds_every_answer_valid() {
    let Some(python) = foreign_client("a_foreign_client_finds_every_answer_valid") else { return };
    let folder = TempDir::new("ocpp-python");
    register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let text = runs(&python, "charge_point.py", &[&format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)]);
    assert_eq!(text.lines().last(), Some("14 actions, every answer valid"), "{text}");
    let session = &daemon.api("sessions")["sessions"][0];
    assert_eq!((session["energy_wh"].as_f64(), session["vehicle_id"].as_str()), (Some(5500.0), Some("AMB-1")));
    let point = &daemon.api("charge-points")["charge_points"][0];
    assert_eq!(
        (point["requests_checked"].as_u64(), point["conformant_ratio"].as_f64()),
        (Some(13), Some(1.0)),
        "all but Authorize: {point}"
    );
}

#[test]
fn a_foreign_charging_station_finds_every_answer_valid() {
    let Some(python) = foreign_client("a_foreign_charging_station_finds_every_answer_valid") else { return };
    for (version, actions) in [("2.0.1", 25), ("2.1", 37)] {
        let folder = TempDir::new("ocpp-python-2");
        register(folder.path(), CP1);
        let daemon = Daemon::start(folder.path(), &[]);
        let text = runs(&python, "charging_station.py", &[version, &format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)]);
        let said = format!("OCPP {version}: a session, and {actions} actions, every answer valid");
        assert_eq!(text.lines().last(), Some(said.as_str()), "{text}");
        let sessions = daemon.api("sessions");
        let sessions = sessions["sessions"].as_array().unwrap();
        let session = sessions.iter().find(|session| session["transaction_id"] == "tx-1").unwrap();
        assert_eq!((session["energy_wh"].as_f64(), session["vehicle_id"].as_str()), (Some(3400.0), Some("AMB-1")));
        assert_eq!((session["method"].as_str(), session["charging_s"].as_i64()), (Some("meter"), Some(1700)), "{session}");
        assert_eq!(session["quality"], serde_json::json!([]), "{session}");
        let point = &daemon.api("charge-points")["charge_points"][0];
        assert_eq!(point["ocpp_version"], version);
        assert_eq!(point["conformant_ratio"].as_f64(), Some(1.0), "{version}: {point}");
    }
}
