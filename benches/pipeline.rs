//! The whole daemon over real sockets: processor time per million messages, answers per processor second, memory.
//!
//! `cargo bench` for the full run, `cargo bench -- --quick` for a short one. Processor time is the daemon's own (user and system, from
//! `/proc`), so that a busy machine does not change it much; rates are wall time, with the load generator on the same machine.

#![allow(
    unreachable_pub,
    reason = "helpers of a binary are public to its modules alone"
)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, and needs the real clock"
)]

mod charging;
mod load;
#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use load::{Packets, connect, masked, register, sink};
use support::{Daemon, Process, TempDir, free_port, server, wait_for, wait_for_port};

const VEHICLES: usize = 800;
const CHARGE_POINTS: usize = 1_000;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    // `cargo test --benches` runs this too; there it only has to start.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!("{}", machine());
    println!("{:<58}{:>26}   peers (measured elsewhere)", "what", "here");
    let scale = if quick { 10 } else { 1 };
    // `-- NAME` runs one part.
    let only = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let part = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if part("idle") {
        idle_memory();
    }
    if part("listener") {
        listener(2_000_000 / scale);
    }
    if part("mosquitto") {
        mosquitto(1_000_000 / scale);
    }
    if part("ocpp") {
        charging::ocpp(50, 400_000 / scale);
        charging::ocpp(1_000, 200_000 / scale);
    }
    if part("tap") {
        charging::tap(if quick { 3 } else { 20 });
    }
    if part("storm") {
        charging::storm(10_000 / scale);
    }
    if part("connections") {
        idle_connections(if quick { 1_000 } else { 10_000 });
    }
}

pub(crate) fn row(what: &str, here: &str, peers: &str) {
    println!("{what:<58}{here:>26}   {peers}");
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")?
                .split(": ")
                .nth(1)
                .map(str::to_owned)
        })
        .unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, |n| n.get());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{cores} cores of {model}; load before: {}",
        load.split(' ').next().unwrap_or_default()
    )
}

/// Processor seconds of a process so far.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    // utime and stime, in ticks of 10 ms on every Linux that matters here.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Resident memory in KiB.
pub(crate) fn rss_kib(process: u32) -> f64 {
    status_kib(process, "VmRSS:")
}

