//! SIGKILL at random moments under QoS 1 and OCPP load: what was acknowledged is there afterwards, and nothing is there twice.
//!
//! `FLEETGAUGE_KILLS=500 FLEETGAUGE_SEED=7 cargo test --test daemon crash` for a longer run.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod kept;

use kept::check;

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::clock::avoid_midnight;
use crate::support::{Daemon, TempDir, free_port, wait_for};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Message, WebSocket, connect, http::HeaderValue};

const VEHICLES: usize = 6;
const CHARGE_POINTS: usize = 3;

/// Everything that the daemon acknowledged.
#[derive(Default)]
struct Ledger {
    /// Highest acknowledged odometer by vehicle, in metres.
    odometer_m: Mutex<BTreeMap<String, u64>>,
    /// First odometer each vehicle ever sent.
    first_m: Mutex<BTreeMap<String, u64>>,
    /// Acknowledged stops: charge point and transaction id to energy in Wh.
    stopped_wh: Mutex<BTreeMap<(String, i64), i64>>,
    /// Acknowledged starts.
    started: Mutex<BTreeMap<(String, i64), i64>>,
    /// Acknowledged reading of each charge point's register, in Wh. Between its sessions it stands still.
    register_wh: Mutex<BTreeMap<String, i64>>,
    acknowledged: std::sync::atomic::AtomicU64,
}

const FIRST_WH: i64 = 1_000;
const STEP_WH: i64 = 40;

struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A vehicle drives on and on; an odometer value counts as safe when its PUBACK is here.
async fn vehicle(port: u16, id: String, ledger: Arc<Ledger>, stop: Arc<AtomicBool>) {
    let topic = format!("fleet/vehicles/{id}/telemetry");
    let mut metres = 10_000_000u64;
    ledger.first_m.lock().unwrap().insert(id.clone(), metres);
    while !stop.load(Ordering::Relaxed) {
        // A new client each time: nothing it remembers may cover for the daemon.
        let mut options = MqttOptions::new(&id, "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(5));
        let (client, mut events) = AsyncClient::new(options, 10);
        while !stop.load(Ordering::Relaxed) {
            let payload = format!("{{\"odometer\":{}.{:03}}}", metres / 1000, metres % 1000);
            if client
                .try_publish(&topic, QoS::AtLeastOnce, false, payload)
                .is_err()
            {
                break;
            }
            let acknowledged = async {
                while !matches!(events.poll().await?, Event::Incoming(Packet::PubAck(_))) {}
                Ok::<_, rumqttc::ConnectionError>(())
            };
            match tokio::time::timeout(Duration::from_secs(5), acknowledged).await {
                Ok(Ok(())) => {
                    ledger.odometer_m.lock().unwrap().insert(id.clone(), metres);
                    ledger.acknowledged.fetch_add(1, Ordering::Relaxed);
                    metres += 7;
                }
                _ => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    break;
                }
            }
        }
    }
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

fn dial(port: u16, id: &str) -> Option<Socket> {
    let mut request = format!("ws://127.0.0.1:{port}/ocpp/{id}")
        .into_client_request()
        .unwrap();
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("ocpp1.6"),
    );
    let (socket, _) = connect(request).ok()?;
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
    }
    Some(socket)
}

/// A charge point repeats a request, under a new id and over new connections, until it is answered (OCPP 1.6, section 3.7).
struct ChargePoint {
    id: String,
    port: u16,
    socket: Option<Socket>,
    messages: u64,
}

impl ChargePoint {
    fn request(
        &mut self,
        action: &str,
        payload: &str,
        stop: &AtomicBool,
    ) -> Option<serde_json::Value> {
        loop {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            self.messages += 1;
            let frame = format!("[2,\"{}\",\"{action}\",{payload}]", self.messages);
            let Some(socket) = &mut self.socket else {
                self.socket = dial(self.port, &self.id);
                if self.socket.is_none() {
                    std::thread::sleep(Duration::from_millis(20));
                }
                continue;
            };
            let answer = socket.send(Message::text(frame)).ok().and_then(|()| {
                loop {
                    match socket.read().ok()? {
                        Message::Text(text) => break Some(text.to_string()),
                        Message::Close(_) => break None,
                        _ => {}
                    }
                }
            });
            match answer {
                Some(text) => {
                    let frame: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
                    assert_eq!(frame[0], 3, "{text}");
                    return frame.into_iter().nth(2);
                }
                None => self.socket = None,
            }
        }
    }
}

