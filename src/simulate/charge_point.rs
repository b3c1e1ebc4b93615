//! A charge point's OCPP 1.6 side: it boots, reports, keeps what it could not send, and learns its transaction ids from the answers.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::units::UtcMs;

/// What the world tells its charge point.
#[derive(Clone, Debug)]
pub(super) enum Command {
    Status {
        connector: u32,
        status: &'static str,
        error: &'static str,
        at: UtcMs,
    },
    Start {
        connector: u32,
        tag: String,
        meter_wh: i64,
        at: UtcMs,
    },
    Meter {
        connector: u32,
        register_wh: i64,
        power_w: f64,
        soc: Option<f64>,
        at: UtcMs,
    },
    Stop {
        connector: u32,
        tag: String,
        meter_wh: i64,
        reason: &'static str,
        at: UtcMs,
    },
}

/// The vendor's word of every simulated charge point.
const VENDOR: &str = "fleetgauge";
const ANSWER: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(2);
/// Messages kept while the link is down.
const MAX_KEPT: usize = 1_000;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Talks until the world ends.
pub(super) async fn talk(url: String, speed: u32, mut commands: mpsc::Receiver<Command>) {
    let mut point = Point {
        speed: speed.max(1),
        transactions: HashMap::new(),
        kept: VecDeque::new(),
        next_id: 0,
        states: HashMap::new(),
    };
    loop {
        if let Some(mut socket) = connect(&url).await
            && point.boot(&mut socket).await.is_some()
        {
            let _ = point.serve(&mut socket, &mut commands).await;
        }
        if commands.is_closed() && commands.is_empty() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn connect(url: &str) -> Option<Socket> {
    let mut request = url.into_client_request().ok()?;
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("ocpp1.6"),
    );
    tokio_tungstenite::connect_async(request)
        .await
        .ok()
        .map(|(socket, _)| socket)
}

struct Point {
    speed: u32,
    transactions: HashMap<u32, i64>,
    /// Not acknowledged yet, oldest first.
    kept: VecDeque<Command>,
    next_id: u64,
    /// Repeated after every boot.
    states: HashMap<u32, Command>,
}

impl Point {
    /// Sends a request and waits for its answer; `None` if the link is lost.
    async fn call(&mut self, socket: &mut Socket, action: &str, payload: Value) -> Option<Value> {
        self.next_id += 1;
        let id = self.next_id.to_string();
        socket
            .send(Message::text(json!([2, id, action, payload]).to_string()))
            .await
            .ok()?;
        let answer = async {
            loop {
                let Message::Text(text) = socket.next().await?.ok()? else {
                    continue;
                };
                let frame: Vec<Value> = serde_json::from_str(&text).ok()?;
                if frame.get(1) == Some(&Value::String(id.clone())) {
                    return Some(frame.get(2).cloned().unwrap_or(Value::Null));
                }
            }
        };
        tokio::time::timeout(ANSWER, answer).await.ok().flatten()
    }

    async fn boot(&mut self, socket: &mut Socket) -> Option<()> {
        let payload = json!({ "chargePointVendor": VENDOR, "chargePointModel": "simulated", "firmwareVersion": env!("CARGO_PKG_VERSION") });
        self.call(socket, "BootNotification", payload).await?;
        for state in self.states.clone().into_values() {
            self.send(socket, &state).await?;
        }
        Some(())
    }

    async fn serve(
        &mut self,
        socket: &mut Socket,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Option<()> {
        let mut heartbeat = tokio::time::interval(Duration::from_secs(300) / self.speed);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            while let Some(command) = self.kept.front().cloned() {
                self.send(socket, &command).await?;
                self.kept.pop_front();
            }
            tokio::select! {
                command = commands.recv() => {
                    let command = command?;
                    if let Command::Status { connector, .. } = &command {
                        self.states.insert(*connector, command.clone());
                    }
                    if self.kept.len() >= MAX_KEPT {
                        self.kept.pop_front();
                    }
                    self.kept.push_back(command);
                }
                _ = heartbeat.tick() => {
                    self.call(socket, "Heartbeat", json!({})).await?;
                }
                message = socket.next() => {
                    // Requests of the central system are not simulated; a closed link is.
                    message?.ok()?;
                }
            }
        }
    }

    async fn send(&mut self, socket: &mut Socket, command: &Command) -> Option<()> {
        match command {
            Command::Status {
                connector,
                status,
                error,
                at,
            } => {
                let payload = json!({ "connectorId": connector, "status": status, "errorCode": error, "timestamp": at.to_string() });
                self.call(socket, "StatusNotification", payload).await?;
            }
            Command::Start {
                connector,
                tag,
                meter_wh,
                at,
            } => {
                self.call(socket, "Authorize", json!({ "idTag": tag }))
                    .await?;
                let payload = json!({ "connectorId": connector, "idTag": tag, "meterStart": meter_wh, "timestamp": at.to_string() });
                let answer = self.call(socket, "StartTransaction", payload).await?;
                self.transactions.insert(
                    *connector,
                    answer.get("transactionId").and_then(Value::as_i64)?,
                );
            }
            Command::Meter {
                connector,
                register_wh,
                power_w,
                soc,
                at,
            } => {
                let mut sampled = vec![
                    json!({ "value": register_wh.to_string(), "measurand": "Energy.Active.Import.Register", "unit": "Wh", "context": "Sample.Periodic" }),
                    json!({ "value": format!("{power_w:.0}"), "measurand": "Power.Active.Import", "unit": "W" }),
                    json!({ "value": format!("{:.1}", power_w / 690.0), "measurand": "Current.Import", "unit": "A", "phase": "L1" }),
                    json!({ "value": "230.4", "measurand": "Voltage", "unit": "V", "phase": "L1-N" }),
                ];
                sampled.extend(soc.map(|soc| json!({ "value": format!("{:.0}", soc * 100.0), "measurand": "SoC", "unit": "Percent", "location": "EV" })));
                let mut payload = json!({ "connectorId": connector, "meterValue": [{ "timestamp": at.to_string(), "sampledValue": sampled }] });
                if let Some(transaction) = self.transactions.get(connector) {
                    payload["transactionId"] = json!(transaction);
                }
                self.call(socket, "MeterValues", payload).await?;
            }
            Command::Stop {
                connector,
                tag,
                meter_wh,
                reason,
                at,
            } => {
                let transaction = self.transactions.get(connector).copied().unwrap_or(-1);
                let payload = json!({ "transactionId": transaction, "idTag": tag, "meterStop": meter_wh, "timestamp": at.to_string(), "reason": reason });
                self.call(socket, "StopTransaction", payload).await?;
                self.transactions.remove(connector);
            }
        }
        Some(())
    }
}
