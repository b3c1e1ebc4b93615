//! Several feeds of one vehicle: which register books, what is held, freshness, loss, the audit log and undoing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod booking;
mod readings;

use std::borrow::Cow;
use std::sync::Arc;

use fleetgauge::engine::{Engine, EngineConfig, ViewContext};
use fleetgauge::ledger::counters::CounterOverride;
use fleetgauge::ledger::emissions::FactorSets;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    ActivityRow, AssetKind, FeedFormat, Observation, Quantity, Reading, ReadingEntry, Sequence,
    TokenHasher, Value,
};
use fleetgauge::series;
use fleetgauge::units::{Thousandths, UtcMs};
use serde_json::Value as Json;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const NATIVE: FeedFormat = FeedFormat::new(0);
const OVMS: FeedFormat = FeedFormat {
    number: 1,
    digits: 6,
};
const TRACCAR: FeedFormat = FeedFormat::new(4);

const VEHICLES: &str = "vehicle_id,fuel,category,organisation,feed_ids,in_service_to\n\
    V1,DIESEL,van,EMAS,ovms:V1;traccar:V1,\nV2,DIESEL,van,EMAS,,\nV3,DIESEL,van,OTHER,,2020-01-01\n";

struct Depot {
    engine: Engine,
    register: Arc<Register>,
    lines: Vec<u8>,
    now: UtcMs,
    activity: Vec<ActivityRow>,
}

fn start() -> UtcMs {
    "2026-11-02T06:00:00Z".parse().unwrap()
}

impl Depot {
    fn new(config: EngineConfig) -> Self {
        let files = [
            ("vehicles.csv", VEHICLES),
            ("organisations.csv", "organisation_id\nEMAS\nOTHER\n"),
            (
                "charge_points.csv",
                "charge_point_id,feed_ids\nCP1,evcc:lp/1\n",
            ),
        ];
        let files = files
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .to_vec();
        let register = Arc::new(
            Register::parse(
                &RegisterFiles::from_bytes(files),
                &TokenHasher::new(&[1; 32]),
            )
            .unwrap(),
        );
        let profile = Profile::by_name("nhs_sdu").unwrap();
        let engine = Engine::new(
            config,
            profile,
            register.clone(),
            Arc::new(factors()),
            1,
            start(),
        );
        Self {
            engine,
            register,
            lines: Vec::new(),
            now: start(),
            activity: Vec::new(),
        }
    }

    fn handle(&mut self, observation: Observation<'_>, now: UtcMs) {
        self.now = now;
        self.engine.handle(&observation, now);
        while let Some(fact) = self.engine.poll_output() {
            series::encode(&fact, &mut self.lines);
        }
    }

    fn push(&mut self, reading: Reading<'_>) {
        let now = reading.received_at;
        self.handle(Observation::Telemetry(reading), now);
    }

    /// An odometer in km at a minute.
    fn drive(&mut self, asset: &str, format: FeedFormat, minute: i64, km: f64) {
        self.push(reading(asset, format, minute, Quantity::Odometer, km));
    }

    fn view(&self, what: &str) -> Json {
        let context = ViewContext {
            now: self.now,
            late: 0,
            rejected: 0,
        };
        match what {
            "vehicles" => serde_json::to_value(self.engine.vehicles_view(&context)),
            "overview" => serde_json::to_value(self.engine.overview(&context)),
            "feeds" => serde_json::to_value(self.engine.feeds_view(&context)),
            asset => serde_json::to_value(self.engine.counters_view(&context, Some(asset))),
        }
        .unwrap()
    }

    fn vehicle(&self, id: &str) -> Json {
        let vehicles = self.view("vehicles");
        vehicles["vehicles"]
            .as_array()
            .unwrap()
            .iter()
            .find(|vehicle| vehicle["vehicle_id"] == id)
            .unwrap()
            .clone()
    }

    /// Metres booked on a vehicle over all days.
    fn booked(&mut self) -> i64 {
        let (generation, snapshot, rows) = self.engine.checkpoint();
        self.engine.confirm_checkpoint(generation);
        self.activity.extend(rows);
        let profile = Profile::by_name("nhs_sdu").unwrap();
        let factors = Arc::new(factors());
        // What was saved is all there is to know.
        self.engine = Engine::restore(
            &snapshot,
            EngineConfig::default(),
            profile,
            self.register.clone(),
            factors,
            self.now,
        )
        .unwrap();
        self.activity
            .iter()
            .map(|row| row.activity.distance.0)
            .sum()
    }

    fn rows(&self, measurement: &str) -> Vec<String> {
        let text = String::from_utf8(self.lines.clone()).unwrap();
        text.lines()
            .filter(|line| line.starts_with(&format!("{measurement},")))
            .map(str::to_owned)
            .collect()
    }
}

fn factors() -> FactorSets {
    FactorSets::parse(&[
        (
            "ghg_electricity.csv",
            include_str!("../../../config/factors/ghg_electricity.csv"),
        ),
        (
            "ghg_fuel.csv",
            include_str!("../../../config/factors/ghg_fuel.csv"),
        ),
        (
            "ghg_distance.csv",
            include_str!("../../../config/factors/ghg_distance.csv"),
        ),
    ])
    .unwrap()
}

fn reading<'a>(
    asset: &'a str,
    format: FeedFormat,
    minute: i64,
    quantity: Quantity,
    value: f64,
) -> Reading<'a> {
    let at = start().plus(minute * MINUTE);
    let value = Value::Number(Thousandths((value * 1000.0).round() as i64));
    Reading {
        asset: Cow::Borrowed(asset),
        kind: AssetKind::Vehicle,
        format,
        at: Some(at),
        received_at: at,
        retained: false,
        historical: false,
        sequence: None,
        stale_after_s: None,
        entries: Cow::Owned(vec![ReadingEntry { quantity, value }]),
    }
}
