//! Meter readings and clocks that are wrong, missing or without a session.

use crate::charging::*;
use SessionMethod::{Meter, Samples, SessionRegister};
use SessionQuality::{Implausible, MeterStopInvalid, RegisterReset};

/// A session: the meter at its start, samples and the meter at its stop in Wh; its energy in Wh, method and quality.
type MeterCase = (
    i64,
    &'static [i64],
    i64,
    Option<i64>,
    SessionMethod,
    &'static [SessionQuality],
);

const METER_CASES: &[MeterCase] = &[
    (5_000, &[5_500, 6_000], 6_200, Some(1_200), Meter, &[]),
    (5_000, &[], 4_995, Some(0), Meter, &[]),
    (
        5_000,
        &[5_500, 6_000],
        0,
        Some(1_000),
        Samples,
        &[MeterStopInvalid],
    ),
    (
        5_000,
        &[],
        4_000,
        None,
        SessionMethod::None,
        &[MeterStopInvalid],
    ),
    (
        0,
        &[8_000_000, 8_000_500],
        8_000_500,
        None,
        SessionMethod::None,
        &[Implausible],
    ),
    (5_000, &[5_500, 20, 6_000], 6_200, Some(1_200), Meter, &[]),
    (
        5_000,
        &[5_500, 20, 520, 1_020],
        0,
        Some(1_500),
        Samples,
        &[RegisterReset, MeterStopInvalid],
    ),
    // Samples count from the session's start although meterStart is a lifetime value (Grizzl-E).
    (
        500_000,
        &[0, 600, 1_200],
        0,
        Some(1_200),
        SessionRegister,
        &[MeterStopInvalid],
    ),
];

#[test]
fn implausible_meters_are_replaced_by_the_best_evidence_left() {
    for &(meter_start, samples, meter_stop, energy, method, quality) in METER_CASES {
        let mut depot = Depot::new();
        let id = depot.apply(0, start(0, "A1", meter_start)).unwrap();
        for (minute, wh) in (5..).step_by(5).zip(samples) {
            depot.apply(minute, meter(minute, Some(id.into()), *wh));
        }
        depot.apply(30, stop(30, Some(id.into()), meter_stop));
        let record = depot.last();
        let case = format!("{meter_start} {samples:?} {meter_stop}");
        assert_eq!(
            (record.energy_tenth_wh, record.method),
            (energy.map(|wh| wh * 10), method),
            "{case}"
        );
        assert_eq!(record.quality, quality, "{case}");
        assert_eq!(
            depot.energy_of(&amb()),
            energy.unwrap_or(0) * 10,
            "{case}: what was booked is what is published"
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
            power_milliwatts: Some(6_000_000),
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
        meter_stop_tenth_wh: None,
        at: at(20),
        reason: None,
        samples: vec![],
    };
    depot.apply(20, no_meter);
    let record = depot.last();
    assert_eq!(
        (
            record.energy_tenth_wh,
            record.method,
            record.peak_power_milliwatts
        ),
        (Some(20_000), SessionMethod::PowerIntegral, Some(6_000_000))
    );
    assert_eq!(record.charging_ms, 20 * MINUTE);
}

#[test]
fn implausible_clocks_are_replaced_by_the_time_of_arrival() {
    for wrong in [UtcMs(0), UtcMs(T0 + 3 * 86_400_000)] {
        let mut depot = Depot::new();
        let message = ChargePointMessage::StartTransaction {
            connector_id: 1,
            id_token: token("A1"),
            meter_start_tenth_wh: Some(0),
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
        register_tenth_wh: Some(1),
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
        (depot.last().id.as_str(), depot.last().energy_tenth_wh),
        (id.as_str(), Some(10_000))
    );
    assert_eq!(depot.last().quality, [SessionQuality::StartMissing]);
}
