//! Which register of a vehicle books.

use crate::feed_registers::*;

#[test]
fn the_feed_with_the_highest_trust_books_and_no_difference_crosses_feeds() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.drive("traccar:V1", TRACCAR, 0, 700.0);
    depot.drive("traccar:V1", TRACCAR, 60, 750.0);
    assert_eq!(depot.booked(), 50_000, "the only feed books");
    // A better feed appears: it books from its first reading on; the gains of the old one are only held.
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
        "the feed that books gives the distance: {vehicle}"
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
    // The OVMS module fails. The tracker continues; after a day it books, with all its gains since the last reading of the module.
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

/// The generator xorshift64*: each order of messages follows from its seed.
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
