//! The audit log in the engine: what is noted becomes a row, and what is undone is booked back where it came from.

use super::Engine;
use super::assets::Measure;
use crate::ledger::audit::{Entry, Occurrence, UndoError};
use crate::model::{CounterEventFact, Fact};
use crate::units::{Thousandths, UtcMs};

impl Engine {
    pub(super) fn note_occurrence(&mut self, occurrence: Occurrence) {
        let entry = self
            .audit
            .add(occurrence, self.config.max_counter_events)
            .clone();
        self.write_entry(&entry);
    }

    fn write_entry(&mut self, entry: &Entry) {
        let occurrence = &entry.occurrence;
        let Some(asset) = self
            .assets
            .find(occurrence.format, &occurrence.asset)
            .and_then(|at| self.assets.get_mut(at))
        else {
            return;
        };
        self.output.push_back(Fact::CounterEvent(CounterEventFact {
            site: asset.tags().site.clone(),
            asset: asset.tags().vehicle.clone(),
            quantity: occurrence.quantity.name(),
            event: occurrence.kind.name(),
            at: occurrence.at,
            id: entry.id,
            feed: occurrence.asset.clone(),
            before: Thousandths(occurrence.before),
            after: Thousandths(occurrence.after),
            undone: entry.undone_at.is_some(),
        }));
    }

    /// Can an entry of the audit log be undone?
    pub fn check_undo(&self, entry: u64) -> Result<(), UndoError> {
        self.audit.check(entry)
    }

    /// Undoes an entry: the register's total is corrected, and the days it was booked on. The register itself goes on as it is.
    pub(super) fn undo_counter_event(&mut self, id: u64, now: UtcMs) {
        let Ok(entry) = self.audit.undo(id, now) else {
            return;
        };
        let occurrence = &entry.occurrence;
        let Some(position) = self.assets.find(occurrence.format, &occurrence.asset) else {
            return;
        };
        if let (Some((by, from, to)), Some(asset)) =
            (occurrence.correction, self.assets.get_mut(position))
        {
            let register = asset
                .counters
                .iter_mut()
                .find(|register| register.quantity == occurrence.quantity);
            if let Some(register) = register {
                register.counter.correct(by);
            }
            let measure =
                Measure::of(occurrence.quantity, asset.kind).filter(|_| occurrence.booked);
            if let Some((measure, _)) = measure {
                self.book_asset(position, from, to, measure.activity(by));
            }
        }
        self.write_entry(&entry);
    }
}
