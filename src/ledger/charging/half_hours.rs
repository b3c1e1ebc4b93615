//! Energy by half-hour: what is delivered between two readings is spread evenly over the time between them, never booked at the end.

use serde::{Deserialize, Serialize};

use crate::model::{HALF_HOUR_MS, HalfHour};
use crate::units::UtcMs;

/// A month: beyond it the rest goes into the last one.
const MAX_HALF_HOURS: i64 = 1_488;

/// Tenths of Wh by half-hour since 1970, rising.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct HalfHours(Vec<(i64, i64)>);

impl HalfHours {
    /// Spreads energy (negative for corrections) over a stretch of time. The parts add up to `tenth_wh` exactly.
    pub(super) fn add(&mut self, from: UtcMs, to: UtcMs, tenth_wh: i64) {
        let (from, to) = (from.0.min(to.0), to.0);
        let last = to.saturating_sub(1).max(from).div_euclid(HALF_HOUR_MS);
        let first = from.div_euclid(HALF_HOUR_MS).max(last - MAX_HALF_HOURS);
        let span = i128::from(to - from).max(1);
        let mut given = 0;
        for slot in first..=last {
            // What is due at the end of the slot, less what was given before: rounding never adds up.
            let until = if slot == last {
                to
            } else {
                (slot + 1) * HALF_HOUR_MS
            };
            let due = if slot == last {
                tenth_wh
            } else {
                (i128::from(tenth_wh) * i128::from(until - from) / span) as i64
            };
            self.add_to_slot(slot, due - given);
            given = due;
        }
    }

    fn add_to_slot(&mut self, slot: i64, tenth_wh: i64) {
        if tenth_wh == 0 {
            return;
        }
        match self.0.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(index) => self.0[index].1 += tenth_wh,
            Err(index) => self.0.insert(index, (slot, tenth_wh)),
        }
    }

    /// As they stand.
    pub(super) fn list(&self) -> Vec<HalfHour> {
        let slots = self.0.iter().filter(|(_, tenth_wh)| *tenth_wh != 0);
        slots
            .map(|(slot, tenth_wh)| HalfHour {
                start: UtcMs(slot * HALF_HOUR_MS),
                tenth_wh: *tenth_wh,
            })
            .collect()
    }
}

/// Energy between two readings by half-hour.
pub fn half_hours_of(from: UtcMs, to: UtcMs, tenth_wh: i64) -> Vec<HalfHour> {
    let mut slots = HalfHours::default();
    slots.add(from, to, tenth_wh);
    slots.list()
}

#[cfg(test)]
mod tests {
    use crate::ledger::charging::half_hours::*;

    #[test]
    fn parts_add_up() {
        for (from, to, tenth_wh) in [
            (0, 1, 7),
            (1_799_999, 1_800_001, 3),
            (5, 5, 11),
            (900_000, 9_900_000, 1_001),
            (0, 5_400_000, -10),
        ] {
            let mut slots = HalfHours::default();
            slots.add(UtcMs(from), UtcMs(to), tenth_wh);
            assert_eq!(
                slots.list().iter().map(|slot| slot.tenth_wh).sum::<i64>(),
                tenth_wh,
                "{from} {to} {tenth_wh}"
            );
        }
        let mut slots = HalfHours::default();
        slots.add(UtcMs(900_000), UtcMs(4_500_000), 400);
        let parts: Vec<_> = slots
            .list()
            .iter()
            .map(|slot| (slot.start.0 / HALF_HOUR_MS, slot.tenth_wh))
            .collect();
        assert_eq!(parts, [(0, 100), (1, 200), (2, 100)]);
    }
}