fn charge_point(port: u16, id: String, ledger: &Ledger, stop: &AtomicBool) {
    let mut point = ChargePoint {
        id: id.clone(),
        port,
        socket: None,
        messages: 0,
    };
    let mut meter = FIRST_WH;
    let mut second = 0i64;
    let mut at = || {
        second += 60;
        fleetgauge::units::UtcMs(1_790_000_000_000 + second * 1000).to_string()
    };
    while !stop.load(Ordering::Relaxed) {
        let start = format!(
            "{{\"connectorId\":1,\"idTag\":\"A1\",\"meterStart\":{meter},\"timestamp\":\"{}\"}}",
            at()
        );
        let Some(answer) = point.request("StartTransaction", &start, stop) else {
            return;
        };
        let transaction = answer["transactionId"].as_i64().unwrap();
        let fresh = ledger
            .started
            .lock()
            .unwrap()
            .insert((id.clone(), transaction), meter)
            .is_none();
        assert!(fresh, "{id}: transaction id {transaction} was issued twice");
        let begun = meter;
        for _ in 0..3 {
            meter += STEP_WH;
            let sampled = format!(
                "[{{\"timestamp\":\"{}\",\"sampledValue\":[{{\"value\":\"{meter}\"}}]}}]",
                at()
            );
            let payload = format!(
                "{{\"connectorId\":1,\"transactionId\":{transaction},\"meterValue\":{sampled}}}"
            );
            if point.request("MeterValues", &payload, stop).is_none() {
                return;
            }
            ledger.register_wh.lock().unwrap().insert(id.clone(), meter);
            ledger.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        let payload = format!(
            "{{\"transactionId\":{transaction},\"meterStop\":{meter},\"timestamp\":\"{}\"}}",
            at()
        );
        if point.request("StopTransaction", &payload, stop).is_none() {
            return;
        }
        ledger
            .stopped_wh
            .lock()
            .unwrap()
            .insert((id.clone(), transaction), meter - begun);
    }
}

fn write_register_and_settings(folder: &Path) {
    std::fs::create_dir(folder.join("register")).unwrap();
    let points: String = (0..CHARGE_POINTS)
        .map(|n| format!("CP{n},1,50\n"))
        .collect();
    std::fs::write(
        folder.join("register/charge_points.csv"),
        format!("charge_point_id,connectors,max_power_kw\n{points}"),
    )
    .unwrap();
    std::fs::write(
        folder.join("fleetgauge.toml"),
        "[register]\ndirectory = \"register\"\n[store]\ncommit_interval = \"5ms\"\n",
    )
    .unwrap();
}

fn start_charge_points(
    port: u16,
    ledger: &Arc<Ledger>,
    stop: &Arc<AtomicBool>,
) -> Vec<JoinHandle<()>> {
    let mut threads = Vec::new();
    for n in 0..CHARGE_POINTS {
        let (ledger, stop) = (ledger.clone(), stop.clone());
        threads.push(std::thread::spawn(move || {
            charge_point(port, format!("CP{n}"), &ledger, &stop)
        }));
    }
    threads
}

/// All vehicles, in one thread.
fn start_vehicles(port: u16, ledger: Arc<Ledger>, stop: Arc<AtomicBool>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let tasks: Vec<_> = (0..VEHICLES)
                .map(|n| tokio::spawn(vehicle(port, format!("V{n}"), ledger.clone(), stop.clone())))
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    })
}

/// Vehicles and charge points that send without a pause until they are stopped.
struct Load {
    ledger: Arc<Ledger>,
    stop: Arc<AtomicBool>,
    charge_points: Vec<JoinHandle<()>>,
    vehicles: JoinHandle<()>,
}

