//! Counter rules: the recorded cases, then properties under delay, repetition and glitches with a seeded generator.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod properties;

use fleetgauge::ledger::counters::{
    Applied, Counter, CounterEvent, CounterLimits, CounterRates, Sample,
};
use fleetgauge::model::{FeedFormat, Quantity};
use fleetgauge::units::{UtcMs, parse_scaled};
use serde_json::Value;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 3_600_000;

fn thousandths(value: &Value) -> i64 {
    parse_scaled(&value.to_string(), 3).unwrap()
}

fn own(minute: i64, km: f64) -> Sample {
    Sample {
        value: (km * 1000.0).round() as i64,
        at: UtcMs(minute * MINUTE),
        arrived: UtcMs(minute * MINUTE),
        own_time: true,
        retained: false,
    }
}

fn arrived(minute: i64, km: f64) -> Sample {
    Sample {
        own_time: false,
        ..own(minute, km)
    }
}

fn odometer() -> CounterLimits {
    CounterLimits::for_quantity(
        Quantity::Odometer,
        FeedFormat::new(0),
        &CounterRates::default(),
    )
    .unwrap()
}

/// Applies all; total and event names.
fn run(samples: &[Sample], limits: &CounterLimits) -> (i64, Vec<&'static str>, Vec<Applied>) {
    let mut counter = Counter::default();
    let applied: Vec<Applied> = samples
        .iter()
        .map(|sample| counter.apply(*sample, limits))
        .collect();
    assert_eq!(
        applied.iter().map(|a| a.gained).sum::<i64>(),
        counter.total(),
        "what is booked is the total"
    );
    assert!(
        applied.iter().all(|a| a.gained >= 0 && a.from <= a.to),
        "nothing is booked backwards: {applied:?}"
    );
    (
        counter.total(),
        applied
            .iter()
            .filter_map(|a| a.event)
            .map(CounterEvent::name)
            .collect(),
        applied,
    )
}
