//! A charge point that answers requests as a script says: a raw client with a configuration, which records every request.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::Daemon;
use crate::support::ocpp_client::{CP1, Socket, dial, send, write_register};

/// The reaction to a request.
pub enum Reply {
    /// The response of an obedient charge point.
    Obey,
    /// This payload.
    With(Value),
    /// CALLERROR with this code.
    Error(&'static str),
    /// No response.
    Silence,
    /// Closes the connection.
    Drop,
}

/// A request of the daemon.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    pub at: Instant,
    pub id: Value,
    pub action: String,
    pub payload: Value,
}

type Script = Box<dyn FnMut(&str, &Value) -> Reply + Send>;

pub struct ScriptedChargePoint {
    socket: Socket,
    /// Value, and whether it is read-only.
    pub values: BTreeMap<String, (String, bool)>,
    pub requests: Vec<ReceivedRequest>,
    /// The connection is closed.
    pub down: bool,
    script: Script,
}

pub fn obey(_: &str, _: &Value) -> Reply {
    Reply::Obey
}

impl ScriptedChargePoint {
    pub fn connect(
        daemon: &Daemon,
        id: &str,
        version: &'static str,
        values: &[(&str, &str)],
        script: impl FnMut(&str, &Value) -> Reply + Send + 'static,
    ) -> Self {
        let (socket, _) = dial(daemon, &format!("/ocpp/{id}"), Some(version)).unwrap();
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream
                .set_read_timeout(Some(Duration::from_millis(50)))
                .unwrap();
        }
        let values = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), ((*value).to_owned(), false)))
            .collect();
        Self {
            socket,
            values,
            requests: Vec::new(),
            down: false,
            script: Box::new(script),
        }
    }

    /// Sends a BootNotification.
    pub fn boot(&mut self) {
        self.send(
            r#"[2,"boot","BootNotification",{"chargePointVendor":"ACME","chargePointModel":"M1"}]"#,
        );
    }

    pub fn send(&mut self, frame: &str) {
        send(&mut self.socket, frame);
    }

    /// Answers requests until `until` holds, or for this many seconds. Returns whether it holds.
    pub fn serve_until(&mut self, seconds: u64, mut until: impl FnMut(&Self) -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            if until(self) {
                return true;
            }
            if Instant::now() >= end || self.down {
                return until(self);
            }
            match self.socket.read() {
                Ok(Message::Text(text)) => self.handle(&text),
                Ok(Message::Close(_)) => self.down = true,
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(_) => self.down = true,
            }
        }
    }

    /// Answers requests until `until` holds, which must be within this many seconds.
    #[track_caller]
    pub fn expect(&mut self, seconds: u64, until: impl FnMut(&Self) -> bool) {
        assert!(self.serve_until(seconds, until), "{:?}", self.log());
    }

    fn handle(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap();
        if frame[0] != 2 {
            return;
        }
        let (action, payload) = (frame[2].as_str().unwrap().to_owned(), frame[3].clone());
        self.requests.push(ReceivedRequest {
            at: Instant::now(),
            id: frame[1].clone(),
            action: action.clone(),
            payload: payload.clone(),
        });
        let answer = match (self.script)(&action, &payload) {
            Reply::Obey => json!([3, frame[1], self.obey(&action, &payload)]),
            Reply::With(answer) => json!([3, frame[1], answer]),
            Reply::Error(code) => json!([4, frame[1], code, "", {}]),
            Reply::Silence => return,
            Reply::Drop => return self.down = true,
        };
        self.send(&answer.to_string());
    }

    fn obey(&mut self, action: &str, payload: &Value) -> Value {
        let full = |variable: &Value| {
            format!(
                "{}.{}",
                variable["component"]["name"].as_str().unwrap(),
                variable["variable"]["name"].as_str().unwrap()
            )
        };
        match action {
            "GetConfiguration" => self.configuration(payload),
            "ChangeConfiguration" => {
                json!({"status": self.write(payload["key"].as_str().unwrap(), payload["value"].as_str().unwrap())})
            }
            "GetVariables" => {
                let result = |variable: &Value| {
                    let value = self.values.get(&full(variable)).map(|(value, _)| value);
                    let status = if value.is_some() {
                        "Accepted"
                    } else {
                        "UnknownVariable"
                    };
                    json!({"attributeStatus": status, "attributeValue": value, "component": variable["component"], "variable": variable["variable"]})
                };
                json!({"getVariableResult": payload["getVariableData"].as_array().unwrap().iter().map(result).collect::<Vec<_>>()})
            }
            "SetVariables" => {
                let set = &payload["setVariableData"][0];
                let status = self.write(&full(set), set["attributeValue"].as_str().unwrap());
                json!({"setVariableResult": [{"attributeStatus": status, "component": set["component"], "variable": set["variable"]}]})
            }
            _ => json!({"status": "Accepted"}),
        }
    }

    /// GetConfiguration.conf of its values.
    pub fn configuration(&self, payload: &Value) -> Value {
        let wanted = payload["key"].as_array();
        let known = self
            .values
            .iter()
            .filter(|(key, _)| wanted.is_none_or(|wanted| wanted.iter().any(|it| *it == **key)));
        let keys: Vec<_> =
            known.map(|(key, (value, readonly))| json!({"key": key, "readonly": readonly, "value": value})).collect();
        json!({ "configurationKey": keys })
    }

    fn write(&mut self, key: &str, value: &str) -> &'static str {
        match self.values.get_mut(key) {
            Some(known) => {
                value.clone_into(&mut known.0);
                "Accepted"
            }
            None => "NotSupported",
        }
    }

    pub fn value(&self, key: &str) -> &str {
        &self.values[key].0
    }

    pub fn count(&self, action: &str) -> usize {
        self.requests
            .iter()
            .filter(|request| request.action == action)
            .count()
    }

    /// Actions with their key or message, in order.
    pub fn log(&self) -> Vec<String> {
        let log = self.requests.iter().map(|request| {
            let detail = ["key", "requestedMessage", "reportBase", "transactionId"]
                .map(|name| request.payload[name].clone());
            let detail: Vec<String> = detail
                .iter()
                .filter(|it| !it.is_null())
                .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
                .collect();
            [vec![request.action.clone()], detail].concat().join(" ")
        });
        log.collect()
    }
}