impl Load {
    fn start((mqtt, ocpp, _): Ports) -> Self {
        let (ledger, stop) = (Arc::<Ledger>::default(), Arc::<AtomicBool>::default());
        Self {
            charge_points: start_charge_points(ocpp, &ledger, &stop),
            vehicles: start_vehicles(mqtt, ledger.clone(), stop.clone()),
            ledger,
            stop,
        }
    }

    fn wait_for_acknowledgements(&self) {
        let before = self.ledger.acknowledged.load(Ordering::Relaxed);
        wait_for("the load to go on", || {
            self.ledger.acknowledged.load(Ordering::Relaxed) > before + 10
        });
    }

    fn is_running(&self) -> bool {
        let finished = |thread: &JoinHandle<()>| thread.is_finished();
        !self.charge_points.iter().any(finished) && !finished(&self.vehicles)
    }

    /// Transactions acknowledged so far. Odometers and registers go on while they are checked, so they are left out.
    fn transactions_so_far(&self) -> Ledger {
        Ledger {
            started: Mutex::new(self.ledger.started.lock().unwrap().clone()),
            stopped_wh: Mutex::new(self.ledger.stopped_wh.lock().unwrap().clone()),
            ..Ledger::default()
        }
    }

    /// Ends the load and returns all that was acknowledged.
    fn end(self) -> Arc<Ledger> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.charge_points.into_iter().chain([self.vehicles]) {
            thread.join().unwrap();
        }
        self.ledger
    }
}

fn number_from_environment(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// Ports of the MQTT server, the central system and the page.
type Ports = (u16, u16, u16);

/// Checkpoints fall in the middle of the load, not only between kills.
const SETTINGS: [(&str, &str); 3] = [
    ("store.checkpoint_interval", "1s"),
    ("store.checkpoint_inbox", "64KiB"),
    ("log.level", "warn"),
];

/// Kills the daemon again and again at random moments. Returns the last one and what was acknowledged.
fn kill_under_load(folder: &Path, ports: Ports, kills: u64, seed: u64) -> (Daemon, Arc<Ledger>) {
    let mut random = Random(seed);
    let mut daemon = Daemon::start_on(folder, ports, &SETTINGS);
    let load = Load::start(ports);
    for kill in 1..=kills {
        load.wait_for_acknowledgements();
        if kill % 5 == 0 {
            // Kills follow each other faster than checkpoints do: without waiting for one there would be none.
            wait_for("a checkpoint", || {
                daemon.metric("fleetgauge_checkpoints_total") > 0.0
            });
        }
        std::thread::sleep(Duration::from_micros(random.below(120_000)));
        daemon.kill();
        daemon = Daemon::start_on(folder, ports, &SETTINGS);
        assert!(
            load.is_running(),
            "kill {kill}, seed {seed}: a publisher failed"
        );
        if kill % 10 == 0 {
            let known = load.transactions_so_far();
            check(&daemon, &known, &format!("kill {kill}, seed {seed}"));
        }
    }
    (daemon, load.end())
}

#[test]
fn acknowledged_messages_survive_sigkill() {
    let kills = number_from_environment("FLEETGAUGE_KILLS", 60);
    let seed = number_from_environment("FLEETGAUGE_SEED", 1);
    // Distances are compared with the running day's.
    avoid_midnight(Duration::from_secs(120 + 2 * kills));
    let folder = TempDir::new("crash");
    write_register_and_settings(folder.path());
    let ports = (free_port(), free_port(), free_port());
    let (daemon, ledger) = kill_under_load(folder.path(), ports, kills, seed);
    check(&daemon, &ledger, &format!("at the end, seed {seed}"));
    daemon.kill();
    let daemon = Daemon::start_on(folder.path(), ports, &SETTINGS);
    check(
        &daemon,
        &ledger,
        &format!("after the last restart, seed {seed}"),
    );
    let sessions = ledger.stopped_wh.lock().unwrap().len();
    println!(
        "{kills} kills, {} acknowledged messages, {sessions} finished sessions: nothing lost, nothing twice",
        ledger.acknowledged.load(Ordering::Relaxed)
    );
    assert!(
        sessions as u64 > kills / 4,
        "too little load to mean anything"
    );
    daemon.stop();
}
