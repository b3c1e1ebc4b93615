//! The state machine against a charge point of a few lines, on a clock of its own.

use serde_json::{Value, json};

use crate::ocpp::provisioning::*;

/// A charge point that keeps what is written, as far as it takes it; and an engine that remembers.
struct Bench {
    setup: Setup,
    config: Arc<ProvisioningConfig>,
    version: OcppVersion,
    memory: ProvisioningState,
    unclear: Vec<String>,
    now: Instant,
    wall: UtcMs,
    values: BTreeMap<String, (String, bool)>,
    /// Measurands it knows.
    knows: Vec<&'static str>,
    mute: bool,
    /// Takes writes, keeps none.
    forgets: bool,
    sent: Vec<String>,
    closed: bool,
}

const ALL: [&str; 5] = [
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "SoC",
];

impl Bench {
    fn new(version: OcppVersion, values: &[(&str, &str)]) -> Self {
        let config = Arc::new(ProvisioningConfig {
            enabled: true,
            ..ProvisioningConfig::default()
        });
        let now = Instant::now();
        Self {
            setup: fresh(version, &config, now),
            config,
            version,
            memory: ProvisioningState::default(),
            unclear: Vec::new(),
            now,
            wall: UtcMs(1_787_300_000_000),
            values: values
                .iter()
                .map(|(key, value)| ((*key).to_owned(), ((*value).to_owned(), false)))
                .collect(),
            knows: ALL.to_vec(),
            mute: false,
            forgets: false,
            sent: Vec::new(),
            closed: false,
        }
    }

    /// The link is lost and comes back.
    fn reconnect(&mut self) {
        self.setup = fresh(self.version, &self.config, self.now);
        self.sent.clear();
        self.closed = false;
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.wall = self.wall.plus(seconds as i64 * 1_000);
    }

    /// Lets everything happen until nothing more is due within an hour.
    fn run(&mut self) {
        self.drive();
        let end = self.now + Duration::from_secs(3_600);
        while let Some(due) = self
            .setup
            .next_timeout()
            .filter(|due| *due <= end && !self.closed)
        {
            let seconds = due.saturating_duration_since(self.now).as_secs();
            self.pass(seconds.max(1));
            self.drive();
        }
    }

    fn drive(&mut self) {
        while let Some(step) = self.setup.next(self.now) {
            match step {
                Step::Send(frame) => {
                    let call: Value = serde_json::from_str(&frame).unwrap();
                    self.sent
                        .push(format!("{} {}", call[2].as_str().unwrap(), call[3]));
                    if !self.mute {
                        let answer = self.answer(call[2].as_str().unwrap(), &call[3]).to_string();
                        assert!(
                            self.setup
                                .answered(&call[1].to_string(), Ok(&answer), self.now)
                        );
                    }
                }
                Step::Tell(note) => self.memory.take(&note, self.wall),
                Step::Recall(note) => {
                    self.memory.take(&note, self.wall);
                    let remembered = ProvisioningSnapshot {
                        memory: self.memory.clone(),
                        unclear: self.unclear.clone(),
                    };
                    self.setup.remembered(remembered, self.wall, self.now);
                }
                Step::Close => self.closed = true,
            }
        }
    }

