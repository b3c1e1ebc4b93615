//! One connector's line of classes: a state counts once it has lasted, and time is booked when it is certain.

use serde::{Deserialize, Serialize};

use super::class::Class;
use crate::units::UtcMs;

/// A state counts only after it has held so long; a shorter one belongs to the class before (EVerest PR 2481: momentary Available on an
/// inoperative connector). One that comes and goes faster for hours never counts.
pub(super) const HOLD_MS: i64 = 5_000;

/// The class that holds, since when it is not booked yet, and a reported class that has not held yet.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Timeline {
    settled: UtcMs,
    class: Class,
    next: Option<Reported>,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Reported {
    class: Class,
    since: UtcMs,
    holds_at: UtcMs,
}

impl Timeline {
    pub(super) fn new(class: Class, at: UtcMs) -> Self {
        Self {
            settled: at,
            class,
            next: None,
        }
    }

    /// The class that is in force.
    pub(super) fn class(&self) -> Class {
        self.class
    }

    /// The reported class comes into force, if it has held until `now`.
    pub(super) fn advance(&mut self, now: UtcMs, book: &mut impl FnMut(Class, UtcMs, UtcMs)) {
        if let Some(next) = self.next.filter(|next| next.holds_at <= now) {
            self.book(next.since, book);
            self.class = next.class;
            self.next = None;
        }
    }

    /// A class was reported; it counts from now if it holds for `hold_ms`.
    pub(super) fn observe(
        &mut self,
        class: Class,
        at: UtcMs,
        hold_ms: i64,
        book: &mut impl FnMut(Class, UtcMs, UtcMs),
    ) {
        self.advance(at, book);
        if class == self.class {
            self.next = None;
        } else if self.next.is_none_or(|next| next.class != class) {
            let since = at.max(self.settled);
            self.next = Some(Reported {
                class,
                since,
                holds_at: since.plus(hold_ms),
            });
        }
    }

    /// A class holds from an instant on, without doubt. A reported class that had not held by then is dropped.
    pub(super) fn turn(
        &mut self,
        class: Class,
        at: UtcMs,
        book: &mut impl FnMut(Class, UtcMs, UtcMs),
    ) {
        self.advance(at, book);
        self.book(at, book);
        self.class = class;
        self.next = None;
    }

    /// Books what is certain, up to `limit`.
    pub(super) fn settle(&mut self, limit: UtcMs, book: &mut impl FnMut(Class, UtcMs, UtcMs)) {
        let limit = self.next.map_or(limit, |next| next.since.min(limit));
        self.book(limit, book);
    }

    /// Books everything up to now, for display: a later report may change it.
    pub(super) fn settle_all(&mut self, now: UtcMs, book: &mut impl FnMut(Class, UtcMs, UtcMs)) {
        self.advance(now, book);
        self.book(now, book);
    }

    fn book(&mut self, to: UtcMs, book: &mut impl FnMut(Class, UtcMs, UtcMs)) {
        if to > self.settled {
            book(self.class, self.settled, to);
            self.settled = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Class::{Available, Faulted, Occupied, Offline};
    use crate::ledger::uptime::timeline::*;

    /// Observes classes at these seconds; the ms of each class until the end.
    fn line(states: &[(i64, Class)], end: i64) -> Vec<(Class, i64)> {
        let mut sums: Vec<(Class, i64)> = Vec::new();
        let mut book = |class, from: UtcMs, to: UtcMs| match sums.last_mut() {
            Some(last) if last.0 == class => last.1 += to.since(from) / 1000,
            _ => sums.push((class, to.since(from) / 1000)),
        };
        let mut line = Timeline::new(Available, UtcMs(0));
        for (second, class) in states {
            line.observe(*class, UtcMs(second * 1000), HOLD_MS, &mut book);
        }
        line.settle_all(UtcMs(end * 1000), &mut book);
        sums
    }

    #[test]
    fn a_short_state_belongs_to_the_class_before() {
        for (states, want) in [
            (vec![(10, Faulted), (14, Available)], vec![(Available, 100)]),
            (
                vec![(10, Faulted), (15, Available)],
                vec![(Available, 10), (Faulted, 5), (Available, 85)],
            ),
            (
                vec![(10, Faulted), (12, Faulted), (20, Occupied)],
                vec![(Available, 10), (Faulted, 10), (Occupied, 80)],
            ),
            (
                vec![(10, Faulted), (12, Occupied)],
                vec![(Available, 12), (Occupied, 88)],
            ),
            (vec![(97, Faulted)], vec![(Available, 100)]),
            (vec![(95, Faulted)], vec![(Available, 95), (Faulted, 5)]),
        ] {
            assert_eq!(line(&states, 100), want, "{states:?}");
        }
    }

    #[test]
    fn certain_time_is_booked_once() {
        let mut total = 0;
        let mut book = |_, from: UtcMs, to: UtcMs| total += to.since(from);
        let mut line = Timeline::new(Available, UtcMs(0));
        line.observe(Faulted, UtcMs(10_000), HOLD_MS, &mut book);
        line.settle(UtcMs(12_000), &mut book);
        line.turn(Offline, UtcMs(11_000), &mut book);
        line.turn(Available, UtcMs(9_000), &mut book);
        line.settle_all(UtcMs(20_000), &mut book);
        assert_eq!(total, 20_000);
    }
}
