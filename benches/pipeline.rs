//! The whole daemon over real sockets: processor time per million messages, answers per processor second, memory.
//!
//! `cargo bench` for the full run, `cargo bench -- --quick` for a short one. Processor time is the daemon's own (user and system, from
//! `/proc`), so that a busy machine does not change it much; rates are wall time, with the load generator on the same machine.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark fails by panicking, and needs the real clock")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use support::{Daemon, Process, TempDir, free_port, server, wait_for, wait_for_port};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

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
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
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
        ocpp(50, 400_000 / scale);
        ocpp(1_000, 200_000 / scale);
    }
    if part("connections") {
        idle_connections(if quick { 1_000 } else { 10_000 });
    }
}

fn row(what: &str, here: &str, peers: &str) {
    println!("{what:<58}{here:>26}   {peers}");
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1).map(str::to_owned)).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, |n| n.get());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("{cores} cores of {model}; load before: {}", load.split(' ').next().unwrap_or_default())
}

/// Processor seconds of a process so far.
fn cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // utime and stime, in ticks of 10 ms on every Linux that matters here.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Resident memory in KiB.
fn rss_kib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Takes every write, like a database that is never the bottleneck.
fn sink() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut buffer = Vec::new();
                let mut chunk = vec![0; 65_536];
                loop {
                    while let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
                        let length: usize =
                            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
                        if buffer.len() < end + 4 + length {
                            break;
                        }
                        buffer.drain(..end + 4 + length);
                        if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_err() {
                            return;
                        }
                    }
                    match stream.read(&mut chunk) {
                        Ok(0) | Err(_) => return,
                        Ok(n) => buffer.extend_from_slice(&chunk[..n]),
                    }
                }
            });
        }
    });
    port
}

fn register(folder: &Path) {
    let register = folder.join("register");
    std::fs::create_dir_all(&register).unwrap();
    let mut vehicles =
        "vehicle_id,organisation,site,role,category,fuel,euro,engine_cc,mass_kg,co2_g_per_km,first_registered,id_tags\n"
            .to_owned();
    for n in 0..VEHICLES {
        let fuel = if n % 4 == 0 { "ELECTRICITY,,,3500,0" } else { "DIESEL,EURO 6 AG,2143,3500,250" };
        let _ = writeln!(vehicles, "AMB-{n:04},EMAS,S{},emergency,van,{fuel},2022-03,TAG{n:04}", n % 70);
    }
    let sites: String = (0..70).map(|n| format!("S{n},EMAS\n")).collect();
    let points: String = (0..CHARGE_POINTS).map(|n| format!("CP{n:04},EMAS,S{},2,22\n", n % 70)).collect();
    std::fs::write(register.join("vehicles.csv"), vehicles).unwrap();
    std::fs::write(register.join("organisations.csv"), "organisation_id\nEMAS\n").unwrap();
    std::fs::write(register.join("sites.csv"), format!("site_id,organisation\n{sites}")).unwrap();
    std::fs::write(
        register.join("charge_points.csv"),
        format!("charge_point_id,organisation,site,connectors,max_power_kw\n{points}"),
    )
    .unwrap();
}