fn status_kib(process: u32, key: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

pub(crate) fn daemon(folder: &Path, extra: &str) -> Daemon {
    register(folder);
    let sink = sink();
    // With an operator, charge points that nobody registered are led to it.
    let unknown = if extra.contains("[tap]") {
        "tap"
    } else {
        "accept"
    };
    let config = format!(
        "[register]\ndirectory = \"register\"\n[influx]\nurl = \"http://127.0.0.1:{sink}\"\norg = \"o\"\nbucket = \"b\"\n[ocpp]\nunknown = \"{unknown}\"\n{extra}"
    );
    std::fs::write(folder.join("fleetgauge.toml"), config).unwrap();
    Daemon::start(folder, &[("log.level", "warn")])
}

fn idle_memory() {
    let folder = TempDir::new("bench-idle");
    let started = Instant::now();
    let daemon = daemon(folder.path(), "");
    let ready_ms = started.elapsed().as_millis();
    std::thread::sleep(Duration::from_secs(2));
    let what =
        format!("memory idle, {VEHICLES} vehicles and {CHARGE_POINTS} charge points registered");
    row(
        &what,
        &format!("{:.1} MiB", rss_kib(daemon.id()) / 1024.0),
        "Node-RED 185-374 MB",
    );
    // The kernel maps what it has of the program file around every page that is used, and takes it back when memory is short.
    row(
        "  of it data, not pages of the program file",
        &format!("{:.1} MiB", status_kib(daemon.id(), "RssAnon:") / 1024.0),
        "",
    );
    row("start to ready, empty store", &format!("{ready_ms} ms"), "");
}

fn listener(messages: usize) {
    const CONNECTIONS: usize = 8;
    const WINDOW: usize = 1_000;
    let folder = TempDir::new("bench-listener");
    let daemon = daemon(folder.path(), "");
    let before = cpu_seconds(daemon.id());
    let started = Instant::now();
    let share = messages / CONNECTIONS;
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|n| {
            let mut stream = connect(daemon.mqtt, &format!("bench{n}"));
            std::thread::spawn(move || {
                // A hundred vehicles per connection.
                let mut vehicles: Vec<Packets> = (0..VEHICLES / CONNECTIONS)
                    .map(|v| Packets::new(n * VEHICLES / CONNECTIONS + v, 1))
                    .collect();
                let (mut sent, mut acknowledged, mut out, mut acks, mut id) =
                    (0, 0, Vec::new(), vec![0; 16_384], 0u16);
                let mut odd = 0;
                while acknowledged < share {
                    while sent < share && sent - acknowledged < WINDOW {
                        let packets = &mut vehicles[sent % (VEHICLES / CONNECTIONS)];
                        // One counter of packet ids for the connection.
                        packets.id = id;
                        packets.next(&mut out);
                        id = packets.id;
                        sent += 1;
                    }
                    stream.write_all(&out).unwrap();
                    out.clear();
                    let n = stream.read(&mut acks).unwrap();
                    assert!(n > 0, "the daemon closed the connection");
                    odd += n;
                    acknowledged += odd / 4;
                    odd %= 4;
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    let cpu = cpu_seconds(daemon.id()) - before;
    let sent = (share * CONNECTIONS) as f64;
    row(
        "listener, QoS 1, PUBACK after commit: messages a second",
        &format!("{:.0}", sent / seconds),
        "",
    );
    row(
        "  processor seconds per million",
        &format!("{:.2}", cpu / sent * 1e6),
        "Mosquitto alone 34-37, memory only",
    );
    row(
        "  memory after it",
        &format!("{:.1} MiB", rss_kib(daemon.id()) / 1024.0),
        "",
    );
    let written: f64 = [
        "fleetgauge_inbox_bytes_total",
        "fleetgauge_outbox_bytes_total",
    ]
    .iter()
    .map(|name| daemon.metric(name))
    .sum();
    row(
        "  bytes for the disk per message (inbox + outbox)",
        &format!("{:.1}", written / sent),
        "",
    );
    row(
        "  checkpoints made meanwhile",
        &format!("{:.0}", daemon.metric("fleetgauge_checkpoints_total")),
        "",
    );
    assert_eq!(
        daemon.metric("fleetgauge_messages_accepted_total{source=\"mqtt\"}"),
        sent,
        "every acknowledged message is booked"
    );
}

fn mosquitto(messages: usize) {
    let Some(program) = server("bench mosquitto", "mosquitto") else {
        return;
    };
    let folder = TempDir::new("bench-broker");
    let port = free_port();
    let config = folder.path().join("mosquitto.conf");
    std::fs::write(
        &config,
        format!("listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 1000000\nmax_inflight_messages 1000\n"),
    )
    .unwrap();
    let _broker = Process::start(
        Command::new(program)
            .arg("-c")
            .arg(config)
            .stderr(Stdio::null())
            .stdout(Stdio::null()),
    );
    wait_for_port(port);
    let daemon = daemon(
        folder.path(),
        &format!(
            "[[broker]]\nhost = \"127.0.0.1\"\nport = {port}\nqos = 0\ntopics = [\"fleet/#\"]\n"
        ),
    );
    wait_for("the broker", || {
        daemon.metric("fleetgauge_brokers_connected") == 1.0
    });
    std::thread::sleep(Duration::from_millis(300));
    let before = cpu_seconds(daemon.id());
    let started = Instant::now();
    let mut stream = connect(port, "bench");
    let mut vehicles: Vec<Packets> = (0..VEHICLES).map(|v| Packets::new(v, 0)).collect();
    let mut out = Vec::new();
    // 50,000 a second, in slices of 10 ms.
    for (slice, numbers) in (0..messages).collect::<Vec<_>>().chunks(500).enumerate() {
        numbers
            .iter()
            .for_each(|n| vehicles[n % VEHICLES].next(&mut out));
        stream.write_all(&out).unwrap();
        out.clear();
        let due = Duration::from_millis(10) * (slice as u32 + 1);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
    }
    let sent_in = started.elapsed().as_secs_f64();
    let received = || daemon.metric("fleetgauge_messages_received_total{source=\"mqtt\"}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while received() < messages as f64 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    let cpu = cpu_seconds(daemon.id()) - before;
    row(
        "through Mosquitto, QoS 0, commit and InfluxDB write: offered",
        &format!("{:.0}/s", messages as f64 / sent_in),
        "",
    );
    row(
        "  processor seconds per million",
        &format!("{:.2}", cpu / received() * 1e6),
        "Node-RED 41, Python 64-567, mosquitto_sub 7-8",
    );
    row(
        "  lost",
        &format!("{:.0} of {messages}", messages as f64 - received()),
        "",
    );
}

fn idle_connections(wanted: usize) {
    for (kind, peers) in [("OCPP", "Node 31 KB, Python 20 KB"), ("MQTT", "")] {
        let folder = TempDir::new("bench-connections");
        let daemon = daemon(folder.path(), "");
        let port = if kind == "OCPP" {
            daemon.ocpp
        } else {
            daemon.mqtt
        };
        std::thread::sleep(Duration::from_secs(1));
        let before = rss_kib(daemon.id());
        let open = |n| {
            if kind == "OCPP" {
                charge_point(port, n)
            } else {
                connect(port, &format!("idle{n:05}"))
            }
        };
        let held: Vec<TcpStream> = (0..wanted).map(open).collect();
        std::thread::sleep(Duration::from_secs(2));
        let each = (rss_kib(daemon.id()) - before) / held.len() as f64;
        row(
            &format!("{} idle {kind} connections: memory each", held.len()),
            &format!("{each:.1} KiB"),
            peers,
        );
    }
}

/// A charge point that has said one thing and is silent since.
fn charge_point(port: u16, n: usize) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "GET /ocpp/IDLE{n:05} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    stream
        .write_all(&masked(br#"[2,"1","Heartbeat",{}]"#))
        .unwrap();
    stream
}