    fn answer(&mut self, action: &str, payload: &Value) -> Value {
        match action {
            "GetConfiguration" => {
                let wanted = payload["key"].as_array();
                let names = self
                    .values
                    .keys()
                    .filter(|key| wanted.is_none_or(|wanted| wanted.iter().any(|it| it == *key)));
                let most = self
                    .values
                    .get("GetConfigurationMaxKeys")
                    .map_or(99, |(most, _)| most.parse().unwrap());
                let keys =
                    names.take(most).map(|key| json!({"key": key, "readonly": self.values[key].1, "value": self.values[key].0}));
                json!({ "configurationKey": keys.collect::<Vec<_>>() })
            }
            "ChangeConfiguration" => {
                let key = payload["key"].as_str().unwrap();
                json!({ "status": self.write(key, payload["value"].as_str().unwrap()) })
            }
            "GetVariables" => {
                let asked = payload["getVariableData"].as_array().unwrap().iter();
                let results = asked.map(|asked| {
                    let name = format!("{}.{}", asked["component"]["name"].as_str().unwrap(), asked["variable"]["name"].as_str().unwrap());
                    let value = self.values.get(&name);
                    json!({"attributeStatus": if value.is_some() { "Accepted" } else { "UnknownVariable" }, "attributeValue": value.map(|it| &it.0),
                        "component": asked["component"], "variable": asked["variable"]})
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
            let most: usize = self
                .values
                .get("most")
                .map_or(99, |(most, _)| most.parse().unwrap());
            let list: Vec<_> = value.split(',').collect();
            if list.len() > most || list.iter().any(|it| !self.knows.contains(it)) {
                return "Rejected";
            }
        }
        if !self.forgets {
            self.values.get_mut(key).unwrap().0 = value.to_owned();
        }
        "Accepted"
    }

    fn count(&self, beginning: &str) -> usize {
        self.sent
            .iter()
            .filter(|sent| sent.starts_with(beginning))
            .count()
    }
}

fn fresh(version: OcppVersion, config: &Arc<ProvisioningConfig>, now: Instant) -> Setup {
    let known = Known {
        max_power_kw: Some(22.0),
        connectors: Some(2),
        heartbeat: Duration::from_secs(300),
    };
    Setup::new(version, config.clone(), known, "fg".into(), now)
}

#[test]
fn only_what_differs_is_written_and_read_back() {
    let mut bench = Bench::new(
        OcppVersion::V16,
        &[
            ("MeterValueSampleInterval", "900"),
            ("MeterValuesSampledData", "Energy.Active.Import.Register"),
            ("HeartbeatInterval", "300"),
            ("WebSocketPingInterval", "0"),
            ("SupportedFeatureProfiles", "Core,RemoteTrigger"),
            ("AuthorizationKey", "secret"),
        ],
    );
    bench.drive();
    assert_eq!(bench.sent, [""; 0], "nothing before its time");
    bench.setup.booted(bench.now);
    bench.pass(9);
    bench.drive();
    assert_eq!(bench.sent, [""; 0], "the pause");
    bench.setup.heard_status(1);
    bench.run();
    assert_eq!(
        bench.sent,
        [
            "GetConfiguration {}",
            r#"ChangeConfiguration {"key":"MeterValuesSampledData","value":"Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"}"#,
            r#"ChangeConfiguration {"key":"MeterValueSampleInterval","value":"60"}"#,
            r#"ChangeConfiguration {"key":"WebSocketPingInterval","value":"60"}"#,
            r#"GetConfiguration {"key":["MeterValuesSampledData","MeterValueSampleInterval","WebSocketPingInterval"]}"#,
            r#"TriggerMessage {"requestedMessage":"StatusNotification"}"#,
            r#"TriggerMessage {"connectorId":2,"requestedMessage":"StatusNotification"}"#,
            r#"TriggerMessage {"requestedMessage":"MeterValues"}"#,
        ]
    );
    assert!(
        bench.memory.done
            && bench.memory.channel == CommandChannel::Ok
            && bench.memory.unfinished == 0
    );
    bench.reconnect();
    bench.run();
    assert_eq!(
        bench.count("ChangeConfiguration"),
        0,
        "all is as it should be: {:?}",
        bench.sent
    );
}

#[test]
fn lists_shrink_and_what_was_learnt_is_kept() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValuesSampledData", "")]);
    bench.knows = vec![ALL[0], ALL[1], ALL[2], ALL[4]];
    bench.run();
    assert_eq!(bench.count("ChangeConfiguration"), 4, "{:?}", bench.sent);
    assert_eq!(
        bench.values["MeterValuesSampledData"].0,
        [ALL[0], ALL[1], ALL[2], ALL[4]].join(",")
    );
    assert_eq!(
        bench.memory.keys["MeterValuesSampledData"].outcome,
        Some(crate::model::WriteOutcome::Kept)
    );
    bench.reconnect();
    bench.run();
    assert_eq!(
        bench.sent,
        ["GetConfiguration {}"],
        "nothing is tried again"
    );
    // It says itself how long a list may be.
    let mut bench = Bench::new(
        OcppVersion::V16,
        &[
            ("MeterValuesSampledData", ""),
            ("MeterValuesSampledDataMaxLength", "2"),
        ],
    );
    bench.run();
    assert_eq!(bench.values["MeterValuesSampledData"].0, ALL[..2].join(","));
    assert_eq!(bench.count("ChangeConfiguration"), 1);
}

#[test]
fn after_two_attempts_a_key_is_left_alone() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValueSampleInterval", "900")]);
    bench.forgets = true;
    bench.run();
    assert_eq!(bench.count("ChangeConfiguration"), 2, "{:?}", bench.sent);
    assert!(bench.memory.keys["MeterValueSampleInterval"].given_up() && bench.memory.done);
    bench.reconnect();
    bench.run();
    assert_eq!(bench.count("ChangeConfiguration"), 0);
    // Each write brings the link down.
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValueSampleInterval", "900")]);
    let mut writes = 0;
    for _ in 0..5 {
        bench.reconnect();
        for _ in 0..200 {
            bench.pass(1);
            let before = bench.count("ChangeConfiguration");
            bench.mute = false;
            while let Some(step) = bench.setup.next(bench.now) {
                let Step::Send(frame) = step else {
                    match step {
                        Step::Tell(note) => bench.memory.take(&note, bench.wall),
                        Step::Recall(note) => {
                            bench.memory.take(&note, bench.wall);
                            let remembered = ProvisioningSnapshot {
                                memory: bench.memory.clone(),
                                unclear: Vec::new(),
                            };
                            bench.setup.remembered(remembered, bench.wall, bench.now);
                        }
                        Step::Send(_) | Step::Close => {}
                    }
                    continue;
                };
                let call: Value = serde_json::from_str(&frame).unwrap();
                bench.sent.push(call[2].as_str().unwrap().to_owned());
                if call[2] == "ChangeConfiguration" {
                    writes += 1;
                    break;
                }
                let answer = bench
                    .answer(call[2].as_str().unwrap(), &call[3])
                    .to_string();
                bench
                    .setup
                    .answered(&call[1].to_string(), Ok(&answer), bench.now);
            }
            if bench.count("ChangeConfiguration") > before {
                break;
            }
        }
    }
    assert_eq!(writes, 2);
}

#[test]
fn a_deaf_one_is_asked_less_and_less_and_its_link_closed_once() {
    let mut bench = Bench::new(OcppVersion::V16, &[]);
    bench.mute = true;
    bench.run();
    assert_eq!(
        (bench.sent.len(), bench.closed, bench.memory.channel),
        (3, true, CommandChannel::Deaf)
    );
    bench.reconnect();
    bench.run();
    assert_eq!(
        (bench.sent.len(), bench.closed),
        (3, false),
        "once in six hours"
    );
    bench.pass(6 * 3_600);
    bench.reconnect();
    bench.run();
    assert!(bench.closed);
}

#[test]
fn a_late_answer_goes_on_where_it_was_waited_for() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValueSampleInterval", "900")]);
    bench.mute = true;
    bench.pass(31);
    bench.drive();
    bench.pass(61);
    bench.drive();
    assert_eq!(bench.sent, ["GetConfiguration {}"]);
    bench.mute = false;
    let answer = bench.answer("GetConfiguration", &json!({})).to_string();
    assert!(bench.setup.answered("\"fg-1\"", Ok(&answer), bench.now));
    assert!(
        !bench.setup.answered("\"fg-1\"", Ok(&answer), bench.now),
        "a second time it is unasked"
    );
    bench.run();
    assert_eq!(
        bench.sent[1],
        r#"ChangeConfiguration {"key":"MeterValueSampleInterval","value":"60"}"#
    );
    assert_eq!(bench.values["MeterValueSampleInterval"].0, "60");
}

