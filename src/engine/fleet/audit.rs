//! The audit log of registers: each occurrence becomes a row, and an undone one is booked back where it came from.

use super::Fleet;
use super::assets::Measure;
use crate::engine::activity::ActivityBook;
use crate::engine::output::Output;
use crate::ledger::audit::{Entry, Occurrence};
use crate::model::{CounterEventFact, Fact};
use crate::units::{Thousandths, UtcMs, Zone};

impl Fleet {
    /// Adds an occurrence to the log of at most `limit` entries.
    pub(crate) fn record(&mut self, occurrence: Occurrence, limit: usize, output: &mut Output) {
        let entry = self.audit.add(occurrence, limit).clone();
        output.extend(self.row(&entry));
    }

    fn row(&self, entry: &Entry) -> Option<Fact> {
        let occurrence = &entry.occurrence;
        let position = self.assets.find(occurrence.format, &occurrence.asset)?;
        let asset = self.assets.get(position)?;
        Some(Fact::CounterEvent(CounterEventFact {
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
        }))
    }

    /// Undoes an entry: the register's total is corrected, and the days it was booked on. The register itself goes on as it is.
    pub(crate) fn undo(
        &mut self,
        id: u64,
        now: UtcMs,
        zone: &Zone,
        activity: &mut ActivityBook,
        output: &mut Output,
    ) {
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
                activity.book_asset(zone, asset, from, to, &measure.activity(by));
            }
        }
        output.extend(self.row(&entry));
    }
}
