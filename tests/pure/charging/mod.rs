//! The charging book: each session exactly once, energy that adds up, and the deviations that charge points show.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod meters;
mod sessions;

use std::collections::BTreeMap;

use crate::support::charging_book::{
    Depot, MINUTE, T0, amb, at, meter, start, status, stop, token,
};
use fleetgauge::model::{
    ChargePointMessage, ConnectorStatus, EnergyUser, Fact, Issue, LinkMode, MeterSample,
    OcppVersion, SessionMethod, SessionQuality, SessionRecord,
};
use fleetgauge::units::UtcMs;

fn session_id(transaction: i64, minute: i64) -> String {
    format!("CP:{transaction}@{}", T0 / 1000 + minute * 60)
}

#[test]
fn repeated_states_are_collapsed_and_the_link_is_separate() {
    let mut depot = Depot::new();
    let rows = |depot: &Depot| {
        depot
            .facts
            .iter()
            .filter(|fact| matches!(fact, Fact::ChargePointStatus(_)))
            .count()
    };
    depot.apply(
        0,
        ChargePointMessage::Connected {
            version: OcppVersion::V16,
            mode: LinkMode::Csms,
        },
    );
    for _ in 0..5 {
        depot.apply(1, status(ConnectorStatus::Available));
    }
    assert_eq!(rows(&depot), 2, "the link, and one state");
    let faulted = ChargePointMessage::Status {
        connector_id: 1,
        status: ConnectorStatus::Faulted,
        error_code: Some("GroundFailure".into()),
        vendor_error_code: None,
        info: None,
        part: 0,
        at: at(2),
    };
    depot.apply(2, faulted);
    depot.apply(3, ChargePointMessage::Disconnected);
    assert_eq!(rows(&depot), 5, "a fault, and both connectors offline");
    let Some(Fact::ChargePointStatus(last)) = depot.facts.last() else {
        panic!("a status row")
    };
    assert_eq!(
        (last.online, last.status, last.error_code.as_str()),
        (false, ConnectorStatus::Faulted, "GroundFailure")
    );
}

struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize].clone()
    }
}

/// Any message of one charge point, of a known transaction or of none; one meter in ten is wrong.
fn any_message(
    random: &mut Random,
    minute: i64,
    transactions: &[i64],
    register: i64,
) -> ChargePointMessage {
    let id = random.pick(transactions);
    let meter_wh = if random.below(10) == 0 {
        random.below(9_000_000) as i64
    } else {
        register
    };
    match random.below(8) {
        0 => start(minute, random.pick(&["A1", "B1", "FF", ""]), meter_wh),
        1 => stop(minute, random.pick(&[Some(id), Some(-1), None]), meter_wh),
        2 => status(random.pick(&[
            ConnectorStatus::Available,
            ConnectorStatus::Charging,
            ConnectorStatus::Faulted,
        ])),
        3 => ChargePointMessage::Disconnected,
        _ => meter(minute, random.pick(&[Some(id), None]), meter_wh),
    }
}

/// The last record of each session: closed once, corrected only after that.
fn final_records(depot: &Depot, seed: u64) -> BTreeMap<String, SessionRecord> {
    let mut newest = BTreeMap::new();
    for record in depot.closed.iter() {
        assert!(
            newest.insert(record.id.clone(), record.clone()).is_none(),
            "seed {seed}: {} closed twice",
            record.id
        );
    }
    for record in &depot.corrected {
        assert!(
            newest.insert(record.id.clone(), record.clone()).is_some(),
            "seed {seed}: {} corrected before it was closed",
            record.id
        );
    }
    newest
}

#[test]
fn messages_in_any_order_add_up() {
    for seed in 0..300u64 {
        let mut random = Random(seed);
        let mut depot = Depot::new();
        let mut ids: Vec<i64> = vec![7];
        let mut register = 1_000i64;
        for minute in 0..120i64 {
            register += random.below(300) as i64;
            let message = any_message(&mut random, minute, &ids, register);
            ids.extend(depot.apply(minute, message).map(i64::from));
            depot.wait_until(minute);
        }
        depot.apply(200, status(ConnectorStatus::Available));
        depot.wait_until(300);
        let newest = final_records(&depot, seed);
        let published: i64 = newest
            .values()
            .filter_map(|record| record.energy_tenth_wh)
            .sum();
        assert_eq!(
            depot.energy.values().sum::<i64>(),
            published,
            "seed {seed}: booked is not published"
        );
        for record in newest.values() {
            assert!(
                record.charging_ms <= record.plugged_ms && record.plugged_ms >= 0,
                "seed {seed}: {record:?}"
            );
        }
    }
}
