//! `/api/v1/counters`: the audit log of registers, and the registers of one vehicle or charger.

use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339, whole};
use crate::ledger::audit::Entry;
use crate::telemetry::format_name;

/// The answer.
#[derive(Debug, Serialize)]
pub struct CountersView {
    as_of: String,
    /// Newest first.
    entries: Vec<EntryRow>,
    /// Older entries that are no longer kept.
    entries_dropped: u64,
    /// Of the asset asked for.
    registers: Vec<RegisterRow>,
}

#[derive(Debug, Serialize)]
struct EntryRow {
    id: u64,
    at: String,
    asset: Arc<str>,
    feed: Arc<str>,
    format: &'static str,
    quantity: &'static str,
    unit: &'static str,
    event: &'static str,
    before: f64,
    after: f64,
    /// With `source_changed`: the feed and register that booked until then.
    previous_feed: Option<Arc<str>>,
    previous_quantity: Option<&'static str>,
    /// What undoing adds to the total; `null` if there is nothing to undo.
    undo_adds: Option<f64>,
    /// The register is one whose gains are booked.
    booked: bool,
    undone_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct RegisterRow {
    feed: Arc<str>,
    format: &'static str,
    quantity: &'static str,
    unit: &'static str,
    /// Newest believed value, and when it was read.
    value: Option<f64>,
    read_at: Option<String>,
    /// Gained since it was first heard.
    total: f64,
    /// How often it was reset or rebased.
    epoch: u32,
    /// Its gains are booked; else another register's are.
    books: bool,
    /// Gained since the one that books was last heard.
    held: f64,
    /// A reading waits to be believed.
    in_doubt: bool,
}

impl Engine {
    /// `/api/v1/counters`; `asset` is a fleet id or the id of a feed.
    pub fn counters_view(&self, context: &ViewContext, asset: Option<&str>) -> CountersView {
        let asked = |candidate: &&super::super::fleet::Asset| {
            asset
                .is_some_and(|asked| *candidate.id == *asked || *candidate.tags().vehicle == *asked)
        };
        let registers = self.fleet.assets().iter().filter(asked).flat_map(|asset| {
            asset.counters.iter().map(|register| RegisterRow {
                feed: asset.id.clone(),
                format: format_name(asset.format),
                quantity: register.quantity.name(),
                unit: register.quantity.unit(),
                value: register.counter.last().map(|(value, _)| whole(value)),
                read_at: register.counter.last().map(|(_, at)| rfc3339(at)),
                total: whole(register.counter.total()),
                epoch: register.counter.epoch(),
                books: register.books,
                held: whole(register.held),
                in_doubt: register.counter.is_in_doubt(),
            })
        });
        CountersView {
            as_of: rfc3339(context.now),
            registers: registers.collect(),
            entries: self
                .fleet
                .audit()
                .entries()
                .rev()
                .map(|entry| self.entry_row(entry))
                .collect(),
            entries_dropped: self.fleet.audit().dropped(),
        }
    }

    fn entry_row(&self, entry: &Entry) -> EntryRow {
        let occurrence = &entry.occurrence;
        let found = self
            .fleet
            .assets()
            .find(occurrence.format, &occurrence.asset)
            .and_then(|position| self.fleet.assets().get(position));
        EntryRow {
            id: entry.id,
            at: rfc3339(occurrence.at),
            asset: found.map_or_else(
                || occurrence.asset.clone(),
                |asset| asset.tags().vehicle.clone(),
            ),
            feed: occurrence.asset.clone(),
            format: found.map_or("unknown", |asset| format_name(asset.format)),
            quantity: occurrence.quantity.name(),
            unit: occurrence.quantity.unit(),
            event: occurrence.kind.name(),
            before: whole(occurrence.before),
            after: whole(occurrence.after),
            previous_feed: occurrence.previous.as_ref().map(|(feed, _)| feed.clone()),
            previous_quantity: occurrence
                .previous
                .as_ref()
                .map(|(_, quantity)| quantity.name()),
            undo_adds: occurrence.correction.map(|(by, ..)| whole(by)),
            booked: occurrence.booked,
            undone_at: entry.undone_at.map(rfc3339),
        }
    }
}
