//! A page in headless Chromium, driven over its DevTools protocol.

#![allow(dead_code, reason = "each test uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Message, WebSocket, connect};

use crate::support::{Process, TempDir, http};

/// Starts Chromium, which names the port of its DevTools on standard error.
fn start_chromium(chromium: &Path, profile: &Path) -> (Process, u16) {
    let mut command = Command::new(chromium);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--remote-debugging-port=0",
    ]);
    command
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank");
    let mut process = Process::start(command.stderr(Stdio::piped()).stdout(Stdio::null()));
    let mut lines = BufReader::new(process.0.stderr.take().unwrap()).lines();
    let line = lines
        .find_map(|line| {
            line.ok()
                .filter(|line| line.contains("DevTools listening on"))
        })
        .unwrap();
    let address = line.split("127.0.0.1:").nth(1).unwrap();
    let port = address.split('/').next().unwrap().parse().unwrap();
    // Chromium blocks when its log is no longer read.
    std::thread::spawn(move || lines.for_each(drop));
    (process, port)
}

/// The DevTools connection of the one page.
fn connect_to_page(port: u16) -> WebSocket<MaybeTlsStream<TcpStream>> {
    let (_, list) = http(
        port,
        &format!("GET /json/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"),
    );
    let list: Value = serde_json::from_str(&list).unwrap();
    let page = list
        .as_array()
        .unwrap()
        .iter()
        .find(|target| target["type"] == "page")
        .unwrap();
    let (socket, _) = connect(page["webSocketDebuggerUrl"].as_str().unwrap()).unwrap();
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
    }
    socket
}

/// An open browser with one page.
pub struct Browser {
    _process: Process,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    next: u64,
    /// Exceptions and console errors.
    pub errors: Vec<String>,
    /// Addresses it has requested.
    pub requests: Vec<String>,
    profile: TempDir,
}

impl Browser {
    /// Starts Chromium with a profile of its own and connects to its page.
    pub fn open(chromium: &Path) -> Self {
        let profile = TempDir::new("browser");
        let (process, port) = start_chromium(chromium, profile.path());
        let mut browser = Self {
            _process: process,
            socket: connect_to_page(port),
            next: 0,
            errors: Vec::new(),
            requests: Vec::new(),
            profile,
        };
        for domain in [
            "Page.enable",
            "Runtime.enable",
            "Log.enable",
            "Network.enable",
        ] {
            browser.call(domain, json!({}));
        }
        browser.call(
            "Browser.setDownloadBehavior",
            json!({ "behavior": "allow", "downloadPath": browser.downloads() }),
        );
        browser
    }

    /// The folder of files that the page offers for download.
    pub fn downloads(&self) -> String {
        self.profile.path().join("downloads").display().to_string()
    }

    /// One command of the protocol.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.request(method, parameters)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// One command of the protocol, which may be refused.
    fn request(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        self.next += 1;
        let request = json!({ "id": self.next, "method": method, "params": parameters });
        self.socket
            .send(Message::text(request.to_string()))
            .unwrap();
        loop {
            let message = self.socket.read().unwrap();
            let Ok(event) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default())
            else {
                continue;
            };
            if event["id"] == self.next {
                return if event["error"].is_null() {
                    Ok(event["result"].clone())
                } else {
                    Err(event["error"].clone())
                };
            }
            let what = &event["params"];
            match event["method"].as_str() {
                Some("Runtime.exceptionThrown") => self.errors.push(what.to_string()),
                Some("Runtime.consoleAPICalled") if what["type"] == "error" => {
                    self.errors.push(what.to_string())
                }
                Some("Log.entryAdded") if what["entry"]["level"] == "error" => {
                    self.errors.push(what.to_string())
                }
                Some("Network.requestWillBeSent") => self
                    .requests
                    .push(what["request"]["url"].as_str().unwrap().to_owned()),
                _ => {}
            }
        }
    }

    /// Goes to an address.
    pub fn go(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
    }

    /// The value of an expression; promises are awaited.
    ///
    /// It may meet a page on its way from one address to the next, with half a document or none: what throws is
    /// tried again for a while. An expression that does something must throw before it does it.
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let patience = Instant::now() + Duration::from_secs(10);
        loop {
            let refusal = match self.request("Runtime.evaluate", parameters.clone()) {
                Ok(answer) if answer["exceptionDetails"].is_null() => {
                    return answer["result"]["value"].clone();
                }
                Ok(answer) => answer["exceptionDetails"].clone(),
                Err(error) => error,
            };
            assert!(Instant::now() < patience, "{expression}: {refusal}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The same where it is a text.
    pub fn text(&mut self, expression: &str) -> String {
        self.value(expression)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The text of an element, empty if it is not there.
    pub fn shown(&mut self, selector: &str) -> String {
        self.text(&format!(
            "(document.querySelector({selector:?}) || {{}}).innerText || ''"
        ))
    }

    /// The window's size, and whether the reader prefers dark.
    pub fn look(&mut self, width: u32, height: u32, dark: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// The whole page as a PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let shot = self.call(
            "Page.captureScreenshot",
            json!({ "format": "png", "captureBeyondViewport": true }),
        );
        data_encoding::BASE64
            .decode(shot["data"].as_str().unwrap().as_bytes())
            .unwrap()
    }
}
