//! The engine as a machine: the same calls give the same rows, a restart in between changes nothing, and days add up. A failure names
//! its seed. `FLEETGAUGE_SEEDS=2000 cargo test --test pure engine` runs longer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod extremes;
mod properties;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::support::memory_store::Shelf;
use fleetgauge::app::EXAMPLE_REGISTER;
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{
    Dimension, Engine, EngineConfig, SessionsQuery, StoredActivity, ViewContext,
};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::emissions::{FactorSets, Months};
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    ActivityRow, AssetKind, ChargePointEvent, ChargePointMessage, ClosedSession, ConnectorStatus,
    Deviations, Fact, FeedFormat, Issue, MeterSample, Observation, OcppVersion, Quantity, Reading,
    ReadingEntry, TokenHasher, Value,
};
use fleetgauge::ocpp::codec::{Action, Request, frame};
use fleetgauge::series;
use fleetgauge::units::{Day, Month, Thousandths, UtcMs};

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

fn hasher() -> TokenHasher {
    TokenHasher::new(&[9; 32])
}

fn register() -> Arc<Register> {
    let files = EXAMPLE_REGISTER
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec();
    Arc::new(Register::parse(&RegisterFiles::from_bytes(files), &hasher()).unwrap())
}

fn factors() -> Arc<FactorSets> {
    static SETS: OnceLock<Arc<FactorSets>> = OnceLock::new();
    SETS.get_or_init(|| Arc::new(load_factors(&FactorsConfig::default()).unwrap()))
        .clone()
}

struct Run {
    engine: Engine,
    shelf: Shelf,
    register: Arc<Register>,
    factors: Arc<FactorSets>,
}

impl Run {
    fn new(now: UtcMs) -> Self {
        let (register, factors) = (register(), factors());
        let profile = Profile::by_name("nhs_sdu").unwrap();
        let engine = Engine::new(
            EngineConfig::default(),
            profile,
            register.clone(),
            factors.clone(),
            1000,
            now,
        );
        Self {
            engine,
            shelf: Shelf::default(),
            register,
            factors,
        }
    }

    fn drain(&mut self) {
        self.shelf
            .notices
            .extend(std::iter::from_fn(|| self.engine.poll_notice()));
        while let Some(fact) = self.engine.poll_output() {
            series::encode(&fact, &mut self.shelf.lines);
            if let Fact::Session {
                record,
                kgco2e_location,
            } = fact
            {
                self.shelf.sessions.insert(
                    record.id.clone(),
                    ClosedSession {
                        record: *record,
                        kgco2e_location,
                    },
                );
            }
        }
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Observed(now, observation) => drop(self.engine.handle(observation, *now)),
            Step::Timeout(now) => self.engine.handle_timeout(*now),
        }
        self.drain();
    }

    fn checkpoint(&mut self, confirmed: bool) -> Vec<u8> {
        let (generation, snapshot, rows) = self.engine.checkpoint();
        for ActivityRow { key, activity } in rows {
            self.shelf.activity.entry(key).or_default().add(&activity);
        }
        self.shelf.generation = generation;
        self.shelf.add(self.engine.checkpoint_rollups());
        if confirmed {
            self.engine.confirm_checkpoint(generation);
        }
        snapshot
    }

    fn restart(&mut self, snapshot: &[u8], now: UtcMs) {
        let profile = Profile::by_name("nhs_sdu").unwrap();
        self.engine = Engine::restore(
            snapshot,
            EngineConfig::default(),
            profile,
            self.register.clone(),
            self.factors.clone(),
            now,
        )
        .unwrap();
    }

    /// Everything that can be seen from outside.
    fn seen(&self, now: UtcMs) -> String {
        let context = ViewContext {
            now,
            late: 0,
            rejected: 0,
        };
        let (from, to) = (
            Day::of(now.plus(-10 * 86_400_000), UK.zone()),
            Day::of(now, UK.zone()),
        );
        let rows: Vec<ActivityRow> = self
            .shelf
            .activity
            .iter()
            .map(|(key, activity)| ActivityRow {
                key: key.clone(),
                activity: *activity,
            })
            .collect();
        let months = Months::from_activity(&self.shelf.activity);
        let stored = StoredActivity {
            generation: self.shelf.generation,
            rows,
            months,
            years: Vec::new(),
        };
        let by = [
            Dimension::Organisation,
            Dimension::Site,
            Dimension::VehicleClass,
            Dimension::Tier,
        ];
        let query = SessionsQuery::default();
        let sessions = self.shelf.sessions.values().cloned().collect();
        [
            serde_json::to_string_pretty(&self.engine.overview(&context)),
            serde_json::to_string_pretty(&self.engine.alerts_view(&context)),
            serde_json::to_string_pretty(&self.engine.vehicles_view(&context)),
            serde_json::to_string_pretty(&self.engine.charge_points_view(&context)),
            serde_json::to_string_pretty(&self.engine.uptime_view(
                &context,
                Month::of(now, UK.zone()).plus(-1),
                Month::of(now, UK.zone()),
            )),
            serde_json::to_string_pretty(&self.engine.emissions_view(from, to, &by, stored)),
            serde_json::to_string_pretty(&self.engine.sessions_view(&context, sessions, &query)),
            Ok(self.shelf.history(&self.engine, now)),
        ]
        .map(Result::unwrap)
        .join("\n")
    }
}