#[test]
fn a_cut_off_answer_is_completed_by_name() {
    let values = [
        ("GetConfigurationMaxKeys", "3"),
        ("A", "1"),
        ("B", "2"),
        ("C", "3"),
        ("MeterValueSampleInterval", "900"),
        ("HeartbeatInterval", "5"),
    ];
    let mut bench = Bench::new(OcppVersion::V16, &values);
    // The first three in the alphabet do not tell how many there may be.
    bench.values.remove("C");
    bench.run();
    assert_eq!(
        (
            bench.values["MeterValueSampleInterval"].0.as_str(),
            bench.values["HeartbeatInterval"].0.as_str()
        ),
        ("60", "300")
    );
    assert!(bench.count(r#"GetConfiguration {"key""#) > 1);
}

#[test]
fn a_station_of_2_0_1_is_set_up_and_asked_for_its_inventory_once() {
    let mut bench = Bench::new(
        OcppVersion::V201,
        &[
            ("SampledDataCtrlr.TxUpdatedInterval", "0"),
            ("SampledDataCtrlr.TxUpdatedMeasurands", ""),
            ("AlignedDataCtrlr.Interval", "900"),
        ],
    );
    bench.knows = ALL[..4].to_vec();
    bench.unclear = vec!["tx-1".into()];
    bench.run();
    assert_eq!(
        bench.values["SampledDataCtrlr.TxUpdatedMeasurands"].0,
        ALL[..4].join(",")
    );
    assert_eq!(bench.values["SampledDataCtrlr.TxUpdatedInterval"].0, "60");
    assert_eq!(
        (bench.count("GetBaseReport"), bench.memory.inventory),
        (1, Inventory::Partial),
        "it never ended"
    );
    assert_eq!(bench.count("GetTransactionStatus"), 1);
    bench.reconnect();
    bench.pass(31);
    bench.drive();
    assert_eq!(bench.count("GetBaseReport"), 1);
    let id: Value =
        serde_json::from_str(bench.sent.last().unwrap().split_once(' ').unwrap().1).unwrap();
    bench.setup.heard_report(id["requestId"].as_i64(), true);
    bench.setup.heard_report(Some(99), false);
    bench.setup.heard_report(id["requestId"].as_i64(), false);
    bench.run();
    assert_eq!(bench.memory.inventory, Inventory::Complete);
    bench.reconnect();
    bench.run();
    assert_eq!(bench.count("GetBaseReport"), 0);
}

#[test]
fn a_boot_begins_it_anew_and_many_boots_end_it() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValueSampleInterval", "60")]);
    for boot in 0..6 {
        bench.setup.booted(bench.now);
        bench.run();
        assert_eq!(bench.sent.len(), (boot + 1).min(4), "boot {boot}");
    }
}

#[test]
fn idle_it_is_small() {
    assert!(size_of::<Setup>() <= 700, "{} bytes", size_of::<Setup>());
}
