//! The OCPP 1.6 client of a simulated charge point: boots, reports, and keeps messages while the link is down. Transaction ids
//! come from the responses to StartTransaction.

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

/// What happens at a charge point, to be reported to the central system.
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
    Meter(MeterSample),
    Stop {
        connector: u32,
        tag: String,
        meter_wh: i64,
        reason: &'static str,
        at: UtcMs,
    },
}

/// One reading of a connector's meter.
#[derive(Clone, Debug)]
pub(super) struct MeterSample {
    pub(super) connector: u32,
    pub(super) register_wh: i64,
    pub(super) power_w: f64,
    /// State of charge from 0 to 1, where the vehicle reports one.
    pub(super) soc: Option<f64>,
    pub(super) at: UtcMs,
}

impl MeterSample {
    /// The payload of MeterValues.
    fn payload(&self, transaction: Option<i64>) -> Value {
        let power_w = self.power_w;
        let mut sampled = vec![
            json!({ "value": self.register_wh.to_string(), "measurand": "Energy.Active.Import.Register", "unit": "Wh", "context": "Sample.Periodic" }),
            json!({ "value": format!("{power_w:.0}"), "measurand": "Power.Active.Import", "unit": "W" }),
            json!({ "value": format!("{:.1}", power_w / 690.0), "measurand": "Current.Import", "unit": "A", "phase": "L1" }),
            json!({ "value": "230.4", "measurand": "Voltage", "unit": "V", "phase": "L1-N" }),
        ];
        sampled.extend(self.soc.map(|soc| json!({ "value": format!("{:.0}", soc * 100.0), "measurand": "SoC", "unit": "Percent", "location": "EV" })));
        let mut payload = json!({ "connectorId": self.connector, "meterValue": [{ "timestamp": self.at.to_string(), "sampledValue": sampled }] });
        if let Some(transaction) = transaction {
            payload["transactionId"] = json!(transaction);
        }
        payload
    }
}

/// `chargePointVendor` of every simulated charge point.
const VENDOR: &str = "fleetgauge";
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Between a lost link and the next attempt to connect.
const RECONNECT_PAUSE: Duration = Duration::from_secs(2);
/// Messages kept while the link is down; the oldest are dropped.
const MAX_QUEUED: usize = 1_000;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Runs until the world drops its end of `commands`.
pub(super) async fn run(url: String, speed: u32, mut commands: mpsc::Receiver<Command>) {
    let mut point = ChargePoint {
        speed: speed.max(1),
        transactions: HashMap::new(),
        unacknowledged: VecDeque::new(),
        next_id: 0,
        statuses: HashMap::new(),
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
        tokio::time::sleep(RECONNECT_PAUSE).await;
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

struct ChargePoint {
    speed: u32,
    /// The id of the running transaction, by connector.
    transactions: HashMap<u32, i64>,
    /// Commands without a response yet, oldest first.
    unacknowledged: VecDeque<Command>,
    next_id: u64,
    /// The last status of each connector; reported again after every boot.
    statuses: HashMap<u32, Command>,
}

impl ChargePoint {
    /// Sends a request and waits for its response; `None` if the link is lost.
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
        tokio::time::timeout(RESPONSE_TIMEOUT, answer)
            .await
            .ok()
            .flatten()
    }

    async fn boot(&mut self, socket: &mut Socket) -> Option<()> {
        let payload = json!({ "chargePointVendor": VENDOR, "chargePointModel": "simulated", "firmwareVersion": env!("CARGO_PKG_VERSION") });
        self.call(socket, "BootNotification", payload).await?;
        for state in self.statuses.clone().into_values() {
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
            while let Some(command) = self.unacknowledged.front().cloned() {
                self.send(socket, &command).await?;
                self.unacknowledged.pop_front();
            }
            tokio::select! {
                command = commands.recv() => {
                    let command = command?;
                    if let Command::Status { connector, .. } = &command {
                        self.statuses.insert(*connector, command.clone());
                    }
                    if self.unacknowledged.len() >= MAX_QUEUED {
                        self.unacknowledged.pop_front();
                    }
                    self.unacknowledged.push_back(command);
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
                let transaction = answer.get("transactionId").and_then(Value::as_i64)?;
                self.transactions.insert(*connector, transaction);
            }
            Command::Meter(sample) => {
                let transaction = self.transactions.get(&sample.connector).copied();
                self.call(socket, "MeterValues", sample.payload(transaction))
                    .await?;
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
