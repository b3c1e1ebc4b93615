//! What integration tests share: free ports, temporary folders, child processes that die with the test, and servers that may be missing.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

pub mod alert_book;
pub mod browser;
pub mod carbon_intensity_api;
pub mod charging_book;
pub mod clock;
pub mod dashboard_queries;
pub mod demo_rows;
pub mod fuel_card_files;
pub mod influx_write_stub;
pub mod invented_rows;
pub mod memory_store;
pub mod mosquitto;
pub mod mqtt_publish;
pub mod notification_receivers;
pub mod ocpp_client;
pub mod recorded_frames;
pub mod scripted_charge_point;
pub mod simulated_rows;
pub mod tls;
pub mod uptime_book;
pub mod victoria_metrics_rows;
pub mod web_client;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A port of loopback that is free, and that nobody else gets: below the range from which the system gives ports to outgoing connections
/// (32,768 on Linux), from another place for every test process, and never the same twice.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let offset = std::process::id().wrapping_mul(97) + TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + (offset % 22_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// A folder that is removed with the value.
pub struct TempDir(PathBuf);

impl TempDir {
    /// A new empty one.
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!(
            "fleetgauge-{name}-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(unique);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A child process that is killed with the value.
pub struct Process(pub Child);

impl Process {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        Self(
            command
                .spawn()
                .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}")),
        )
    }
}

impl Process {
    /// SIGTERM, and waits for the end.
    pub fn end(mut self) {
        signal(self.0.id(), "TERM");
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The daemon's own binary.
pub fn fleetgauge() -> Command {
    Command::new(env!("CARGO_BIN_EXE_fleetgauge"))
}

/// A program on PATH, or `None` after saying by name that the test is skipped. With `FLEETGAUGE_REQUIRE_SERVERS=1` a missing one fails.
pub fn server(test: &str, program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian puts mosquitto and other daemons into sbin, which is not on every user's PATH.
    let found = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|dir| dir.join(program))
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(
            std::env::var("FLEETGAUGE_REQUIRE_SERVERS").as_deref() != Ok("1"),
            "{test}: `{program}` is required and not on PATH"
        );
        skipped(test, &format!("`{program}` is not on PATH"));
    }
    found
}

/// Says past the test harness's capture that a test is skipped.
pub fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "test {test} ... skipped: {why}");
}

/// Waits until `condition` holds; panics with `what` after 30 seconds.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "timed out waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until something listens on a loopback port.
pub fn wait_for_port(port: u16) {
    wait_for(&format!("port {port}"), || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    });
}

/// A daemon of our own binary on free ports, in its own folder.
pub struct Daemon {
    process: Process,
    /// Port of the listener.
    pub mqtt: u16,
    /// Port of the central system.
    pub ocpp: u16,
    /// Port of the page.
    pub web: u16,
    log: PathBuf,
}

impl Daemon {
    /// Starts `fleetgauge run` with its store in `folder` and waits until it is ready. `settings` are `section.key` and value.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_on(folder, (free_port(), free_port(), free_port()), settings)
    }

    /// The same on given ports (listener, central system, page).
    pub fn start_on(
        folder: &Path,
        (mqtt, ocpp, web): (u16, u16, u16),
        settings: &[(&str, &str)],
    ) -> Self {
        let log = folder.join("daemon.log");
        let output = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let mut command = fleetgauge();
        command
            .arg("run")
            .current_dir(folder)
            .stderr(output)
            .stdout(std::process::Stdio::null());
        if folder.join("fleetgauge.toml").exists() {
            command.args(["--config", "fleetgauge.toml"]);
        }
        for (key, value) in [
            ("listener.listen", mqtt),
            ("ocpp.listen", ocpp),
            ("web.listen", web),
        ] {
            command.env(variable(key), format!("127.0.0.1:{value}"));
        }
        for (key, value) in settings {
            command.env(variable(key), value);
        }
        let mut daemon = Self {
            process: Process::start(&mut command),
            mqtt,
            ocpp,
            web,
            log,
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, web)).is_err() {
            let ended = daemon.process.0.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the daemon does not start ({ended:?}):\n{}",
                daemon.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        daemon
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// SIGTERM; panics unless it ends with code 0 within 15 seconds.
    pub fn stop(mut self) {
        signal(self.id(), "TERM");
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            if let Some(status) = self.process.0.try_wait().unwrap() {
                assert!(
                    status.success(),
                    "the daemon ended with {status}:\n{}",
                    self.log()
                );
                return;
            }
            assert!(
                Instant::now() < deadline,
                "the daemon does not stop:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// GET; status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        http(
            self.web,
            &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        )
    }

    /// JSON of `/api/v1/<path>`.
    pub fn api(&self, path: &str) -> serde_json::Value {
        let (status, body) = self.get(&format!("/api/v1/{path}"));
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Value of a line of `/metrics`, by its name with labels.
    pub fn metric(&self, name: &str) -> f64 {
        let (_, text) = self.get("/metrics");
        let line = text.lines().find_map(|line| {
            line.strip_prefix(name)?
                .strip_prefix(' ')
                .map(str::to_owned)
        });
        line.map_or(0.0, |value| value.parse().unwrap())
    }
}

fn variable(key: &str) -> String {
    format!("FLEETGAUGE__{}", key.to_uppercase().replace('.', "__"))
}

/// Sends a signal to a process we started.
pub fn signal(process: u32, name: &str) {
    assert!(
        Command::new("kill")
            .args([format!("-{name}"), process.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// One HTTP/1.1 request as text; status and body.
pub fn http(port: u16, request: &str) -> (u16, String) {
    use std::io::Read;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 65_536];
    while !is_whole(&answer) {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(count) => answer.extend_from_slice(&chunk[..count]),
        }
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    let chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    (
        status,
        if chunked {
            unchunk(body)
        } else {
            body.to_owned()
        },
    )
}

/// The announced length is there; some servers keep the connection open all the same.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| {
        line.strip_prefix("content-length:")?
            .trim()
            .parse::<usize>()
            .ok()
    });
    length.is_some_and(|length| answer.len() >= head + 4 + length)
}

fn unchunk(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        text.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    text
}

/// A native payload.
pub fn telemetry(odometer_km: f64) -> String {
    format!("{{\"odometer\":{odometer_km}}}")
}

/// A vehicle's odometer as the API tells it.
pub fn odometer(daemon: &Daemon, id: &str) -> Option<f64> {
    let vehicles = daemon.api("vehicles");
    vehicles["vehicles"]
        .as_array()
        .unwrap()
        .iter()
        .find(|vehicle| vehicle["vehicle_id"] == id)?["odometer_km"]
        .as_f64()
}

/// A vehicle's native topic.
pub fn topic(id: &str) -> String {
    format!("fleet/vehicles/{id}/telemetry")
}
