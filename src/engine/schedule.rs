//! When the engine has work of its own: the minute's rows, and every quarter of an hour all rows of all connectors.

use crate::units::UtcMs;

/// How often the day's sums, the transition and the targets are written as rows.
const PERIODIC_MS: i64 = 60_000;
/// How often rows of every connector, the sites and new projections are written.
pub(super) const FULL_ROWS_MS: i64 = 900_000;

/// Instants of the past and the next work.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The newest instant given to the engine; `i64::MIN` before the first.
    last_alive: UtcMs,
    next_full_rows: UtcMs,
    next_periodic: UtcMs,
}

impl Schedule {
    /// The first rows are due at once.
    pub(super) fn new(now: UtcMs) -> Self {
        Self {
            // At a restart, the inbox brings times earlier than now.
            last_alive: UtcMs(i64::MIN),
            next_full_rows: UtcMs(i64::MIN),
            next_periodic: now,
        }
    }

    /// The schedule of a checkpoint.
    pub(super) fn restored(last_alive: UtcMs, next_full_rows: UtcMs, next_periodic: UtcMs) -> Self {
        Self {
            last_alive,
            next_full_rows,
            next_periodic,
        }
    }

    /// The daemon ran at this instant.
    pub(super) fn advance(&mut self, now: UtcMs) {
        self.last_alive = self.last_alive.max(now);
    }

    /// When the daemon last ran; `None` is never.
    pub(super) fn last_alive(&self) -> Option<UtcMs> {
        (self.last_alive > UtcMs(i64::MIN)).then_some(self.last_alive)
    }

    /// As the snapshot has it.
    pub(super) fn raw_last_alive(&self) -> UtcMs {
        self.last_alive
    }

    pub(super) fn next_full_rows(&self) -> UtcMs {
        self.next_full_rows
    }

    pub(super) fn next_periodic(&self) -> UtcMs {
        self.next_periodic
    }

    pub(super) fn full_rows_due(&self, now: UtcMs) -> bool {
        now >= self.next_full_rows
    }

    pub(super) fn full_rows_written(&mut self, now: UtcMs) {
        self.next_full_rows = now.plus(FULL_ROWS_MS);
    }

    /// All rows are due at the next minute: something changed that they rest on.
    pub(super) fn hasten_full_rows(&mut self) {
        self.next_full_rows = UtcMs(i64::MIN);
    }

    pub(super) fn periodic_due(&self, now: UtcMs) -> bool {
        now >= self.next_periodic
    }

    pub(super) fn periodic_written(&mut self, now: UtcMs) {
        self.next_periodic = now.plus(PERIODIC_MS);
    }

    /// The minute's rows are due at this instant, whatever was planned.
    pub(super) fn set_periodic(&mut self, at: UtcMs) {
        self.next_periodic = at;
    }

    /// What was held back for want of data is due.
    pub(super) fn hasten_periodic(&mut self) {
        self.next_periodic = self.next_periodic.min(self.last_alive);
    }
}
