//! Several feeds of one vehicle, and what they say of themselves: who books, what is held, freshness, loss, the audit log and its undo.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

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
            include_str!("../../config/factors/ghg_electricity.csv"),
        ),
        (
            "ghg_fuel.csv",
            include_str!("../../config/factors/ghg_fuel.csv"),
        ),
        (
            "ghg_distance.csv",
            include_str!("../../config/factors/ghg_distance.csv"),
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

#[test]
fn the_most_trusted_feed_books_and_no_difference_is_taken_across_feeds() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.drive("traccar:V1", TRACCAR, 0, 700.0);
    depot.drive("traccar:V1", TRACCAR, 60, 750.0);
    assert_eq!(depot.booked(), 50_000, "the only feed books");
    // A better one comes in: from its first reading on, it books; the old one goes on and is only held.
    depot.drive("ovms:V1", OVMS, 61, 84_000.0);
    depot.drive("traccar:V1", TRACCAR, 120, 800.0);
    depot.drive("ovms:V1", OVMS, 121, 84_048.0);
    assert_eq!(depot.booked(), 98_000);
    // And the fleet's own messages, under the fleet id, are trusted most.
    depot.drive("V1", NATIVE, 122, 84_500.0);
    depot.drive("V1", NATIVE, 182, 84_540.0);
    depot.drive("ovms:V1", OVMS, 183, 84_090.0);
    depot.drive("traccar:V1", TRACCAR, 184, 840.0);
    assert_eq!(depot.booked(), 138_000);
    let vehicle = depot.vehicle("V1");
    assert_eq!(
        vehicle["odometer_km"], 84_540.0,
        "the one that books says how far it went: {vehicle}"
    );
    assert_eq!(
        vehicle["feeds"],
        serde_json::json!(["traccar:V1", "ovms:V1", "V1"])
    );
    let changes = depot.view("V1");
    let changed: Vec<_> = changes["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["event"])
        .collect();
    assert_eq!(changed, ["source_changed", "source_changed"], "{changes}");
}

#[test]
fn another_feed_takes_over_with_its_held_gains_when_the_better_one_is_silent() {
    let mut depot = Depot::new(EngineConfig::default());
    for hour in 0..=10 {
        depot.drive("ovms:V1", OVMS, hour * 60, 84_000.0 + 10.0 * hour as f64);
        depot.drive(
            "traccar:V1",
            TRACCAR,
            hour * 60 + 1,
            700.0 + 10.0 * hour as f64,
        );
    }
    assert_eq!(depot.booked(), 100_000);
    // The OVMS module dies. The tracker goes on; after a day it books, with all it gained since the last word of the other.
    for hour in 11..=40 {
        depot.drive(
            "traccar:V1",
            TRACCAR,
            hour * 60 + 1,
            700.0 + 10.0 * hour as f64,
        );
    }
    let booked = depot.booked();
    assert!(
        (399_000..=400_200).contains(&booked),
        "40 hours at 10 km, but {booked} m are booked"
    );
    // It is repaired: its register holds all of it, and only what the tracker has not booked is added.
    depot.drive("ovms:V1", OVMS, 41 * 60, 84_410.0);
    depot.drive("ovms:V1", OVMS, 42 * 60, 84_420.0);
    let booked = depot.booked();
    assert!(
        (418_000..=421_000).contains(&booked),
        "42 hours at 10 km, but {booked} m are booked"
    );
}

#[test]
fn a_better_kind_of_register_comes_before_a_more_trusted_feed() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.push(reading("V2", NATIVE, 0, Quantity::DistanceGpsTotal, 10.0));
    depot.push(reading("V2", NATIVE, 30, Quantity::DistanceGpsTotal, 25.0));
    assert_eq!(depot.booked(), 15_000, "better than nothing");
    depot.drive("V2", NATIVE, 31, 5_000.0);
    depot.push(reading("V2", NATIVE, 60, Quantity::DistanceGpsTotal, 45.0));
    depot.drive("V2", NATIVE, 61, 5_018.0);
    assert_eq!(depot.booked(), 33_000);
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % n
    }
}

/// Two feeds of one vehicle, each delayed, repeated and mixed with the other at will: the total is that of the trusted one.
#[test]
fn interleaving_and_repetition_do_not_change_the_total() {
    for seed in 1..=60 {
        let mut random = Random(seed);
        let mut depot = Depot::new(EngineConfig::default());
        depot.drive("ovms:V1", OVMS, 0, 84_000.0);
        depot.drive("traccar:V1", TRACCAR, 0, 700.0);
        let mut waiting: Vec<(i64, bool)> =
            (1..=48).flat_map(|n| [(n, true), (n, false)]).collect();
        while !waiting.is_empty() {
            // Late by up to a few messages, and sometimes twice.
            let index = random.below(waiting.len().min(6) as u64) as usize;
            let (n, trusted) = waiting[index];
            let minute = n * 20;
            if trusted {
                depot.drive("ovms:V1", OVMS, minute, 84_000.0 + n as f64);
            } else {
                depot.drive("traccar:V1", TRACCAR, minute, 700.0 + 1.5 * n as f64);
            }
            if random.below(4) > 0 {
                waiting.remove(index);
            }
        }
        assert_eq!(depot.booked(), 48_000, "replay with seed {seed}");
    }
}