enum Step {
    Observed(UtcMs, Observation<'static>),
    Timeout(UtcMs),
}

impl Step {
    fn at(&self) -> UtcMs {
        match self {
            Self::Observed(at, _) | Self::Timeout(at) => *at,
        }
    }
}

const VEHICLES: [&str; 6] = [
    "AMB-101",
    "AMB-123",
    "RRV-201",
    "SUP-401",
    "ovms:PTS307",
    "stranger",
];

/// The meters of the simulated fleet.
struct Meters {
    /// Thousandths of a kilometre, by vehicle.
    odometers: [i64; VEHICLES.len()],
    /// Thousandths of a litre of AMB-101.
    fuel: i64,
    register: i64,
    /// The last odometer of each vehicle that reported.
    reported: BTreeMap<String, i64>,
}

impl Meters {
    fn new() -> Self {
        Self {
            odometers: VEHICLES.map(|_| 1_000_000),
            fuel: 500_000,
            register: 100_000,
            reported: BTreeMap::new(),
        }
    }

    /// A vehicle drives on and reports, now and then late or retained.
    fn vehicle_reading(&mut self, random: &mut Random, now: UtcMs) -> Observation<'static> {
        let index = random.below(VEHICLES.len() as u64) as usize;
        self.odometers[index] += random.below(9_000) as i64;
        self.fuel += random.below(300) as i64;
        // Now and then an old value comes again.
        let own_time = random.below(3) > 0;
        let behind = if own_time && random.below(8) == 0 {
            600_000
        } else {
            0
        };
        let asset = VEHICLES[index];
        let format = if asset.starts_with("ovms") {
            FeedFormat {
                number: 1,
                digits: 6,
            }
        } else {
            FeedFormat::new(0)
        };
        let number = |quantity, value| ReadingEntry {
            quantity,
            value: Value::Number(Thousandths(value)),
        };
        let mut entries = vec![number(Quantity::Odometer, self.odometers[index])];
        if asset == "AMB-101" {
            entries.push(number(Quantity::FuelUsedTotal, self.fuel));
        }
        self.reported
            .insert(asset.to_owned(), self.odometers[index]);
        Observation::Telemetry(Reading {
            asset: Cow::Borrowed(asset),
            kind: AssetKind::Vehicle,
            format,
            at: own_time.then_some(now.plus(-behind)),
            received_at: now,
            retained: random.below(12) == 0,
            historical: false,
            sequence: None,
            stale_after_s: None,
            entries: Cow::Owned(entries),
        })
    }
}

/// Three days around the end of summer time, 25 October 2026, and the last odometer of each vehicle.
fn history(seed: u64) -> (Vec<Step>, BTreeMap<String, i64>) {
    let mut random = Random(seed);
    let mut now: UtcMs = "2026-10-24T10:00:00Z".parse().unwrap();
    let mut steps = Vec::new();
    let mut meters = Meters::new();
    for _ in 0..400 {
        now = now.plus(1 + random.below(1_300_000) as i64);
        let step = match random.below(10) {
            0 => match random.below(4) {
                0 => Step::Observed(now, Observation::Restarted),
                1 => Step::Observed(now, silence(now)),
                _ => Step::Timeout(now),
            },
            1..=6 => Step::Observed(now, meters.vehicle_reading(&mut random, now)),
            other => {
                meters.register += random.below(3_000) as i64;
                let message = charge_point_message(&mut random, other, meters.register, now);
                Step::Observed(now, message)
            }
        };
        steps.push(step);
    }
    (steps, meters.reported)
}

/// A message of one of two charge points, of the kind `what`.
fn charge_point_message(
    random: &mut Random,
    what: u64,
    register: i64,
    now: UtcMs,
) -> Observation<'static> {
    let sample = MeterSample {
        at: Some(now),
        register_tenth_wh: Some(register),
        power_milliwatts: Some(7_000_000),
        ..MeterSample::default()
    };
    let message = match (what, random.below(4)) {
        (7, _) => ChargePointMessage::StartTransaction {
            connector_id: 1,
            id_token: hasher().hash(["041C17149D4395", "FFFF"][random.below(2) as usize]),
            meter_start_tenth_wh: Some(register),
            at: Some(now),
            issue: Issue::Ours,
        },
        (8, 0) => ChargePointMessage::StopTransaction {
            transaction_id: None,
            id_token: None,
            meter_stop_tenth_wh: Some(register),
            at: Some(now),
            reason: None,
            samples: vec![],
        },
        (8, _) => ChargePointMessage::Status {
            connector_id: 1,
            status: [
                ConnectorStatus::Available,
                ConnectorStatus::Charging,
                ConnectorStatus::Faulted,
            ][random.below(3) as usize],
            error_code: None,
            vendor_error_code: None,
            info: None,
            part: 0,
            at: Some(now),
        },
        _ => ChargePointMessage::MeterValues {
            connector_id: 1,
            transaction_id: None,
            samples: vec![sample],
        },
    };
    let charge_point = Arc::from(["DER-CP-01", "ILK-CP-03"][random.below(2) as usize]);
    Observation::ChargePoint(ChargePointEvent {
        charge_point,
        received_at: now,
        deviations: Deviations::default(),
        message,
    })
}

fn silence(now: UtcMs) -> Observation<'static> {
    let matchers = vec![
        ("site".to_owned(), "*".to_owned()),
        ("rule".to_owned(), "charger_faulted".to_owned()),
    ];
    Observation::AlertsSilenced {
        matchers,
        until: now.plus(7_200_000),
        by: "ann".into(),
        comment: String::new(),
    }
}
