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

#[test]
fn anything_in_any_order_adds_up() {
    for seed in 0..300u64 {
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut depot = Depot::new();
        let mut ids: Vec<i64> = vec![7];
        let mut register = 1_000i64;
        for minute in 0..120i64 {
            register += random(300) as i64;
            let id = ids[random(ids.len() as u64) as usize];
            let odd = if random(10) == 0 {
                random(9_000_000) as i64
            } else {
                register
            };
            let message = match random(8) {
                0 => start(minute, ["A1", "B1", "FF", ""][random(4) as usize], odd),
                1 => stop(minute, [Some(id), Some(-1), None][random(3) as usize], odd),
                2 => status(
                    [
                        ConnectorStatus::Available,
                        ConnectorStatus::Charging,
                        ConnectorStatus::Faulted,
                    ][random(3) as usize],
                ),
                3 => ChargePointMessage::Disconnected,
                _ => meter(minute, [Some(id), None][random(2) as usize], odd),
            };
            ids.extend(depot.apply(minute, message).map(i64::from));
            depot.wait_until(minute);
        }
        depot.apply(200, status(ConnectorStatus::Available));
        depot.wait_until(300);
        let mut newest: BTreeMap<String, SessionRecord> = BTreeMap::new();
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
        let published: i64 = newest.values().filter_map(|record| record.energy_dwh).sum();
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
