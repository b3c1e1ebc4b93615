//! Stretches of time and what happened in them, cut at the borders of quarter hours.

use crate::model::{SLOT_MS, slot_of, slot_start};
use crate::units::UtcMs;

/// A stretch longer than this is booked on its last part, as in the activity by day: a register silent for a year would else be guesswork
/// in thirty-five thousand slots.
const LONGEST_MS: i64 = 62 * 86_400_000;

/// The stretch within what can be: it ends by now, for nothing is delivered in the future, and does not begin before 1970.
fn bounded(from: UtcMs, to: UtcMs, now: UtcMs) -> (UtcMs, UtcMs) {
    let to = to.min(now).max(UtcMs(0));
    (from.min(to).max(to.plus(-LONGEST_MS)).max(UtcMs(0)), to)
}

/// Splits an amount (negative for corrections) evenly over a stretch. The parts add up to the amount exactly, and those of the negative
/// amount are the same ones negative: a correction takes away what was booked.
pub(super) fn spread(
    from: UtcMs,
    to: UtcMs,
    now: UtcMs,
    amount: i64,
    mut each: impl FnMut(i32, i64),
) {
    let (from, to) = bounded(from, to, now);
    let whole = i128::from(to.since(from));
    if whole == 0 {
        return each(slot_of(to), amount);
    }
    // What ends on a border belongs to the slot before it.
    let last = slot_of(to.plus(-1));
    let mut given = 0;
    for slot in slot_of(from)..=last {
        let until = slot_start(slot.saturating_add(1)).min(to);
        // Cumulative, so that rounding never adds up.
        let due = if slot == last {
            amount
        } else {
            (i128::from(amount) * i128::from(until.since(from)) / whole) as i64
        };
        if due != given {
            each(slot, due - given);
        }
        given = due;
    }
}

/// The ms of a stretch by slot.
pub(super) fn cut(from: UtcMs, to: UtcMs, now: UtcMs, mut each: impl FnMut(i32, i64)) {
    let (mut at, to) = bounded(from, to, now);
    while at < to {
        let slot = slot_of(at);
        let until = slot_start(slot).plus(SLOT_MS).min(to);
        each(slot, until.since(at));
        at = until;
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::rollups::spread::*;

    const NOW: UtcMs = UtcMs(i64::MAX);

    #[test]
    fn parts_follow_the_borders_and_add_up() {
        const M: i64 = 60_000;
        for (from, to, amount, want) in [
            (0, 15 * M, 100, vec![(0, 100)]),
            (0, 15 * M + 1, 100, vec![(0, 99), (1, 1)]),
            (
                7 * M + M / 2,
                37 * M + M / 2,
                400,
                vec![(0, 100), (1, 200), (2, 100)],
            ),
            (15 * M, 15 * M, 7, vec![(1, 7)]),
            (5 * M, 4 * M, 7, vec![(0, 7)]),
            (0, 45 * M, 1, vec![(2, 1)]),
            (0, 45 * M, -10, vec![(0, -3), (1, -3), (2, -4)]),
            (i64::MIN, 3 * M, 5, vec![(0, 5)]),
        ] {
            let mut parts = Vec::new();
            spread(UtcMs(from), UtcMs(to), NOW, amount, |slot, part| {
                parts.push((slot, part))
            });
            assert_eq!(parts, want, "{from} {to} {amount}");
            let mut back = Vec::new();
            spread(UtcMs(from), UtcMs(to), NOW, -amount, |slot, part| {
                back.push((slot, -part))
            });
            assert_eq!(back, want, "a correction takes away what was booked");
        }
        let mut parts = Vec::new();
        cut(UtcMs(14 * M), UtcMs(31 * M), NOW, |slot, ms| {
            parts.push((slot, ms / M))
        });
        assert_eq!(parts, [(0, 1), (1, 15), (2, 1)]);
    }

    #[test]
    fn wrong_clocks_do_not_spoil_the_timeline() {
        let (year, now) = (365 * 86_400_000, UtcMs(20_000 * 86_400_000));
        for (from, to) in [
            (now.0 - year, now.0),
            (0, i64::MAX),
            (i64::MIN, i64::MAX),
            (now.0 + year, now.0 + 2 * year),
        ] {
            let (mut sum, mut slots, mut newest) = (0, 0, 0);
            spread(UtcMs(from), UtcMs(to), now, 1_000_003, |slot, part| {
                (sum, slots, newest) = (sum + part, slots + 1, slot)
            });
            assert_eq!(sum, 1_000_003, "{from} {to}");
            assert!(
                slots <= 62 * 96 && slot_start(newest) <= now,
                "{from} {to}: {slots} slots"
            );
            let mut longest = 0;
            cut(UtcMs(from), UtcMs(to), now, |_, ms| longest += ms);
            assert!(longest <= LONGEST_MS, "{from} {to}");
        }
    }
}
