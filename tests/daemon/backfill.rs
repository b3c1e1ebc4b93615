//! Rows of `fleet_emissions` that no longer hold: of the running day when a better source takes over, of past days when late data change them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Daemon, TempDir, fleetgauge, wait_for};
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig, ViewContext};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::emissions::Months;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    Activity, ActivityKey, AssetKind, EmissionsFact, Fact, FeedFormat, Observation, Quantity,
    Reading, ReadingEntry, Subject, TokenHasher, Value,
};
use fleetgauge::store::Reader;
use fleetgauge::units::{Day, Thousandths, UtcMs};

const VEHICLES: &str = "vehicle_id,organisation,category,fuel,mass_kg\nA1,EMAS,van,DIESEL,3500\n";

fn minutes(engine: &mut Engine, now: &mut UtcMs, count: i64) -> Vec<EmissionsFact> {
    for _ in 0..count {
        *now = now.plus(60_000);
        engine.handle_timeout(*now);
    }
    let facts = std::iter::from_fn(|| engine.poll_output());
    facts
        .filter_map(|fact| {
            if let Fact::Emissions(row) = fact {
                Some(row)
            } else {
                None
            }
        })
        .collect()
}

fn tell(engine: &mut Engine, now: UtcMs, entries: &[(Quantity, i64)]) {
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

/// Kilometres by class factor until the vehicle's own total of fuel is heard: the rows of before are written as nothing, or both would count.
#[test]
fn a_better_source_takes_the_rows_of_the_running_day_away() {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), VEHICLES.as_bytes().to_vec());
    let register = Arc::new(Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap());
    let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
    let mut now: UtcMs = "2025-06-02T08:00:00Z".parse().unwrap();
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let mut engine = Engine::new(EngineConfig::default(), profile, register, factors, 1, now);
    let mut standing: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    let mut note = |rows: Vec<EmissionsFact>| {
        standing.extend(rows.iter().map(|row| ((row.scope, row.method), row.kgco2e)));
        standing
            .iter()
            .filter(|((scope, _), _)| *scope == "1")
            .map(|((_, method), kg)| ((*method).to_owned(), *kg))
            .collect::<Vec<_>>()
    };
    tell(&mut engine, now, &[(Quantity::Odometer, 1_000_000)]);
    minutes(&mut engine, &mut now, 30);
    tell(&mut engine, now, &[(Quantity::Odometer, 1_020_000)]);
    let by_km = note(minutes(&mut engine, &mut now, 2));
    assert!(
        by_km.len() == 1 && by_km[0].0 == "distance" && (by_km[0].1 - 20.0 * 0.27878).abs() < 1e-6,
        "{by_km:?}"
    );
    tell(
        &mut engine,
        now,
        &[
            (Quantity::Odometer, 1_020_000),
            (Quantity::FuelUsedTotal, 500_000),
        ],
    );
    minutes(&mut engine, &mut now, 30);
    tell(
        &mut engine,
        now,
        &[
            (Quantity::Odometer, 1_040_000),
            (Quantity::FuelUsedTotal, 504_000),
        ],
    );
    let by_fuel = note(minutes(&mut engine, &mut now, 2));
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

/// A card of another day of the month: the day's own litres are not booked here, and the overview says whose.
#[test]
fn a_day_whose_fuel_stands_on_other_days_says_so() {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), VEHICLES.as_bytes().to_vec());
    let register = Arc::new(Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap());
    let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
    let mut now: UtcMs = "2025-06-02T08:00:00Z".parse().unwrap();
    let mut engine = Engine::new(
        EngineConfig::default(),
        Profile::by_name("nhs_sdu").unwrap(),
        register,
        factors,
        1,
        now,
    );
    tell(
        &mut engine,
        now,
        &[
            (Quantity::Odometer, 1_000_000),
            (Quantity::FuelUsedTotal, 500_000),
        ],
    );
    minutes(&mut engine, &mut now, 30);
    tell(
        &mut engine,
        now,
        &[
            (Quantity::Odometer, 1_020_000),
            (Quantity::FuelUsedTotal, 502_000),
        ],
    );
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
    let fill = Activity {
        fuel_card_ml: 40_000,
        ..Activity::default()
    };
    engine.set_months(Months::of([(&key, &fill)]));
    assert_eq!(today(&engine), (false, 1));
}

/// Every line of `fleet_emissions` and `site_emissions` in the outbox after a row of it; of lines with the same tags and time the last counts.
fn written(folder: &Path, after: i64) -> (i64, BTreeMap<String, f64>) {
    let reader = Reader::open(&folder.join("data")).unwrap();
    let (mut at, mut lines) = (after, BTreeMap::new());
    while let Some(batch) = reader.outbox_after(at).unwrap() {
        at = batch.id;
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(&batch.gzip[..])
            .read_to_string(&mut text)
            .unwrap();
        let wanted = |line: &&str| {
            line.starts_with("fleet_emissions,") || line.starts_with("site_emissions,")
        };
        for line in text.lines().filter(wanted) {
            let (tags, rest) = line.split_once(' ').unwrap();
            let (fields, time) = rest.rsplit_once(' ').unwrap();
            let kg = fields
                .split(',')
                .find_map(|field| field.strip_prefix("kgco2e="))
                .unwrap();
            lines.insert(format!("{tags} {time}"), kg.parse().unwrap());
        }
    }
    (at, lines)
}

