//! A charge point that answers requests as a script says: a raw client that keeps a configuration and notes all that was asked of it.

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
use crate::support::ocpp_client::{CP1, Socket, dial, register, say};

/// What it does with a request.
pub enum Reply {
    /// What an obedient charge point answers.
    Obey,
    /// This payload.
    With(Value),
    /// CALLERROR with this code.
    Error(&'static str),
    /// Nothing.
    Silence,
    /// Hangs up.
    Drop,
}

/// A request that was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    pub at: Instant,
    pub id: Value,
    pub action: String,
    pub payload: Value,
}

type Script = Box<dyn FnMut(&str, &Value) -> Reply + Send>;

pub struct Charger {
    socket: Socket,
    /// Value, and whether it is read-only.
    pub values: BTreeMap<String, (String, bool)>,
    pub heard: Vec<Heard>,
    /// The link is down.
    pub down: bool,
    script: Script,
}

pub fn obey(_: &str, _: &Value) -> Reply {
    Reply::Obey
}

impl Charger {
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
            heard: Vec::new(),
            down: false,
            script: Box::new(script),
        }
    }

    /// Says it has booted.
    pub fn boot(&mut self) {
        self.say(
            r#"[2,"boot","BootNotification",{"chargePointVendor":"ACME","chargePointModel":"M1"}]"#,
        );
    }

    pub fn say(&mut self, frame: &str) {
        say(&mut self.socket, frame);
    }

    /// Listens and answers until `enough`, or for so long. True if it was enough.
    pub fn listen(&mut self, seconds: u64, mut enough: impl FnMut(&Self) -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            if enough(self) {
                return true;
            }
            if Instant::now() >= end || self.down {
                return enough(self);
            }
            match self.socket.read() {
                Ok(Message::Text(text)) => self.take(&text),
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

    fn take(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap();
        if frame[0] != 2 {
            return;
        }
        let (action, payload) = (frame[2].as_str().unwrap().to_owned(), frame[3].clone());
        self.heard.push(Heard {
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
        self.say(&answer.to_string());
    }

    fn obey(&mut self, action: &str, payload: &Value) -> Value {
        let full = |asked: &Value| {
            format!(
                "{}.{}",
                asked["component"]["name"].as_str().unwrap(),
                asked["variable"]["name"].as_str().unwrap()
            )
        };
        match action {
            "GetConfiguration" => self.configuration(payload),
            "ChangeConfiguration" => {
                json!({"status": self.write(payload["key"].as_str().unwrap(), payload["value"].as_str().unwrap())})
            }
            "GetVariables" => {
                let result = |asked: &Value| {
                    let value = self.values.get(&full(asked)).map(|(value, _)| value);
                    let status = if value.is_some() {
                        "Accepted"
                    } else {
                        "UnknownVariable"
                    };
                    json!({"attributeStatus": status, "attributeValue": value, "component": asked["component"], "variable": asked["variable"]})
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
        self.heard
            .iter()
            .filter(|heard| heard.action == action)
            .count()
    }

    /// Actions with their key or message, in order.
    pub fn story(&self) -> Vec<String> {
        let words = self.heard.iter().map(|heard| {
            let detail = ["key", "requestedMessage", "reportBase", "transactionId"]
                .map(|name| heard.payload[name].clone());
            let detail: Vec<String> = detail
                .iter()
                .filter(|it| !it.is_null())
                .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
                .collect();
            [vec![heard.action.clone()], detail].concat().join(" ")
        });
        words.collect()
    }
}

/// `setup` of a charge point, as the API tells it.
pub fn setup_of(daemon: &Daemon, id: &str) -> Value {
    let points = daemon.api("charge-points");
    let point = points["charge_points"]
        .as_array()
        .unwrap()
        .iter()
        .find(|point| point["charge_point_id"] == id);
    point.unwrap()["setup"].clone()
}

/// The values by which a key is listed.
pub fn key_of(setup: &Value, key: &str) -> Value {
    setup["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == key)
        .cloned()
        .unwrap_or(Value::Null)
}

pub const ON: [(&str, &str); 8] = [
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
/// All that may ever be heard.
pub const ALLOWED: [&str; 7] = [
    "GetConfiguration",
    "ChangeConfiguration",
    "TriggerMessage",
    "GetVariables",
    "SetVariables",
    "GetBaseReport",
    "GetTransactionStatus",
];

pub fn daemon(folder: &Path) -> Daemon {
    register(folder, CP1);
    Daemon::start(folder, &ON)
}

pub fn state(daemon: &Daemon) -> String {
    setup_of(daemon, "CP1")["state"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

pub fn done(daemon: &Daemon) -> impl Fn(&Charger) -> bool {
    move |_: &Charger| state(daemon) == "done"
}

/// Nothing but what may be asked was asked.
pub fn never_sent(chargers: &[Charger]) {
    for heard in chargers.iter().flat_map(|charger| &charger.heard) {
        assert!(ALLOWED.contains(&heard.action.as_str()), "{heard:?}");
        assert!(
            !heard.payload.to_string().contains("BootNotification"),
            "{heard:?}"
        );
    }
}
