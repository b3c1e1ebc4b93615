//! The charging book, told what charge points say: sessions exactly once, energy that adds up, and the field's deviations.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

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
fn a_session_from_plugging_in_to_leaving() {
    let mut depot = Depot::new();
    depot.apply(
        0,
        ChargePointMessage::Connected {
            version: OcppVersion::V16,
            mode: LinkMode::Csms,
        },
    );
    depot.apply(0, status(ConnectorStatus::Preparing));
    let id = depot.apply(2, start(2, "a1", 1_000)).unwrap();
    depot.apply(2, status(ConnectorStatus::Charging));
    for minute in 3..=32 {
        depot.apply(
            minute,
            meter(minute, Some(id.into()), 1_000 + (minute - 2) * 180),
        );
    }
    depot.apply(32, status(ConnectorStatus::SuspendedEV));
    depot.apply(40, stop(40, Some(id.into()), 6_410));
    depot.apply(40, status(ConnectorStatus::Finishing));
    let record = depot.last().clone();
    assert_eq!(
        (record.id.as_str(), record.energy_dwh, record.method),
        (
            session_id(100, 2).as_str(),
            Some(54_100),
            SessionMethod::Meter
        )
    );
    assert_eq!(
        (
            record.user.clone(),
            record.site.as_ref(),
            record.quality.len()
        ),
        (amb(), "DERBY", 0)
    );
    assert_eq!(
        (record.charging_ms, record.plugged_ms),
        (30 * MINUTE, 40 * MINUTE)
    );
    // Plugged in and overstaying are of the same instant, while it stands there and when it has left.
    let later = record.ended_at.map(|ended| ended.plus(20 * MINUTE));
    assert_eq!(
        (
            record.plugged_for_ms(later),
            record.overstay_ms(10 * MINUTE, later)
        ),
        (60 * MINUTE, 10 * MINUTE)
    );
    assert_eq!(depot.energy_of(&amb()), 54_100);
    depot.apply(75, status(ConnectorStatus::Available));
    let gone = depot.corrected.last().unwrap();
    assert_eq!(
        (
            gone.id.as_str(),
            gone.plugged_for_ms(later),
            gone.overstay_ms(10 * MINUTE, None)
        ),
        (session_id(100, 2).as_str(), 75 * MINUTE, 25 * MINUTE)
    );
    assert_eq!(
        (depot.closed.len(), depot.energy_of(&amb())),
        (1, 54_100),
        "leaving changes no energy"
    );
}

#[test]
fn repeated_messages_change_no_result() {
    let mut depot = Depot::new();
    let first = depot.apply(0, start(0, "A1", 0)).unwrap();
    assert_eq!(
        depot.apply(1, start(0, "A1", 0)),
        Some(first),
        "the same start under a new message id"
    );
    depot.apply(10, meter(10, Some(first.into()), 1_000));
    depot.apply(11, meter(10, Some(first.into()), 1_000));
    depot.apply(20, stop(20, Some(first.into()), 2_000));
    depot.apply(21, stop(20, Some(first.into()), 2_000));
    depot.apply(22, stop(22, Some(first.into()), 9_000));
    assert_eq!(
        depot.apply(23, start(0, "A1", 0)),
        Some(first),
        "even after it ended"
    );
    assert_eq!(
        (
            depot.closed.len(),
            depot.corrected.len(),
            depot.energy_of(&amb())
        ),
        (1, 1, 20_000)
    );
    let correction = &depot.corrected[0];
    assert_eq!(
        (correction.energy_dwh, correction.quality.as_slice()),
        (Some(20_000), &[SessionQuality::StopConflict][..]),
        "the first stop stands"
    );
}

#[test]
fn stops_with_an_unusable_id() {
    for id in [None, Some(-1)] {
        let mut depot = Depot::new();
        depot.apply(0, start(0, "A1", 0)).unwrap();
        depot.apply(20, stop(20, id, 2_000));
        assert_eq!(
            (
                depot.closed.len(),
                depot.last().energy_dwh,
                depot.last().user.clone()
            ),
            (1, Some(20_000), amb()),
            "{id:?}"
        );
        depot.apply(21, stop(20, id, 2_000));
        assert_eq!(depot.closed.len(), 1, "{id:?}: the same stop again");
    }
}

#[test]
fn a_stop_without_a_start_makes_a_session_of_its_samples() {
    let mut depot = Depot::new();
    let sample = |minute, wh: i64| MeterSample {
        at: at(minute),
        register_dwh: Some(wh * 10),
        ..MeterSample::default()
    };
    let message = ChargePointMessage::StopTransaction {
        transaction_id: Some(7),
        id_token: token("A1"),
        meter_stop_dwh: Some(30_000),
        at: at(60),
        reason: None,
        samples: vec![sample(0, 1_000), sample(60, 3_000)],
    };
    depot.apply(61, message.clone());
    depot.apply(62, message);
    let record = depot.last();
    assert_eq!(
        (depot.closed.len(), record.energy_dwh, record.method),
        (1, Some(20_000), SessionMethod::Samples)
    );
    assert_eq!(record.quality, [SessionQuality::StartMissing]);
    assert_eq!(
        (record.user.clone(), depot.energy_of(&amb())),
        (amb(), 20_000)
    );
}