fn insert(folder: &Path, day: Day, metres: i64) {
    let connection = rusqlite::Connection::open(folder.join("data/fleetgauge.db")).unwrap();
    let sql = "INSERT OR REPLACE INTO activity VALUES (?1, '{\"Vehicle\":\"A1\"}', ?2, 0, 0, 0, 0)";
    connection
        .execute(sql, rusqlite::params![day.0, metres])
        .unwrap();
}

#[test]
fn late_data_write_past_days_anew_and_only_those() {
    let folder = TempDir::new("past-days");
    std::fs::create_dir(folder.path().join("register")).unwrap();
    std::fs::write(folder.path().join("register/vehicles.csv"), VEHICLES).unwrap();
    let config = "[register]\ndirectory = \"register\"\n[store]\ndirectory = \"data\"\n";
    std::fs::write(folder.path().join("fleetgauge.toml"), config).unwrap();
    let today = Day::of(
        UtcMs(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_millis() as i64,
        ),
        UK.zone(),
    );
    let day = |back: i32| Day(today.0 - back);
    let time = |back: i32| day(back).start(UK.zone()).0.to_string();
    let start = |after: i64, done: &dyn Fn(&BTreeMap<String, f64>) -> bool| {
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for("the rows of past days", || {
            done(&written(folder.path(), after).1)
        });
        daemon.stop();
        written(folder.path(), after)
    };
    let daemon = Daemon::start(folder.path(), &[]);
    daemon.api("overview");
    daemon.stop();
    // Two days of the last month and one of long ago, each of 100 km.
    for back in [3, 5, 100] {
        insert(folder.path(), day(back), 100_000);
    }
    let of = |lines: &BTreeMap<String, f64>, back: i32, scope: &str, method: &str| {
        let found = lines.iter().find(|(key, _)| {
            key.ends_with(&time(back))
                && key.contains(&format!("scope={scope}"))
                && key.contains(&format!("method={method}"))
        });
        found.map(|(_, kg)| *kg)
    };
    let (after, first) = start(0, &|lines| of(lines, 3, "1", "distance").is_some());
    assert!(
        of(&first, 3, "1", "distance").unwrap() > 10.0
            && of(&first, 5, "1", "distance").unwrap() > 10.0
    );
    assert_eq!(
        of(&first, 3, "1", "fuel_card"),
        None,
        "what was never there is not said to be gone"
    );
    let site = |lines: &BTreeMap<String, f64>, back: i32| {
        lines
            .iter()
            .find(|(key, _)| {
                key.starts_with("site_") && key.ends_with(&time(back)) && key.contains("scope=1")
            })
            .map(|(_, kg)| *kg)
    };
    assert_eq!(
        site(&first, 3),
        of(&first, 3, "1", "distance"),
        "by site as by class"
    );
    assert_eq!(
        of(&first, 100, "1", "distance"),
        None,
        "two months back, no further"
    );

    // A fuel card of the day before yesterday's day before: its month goes by litres, and the kilometres' rows are nothing now.
    let csv = format!("date,vehicle_id,litres\n{},A1,40\n", day(3));
    std::fs::write(folder.path().join("fuel.csv"), csv).unwrap();
    let output = fleetgauge()
        .current_dir(folder.path())
        .args(["import", "fuel", "fuel.csv", "--config", "fleetgauge.toml"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (after, second) = start(after, &|lines| {
        of(lines, 3, "1", "fuel_card").is_some_and(|kg| kg > 0.0)
    });
    assert_eq!(of(&second, 3, "1", "distance"), Some(0.0), "{second:?}");
    assert!(
        (of(&second, 3, "1", "fuel_card").unwrap() / 40.0 - 2.5).abs() < 0.2,
        "40 L of diesel"
    );
    assert!(of(&second, 3, "3", "fuel_card").unwrap() > 0.0);
    assert_eq!(
        site(&second, 3),
        of(&second, 3, "1", "fuel_card"),
        "the card's litres by site too"
    );

    // Another start has nothing to say of the days before, but of a vehicle that has gone to another organisation: what was its old one's is
    // nothing. The engine wrote of the newest days, and of older ones the store knows.
    std::fs::write(
        folder.path().join("register/vehicles.csv"),
        VEHICLES.replace("EMAS", "ELSE"),
    )
    .unwrap();
    let (after, third) = start(after, &|lines| {
        lines
            .keys()
            .any(|key| key.contains("fleet=ELSE") && key.ends_with(&time(3)))
    });
    assert_eq!(
        third
            .iter()
            .filter(|(key, kg)| key.contains("fleet=EMAS") && **kg != 0.0)
            .count(),
        0,
        "{third:?}"
    );
    assert!(
        third
            .keys()
            .any(|key| key.starts_with("site_emissions,fleet=EMAS") && key.ends_with(&time(3))),
        "{third:?}"
    );
    insert(folder.path(), day(7), 1_000);
    let (_, fourth) = start(after, &|lines| {
        lines.keys().any(|key| key.ends_with(&time(7)))
    });
    assert!(
        !fourth
            .keys()
            .any(|key| key.ends_with(&time(3)) || key.ends_with(&time(5))),
        "only what is new: {fourth:?}"
    );
}
