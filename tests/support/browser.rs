//! A page in headless Chromium, driven over its DevTools protocol.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::support::{Process, TempDir, http};

/// A page in headless Chromium, driven over its DevTools protocol.
pub struct Browser {
    _process: Process,
    socket: tokio_tungstenite::tungstenite::WebSocket<tokio_tungstenite::tungstenite::stream::MaybeTlsStream<TcpStream>>,
    next: u64,
    /// Exceptions, console errors, and requests.
    pub errors: Vec<String>,
    pub requests: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    pub fn open(chromium: &std::path::Path) -> Self {
        let profile = TempDir::new("web-browser");
        let mut command = Command::new(chromium);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"]);
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        let mut process = Process::start(command.stderr(Stdio::piped()).stdout(Stdio::null()));
        let mut lines = BufReader::new(process.0.stderr.take().unwrap()).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.contains("DevTools listening on"))).unwrap();
        let port: u16 = line.split("127.0.0.1:").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
        // Its log must go on being read, or it blocks.
        std::thread::spawn(move || lines.for_each(drop));
        let (_, list) = http(port, &format!("GET /json/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"));
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let page = list.as_array().unwrap().iter().find(|target| target["type"] == "page").unwrap();
        let (socket, _) = tokio_tungstenite::tungstenite::connect(page["webSocketDebuggerUrl"].as_str().unwrap()).unwrap();
        if let tokio_tungstenite::tungstenite::stream::MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        }
        let mut browser =
            Self { _process: process, socket, next: 0, errors: Vec::new(), requests: Vec::new(), _profile: profile };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            browser.call(domain, serde_json::json!({}));
        }
        browser
    }

    pub fn call(&mut self, method: &str, parameters: serde_json::Value) -> serde_json::Value {
        self.next += 1;
        let request = serde_json::json!({ "id": self.next, "method": method, "params": parameters });
        self.socket.send(tokio_tungstenite::tungstenite::Message::text(request.to_string())).unwrap();
        loop {
            let message = self.socket.read().unwrap();
            let Ok(event) = serde_json::from_str::<serde_json::Value>(message.to_text().unwrap_or_default()) else { continue };
            if event["id"] == self.next {
                return event["result"].clone();
            }
            match event["method"].as_str() {
                Some("Runtime.exceptionThrown") => self.errors.push(event["params"].to_string()),
                Some("Log.entryAdded") if event["params"]["entry"]["level"] == "error" => {
                    self.errors.push(event["params"].to_string())
                }
                Some("Network.requestWillBeSent") => {
                    self.requests.push(event["params"]["request"]["url"].as_str().unwrap().to_owned())
                }
                _ => {}
            }
        }
    }

    pub fn text(&mut self, expression: &str) -> String {
        let answer = self.call("Runtime.evaluate", serde_json::json!({ "expression": expression, "returnByValue": true }));
        answer["result"]["value"].as_str().unwrap_or_default().to_owned()
    }
}