#[test]
fn a_session_that_is_never_stopped_ends_when_the_plug_is_free() {
    let mut depot = Depot::new();
    let id = depot.apply(0, start(0, "A1", 0)).unwrap();
    depot.apply(30, meter(30, Some(id.into()), 3_000));
    depot.apply(40, status(ConnectorStatus::Available));
    assert_eq!(depot.book.next_timeout(), at(41));
    depot.wait_until(40);
    assert!(depot.closed.is_empty(), "a late stop has a minute");
    depot.wait_until(41);
    let record = depot.last();
    assert_eq!(
        (record.quality.clone(), record.energy_dwh, record.ended_at),
        (vec![SessionQuality::Orphaned], Some(30_000), at(40))
    );
    assert_eq!(depot.book.next_timeout(), None);
    depot.apply(50, stop(39, Some(id.into()), 3_100));
    let late = depot.corrected.last().unwrap();
    assert_eq!(
        (late.id.as_str(), late.energy_dwh, late.method),
        (
            session_id(100, 0).as_str(),
            Some(31_000),
            SessionMethod::Meter
        )
    );
    assert_eq!(
        (depot.closed.len(), depot.energy_of(&amb())),
        (1, 31_000),
        "a correction, not a second session"
    );
}

#[test]
fn a_stop_within_the_minute_is_no_orphan() {
    let mut depot = Depot::new();
    let id = depot.apply(0, start(0, "A1", 0)).unwrap();
    depot.apply(30, status(ConnectorStatus::Available));
    depot.apply(30, stop(30, Some(id.into()), 500));
    depot.wait_until(60);
    assert_eq!(
        (
            depot.closed.len(),
            depot.last().quality.len(),
            depot.last().unplugged_at
        ),
        (1, 0, at(30))
    );
}

#[test]
fn a_new_start_supersedes_an_open_session() {
    let mut depot = Depot::new();
    let first = depot.apply(0, start(0, "A1", 0)).unwrap();
    depot.apply(10, meter(10, Some(first.into()), 1_000));
    let second = depot.apply(20, start(20, "B1", 1_000)).unwrap();
    assert_ne!(first, second);
    assert_eq!(
        (depot.last().quality.clone(), depot.last().energy_dwh),
        (vec![SessionQuality::Superseded], Some(10_000))
    );
    depot.apply(30, stop(30, Some(second.into()), 3_000));
    assert_eq!(
        (depot.energy_of(&amb()), depot.energy_of(&EnergyUser::Staff)),
        (10_000, 20_000)
    );
}

#[test]
fn meters_that_cannot_be_believed() {
    // (start, samples, stop) in Wh; (energy, method, quality).
    use SessionMethod::{Meter, None as Nothing, Samples, SessionRegister};
    use SessionQuality::{Implausible, MeterStopInvalid, RegisterReset};
    type Case = (
        i64,
        Vec<i64>,
        i64,
        Option<i64>,
        SessionMethod,
        Vec<SessionQuality>,
    );
    let cases: Vec<Case> = vec![
        (5_000, vec![5_500, 6_000], 6_200, Some(1_200), Meter, vec![]),
        (5_000, vec![], 4_995, Some(0), Meter, vec![]),
        (
            5_000,
            vec![5_500, 6_000],
            0,
            Some(1_000),
            Samples,
            vec![MeterStopInvalid],
        ),
        (
            5_000,
            vec![],
            4_000,
            Option::None,
            Nothing,
            vec![MeterStopInvalid],
        ),
        (
            0,
            vec![8_000_000, 8_000_500],
            8_000_500,
            Option::None,
            Nothing,
            vec![Implausible],
        ),
        (
            5_000,
            vec![5_500, 20, 6_000],
            6_200,
            Some(1_200),
            Meter,
            vec![],
        ),
        (
            5_000,
            vec![5_500, 20, 520, 1_020],
            0,
            Some(1_500),
            Samples,
            vec![RegisterReset, MeterStopInvalid],
        ),
        // Samples count from the session's start although meterStart is a lifetime value (Grizzl-E).
        (
            500_000,
            vec![0, 600, 1_200],
            0,
            Some(1_200),
            SessionRegister,
            vec![MeterStopInvalid],
        ),
    ];
    for (meter_start, samples, meter_stop, energy, method, quality) in cases {
        let mut depot = Depot::new();
        let id = depot.apply(0, start(0, "A1", meter_start)).unwrap();
        for (index, wh) in samples.iter().enumerate() {
            depot.apply(
                5 * (index as i64 + 1),
                meter(5 * (index as i64 + 1), Some(id.into()), *wh),
            );
        }
        depot.apply(30, stop(30, Some(id.into()), meter_stop));
        let record = depot.last();
        let what = format!("{meter_start} {samples:?} {meter_stop}");
        assert_eq!(
            (record.energy_dwh, record.method),
            (energy.map(|wh| wh * 10), method),
            "{what}"
        );
        assert_eq!(record.quality, quality, "{what}");
        assert_eq!(
            depot.energy_of(&amb()),
            energy.unwrap_or(0) * 10,
            "{what}: what was booked is what is published"
        );
    }
}

