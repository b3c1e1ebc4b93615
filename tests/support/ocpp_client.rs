//! A raw OCPP client, for frames that a library would not send, and the start of clients in Python.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, connect, http::HeaderValue};

use crate::support::{Daemon, server, skipped};

pub type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// Writes a configuration with a register of these charge points and one vehicle.
pub fn write_register(folder: &Path, charge_points: &str) {
    let register = folder.join("register");
    std::fs::create_dir_all(&register).unwrap();
    std::fs::write(register.join("charge_points.csv"), charge_points).unwrap();
    std::fs::write(
        register.join("vehicles.csv"),
        "vehicle_id,category,fuel,id_tags\nAMB-1,van,ELECTRICITY,A1B2C3\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("fleetgauge.toml"),
        "[register]\ndirectory = \"register\"\n",
    )
    .unwrap();
}

/// A register with one charge point.
pub const CP1: &str = "charge_point_id,connectors,max_power_kw\nCP1,2,22\n";

pub fn dial(
    daemon: &Daemon,
    path: &str,
    protocol: Option<&str>,
) -> Result<(Socket, Option<String>), Error> {
    let mut request = format!("ws://127.0.0.1:{}{path}", daemon.ocpp)
        .into_client_request()
        .unwrap();
    if let Some(protocol) = protocol {
        request.headers_mut().insert(
            "Sec-WebSocket-Protocol",
            HeaderValue::from_str(protocol).unwrap(),
        );
    }
    let (socket, response) = connect(request)?;
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
    }
    let agreed = response
        .headers()
        .get("Sec-WebSocket-Protocol")
        .map(|value| value.to_str().unwrap().to_owned());
    Ok((socket, agreed))
}

pub fn cp1(daemon: &Daemon) -> Socket {
    dial(daemon, "/ocpp/CP1", Some("ocpp1.6")).unwrap().0
}

pub fn send(socket: &mut Socket, frame: &str) {
    socket.send(Message::text(frame)).unwrap();
}

pub fn receive(socket: &mut Socket) -> String {
    loop {
        match socket.read().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

/// Sends a request and returns the next frame.
pub fn request(socket: &mut Socket, frame: &str) -> String {
    send(socket, frame);
    receive(socket)
}

pub fn transaction_id(answer: &str) -> i64 {
    let frame: serde_json::Value = serde_json::from_str(answer).unwrap();
    frame[2]["transactionId"]
        .as_i64()
        .unwrap_or_else(|| panic!("{answer}"))
}

pub fn status_of(error: Error) -> u16 {
    match error {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("{other}"),
    }
}

/// Python with the modules `ocpp` and `websockets`; `None` if it is not installed and the test is to be skipped.
pub fn foreign_client(test: &str) -> Option<PathBuf> {
    let python = server(test, "python3")?;
    if Command::new(&python)
        .args(["-c", "import ocpp, websockets"])
        .status()
        .unwrap()
        .success()
    {
        return Some(python);
    }
    assert!(
        std::env::var("FLEETGAUGE_REQUIRE_SERVERS").as_deref() != Ok("1"),
        "Python has no module `ocpp`"
    );
    skipped(
        test,
        "Python's modules `ocpp` and `websockets` are not installed",
    );
    None
}

pub fn run_python(python: &PathBuf, script: &str, args: &[&str]) -> String {
    let script = format!("{}/tests/support/{script}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python)
        .arg(script)
        .args(args)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