#[test]
fn jumps_are_in_the_audit_log_and_can_be_undone_once() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.drive("V2", NATIVE, 0, 1_000.0);
    // A new telematics unit that stands elsewhere: a new base, and nothing for the jump.
    for (minute, km) in [
        (600, 1_600.0),
        (601, 9_000.0),
        (608, 9_001.0),
        (616, 9_002.0),
    ] {
        depot.drive("V2", NATIVE, minute, km);
    }
    assert_eq!(depot.booked(), 602_000);
    let log = depot.view("V2");
    let entry = &log["entries"][0];
    assert_eq!(
        (
            entry["event"].as_str(),
            entry["before"].as_f64(),
            entry["after"].as_f64()
        ),
        (Some("rebase"), Some(1_600.0), Some(9_000.0))
    );
    assert_eq!(entry["undo_adds"], 7_400.0);
    let id = entry["id"].as_u64().unwrap();
    assert!(depot.engine.check_undo(id).is_ok());
    let now = depot.now;
    depot.handle(Observation::CounterUndone { entry: id }, now);
    assert_eq!(depot.booked(), 8_002_000, "the jump was driven after all");
    assert!(
        depot
            .engine
            .check_undo(id)
            .unwrap_err()
            .to_string()
            .contains("undone before")
    );
    depot.handle(Observation::CounterUndone { entry: id }, now);
    assert_eq!(depot.booked(), 8_002_000, "once");
    assert!(depot.engine.check_undo(99).is_err());
    let rows = depot.rows("counter_event");
    assert!(
        rows[0].starts_with(
            "counter_event,site=unknown,asset=V2,quantity=odometer,event=rebase entry=1i"
        ),
        "{rows:?}"
    );
    assert!(
        rows[1].contains("undone=true")
            && rows[0].split(' ').next_back() == rows[1].split(' ').next_back(),
        "{rows:?}"
    );
    assert_eq!(depot.view("V2")["registers"][0]["total"], 8_002.0);
}

#[test]
fn a_false_reset_is_undone() {
    let mut depot = Depot::new(EngineConfig::default());
    for (minute, km) in [(0, 50_000.0), (600, 5.0), (610, 8.0), (620, 12.0)] {
        depot.drive("V2", NATIVE, minute, km);
    }
    assert_eq!(depot.booked(), 12_000, "grown from zero");
    let now = depot.now;
    depot.handle(Observation::CounterUndone { entry: 1 }, now);
    assert_eq!(depot.booked(), 7_000, "only the steps are left");
}

#[test]
fn freshness_comes_from_live_messages_and_loss_from_running_numbers() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.push(Reading {
        retained: true,
        ..reading("V2", NATIVE, 0, Quantity::Soc, 50.0)
    });
    assert_eq!(
        (
            &depot.vehicle("V2")["last_heard_at"],
            &depot.vehicle("V2")["stale"]
        ),
        (&Json::Null, &Json::Bool(true))
    );
    for number in [1, 2, 4, 4, 7, 3] {
        let at = start().plus(number * MINUTE);
        let sequence = Some(Sequence::Number(number as u64));
        depot.push(Reading {
            received_at: at.plus(1_500),
            sequence,
            ..reading("V2", NATIVE, number, Quantity::Soc, 51.0)
        });
    }
    let vehicle = depot.vehicle("V2");
    assert_eq!(
        vehicle["messages_lost"], 2,
        "5 and 6; 3 came late and 4 twice: {vehicle}"
    );
    assert_eq!(
        (&vehicle["lag_s"], &vehicle["stale"]),
        (&serde_json::json!(1.5), &Json::Bool(false))
    );
    let gone = depot.vehicle("V3");
    assert_eq!(
        (&gone["in_service"], &gone["stale"], &vehicle["in_service"]),
        (&false.into(), &false.into(), &true.into())
    );
    let data = &depot.view("overview")["data"];
    assert_eq!(
        (
            &data["vehicles_in_service"],
            &data["vehicles_heard_24h"],
            &data["completeness"]
        ),
        (
            &serde_json::json!(2),
            &serde_json::json!(1),
            &serde_json::json!(0.5)
        )
    );
    depot.engine.handle_timeout(start().plus(10 * MINUTE));
    while let Some(fact) = depot.engine.poll_output() {
        series::encode(&fact, &mut depot.lines);
    }
    let rows = depot.rows("data_quality");
    assert!(
        rows.iter().any(|row| row.starts_with(
            "data_quality,fleet=EMAS vehicles=2i,vehicles_heard_24h=1i,vehicles_stale=1i,completeness_ratio=0.5,messages_lost=2i"
        )),
        "{rows:?}"
    );
    assert!(
        !rows.iter().any(|row| row.contains("fleet=OTHER")),
        "out of service: {rows:?}"
    );
    // A source may say itself how long is too long.
    depot.push(Reading {
        stale_after_s: Some(900),
        ..reading("ovms:V1", OVMS, 20, Quantity::Soc, 60.0)
    });
    assert_eq!(depot.vehicle("V1")["stale"], false);
    depot.now = depot.now.plus(16 * MINUTE);
    assert_eq!(
        (&depot.vehicle("V1")["stale"], &depot.vehicle("V2")["stale"]),
        (&Json::Bool(true), &Json::Bool(false))
    );
    depot.now = depot.now.plus(24 * HOUR);
    assert_eq!(depot.vehicle("V2")["stale"], true);
    assert_eq!(depot.view("overview")["data"]["completeness"], 0.0);
}

