//! A run: messages of one setting of a clock that is wrong beyond doubt. One message begins it.

use serde::{Deserialize, Serialize};

use super::{AGREEMENT_MS, ClockClass, DAY_MS, MINUTE_MS, RUN_TOLERANCE_MS, Stamped};
use crate::units::UtcMs;

const QUARTER_MS: i64 = 15 * MINUTE_MS;
/// No two zones differ by more.
const MAX_ZONE_MS: i64 = 15 * 60 * MINUTE_MS;
/// 1,024 weeks, after which the ten bits of a GPS week number start again.
const ROLLOVER_MS: i64 = 1024 * 7 * DAY_MS;

/// What is to be added to a clock's times, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Shift {
    pub ms: i64,
    pub class: ClockClass,
}

impl Shift {
    /// The error of a clock that is behind by a lag that a steady stretch of messages had.
    pub(super) fn behind(least: i64) -> Self {
        zone(least).map_or(
            Self {
                ms: least,
                class: ClockClass::Offset,
            },
            |ms| Self {
                ms,
                class: ClockClass::Zone,
            },
        )
    }

    /// The error of a clock that is wrong beyond doubt.
    fn of_run(least: i64) -> Self {
        if let Some(ms) = zone(least) {
            let class = ClockClass::Zone;
            return Self { ms, class };
        }
        rollover(least).map_or(
            Self {
                ms: least,
                class: ClockClass::Relative,
            },
            |ms| Self {
                ms,
                class: ClockClass::Rollover,
            },
        )
    }
}

/// The whole quarters of an hour near a lag, unless there are none or too many.
fn zone(lag: i64) -> Option<i64> {
    let quarters = (lag + QUARTER_MS / 2).div_euclid(QUARTER_MS) * QUARTER_MS;
    let near = (lag - quarters).abs() <= AGREEMENT_MS;
    (near && quarters != 0 && quarters.abs() <= MAX_ZONE_MS).then_some(quarters)
}

/// Once or twice 1,024 weeks near a lag, with a zone on top if need be.
fn rollover(lag: i64) -> Option<i64> {
    let weeks = (lag + ROLLOVER_MS / 2).div_euclid(ROLLOVER_MS) * ROLLOVER_MS;
    if !(1..=2).contains(&(weeks / ROLLOVER_MS)) {
        return None;
    }
    if (lag - weeks).abs() <= AGREEMENT_MS {
        return Some(weeks);
    }
    zone(lag - weeks).map(|zone| weeks + zone)
}

/// Messages of one setting of a wrong clock.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Run {
    first_own: UtcMs,
    first_arrival: UtcMs,
    least_lag: i64,
    creeping: bool,
}

impl Run {
    pub(super) fn new(message: &Stamped) -> Self {
        Self {
            first_own: message.own,
            first_arrival: message.arrived,
            least_lag: message.lag(),
            creeping: false,
        }
    }

    pub(super) fn shift(&self) -> Shift {
        Shift::of_run(self.least_lag)
    }

    /// Observes a message; false if it is of another setting of the clock. `previous` is the own time of the message before.
    pub(super) fn observe(&mut self, message: &Stamped, previous: UtcMs) -> bool {
        let later = message.lag() - self.least_lag;
        let same = if message.is_impossible() {
            // A clock without a date that goes back counts from the device's start: the device has started again.
            later.abs() <= RUN_TOLERANCE_MS && (self.has_date() || message.own >= previous)
        } else {
            // What a clock ahead sends late looks right.
            self.least_lag < 0 && (0..=RUN_TOLERANCE_MS).contains(&later)
        };
        if same {
            self.least_lag = self.least_lag.min(message.lag());
        }
        same
    }

    /// The run's stamps advance by less than a tenth of the arrivals: seconds in place of milliseconds, or a clock that stands.
    pub(super) fn creeps(&mut self, message: &Stamped) -> bool {
        let span = message.arrived.since(self.first_arrival);
        let advance = message.own.since(self.first_own);
        self.creeping = !self.has_date() && span > MINUTE_MS && advance < span / 10;
        self.creeping
    }

    fn has_date(&self) -> bool {
        matches!(self.shift().class, ClockClass::Zone | ClockClass::Rollover)
    }

    pub(super) fn is_creeping(&self) -> bool {
        self.creeping
    }
}
