//! The pending window: readings that do not continue the old series, kept as first, last and count until it is certain
//! whether they were a glitch or the register has really changed.

use serde::{Deserialize, Serialize};

use super::{CounterEvent, CounterLimits, Point};
use crate::units::UtcMs;

/// Readings that make a new series certain ...
const CONFIRM_READINGS: u8 = 3;
/// ... if they span this and rise: a stuck zero or a stuck spike never does.
const CONFIRM_MS: i64 = 10 * 60 * 1000;
/// A new value below this part of the old one is near zero: what a new meter shows.
const NEAR_ZERO_PART: i128 = 10;

/// Ratios of units that get mistaken for each other, in millionths: mile and km, kilo, US gallon and litre.
const UNIT_RATIOS: &[i128] = &[1_609_344, 621_371, 1_000_000_000, 1_000, 3_785_412, 264_172];
const MILLION: i128 = 1_000_000;
/// How far below the old value a converted one may lie, besides the resolution: 1 in 1000, for sources that round.
const RATIO_TOLERANCE_PART: i128 = 1_000;
/// How far above it may lie: 1 in 100, driven in the meantime.
const RATIO_CLOSE_PART: i128 = 100;

/// Readings of a suspected new series.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    first: Point,
    last: Point,
    count: u8,
}

/// Does a value continue a series: no fall beyond the resolution, no step faster than the rate, or a rollover?
pub(super) fn continues(last: Point, point: Point, limits: &CounterLimits) -> bool {
    if let Some(gain) = limits.rollover(last.value, point.value) {
        return limits.allows(last, point, gain);
    }
    point.value.saturating_add(limits.resolution_at(last.value)) >= last.value
        && limits.allows(last, point, point.value.saturating_sub(last.value))
}

impl Pending {
    pub(super) fn new(point: Point) -> Self {
        Self {
            first: point,
            last: point,
            count: 1,
        }
    }

    pub(super) fn first(&self) -> Point {
        self.first
    }

    pub(super) fn first_at(&self) -> UtcMs {
        self.first.at
    }

    pub(super) fn last(&self) -> Point {
        self.last
    }

    pub(super) fn is_new(&self) -> bool {
        self.count == 1
    }

    /// A redelivery, or a reading from between those already here.
    pub(super) fn has_seen(&self, point: Point) -> bool {
        point.at < self.last.at || point == self.last
    }

    /// Does the reading belong to these although time has made it plausible for the old series too? After a spike that
    /// stays, the old series would "reach" it hours later and book the whole jump.
    pub(super) fn claims(&self, old: Point, point: Point, limits: &CounterLimits) -> bool {
        self.first.value > old.value
            && point
                .value
                .saturating_add(limits.resolution_at(self.first.value))
                >= self.first.value
    }

    /// With one more reading; a reading that does not continue these starts afresh.
    pub(super) fn joined(self, point: Point, limits: &CounterLimits) -> Self {
        if !continues(self.last, point, limits) {
            return Self::new(point);
        }
        let last = Point {
            value: point.value.max(self.last.value),
            at: point.at,
        };
        Self {
            first: self.first,
            last,
            count: self.count.saturating_add(1),
        }
    }

    pub(super) fn is_confirmed(&self) -> bool {
        self.count >= CONFIRM_READINGS
            && self.last.at.since(self.first.at) >= CONFIRM_MS
            && self.last.value > self.first.value
    }

    /// What a confirmed new series is.
    pub(super) fn verdict(&self, old: Point, limits: &CounterLimits) -> CounterEvent {
        if UNIT_RATIOS
            .iter()
            .any(|ratio| self.continues_converted(old, *ratio, limits))
        {
            return CounterEvent::UnitSuspect;
        }
        let near_zero = i128::from(self.first.value) * NEAR_ZERO_PART <= i128::from(old.value);
        // Plausible: grown from zero since the old register was last read.
        if near_zero && limits.allows(old, self.first, self.first.value) {
            CounterEvent::Reset
        } else {
            CounterEvent::Rebase
        }
    }

    /// Would all of these, divided by the ratio, continue the old series? One value meets a ratio by accident, two
    /// that also grow at a believable pace hardly do. After a long pause nearly every pace is believable, so the first
    /// one has to meet the old value closely.
    fn continues_converted(&self, old: Point, ratio: i128, limits: &CounterLimits) -> bool {
        let old_value = i128::from(old.value);
        let tolerance =
            old_value / RATIO_TOLERANCE_PART + i128::from(limits.resolution_at(old.value));
        let gain = |point: Point| i128::from(point.value) * MILLION / ratio - old_value;
        let believable = |point: Point| {
            let excess = i64::try_from((gain(point) - tolerance).max(0));
            gain(point) >= -tolerance
                && excess.is_ok_and(|excess| limits.allows(old, point, excess))
        };
        gain(self.first) <= old_value / RATIO_CLOSE_PART + tolerance
            && believable(self.first)
            && believable(self.last)
    }
}
