//! A charge point of a few lines, with an engine that keeps the state, on a clock of their own.

use serde_json::{Value, json};

use crate::model::ProvisioningSnapshot;
use crate::ocpp::provisioning::*;

/// A charge point that keeps what is written to it, if it supports it, and an engine that keeps the state.
pub(super) struct Bench {
    pub provisioner: Provisioner,
    pub config: Arc<ProvisioningConfig>,
    pub version: OcppVersion,
    pub state: ProvisioningState,
    pub unclear_transactions: Vec<String>,
    pub now: Instant,
    pub wall: UtcMs,
    pub values: BTreeMap<String, (String, bool)>,
    /// Measurands that it supports.
    pub supported: Vec<&'static str>,
    pub mute: bool,
    /// Accepts writes, but keeps no value.
    pub forgets: bool,
    pub sent: Vec<String>,
    pub closed: bool,
}

pub(super) const ALL: [&str; 5] = [
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "SoC",
];

impl Bench {
    pub(super) fn new(version: OcppVersion, values: &[(&str, &str)]) -> Self {
        let config = Arc::new(ProvisioningConfig {
            enabled: true,
            ..ProvisioningConfig::default()
        });
        let now = Instant::now();
        Self {
            provisioner: fresh(version, &config, now),
            config,
            version,
            state: ProvisioningState::default(),
            unclear_transactions: Vec::new(),
            now,
            wall: UtcMs(1_787_300_000_000),
            values: values
                .iter()
                .map(|(key, value)| ((*key).to_owned(), ((*value).to_owned(), false)))
                .collect(),
            supported: ALL.to_vec(),
            mute: false,
            forgets: false,
            sent: Vec::new(),
            closed: false,
        }
    }

    /// The connection is lost, and there is a new one.
    pub(super) fn reconnect(&mut self) {
        self.provisioner = fresh(self.version, &self.config, self.now);
        self.sent.clear();
        self.closed = false;
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.wall = self.wall.plus(seconds as i64 * 1_000);
    }

    /// Executes everything that is due within an hour.
    pub(super) fn run(&mut self) {
        self.drive();
        let end = self.now + Duration::from_secs(3_600);
        while let Some(due) = self
            .provisioner
            .next_timeout()
            .filter(|due| *due <= end && !self.closed)
        {
            let seconds = due.saturating_duration_since(self.now).as_secs();
            self.pass(seconds.max(1));
            self.drive();
        }
    }

    /// Executes the steps that are due.
    pub(super) fn drive(&mut self) {
        while let Some(step) = self.provisioner.next(self.now) {
            if let Some(call) = self.execute(step)
                && !self.mute
            {
                self.answer(&call);
            }
        }
    }

    /// Executes a step; returns the request if it sends one.
    pub(super) fn execute(&mut self, step: Step) -> Option<Value> {
        match step {
            Step::Send(frame) => {
                let call: Value = serde_json::from_str(&frame).unwrap();
                self.sent
                    .push(format!("{} {}", call[2].as_str().unwrap(), call[3]));
                return Some(call);
            }
            Step::Emit(event) => self.state.apply(&event, self.wall),
            Step::EmitDurably(event) => {
                self.state.apply(&event, self.wall);
                let snapshot = ProvisioningSnapshot {
                    state: self.state.clone(),
                    unclear_transactions: self.unclear_transactions.clone(),
                };
                self.provisioner.committed(snapshot, self.wall, self.now);
            }
            Step::Close => self.closed = true,
        }
        None
    }

    pub(super) fn answer(&mut self, call: &Value) {
        let response = self
            .respond(call[2].as_str().unwrap(), &call[3])
            .to_string();
        let id = call[1].to_string();
        assert!(self.provisioner.response(&id, Ok(&response), self.now));
    }

    pub(super) fn respond(&mut self, action: &str, payload: &Value) -> Value {
        match action {
            "GetConfiguration" => {
                let requested = payload["key"].as_array();
                let names = self.values.keys().filter(|key| {
                    requested.is_none_or(|requested| requested.iter().any(|it| it == *key))
                });
                let max = self
                    .values
                    .get("GetConfigurationMaxKeys")
                    .map_or(99, |(max, _)| max.parse().unwrap());
                let keys =
                    names.take(max).map(|key| json!({"key": key, "readonly": self.values[key].1, "value": self.values[key].0}));
                json!({ "configurationKey": keys.collect::<Vec<_>>() })
            }
            "ChangeConfiguration" => {
                let key = payload["key"].as_str().unwrap();
                json!({ "status": self.write(key, payload["value"].as_str().unwrap()) })
            }
            "GetVariables" => {
                let requested = payload["getVariableData"].as_array().unwrap().iter();
                let results = requested.map(|variable| {
                    let name = format!("{}.{}", variable["component"]["name"].as_str().unwrap(), variable["variable"]["name"].as_str().unwrap());
                    let value = self.values.get(&name);
                    json!({"attributeStatus": if value.is_some() { "Accepted" } else { "UnknownVariable" }, "attributeValue": value.map(|it| &it.0),
                        "component": variable["component"], "variable": variable["variable"]})
                });
                json!({ "getVariableResult": results.collect::<Vec<_>>() })
            }
            "SetVariables" => {
                let set = payload["setVariableData"][0].clone();
                let name = format!(
                    "{}.{}",
                    set["component"]["name"].as_str().unwrap(),
                    set["variable"]["name"].as_str().unwrap()
                );
                json!({"setVariableResult": [{"attributeStatus": self.write(&name, set["attributeValue"].as_str().unwrap())}]})
            }
            "GetTransactionStatus" => json!({"ongoingIndicator": false, "messagesInQueue": false}),
            _ => json!({"status": "Accepted"}),
        }
    }

    fn write(&mut self, key: &str, value: &str) -> &'static str {
        if key.contains("Measurands") || key.ends_with("SampledData") {
            let max: usize = self
                .values
                .get("max")
                .map_or(99, |(max, _)| max.parse().unwrap());
            let list: Vec<_> = value.split(',').collect();
            if list.len() > max || list.iter().any(|it| !self.supported.contains(it)) {
                return "Rejected";
            }
        }
        if !self.forgets {
            self.values.get_mut(key).unwrap().0 = value.to_owned();
        }
        "Accepted"
    }

    pub(super) fn count(&self, beginning: &str) -> usize {
        self.sent
            .iter()
            .filter(|sent| sent.starts_with(beginning))
            .count()
    }
}

fn fresh(version: OcppVersion, config: &Arc<ProvisioningConfig>, now: Instant) -> Provisioner {
    let known = KnownChargePoint {
        max_power_kw: Some(22.0),
        connectors: Some(2),
        heartbeat: Duration::from_secs(300),
    };
    Provisioner::new(version, config.clone(), known, "fg".into(), now)
}
