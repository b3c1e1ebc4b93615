//! Rows about sites, the register and what is ahead: they add up to what else is written, come seldom, and again when the register changes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod due;
mod emissions;
mod projections;
mod zero_rows;

use std::sync::Arc;

use fleetgauge::app::EXAMPLE_REGISTER;
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    AssetKind, Fact, FeedFormat, Observation, Quantity, Reading, ReadingEntry, TokenHasher, Value,
};
use fleetgauge::units::{Day, Thousandths, UtcMs};

const MINUTE: i64 = 60_000;

fn day() -> Day {
    "2026-11-25".parse().unwrap()
}

fn register() -> Arc<Register> {
    register_with(|text| text.to_owned())
}

fn register_with(change: impl Fn(&str) -> String) -> Arc<Register> {
    let files = EXAMPLE_REGISTER
        .map(|(name, text)| (name.to_owned(), change(text).into_bytes()))
        .to_vec();
    Arc::new(
        Register::parse(
            &RegisterFiles::from_bytes(files),
            &TokenHasher::new(&[9; 32]),
        )
        .unwrap(),
    )
}

fn engine() -> Engine {
    engine_of(register(), None)
}

fn engine_of(register: Arc<Register>, snapshot: Option<&[u8]>) -> Engine {
    // A path, as the demo has it.
    let config = EngineConfig {
        target_start: Day::from_ymd(2022, 4, 1),
        target_start_share: Some(0.5),
        ..EngineConfig::default()
    };
    let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
    let (profile, now) = (Profile::by_name("nhs_sdu").unwrap(), day().start(UK.zone()));
    match snapshot {
        Some(snapshot) => {
            Engine::restore(snapshot, config, profile, register, factors, now).unwrap()
        }
        None => Engine::new(config, profile, register, factors, 1, now),
    }
}

fn drives(engine: &mut Engine, vehicle: &str, km: i64, at: UtcMs) {
    let entries = vec![ReadingEntry {
        quantity: Quantity::Odometer,
        value: Value::Number(Thousandths(km * 1_000)),
    }];
    let reading = Reading {
        asset: vehicle.into(),
        kind: AssetKind::Vehicle,
        format: FeedFormat::new(0),
        at: Some(at),
        received_at: at,
        retained: false,
        historical: false,
        sequence: None,
        stale_after_s: None,
        entries: entries.into(),
    };
    engine.handle(&Observation::Telemetry(reading), at);
}

fn facts(engine: &mut Engine) -> Vec<Fact> {
    std::iter::from_fn(|| engine.poll_output()).collect()
}

/// A working day of two successors, an old ambulance and a car of another organisation; facts of each minute.
fn a_day(engine: &mut Engine) -> Vec<Fact> {
    let mut all = Vec::new();
    for minute in 0..24 * 60 {
        let now = day().start(UK.zone()).plus(minute * MINUTE);
        if minute % 10 == 0 {
            for (index, vehicle) in ["AMB-123", "AMB-124", "AMB-101", "ACN-501"]
                .into_iter()
                .enumerate()
            {
                drives(
                    engine,
                    vehicle,
                    10_000 + minute / 10 * (index as i64 + 1),
                    now,
                );
            }
        }
        engine.handle_timeout(now);
        all.extend(facts(engine));
    }
    engine.handle_timeout(day().end(UK.zone()));
    all.extend(facts(engine));
    all
}
