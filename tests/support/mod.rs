//! What integration tests share: free ports, temporary folders, child processes that die with the test, and servers that may be missing.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and waits on the real clock")]

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A port of loopback that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A folder that is removed with the value.
pub struct TempDir(PathBuf);

impl TempDir {
    /// A new empty one.
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!("fleetgauge-{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
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
        Self(command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}")))
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
    let found = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).map(|dir| dir.join(program)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var("FLEETGAUGE_REQUIRE_SERVERS").as_deref() != Ok("1"), "{test}: `{program}` is required and not on PATH");
        skipped(test, &format!("`{program}` is not on PATH"));
    }
    found
}

/// Says past the test harness's capture that a test is skipped.
pub fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "test {test} ... skipped: {why}");
}

/// Waits until `condition` holds; panics with `what` after 20 seconds.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "timed out waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until something listens on a loopback port.
pub fn wait_for_port(port: u16) {
    wait_for(&format!("port {port}"), || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
}
