//! A charge point's clock: how far it is from ours, and whether it names a wrong zone, or none.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::units::{UtcMs, Zone};

/// Before this a clock was never set (field: 1970 until the first BootNotification is answered).
const YEAR_2015: UtcMs = UtcMs(1_420_070_400_000);
/// A time this far ahead of its arrival cannot be right.
const AHEAD_MS: i64 = 5 * 60_000;
/// Measurements kept, and how many of the newest must agree before a zone is suspected: messages that waited in a queue do not agree.
const KEPT: usize = 9;
const AGREEING: usize = 5;
const AGREE_WITHIN_MS: i64 = 120_000;
const QUARTER_HOUR_MS: i64 = 900_000;

/// What is known of a charge point's clock.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct PointClock {
    /// Arrival minus the message's own time, ms, newest last.
    lags: VecDeque<i64>,
}

impl PointClock {
    /// A message said to be of `at` arrived at `received_at`.
    pub(super) fn observe(&mut self, at: UtcMs, received_at: UtcMs) {
        let lag = received_at.since(at);
        // Beyond a day it is a queue, or a clock that was never set: neither says anything about the zone.
        if lag.abs() > 86_400_000 {
            return;
        }
        if self.lags.len() >= KEPT {
            self.lags.pop_front();
        }
        self.lags.push_back(lag);
    }

    /// Median of arrival minus message time, ms: the clock's lag and the way's.
    pub(super) fn skew_ms(&self) -> Option<i64> {
        let mut sorted: Vec<i64> = self.lags.iter().copied().collect();
        sorted.sort_unstable();
        sorted
            .get(sorted.len() / 2)
            .copied()
            .filter(|_| sorted.len() >= 3)
    }

    /// A whole number of quarter hours that the last messages agree on: local time sent as UTC, or without a zone.
    pub(super) fn zone_error_ms(&self) -> Option<i64> {
        let newest = self.lags.iter().rev().take(AGREEING);
        let (low, high) = newest
            .clone()
            .fold((i64::MAX, i64::MIN), |(low, high), lag| {
                (low.min(*lag), high.max(*lag))
            });
        if self.lags.len() < AGREEING || high.saturating_sub(low) > AGREE_WITHIN_MS {
            return None;
        }
        let middle = low.midpoint(high);
        let quarters =
            (middle + QUARTER_HOUR_MS / 2 * middle.signum()) / QUARTER_HOUR_MS * QUARTER_HOUR_MS;
        (quarters != 0 && (middle - quarters).abs() <= AGREE_WITHIN_MS).then_some(quarters)
    }

    /// How to read the times of one message.
    pub(super) fn timing(&self, received_at: UtcMs, zoneless: bool, zone: &'static Zone) -> Timing {
        Timing {
            zone,
            received_at,
            zoneless,
            zone_error_ms: self.zone_error_ms(),
        }
    }
}

/// How to read the times of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// Local time that names no zone is taken for this one's.
    zone: &'static Zone,
    pub received_at: UtcMs,
    zoneless: bool,
    zone_error_ms: Option<i64>,
}

/// What was made of a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    /// As sent, or arrival because none was sent.
    AsSent,
    /// Moved by the zone it should have named.
    Zone,
    /// Not believed: arrival instead.
    Arrival,
}

impl Timing {
    /// The charge point's own time if it can be true, else ours.
    pub(super) fn time(&self, at: Option<UtcMs>) -> (UtcMs, Trust) {
        let Some(at) = at else {
            return (self.received_at, Trust::AsSent);
        };
        let latest = self.received_at.plus(AHEAD_MS);
        let (moved, trust) = match self.zone_error_ms {
            Some(error) => (at.plus(error), Trust::Zone),
            None if self.zoneless => self.nearest(at),
            None => (at, Trust::AsSent),
        };
        if moved < YEAR_2015 || moved > latest {
            (self.received_at, Trust::Arrival)
        } else {
            (moved, trust)
        }
    }

    /// Without a zone it is UTC or London's time, whichever is nearer to the arrival.
    fn nearest(&self, at: UtcMs) -> (UtcMs, Trust) {
        let local = at.plus(-self.zone.offset_ms(at));
        let away = |candidate: UtcMs| self.received_at.since(candidate).abs();
        if away(local) < away(at) {
            (local, Trust::Zone)
        } else {
            (at, Trust::AsSent)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::jurisdiction::UK;
    use crate::ledger::charging::clock::*;

    const NOW: UtcMs = UtcMs(1_787_303_702_000);
    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_zone_is_suspected_when_the_last_messages_agree() {
        for (lags, want) in [
            (vec![0; 5], None),
            (
                vec![
                    -2 * HOUR,
                    -2 * HOUR + 900,
                    -2 * HOUR - 40_000,
                    -2 * HOUR,
                    -2 * HOUR,
                ],
                Some(-2 * HOUR),
            ),
            (vec![HOUR; 4], None),
            (vec![HOUR, HOUR, HOUR, 0, HOUR], None),
            (vec![7 * 60_000; 5], None),
            (
                vec![2 * HOUR, 105 * 60_000, 90 * 60_000, 75 * 60_000, HOUR],
                None,
            ),
        ] {
            let mut clock = PointClock::default();
            for lag in &lags {
                clock.observe(NOW.plus(-lag), NOW);
            }
            assert_eq!(clock.zone_error_ms(), want, "{lags:?}");
        }
    }

    #[test]
    fn times_that_can_be_true() {
        let timing = |zoneless| PointClock::default().timing(NOW, zoneless, UK.zone());
        // 21 August: London is an hour ahead of UTC.
        for (zoneless, at, want) in [
            (
                false,
                Some(NOW.plus(-HOUR)),
                (NOW.plus(-HOUR), Trust::AsSent),
            ),
            (false, None, (NOW, Trust::AsSent)),
            (false, Some(UtcMs(0)), (NOW, Trust::Arrival)),
            (false, Some(NOW.plus(2 * HOUR)), (NOW, Trust::Arrival)),
            (true, Some(NOW.plus(HOUR)), (NOW, Trust::Zone)),
            (true, Some(NOW), (NOW, Trust::AsSent)),
        ] {
            assert_eq!(timing(zoneless).time(at), want, "{zoneless} {at:?}");
        }
    }
}