/// `setup` of a charge point in the API.
pub fn provisioning_of(daemon: &Daemon, id: &str) -> Value {
    let points = daemon.api("charge-points");
    let point = points["charge_points"]
        .as_array()
        .unwrap()
        .iter()
        .find(|point| point["charge_point_id"] == id);
    point.unwrap()["setup"].clone()
}

/// The row of a key in it.
pub fn key_of(setup: &Value, key: &str) -> Value {
    setup["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == key)
        .cloned()
        .unwrap_or(Value::Null)
}

pub const PROVISIONING_ON: [(&str, &str); 8] = [
    ("setup.enabled", "true"),
    ("setup.settle", "5s"),
    ("setup.boot_wait", "5s"),
    ("setup.call_timeout", "1s"),
    ("setup.inventory_timeout", "2s"),
    ("setup.transaction_check", "5s"),
    ("setup.deaf_after", "3"),
    ("store.commit_interval", "1ms"),
];

pub const REGISTER: &str = "Energy.Active.Import.Register";
pub const ALL: &str =
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC";
/// Every action that may be sent to a charge point.
pub const ALLOWED: [&str; 7] = [
    "GetConfiguration",
    "ChangeConfiguration",
    "TriggerMessage",
    "GetVariables",
    "SetVariables",
    "GetBaseReport",
    "GetTransactionStatus",
];

pub fn provisioning_daemon(folder: &Path) -> Daemon {
    write_register(folder, CP1);
    Daemon::start(folder, &PROVISIONING_ON)
}

pub fn state(daemon: &Daemon) -> String {
    provisioning_of(daemon, "CP1")["state"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

pub fn is_done(daemon: &Daemon) -> impl Fn(&ScriptedChargePoint) -> bool {
    move |_: &ScriptedChargePoint| state(daemon) == "done"
}

/// No request was sent that never may be.
pub fn assert_only_allowed_requests(charge_points: &[ScriptedChargePoint]) {
    for request in charge_points
        .iter()
        .flat_map(|charge_point| &charge_point.requests)
    {
        assert!(ALLOWED.contains(&request.action.as_str()), "{request:?}");
        assert!(
            !request.payload.to_string().contains("BootNotification"),
            "{request:?}"
        );
    }
}
