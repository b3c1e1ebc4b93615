//! The audit log of registers: every reset, rebase and suspected unit, with both values, to be looked at and undone by hand.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::counters::{CounterEvent, Jump};
use crate::model::Quantity;
use crate::units::UtcMs;

/// What happened to a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OccurrenceKind {
    /// By the counter rules: `reset`, `rebase`, `unit_suspect`.
    Register(CounterEvent),
    /// Another register of the same vehicle or charger books from now on.
    SourceChanged,
}

impl OccurrenceKind {
    /// The word in the API and in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Register(event) => event.name(),
            Self::SourceChanged => "source_changed",
        }
    }
}

/// A decision that an operator may want to review or undo. Values in thousandths of the quantity's unit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Occurrence {
    /// When it happened.
    pub at: UtcMs,
    /// The asset, by the id of its feed.
    pub asset: Arc<str>,
    /// Number of its format.
    pub format: u8,
    /// The quantity that the register counts.
    pub quantity: Quantity,
    /// The kind of occurrence.
    pub kind: OccurrenceKind,
    /// The register's value before.
    pub before: i64,
    /// First value after.
    pub after: i64,
    /// With `source_changed`: the asset and register that booked until then.
    pub previous: Option<(Arc<str>, Quantity)>,
    /// What undoing adds to the total, over this stretch of time; negative for a reset that was none.
    pub correction: Option<(i64, UtcMs, UtcMs)>,
    /// The register was the one that books.
    pub booked: bool,
}

impl Occurrence {
    /// One without values.
    pub fn new(
        at: UtcMs,
        asset: Arc<str>,
        format: u8,
        quantity: Quantity,
        kind: OccurrenceKind,
    ) -> Self {
        Self {
            at,
            asset,
            format,
            quantity,
            kind,
            before: 0,
            after: 0,
            previous: None,
            correction: None,
            booked: false,
        }
    }

    /// With the jump of a register.
    pub fn jump(self, jump: &Jump, booked: bool) -> Self {
        let correction = match self.kind {
            // Booked as grown from zero. If no new register was fitted, that part was never driven, burnt or charged.
            OccurrenceKind::Register(CounterEvent::Reset) => -jump.after,
            // Booked as nothing. If the jump was real, it counts; a fall that was real is a register that began anew.
            _ if jump.after >= jump.before => jump.after - jump.before,
            _ => jump.after,
        };
        let correction = Some((correction, jump.from, jump.to));
        Self {
            before: jump.before,
            after: jump.after,
            correction,
            booked,
            ..self
        }
    }

    /// With the register that booked until then, its last value, and the value of the one that books now.
    pub fn source(self, previous: (Arc<str>, Quantity), before: i64, after: i64) -> Self {
        Self {
            previous: Some(previous),
            before,
            after,
            ..self
        }
    }
}

/// An entry of the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, never used again.
    pub id: u64,
    /// The occurrence that the entry is about.
    pub occurrence: Occurrence,
    /// When it was undone.
    pub undone_at: Option<UtcMs>,
}

/// Why an entry cannot be undone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UndoError {
    /// No such entry, or so old that it was dropped.
    #[error("there is no entry {0}; `fleetgauge counters list` shows them")]
    Unknown(u64),
    /// It was undone before.
    #[error("entry {0} was undone before")]
    Undone(u64),
    /// It changed no total.
    #[error("entry {0} changed no total: there is nothing to undo")]
    NoEffect(u64),
}

/// The log: the newest entries, oldest first.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AuditLog {
    entries: VecDeque<Entry>,
    /// Entries ever made.
    made: u64,
}

impl AuditLog {
    /// Adds one; the oldest beyond `most` go.
    pub fn add(&mut self, occurrence: Occurrence, limit: usize) -> &Entry {
        self.made += 1;
        while self.entries.len() >= limit.max(1) {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            id: self.made,
            occurrence,
            undone_at: None,
        });
        self.entries.back().expect("one was just added")
    }

    /// The entries kept, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Entries that were dropped because there were too many.
    pub fn dropped(&self) -> u64 {
        self.made - self.entries.len() as u64
    }

    /// Can it be undone?
    pub fn check(&self, id: u64) -> Result<(), UndoError> {
        let entry = self
            .entries
            .iter()
            .find(|entry| entry.id == id)
            .ok_or(UndoError::Unknown(id))?;
        match (entry.undone_at, entry.occurrence.correction) {
            (Some(_), _) => Err(UndoError::Undone(id)),
            (None, None) => Err(UndoError::NoEffect(id)),
            (None, Some(_)) => Ok(()),
        }
    }

    /// Marks it as undone; what is to be corrected is in it.
    pub fn undo(&mut self, id: u64, now: UtcMs) -> Result<Entry, UndoError> {
        self.check(id)?;
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.id == id)
            .ok_or(UndoError::Unknown(id))?;
        entry.undone_at = Some(now);
        Ok(entry.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::audit::*;

    #[test]
    fn undoing_reverses_the_correction_of_the_rule() {
        for (event, before, after, want) in [
            (CounterEvent::Reset, 5_000, 12, -12),
            (CounterEvent::Rebase, 1_000, 7_000, 6_000),
            (CounterEvent::Rebase, 5_000, 4_000, 4_000),
            (CounterEvent::UnitSuspect, 18_930, 30_465, 11_535),
        ] {
            let mut log = AuditLog::default();
            let jump = Jump {
                before,
                after,
                from: UtcMs(1),
                to: UtcMs(2),
            };
            let new = Occurrence::new(
                UtcMs(2),
                "AMB-101".into(),
                0,
                Quantity::Odometer,
                OccurrenceKind::Register(event),
            );
            let id = log.add(new.jump(&jump, true), 10).id;
            let entry = log.undo(id, UtcMs(9)).expect("it can be undone");
            assert_eq!(
                entry.occurrence.correction,
                Some((want, UtcMs(1), UtcMs(2))),
                "{event:?}"
            );
            assert_eq!(log.undo(id, UtcMs(10)), Err(UndoError::Undone(id)));
        }
    }

    #[test]
    fn the_log_is_bounded_and_counts_what_it_dropped() {
        let mut log = AuditLog::default();
        let kind = OccurrenceKind::SourceChanged;
        for _ in 0..5 {
            log.add(
                Occurrence::new(UtcMs(0), "x".into(), 0, Quantity::Odometer, kind),
                2,
            );
        }
        assert_eq!(
            (
                log.entries().map(|entry| entry.id).collect::<Vec<_>>(),
                log.dropped()
            ),
            (vec![4, 5], 3)
        );
        assert_eq!(
            (log.check(1), log.check(5)),
            (Err(UndoError::Unknown(1)), Err(UndoError::NoEffect(5)))
        );
    }
}
