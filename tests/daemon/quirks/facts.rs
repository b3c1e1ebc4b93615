//! The facts that follow from a case's frames, by `replay`.

use std::sync::Arc;

use fleetgauge::app::RegisterSource;
use fleetgauge::app::config::{Config, load_factors};
use fleetgauge::app::replay::{Replay, Setting};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::TokenHasher;
use serde_json::{Value, json};

use super::case::{Case, DAY, Step, cases};
use crate::support::TempDir;

#[test]
fn facts_are_as_expected() {
    let mut failures = Vec::new();
    let mut replayed = 0;
    for case in cases() {
        let Some(expected) = case.read("expected.json") else {
            continue;
        };
        let expected: Value = serde_json::from_str(&expected)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let report = replay(&case);
        let mut wrong = Vec::new();
        for (key, want) in expected.as_object().unwrap() {
            differences(key, want, &report[key], &mut wrong);
        }
        replayed += 1;
        if !wrong.is_empty() {
            failures.push(format!("{}:\n  {}", case.name, wrong.join("\n  ")));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {replayed} differ\n{}",
        failures.len(),
        failures.join("\n")
    );
    println!("{replayed} cases replayed");
}

/// What `want` names must be so in `found`; lists must have the same length.
fn differences(path: &str, want: &Value, found: &Value, wrong: &mut Vec<String>) {
    match (want, found) {
        (Value::Object(want), Value::Object(found)) => {
            for (key, want) in want {
                let found = found.get(key).unwrap_or(&Value::Null);
                differences(&format!("{path}.{key}"), want, found, wrong);
            }
        }
        (Value::Array(want), Value::Array(found)) if want.len() == found.len() => {
            for (index, (want, found)) in want.iter().zip(found).enumerate() {
                differences(&format!("{path}[{index}]"), want, found, wrong);
            }
        }
        (Value::Number(want), Value::Number(found))
            if (want.as_f64().unwrap() - found.as_f64().unwrap()).abs() < 1e-9 => {}
        _ if want == found => {}
        _ => wrong.push(format!("{path}: want {want}, found {found}")),
    }
}

fn replay(case: &Case) -> Value {
    let mut lines = Lines {
        replay: new_replay(),
        at: format!("{DAY}T08:00:00Z"),
        version: case.version.to_owned(),
        transaction_id: 4710,
    };
    if !matches!(case.steps.first(), Some(Step::Up { .. })) {
        lines.append(json!({"charge_point": "CP", "event": "connected", "version": case.version}));
    }
    for step in &case.steps {
        lines.step(step);
    }
    lines.replay.finish();
    serde_json::to_value(lines.replay.report()).unwrap()
}

fn new_replay() -> Replay {
    let folder = TempDir::new("quirk");
    for (name, text) in [
        ("vehicles.csv", "vehicle_id,id_tags\nAMB-1,04A1B2C3D4E5F6\n"),
        (
            "charge_points.csv",
            "charge_point_id,connectors,max_power_kw\nCP,2,22\n",
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let config = Config::default();
    let hasher = TokenHasher::new(&[0; 32]);
    Replay::new(Setting {
        engine: config.engine.clone(),
        profile: Profile::by_name(&config.engine.profile).unwrap(),
        register: Arc::new(
            RegisterSource::Folder(folder.path().to_owned())
                .load(&UK, &hasher)
                .unwrap(),
        ),
        factors: Arc::new(load_factors(&config.factors).unwrap()),
        hasher,
        repair_metering: config.ocpp.repair_metering,
        max_depth: config.ocpp.max_json_depth,
    })
}

/// The lines of a capture file, made of a case's steps.
struct Lines {
    replay: Replay,
    at: String,
    version: String,
    /// The last one that the central system gave.
    transaction_id: i64,
}

impl Lines {
    fn append(&mut self, ocpp: Value) {
        let line = json!({ "at": self.at, "ocpp": ocpp }).to_string();
        self.replay.line(&line).unwrap();
    }

    fn frame(&mut self, from: &str, text: &str) {
        let text = text.replace("$TX", &self.transaction_id.to_string());
        self.append(
            json!({"charge_point": "CP", "version": self.version, "from": from, "frame": text}),
        );
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::At(time) => self.at.clone_from(time),
            Step::Sent(text) => self.frame("charge_point", text),
            Step::Operator(text) => self.frame("csms", text),
            Step::Reply(text) => {
                if text.contains("\"transactionId\":$TX+") {
                    self.transaction_id += 1;
                }
                let text = text.replace("$TX+", "$TX").replace("\"*\"", "\"\"");
                self.frame("csms", &text.replace('*', ""));
            }
            Step::Up { version, tap } => {
                if !version.is_empty() {
                    self.version.clone_from(version);
                }
                let mode = if *tap { "tap" } else { "csms" };
                self.append(json!({"charge_point": "CP", "event": "connected", "version": self.version, "mode": mode}));
            }
            Step::Down => self.append(json!({"charge_point": "CP", "event": "disconnected"})),
        }
    }
}