fn daemon(folder: &Path, extra: &str) -> Daemon {
    register(folder);
    let sink = sink();
    let config = format!(
        "[register]\ndirectory = \"register\"\n[influx]\nurl = \"http://127.0.0.1:{sink}\"\norg = \"o\"\nbucket = \"b\"\n[ocpp]\naccept_unknown = true\n{extra}"
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
    let what = format!("memory idle, {VEHICLES} vehicles and {CHARGE_POINTS} charge points registered");
    row(&what, &format!("{:.1} MiB", rss_kib(daemon.id()) / 1024.0), "Node-RED 185-374 MB");
    row("start to ready, empty store", &format!("{ready_ms} ms"), "");
}

/// PUBLISH packets of one connection: a template whose digits are counted up.
struct Packets {
    template: Vec<u8>,
    odometer_at: usize,
    time_at: usize,
    id_at: Option<usize>,
    odometer: u64,
    time: u64,
    id: u16,
}

impl Packets {
    fn new(vehicle: usize, qos: u8) -> Self {
        let topic = format!("fleet/vehicles/AMB-{vehicle:04}/telemetry");
        let (odometer, time) = (100_000_000, 1_790_000_000_000);
        let payload = format!(
            "{{\"v\":1,\"ts\":{time},\"odometer\":100000.000,\"fuel_used_total\":5321.4,\"fuel_level\":62.5,\"ignition\":true,\"speed\":48,\"soc\":76.5,\"charging\":false,\"charge_power\":0,\"position\":[52.48142,-1.89983]}}"
        );
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend_from_slice(topic.as_bytes());
        let id_at = (qos > 0).then_some(3 + body.len());
        if qos > 0 {
            body.extend_from_slice(&[0, 0]);
        }
        body.extend_from_slice(payload.as_bytes());
        assert!((128..16_384).contains(&body.len()), "two length bytes");
        let mut template = vec![0x30 | qos << 1, (body.len() % 128) as u8 | 0x80, (body.len() / 128) as u8];
        template.extend_from_slice(&body);
        let find =
            |needle: &str| template.windows(needle.len()).position(|window| window == needle.as_bytes()).unwrap() + needle.len();
        let (odometer_at, time_at) = (find("\"odometer\":"), find("\"ts\":"));
        Self { template, odometer_at, time_at, id_at, odometer, time, id: 0 }
    }

    fn next(&mut self, out: &mut Vec<u8>) {
        self.odometer += 13;
        self.time += 1_000;
        digits(&mut self.template[self.odometer_at..self.odometer_at + 6], self.odometer / 1000);
        digits(&mut self.template[self.odometer_at + 7..self.odometer_at + 10], self.odometer % 1000);
        digits(&mut self.template[self.time_at..self.time_at + 13], self.time);
        if let Some(at) = self.id_at {
            self.id = self.id % 60_000 + 1;
            self.template[at..at + 2].copy_from_slice(&self.id.to_be_bytes());
        }
        out.extend_from_slice(&self.template);
    }
}

fn digits(into: &mut [u8], mut value: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

fn connect(port: u16, id: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut packet = vec![0x10, 12 + id.len() as u8];
    packet.extend_from_slice(b"\0\x04MQTT\x04\x02\0\0\0");
    packet.push(id.len() as u8);
    packet.extend_from_slice(id.as_bytes());
    stream.write_all(&packet).unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    stream
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
                let mut vehicles: Vec<Packets> =
                    (0..VEHICLES / CONNECTIONS).map(|v| Packets::new(n * VEHICLES / CONNECTIONS + v, 1)).collect();
                let (mut sent, mut acknowledged, mut out, mut acks, mut id) = (0, 0, Vec::new(), vec![0; 16_384], 0u16);
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
    row("listener, QoS 1, PUBACK after commit: messages a second", &format!("{:.0}", sent / seconds), "");
    row("  processor seconds per million", &format!("{:.2}", cpu / sent * 1e6), "Mosquitto alone 34-37, memory only");
    row("  memory after it", &format!("{:.1} MiB", rss_kib(daemon.id()) / 1024.0), "");
    let written: f64 =
        ["fleetgauge_inbox_bytes_total", "fleetgauge_outbox_bytes_total"].iter().map(|name| daemon.metric(name)).sum();
    row("  bytes for the disk per message (inbox + outbox)", &format!("{:.1}", written / sent), "");
    assert_eq!(
        daemon.metric("fleetgauge_messages_accepted_total{source=\"mqtt\"}"),
        sent,
        "every acknowledged message is booked"
    );
}

fn mosquitto(messages: usize) {
    let Some(program) = server("bench mosquitto", "mosquitto") else { return };
    let folder = TempDir::new("bench-broker");
    let port = free_port();
    let config = folder.path().join("mosquitto.conf");
    std::fs::write(
        &config,
        format!("listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 1000000\nmax_inflight_messages 1000\n"),
    )
    .unwrap();
    let _broker = Process::start(Command::new(program).arg("-c").arg(config).stderr(Stdio::null()).stdout(Stdio::null()));
    wait_for_port(port);
    let daemon =
        daemon(folder.path(), &format!("[[broker]]\nhost = \"127.0.0.1\"\nport = {port}\nqos = 0\ntopics = [\"fleet/#\"]\n"));
    wait_for("the broker", || daemon.metric("fleetgauge_brokers_connected") == 1.0);
    std::thread::sleep(Duration::from_millis(300));
    let before = cpu_seconds(daemon.id());
    let started = Instant::now();
    let mut stream = connect(port, "bench");
    let mut vehicles: Vec<Packets> = (0..VEHICLES).map(|v| Packets::new(v, 0)).collect();
    let mut out = Vec::new();
    // 50,000 a second, in slices of 10 ms.
    for (slice, numbers) in (0..messages).collect::<Vec<_>>().chunks(500).enumerate() {
        numbers.iter().for_each(|n| vehicles[n % VEHICLES].next(&mut out));
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
    row("through Mosquitto, QoS 0, commit and InfluxDB write: offered", &format!("{:.0}/s", messages as f64 / sent_in), "");
    row(
        "  processor seconds per million",
        &format!("{:.2}", cpu / received() * 1e6),
        "Node-RED 41, Python 64-567, mosquitto_sub 7-8",
    );
    row("  lost", &format!("{:.0} of {messages}", messages as f64 - received()), "");
}

/// A MeterValues request with six samples, about 700 bytes.
fn meter_values(id: u64, minute: u64) -> String {
    let register = 1_000_000 + minute * 180;
    format!(
        "[2,\"{id}\",\"MeterValues\",{{\"connectorId\":1,\"transactionId\":4711,\"meterValue\":[{{\"timestamp\":\"2026-11-24T09:{:02}:{:02}Z\",\"sampledValue\":[\
         {{\"value\":\"{register}\",\"context\":\"Sample.Periodic\",\"measurand\":\"Energy.Active.Import.Register\",\"location\":\"Outlet\",\"unit\":\"Wh\"}},\
         {{\"value\":\"10800\",\"context\":\"Sample.Periodic\",\"measurand\":\"Power.Active.Import\",\"location\":\"Outlet\",\"unit\":\"W\"}},\
         {{\"value\":\"15.6\",\"context\":\"Sample.Periodic\",\"measurand\":\"Current.Import\",\"phase\":\"L1\",\"unit\":\"A\"}},\
         {{\"value\":\"15.7\",\"context\":\"Sample.Periodic\",\"measurand\":\"Current.Import\",\"phase\":\"L2\",\"unit\":\"A\"}},\
         {{\"value\":\"230.4\",\"context\":\"Sample.Periodic\",\"measurand\":\"Voltage\",\"phase\":\"L1-N\",\"unit\":\"V\"}},\
         {{\"value\":\"76\",\"context\":\"Sample.Periodic\",\"measurand\":\"SoC\",\"location\":\"EV\",\"unit\":\"Percent\"}}]}}]}}]",
        minute / 60 % 60,
        minute % 60
    )
}

fn ocpp(connections: usize, messages: usize) {
    let folder = TempDir::new("bench-ocpp");
    let daemon = daemon(folder.path(), "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let share = messages / connections;
    let (seconds, cpu, mut latencies) = runtime.block_on(async {
        let mut sockets = Vec::new();
        for n in 0..connections {
            let mut request = format!("ws://127.0.0.1:{}/ocpp/CP{n:04}", daemon.ocpp).into_client_request().unwrap();
            request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("ocpp1.6"));
            sockets.push(tokio_tungstenite::connect_async(request).await.unwrap().0);
        }
        let before = cpu_seconds(daemon.id());
        let started = Instant::now();
        let tasks: Vec<_> = sockets
            .into_iter()
            .map(|mut socket| {
                tokio::spawn(async move {
                    let mut latencies = Vec::with_capacity(share);
                    for n in 0..share as u64 {
                        let sent = Instant::now();
                        socket.send(Message::text(meter_values(n, n))).await.unwrap();
                        let answer = socket.next().await.unwrap().unwrap();
                        assert!(answer.to_text().unwrap().starts_with("[3,"), "{answer}");
                        latencies.push(sent.elapsed());
                    }
                    latencies
                })
            })
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await.unwrap());
        }
        (started.elapsed().as_secs_f64(), cpu_seconds(daemon.id()) - before, latencies)
    });
    latencies.sort();
    let answers = latencies.len() as f64;
    let at = |share: f64| latencies[((answers - 1.0) * share) as usize].as_secs_f64() * 1000.0;
    row(
        &format!("OCPP 1.6 MeterValues, {connections} charge points: answers a second"),
        &format!("{:.0}", answers / seconds),
        "",
    );
    row("  answers per processor second", &format!("{:.0}", answers / cpu), "Python 1.2 k, Node 15 k, bare Rust echo 60 k");
    row("  p50 and p99, answered after commit", &format!("{:.1} ms, {:.1} ms", at(0.5), at(0.99)), "");
    row("  memory after it", &format!("{:.1} MiB", rss_kib(daemon.id()) / 1024.0), "");
}

fn idle_connections(wanted: usize) {
    for (kind, peers) in [("OCPP", "Node 31 KB, Python 20 KB"), ("MQTT", "")] {
        let folder = TempDir::new("bench-connections");
        let daemon = daemon(folder.path(), "");
        let port = if kind == "OCPP" { daemon.ocpp } else { daemon.mqtt };
        std::thread::sleep(Duration::from_secs(1));
        let before = rss_kib(daemon.id());
        let mut held = Vec::new();
        for n in 0..wanted {
            let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { break };
            if kind == "OCPP" {
                let head = format!(
                    "GET /ocpp/IDLE{n:05} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).unwrap();
                let mut answer = [0; 12];
                stream.read_exact(&mut answer).unwrap();
                assert_eq!(&answer, b"HTTP/1.1 101");
                // A heartbeat, as every charge point sends one: the connection has been used.
                stream.write_all(&masked(br#"[2,"1","Heartbeat",{}]"#)).unwrap();
            } else {
                drop(stream);
                stream = connect(port, &format!("idle{n:05}"));
            }
            held.push(stream);
        }
        std::thread::sleep(Duration::from_secs(2));
        let each = (rss_kib(daemon.id()) - before) / held.len() as f64;
        row(&format!("{} idle {kind} connections: memory each", held.len()), &format!("{each:.1} KiB"), peers);
    }
}

/// A client's text frame with a mask of zeros.
fn masked(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(text);
    frame
}