#[test]
fn a_site_may_know_better_of_a_register() {
    let counters = vec![CounterOverride {
        feed: "ovms:*".into(),
        quantity: Quantity::Odometer,
        max_rate_per_hour: None,
        modulus: Some(1_000_000),
    }];
    let mut depot = Depot::new(EngineConfig {
        counters,
        ..EngineConfig::default()
    });
    depot.drive("ovms:V1", OVMS, 0, 990.0);
    depot.drive("ovms:V1", OVMS, 30, 5.0);
    depot.drive("V2", NATIVE, 0, 990.0);
    depot.drive("V2", NATIVE, 30, 5.0);
    assert_eq!(depot.booked(), 15_000, "over its modulus; the other waits");
}

#[test]
fn doubted_values_make_no_cliff_and_history_is_not_the_present() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.drive("V2", NATIVE, 0, 45_210.0);
    depot.drive("V2", NATIVE, 1, 0.0);
    depot.drive("V2", NATIVE, 2, 45_211.0);
    let rows = depot.rows("vehicle_telemetry");
    assert_eq!(rows.len(), 2, "the zero is no kilometre: {rows:?}");
    depot.push(reading("V2", NATIVE, 3, Quantity::Soc, 40.0));
    depot.push(Reading {
        historical: true,
        ..reading("V2", NATIVE, 4, Quantity::Soc, 90.0)
    });
    assert_eq!(
        depot.vehicle("V2")["soc_percent"],
        40.0,
        "a flushed memory is not how it is now"
    );
    assert!(
        depot
            .rows("vehicle_telemetry")
            .iter()
            .any(|row| row.contains("soc_ratio=0.9")),
        "but it has its place in the series"
    );
}

#[test]
fn latitude_and_longitude_on_topics_of_their_own_become_one_position() {
    let angle = |quantity, angle, second: i64| {
        let at = start().plus(second * 1000);
        let entries = Cow::Owned(vec![ReadingEntry {
            quantity,
            value: Value::Angle(angle),
        }]);
        Reading {
            at: None,
            received_at: at,
            entries,
            ..reading("ovms:V1", OVMS, 0, Quantity::Soc, 1.0)
        }
    };
    for positions in [false, true] {
        let mut depot = Depot::new(EngineConfig {
            positions,
            ..EngineConfig::default()
        });
        depot.push(angle(Quantity::Latitude, 524_862_440, 0));
        depot.push(angle(Quantity::Longitude, -18_998_300, 1));
        depot.push(angle(Quantity::Longitude, -18_998_400, 60));
        let rows = depot.rows("vehicle_telemetry");
        assert_eq!(rows.len(), usize::from(positions), "{rows:?}");
        assert!(
            rows.iter()
                .all(|row| row.contains("latitude_deg=52.486244,longitude_deg=-1.89983 ")),
            "{rows:?}"
        );
    }
}

#[test]
fn chargers_are_known_by_their_feeds_and_sessions_count_only_without_a_register() {
    let mut depot = Depot::new(EngineConfig::default());
    let charger = |minute, quantity, kwh| Reading {
        kind: AssetKind::Charger,
        ..reading("evcc:lp/1", FeedFormat::new(20), minute, quantity, kwh)
    };
    for (minute, kwh) in [(0, 0.0), (30, 5.0), (60, 9.0), (120, 0.5), (150, 2.0)] {
        depot.push(charger(minute, Quantity::SessionEnergy, kwh));
    }
    let energy = |depot: &mut Depot| {
        depot.booked();
        depot
            .activity
            .iter()
            .map(|row| row.activity.charged.0)
            .sum::<i64>()
    };
    assert_eq!(
        energy(&mut depot),
        110_000,
        "9 kWh, and 2 of the next session"
    );
    depot.push(charger(160, Quantity::EnergyImportTotal, 4_000.0));
    depot.push(charger(190, Quantity::EnergyImportTotal, 4_003.0));
    depot.push(charger(191, Quantity::SessionEnergy, 5.0));
    assert_eq!(energy(&mut depot), 140_000, "the register knows better");
    let feeds = depot.view("feeds");
    assert_eq!(
        (
            &feeds["feeds"][0]["registered_as"],
            &feeds["feeds"][0]["format"]
        ),
        (&serde_json::json!("CP1"), &serde_json::json!("evcc"))
    );
    assert!(
        depot.rows("meter_values").is_empty()
            || depot.rows("meter_values")[0].contains("charge_point_id="),
        "rows have their tags"
    );
}
