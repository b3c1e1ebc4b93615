//! SIGKILL at random moments under QoS 1 and OCPP load: what was acknowledged is there afterwards, and nothing is there twice.
//!
//! `FLEETGAUGE_KILLS=500 FLEETGAUGE_SEED=7 cargo test --test daemon crash` for a longer run.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::{Daemon, TempDir, free_port, wait_for};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Message, WebSocket, connect, http::HeaderValue};

const VEHICLES: usize = 6;
const CHARGE_POINTS: usize = 3;

/// What the publishers know to be safe.
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

/// A charge point repeats a request, under a new id and over new connections, until it is answered: as OCPP 1.6 section 3.7 wants it.
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

/// Everything acknowledged is there; no session has more energy than it took, none is there twice.
fn check(daemon: &Daemon, ledger: &Ledger, what: &str) {
    let vehicles = daemon.api("vehicles");
    let vehicle = |id: &str| {
        vehicles["vehicles"]
            .as_array()
            .unwrap()
            .iter()
            .find(|vehicle| vehicle["vehicle_id"] == id)
            .cloned()
    };
    for (id, metres) in ledger.odometer_m.lock().unwrap().iter() {
        let found = vehicle(id).unwrap_or_else(|| panic!("{what}: {id} is gone"));
        let odometer_m = (found["odometer_km"].as_f64().unwrap() * 1000.0).round() as u64;
        // The newest message may be on disk although its acknowledgement was lost.
        assert!(
            (*metres..=metres + 7).contains(&odometer_m),
            "{what}: {id} was acknowledged {metres} m, the daemon has {odometer_m} m"
        );
        let driven_m = (found["distance_today_km"].as_f64().unwrap() * 1000.0).round() as u64;
        assert_eq!(
            driven_m,
            odometer_m - ledger.first_m.lock().unwrap()[id],
            "{what}: {id}: distance is the difference of the odometer"
        );
    }
    for (id, wh) in ledger.register_wh.lock().unwrap().iter() {
        let history = daemon.api(&format!(
            "history?charge_point={id}&fields=energy_wh&from=2026-09-01"
        ));
        let booked: f64 = history["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[1].as_f64().unwrap())
            .sum();
        let least = wh - FIRST_WH;
        // Likewise the newest.
        assert!(
            (least as f64..=(least + STEP_WH) as f64).contains(&booked),
            "{what}: {id} delivered {least} Wh, its quarter hours have {booked} Wh"
        );
    }
    let mut energy: BTreeMap<(String, i64), f64> = BTreeMap::new();
    // The answer is limited to the newest sessions; older ones were checked after earlier kills. Each charge point has its own clock.
    let mut oldest: BTreeMap<String, i64> = BTreeMap::new();
    for id in (0..CHARGE_POINTS).map(|n| format!("CP{n}")) {
        for session in daemon.api(&format!("sessions?charge_point={id}"))["sessions"]
            .as_array()
            .unwrap()
        {
            let key = (id.clone(), session["transaction_id"].as_i64().unwrap());
            let wh = if session["ended_at"].is_null() {
                -1.0
            } else {
                session["energy_wh"].as_f64().unwrap()
            };
            assert!(
                energy.insert(key.clone(), wh).is_none(),
                "{what}: {key:?} is there twice"
            );
            oldest
                .entry(id.clone())
                .and_modify(|oldest| *oldest = key.1.min(*oldest))
                .or_insert(key.1);
        }
    }
    let given =
        |(id, transaction): &(String, i64)| *transaction > oldest.get(id).copied().unwrap_or(0);
    for (key, wh) in ledger
        .stopped_wh
        .lock()
        .unwrap()
        .iter()
        .filter(|(key, _)| given(key))
    {
        let found = energy
            .get(key)
            .unwrap_or_else(|| panic!("{what}: {key:?} was acknowledged and is gone"));
        assert_eq!(*found, *wh as f64, "{what}: energy of {key:?}");
    }
    for key in ledger
        .started
        .lock()
        .unwrap()
        .keys()
        .filter(|key| given(key))
    {
        assert!(
            energy.contains_key(key),
            "{what}: the start of {key:?} was acknowledged and is gone"
        );
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

#[test]
fn what_was_acknowledged_survives_sigkill() {
    let kills: u64 = std::env::var("FLEETGAUGE_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(60);
    let seed: u64 = std::env::var("FLEETGAUGE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let mut random = Random(seed);
    let folder = TempDir::new("crash");
    write_register_and_settings(folder.path());
    let ports = (free_port(), free_port(), free_port());
    // Checkpoints fall in the middle of it, not only between.
    let settings = [
        ("store.checkpoint_interval", "1s"),
        ("store.checkpoint_inbox", "64KiB"),
        ("log.level", "warn"),
    ];
    let mut daemon = Daemon::start_on(folder.path(), ports, &settings);
    let ledger = Arc::new(Ledger::default());
    let stop = Arc::new(AtomicBool::new(false));
    let threads = start_charge_points(ports.1, &ledger, &stop);
    let publishers = start_vehicles(ports.0, ledger.clone(), stop.clone());
    for kill in 1..=kills {
        let before = ledger.acknowledged.load(Ordering::Relaxed);
        wait_for("the load to go on", || {
            ledger.acknowledged.load(Ordering::Relaxed) > before + 10
        });
        if kill % 5 == 0 {
            // Kills follow each other faster than checkpoints do: without waiting for one there would be none.
            wait_for("a checkpoint", || {
                daemon.metric("fleetgauge_checkpoints_total") > 0.0
            });
        }
        std::thread::sleep(Duration::from_micros(random.below(120_000)));
        daemon.kill();
        daemon = Daemon::start_on(folder.path(), ports, &settings);
        assert!(
            threads.iter().all(|thread| !thread.is_finished()) && !publishers.is_finished(),
            "kill {kill}, seed {seed}: a publisher failed"
        );
        if kill % 10 == 0 {
            // Now and then in the middle of the load, from what the publishers knew before we asked.
            let known = Ledger {
                started: Mutex::new(ledger.started.lock().unwrap().clone()),
                stopped_wh: Mutex::new(ledger.stopped_wh.lock().unwrap().clone()),
                ..Ledger::default()
            };
            check(&daemon, &known, &format!("kill {kill}, seed {seed}"));
        }
    }
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().unwrap();
    }
    publishers.join().unwrap();
    check(&daemon, &ledger, &format!("at the end, seed {seed}"));
    daemon.kill();
    let daemon = Daemon::start_on(folder.path(), ports, &settings);
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
