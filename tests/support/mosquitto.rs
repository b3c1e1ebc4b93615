//! A Mosquitto for one test: killed, restarted and emptied as the test needs it, with its publisher and subscriber.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use crate::support::{
    Process, TempDir, free_port, server, signal, telemetry, topic, wait_for, wait_for_port,
};

/// A broker without passwords, with persistence.
pub struct Mosquitto {
    program: PathBuf,
    publisher: PathBuf,
    subscriber: PathBuf,
    folder: TempDir,
    process: Option<Process>,
    /// Its port.
    pub port: u16,
}

impl Mosquitto {
    /// Starts one; `None` if a program is missing and the test is skipped.
    pub fn start(test: &str) -> Option<Self> {
        let mut broker = Self {
            program: server(test, "mosquitto")?,
            publisher: server(test, "mosquitto_pub")?,
            subscriber: server(test, "mosquitto_sub")?,
            folder: TempDir::new("mosquitto"),
            process: None,
            port: free_port(),
        };
        let mut config = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\npersistence true\npersistence_location {}/\n",
            broker.port,
            broker.folder.path().display()
        );
        // Without it, Mosquitto run by root becomes another user, who may not write into the folder.
        if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
            config.push_str("user root\n");
        }
        std::fs::write(broker.folder.path().join("mosquitto.conf"), config).unwrap();
        broker.start_again();
        Some(broker)
    }

    /// Starts it once more.
    pub fn start_again(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let mut command = Command::new(&self.program);
        command
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stderr(log)
            .stdout(Stdio::null());
        self.process = Some(Process::start(&mut command));
        wait_for_port(self.port);
    }

    /// SIGKILL: what it has not saved is lost.
    pub fn kill(&mut self) {
        drop(self.process.take());
    }

    /// Makes it save its sessions and retained messages.
    pub fn save(&self) {
        let _ = std::fs::remove_file(self.database());
        signal(self.process.as_ref().unwrap().0.id(), "USR1");
        wait_for("the broker's database", || self.database().exists());
    }

    /// Removes what it saved.
    pub fn forget(&self) {
        let _ = std::fs::remove_file(self.database());
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("mosquitto.db")
    }

    /// Publishes with QoS 1.
    pub fn publish(&self, topic: &str, payload: &str) {
        self.publish_with(topic, payload, &[]);
    }

    /// The same with further arguments of mosquitto_pub.
    pub fn publish_with(&self, topic: &str, payload: &str, extra: &[&str]) {
        let mut command = Command::new(&self.publisher);
        command
            .args(["-p", &self.port.to_string(), "-q", "1", "-t", topic])
            .args(extra);
        let payload = if payload.is_empty() {
            vec!["-n"]
        } else {
            vec!["-m", payload]
        };
        assert!(command.args(payload).status().unwrap().success());
    }

    /// Publishes every line.
    pub fn publish_lines(&self, topic: &str, lines: &str) {
        let mut command = Command::new(&self.publisher);
        command
            .args(["-p", &self.port.to_string(), "-q", "1", "-t", topic, "-l"])
            .stdin(Stdio::piped());
        let mut publisher = Process::start(&mut command);
        publisher
            .0
            .stdin
            .take()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
        assert!(publisher.0.wait().unwrap().success());
    }

    /// A vehicle's odometer, as a native message.
    pub fn drive(&self, id: &str, km: f64) {
        self.publish(&topic(id), &telemetry(km));
    }

    /// Retained messages by topic. Takes a second.
    pub fn retained(&self, filter: &str) -> BTreeMap<String, String> {
        let mut command = Command::new(&self.subscriber);
        command.args([
            "-p",
            &self.port.to_string(),
            "-q",
            "1",
            "-t",
            filter,
            "--retained-only",
            "-W",
            "1",
            "-F",
            "%t %p",
        ]);
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let pair = |line: &str| {
            line.split_once(' ')
                .map(|(topic, payload)| (topic.to_owned(), payload.to_owned()))
        };
        text.lines().filter_map(pair).collect()
    }

    /// Messages from now on, `<retained> <qos> <topic> <payload>` each, without those stored before.
    pub fn listen(&self, filter: &str) -> Listener {
        let mut command = Command::new(&self.subscriber);
        command
            .args([
                "-p",
                &self.port.to_string(),
                "-q",
                "1",
                "-t",
                filter,
                "-R",
                "-F",
                "%r %q %t %p",
            ])
            .stdout(Stdio::piped());
        let mut process = Process::start(&mut command);
        let output = BufReader::new(process.0.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Listener {
            _process: process,
            lines,
        }
    }
}

/// A running mosquitto_sub.
pub struct Listener {
    _process: Process,
    lines: Receiver<String>,
}

impl Listener {
    /// Messages since the last call.
    pub fn messages(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

/// Writes a configuration with one broker.
pub fn configure(folder: &Path, port: u16, rest: &str) {
    let text = format!(
        "[[broker]]\nname = \"depot\"\nhost = \"127.0.0.1\"\nport = {port}\nclient_id = \"fleetgauge-test\"\n{rest}"
    );
    std::fs::write(folder.join("fleetgauge.toml"), text).unwrap();
}