#[test]
fn power_over_time_is_the_last_resort() {
    let mut depot = Depot::new();
    let id = depot.apply(0, start(0, "A1", 0)).unwrap();
    for minute in [0, 10, 20] {
        let sample = MeterSample {
            at: at(minute),
            power_mw: Some(6_000_000),
            ..MeterSample::default()
        };
        depot.apply(
            minute,
            ChargePointMessage::MeterValues {
                connector_id: 1,
                transaction_id: Some(id.into()),
                samples: vec![sample],
            },
        );
    }
    let no_meter = ChargePointMessage::StopTransaction {
        transaction_id: Some(id.into()),
        id_token: None,
        meter_stop_dwh: None,
        at: at(20),
        reason: None,
        samples: vec![],
    };
    depot.apply(20, no_meter);
    let record = depot.last();
    assert_eq!(
        (record.energy_dwh, record.method, record.peak_power_mw),
        (Some(20_000), SessionMethod::PowerIntegral, Some(6_000_000))
    );
    assert_eq!(record.charging_ms, 20 * MINUTE);
}

#[test]
fn energy_is_allocated_to_its_user() {
    for (charge_point, tag, want) in [
        ("CP", "A1", amb()),
        ("CP", "B1", EnergyUser::Staff),
        ("CP", "FF", EnergyUser::Unallocated),
        ("CP", "", EnergyUser::Unallocated),
        ("STAFF", "FF", EnergyUser::Staff),
        ("STAFF", "A1", amb()),
        ("elsewhere", "FF", EnergyUser::Unallocated),
    ] {
        let mut depot = Depot::new();
        let id = depot.of(charge_point, 0, start(0, tag, 0)).unwrap();
        depot.of(charge_point, 30, stop(30, Some(id.into()), 1_000));
        assert_eq!(
            (depot.last().user.clone(), depot.energy_of(&want)),
            (want, 10_000),
            "{charge_point} {tag}"
        );
    }
}

#[test]
fn clocks_that_cannot_be_right() {
    for wrong in [UtcMs(0), UtcMs(T0 + 3 * 86_400_000)] {
        let mut depot = Depot::new();
        let message = ChargePointMessage::StartTransaction {
            connector_id: 1,
            id_token: token("A1"),
            meter_start_dwh: Some(0),
            at: Some(wrong),
            issue: Issue::Ours,
        };
        let id = depot.apply(5, message).unwrap();
        depot.apply(35, stop(35, Some(id.into()), 1_000));
        assert_eq!(
            (depot.last().started_at, depot.last().quality.clone()),
            (UtcMs(T0 + 5 * MINUTE), vec![SessionQuality::ClockUntrusted])
        );
    }
}

#[test]
fn meter_values_find_their_session() {
    let mut depot = Depot::new();
    // The main meter is a series of its own.
    let sample = MeterSample {
        at: at(0),
        register_dwh: Some(1),
        ..MeterSample::default()
    };
    depot.apply(
        0,
        ChargePointMessage::MeterValues {
            connector_id: 0,
            transaction_id: None,
            samples: vec![sample],
        },
    );
    assert!(matches!(depot.facts.last(), Some(Fact::MeterValues(fact)) if fact.connector_id == 0));
    let id = depot.apply(0, start(0, "A1", 0)).unwrap();
    depot.apply(10, meter(10, None, 500));
    depot.apply(20, meter(20, Some(id.into()), 1_000));
    depot.apply(30, stop(30, Some(id.into()), 1_500));
    depot.apply(31, meter(31, Some(id.into()), 1_500));
    assert_eq!(
        (depot.closed.len(), depot.energy_of(&amb())),
        (1, 15_000),
        "samples after the stop reopen nothing"
    );
    // A transaction from before our time, on a connector that is charging, is adopted.
    depot.apply(40, status(ConnectorStatus::Charging));
    depot.apply(40, meter(40, Some(999), 2_000));
    depot.apply(50, meter(50, Some(999), 3_000));
    depot.apply(51, stop(51, Some(999), 3_000));
    let id = format!("CP:999@{}", T0 / 1000 + 40 * 60);
    assert_eq!(
        (depot.last().id.as_str(), depot.last().energy_dwh),
        (id.as_str(), Some(10_000))
    );
    assert_eq!(depot.last().quality, [SessionQuality::StartMissing]);
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
