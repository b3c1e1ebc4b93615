//! The running day, by the engine alone.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::VEHICLES;
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig, ViewContext};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::emissions::Months;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    ActivityData, ActivityKey, AssetKind, DaySeries, Fact, FeedFormat, Observation, Quantity,
    Reading, ReadingEntry, Subject, TokenHasher, Value,
};
use fleetgauge::units::{Day, Millilitres, Thousandths, UtcMs};

/// A row of `fleet_emissions`.
struct EmissionsRow {
    scope: String,
    method: String,
    at: UtcMs,
    kgco2e: f64,
}

impl EmissionsRow {
    fn from_fact(fact: Fact) -> Option<Self> {
        match fact {
            Fact::Emissions(row) => Some(Self {
                scope: row.scope.to_owned(),
                method: row.method.to_owned(),
                at: row.at,
                kgco2e: row.kgco2e,
            }),
            Fact::ZeroRow(row) if row.series == DaySeries::Emissions => Some(Self {
                scope: row.tags[2].to_string(),
                method: row.tags[3].to_string(),
                at: row.at,
                kgco2e: 0.0,
            }),
            _ => None,
        }
    }
}

fn engine(now: UtcMs) -> Engine {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), VEHICLES.as_bytes().to_vec());
    let register = Arc::new(Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap());
    let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
    let profile = Profile::by_name("nhs_sdu").unwrap();
    Engine::new(EngineConfig::default(), profile, register, factors, 1, now)
}

fn minutes(engine: &mut Engine, now: &mut UtcMs, count: i64) -> Vec<EmissionsRow> {
    for _ in 0..count {
        *now = now.plus(60_000);
        engine.handle_timeout(*now);
    }
    std::iter::from_fn(|| engine.poll_output())
        .filter_map(EmissionsRow::from_fact)
        .collect()
}

fn report(engine: &mut Engine, now: UtcMs, entries: &[(Quantity, i64)]) {
    let entries = entries.iter().map(|(quantity, value)| ReadingEntry {
        quantity: *quantity,
        value: Value::Number(Thousandths(*value)),
    });
    let reading = Reading {
        asset: Cow::Borrowed("A1"),
        kind: AssetKind::Vehicle,
        format: FeedFormat::new(0),
        at: None,
        received_at: now,
        retained: false,
        historical: false,
        sequence: None,
        stale_after_s: None,
        entries: Cow::Owned(entries.collect()),
    };
    engine.handle(&Observation::Telemetry(reading), now);
}

/// Emissions of scope 1 by method, as they stand in the database after more rows.
#[derive(Default)]
struct Database(BTreeMap<(String, String), f64>);

impl Database {
    fn scope_1_after(&mut self, rows: Vec<EmissionsRow>) -> Vec<(String, f64)> {
        self.0.extend(
            rows.into_iter()
                .map(|row| ((row.scope, row.method), row.kgco2e)),
        );
        self.0
            .iter()
            .filter(|((scope, _), _)| scope == "1")
            .map(|((_, method), kg)| (method.clone(), *kg))
            .collect()
    }
}

/// Kilometres go by class factor until the vehicle reports its own total of fuel; then their rows become zero, or both would count.
#[test]
fn a_better_source_takes_the_rows_of_the_running_day_away() {
    let mut now: UtcMs = "2025-06-02T08:00:00Z".parse().unwrap();
    let mut engine = engine(now);
    let mut database = Database::default();
    report(&mut engine, now, &[(Quantity::Odometer, 1_000_000)]);
    minutes(&mut engine, &mut now, 30);
    report(&mut engine, now, &[(Quantity::Odometer, 1_020_000)]);
    let by_km = database.scope_1_after(minutes(&mut engine, &mut now, 2));
    assert!(
        by_km.len() == 1 && by_km[0].0 == "distance" && (by_km[0].1 - 20.0 * 0.27878).abs() < 1e-6,
        "{by_km:?}"
    );
    for (odometer, fuel) in [(1_020_000, 500_000), (1_040_000, 504_000)] {
        let entries = [
            (Quantity::Odometer, odometer),
            (Quantity::FuelUsedTotal, fuel),
        ];
        report(&mut engine, now, &entries);
        if fuel == 500_000 {
            minutes(&mut engine, &mut now, 30);
        }
    }
    let by_fuel = database.scope_1_after(minutes(&mut engine, &mut now, 2));
    let kg: f64 = by_fuel.iter().map(|(_, kg)| kg).sum();
    assert_eq!(
        (by_fuel[0].0.as_str(), by_fuel[0].1),
        ("distance", 0.0),
        "{by_fuel:?}"
    );
    assert!(
        (kg - 4.0 * 2.57082).abs() < 1e-6,
        "the day is what its fuel says: {by_fuel:?}"
    );
    // A new day begins without rows of the old one.
    now = "2025-06-03T00:00:00Z".parse().unwrap();
    let next = minutes(&mut engine, &mut now, 2);
    let of_next = next
        .iter()
        .filter(|row| row.at == "2025-06-03".parse::<Day>().unwrap().start(UK.zone()));
    assert_eq!(of_next.count(), 0);
}

/// With a fuel card of another day of the month, the day's own litres are not booked here, and the overview counts the vehicle.
#[test]
fn a_day_whose_fuel_stands_on_other_days_says_so() {
    let mut now: UtcMs = "2025-06-02T08:00:00Z".parse().unwrap();
    let mut engine = engine(now);
    for (odometer, fuel) in [(1_000_000, 500_000), (1_020_000, 502_000)] {
        let entries = [
            (Quantity::Odometer, odometer),
            (Quantity::FuelUsedTotal, fuel),
        ];
        report(&mut engine, now, &entries);
        if fuel == 500_000 {
            minutes(&mut engine, &mut now, 30);
        }
    }
    let today = |engine: &Engine| {
        let view = engine.overview(&ViewContext {
            now,
            late: 0,
            rejected: 0,
        });
        let today = serde_json::to_value(&view).unwrap()["today"].clone();
        (
            today["scope1_kgco2e"].as_f64().unwrap() > 0.0,
            today["booked_on_other_days"].as_u64().unwrap(),
        )
    };
    assert_eq!(today(&engine), (true, 0));
    let key = ActivityKey {
        day: "2025-06-01".parse().unwrap(),
        subject: Subject::Vehicle("A1".into()),
    };
    let fill = ActivityData {
        fuel_card: Millilitres(40_000),
        ..ActivityData::default()
    };
    engine.set_months(Months::from_activity([(&key, &fill)]));
    assert_eq!(today(&engine), (false, 1));
}
