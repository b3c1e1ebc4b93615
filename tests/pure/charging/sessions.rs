//! Sessions from their start to their end, with messages lost, repeated and late.

use crate::charging::*;

/// Plugged in at minute 0, charged from 2 to 32, stopped at 40.
fn plug_in_charge_and_stop(depot: &mut Depot) {
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
}

#[test]
fn a_session_has_the_energy_and_the_times_of_its_messages() {
    let mut depot = Depot::new();
    plug_in_charge_and_stop(&mut depot);
    let record = depot.last().clone();
    assert_eq!(
        (record.id.as_str(), record.energy_tenth_wh, record.method),
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
    assert_eq!(depot.energy_of(&amb()), 54_100);
}

#[test]
fn overstay_is_known_before_and_after_the_vehicle_leaves() {
    let mut depot = Depot::new();
    plug_in_charge_and_stop(&mut depot);
    let record = depot.last().clone();
    // Plugged in and overstaying are of the same instant, while it stands there and when it has left.
    let later = record.ended_at.map(|ended| ended.plus(20 * MINUTE));
    assert_eq!(
        (
            record.plugged_for_ms(later),
            record.overstay_ms(10 * MINUTE, later)
        ),
        (60 * MINUTE, 10 * MINUTE)
    );
    depot.apply(75, status(ConnectorStatus::Available));
    let left = depot.corrected.last().unwrap();
    assert_eq!(
        (
            left.id.as_str(),
            left.plugged_for_ms(later),
            left.overstay_ms(10 * MINUTE, None)
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
        (correction.energy_tenth_wh, correction.quality.as_slice()),
        (Some(20_000), &[SessionQuality::StopConflict][..]),
        "the first stop stands"
    );
}

#[test]
fn stops_with_an_unusable_id_find_their_session() {
    for id in [None, Some(-1)] {
        let mut depot = Depot::new();
        depot.apply(0, start(0, "A1", 0)).unwrap();
        depot.apply(20, stop(20, id, 2_000));
        assert_eq!(
            (
                depot.closed.len(),
                depot.last().energy_tenth_wh,
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
        register_tenth_wh: Some(wh * 10),
        ..MeterSample::default()
    };
    let message = ChargePointMessage::StopTransaction {
        transaction_id: Some(7),
        id_token: token("A1"),
        meter_stop_tenth_wh: Some(30_000),
        at: at(60),
        reason: None,
        samples: vec![sample(0, 1_000), sample(60, 3_000)],
    };
    depot.apply(61, message.clone());
    depot.apply(62, message);
    let record = depot.last();
    assert_eq!(
        (depot.closed.len(), record.energy_tenth_wh, record.method),
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
        (
            record.quality.clone(),
            record.energy_tenth_wh,
            record.ended_at
        ),
        (vec![SessionQuality::Orphaned], Some(30_000), at(40))
    );
    assert_eq!(depot.book.next_timeout(), None);
    depot.apply(50, stop(39, Some(id.into()), 3_100));
    let late = depot.corrected.last().unwrap();
    assert_eq!(
        (late.id.as_str(), late.energy_tenth_wh, late.method),
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
        (depot.last().quality.clone(), depot.last().energy_tenth_wh),
        (vec![SessionQuality::Superseded], Some(10_000))
    );
    depot.apply(30, stop(30, Some(second.into()), 3_000));
    assert_eq!(
        (depot.energy_of(&amb()), depot.energy_of(&EnergyUser::Staff)),
        (10_000, 20_000)
    );
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
