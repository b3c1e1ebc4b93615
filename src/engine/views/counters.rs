//! `/api/v1/counters`: the audit log of registers, and the registers of one vehicle or charger.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339, whole};
use crate::engine::query::{Query, Stored};
use crate::ledger::audit::Entry;
use crate::telemetry::format_name;

/// The audit log of registers, and the registers of one asset.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CountersView {
    /// Time of the answer.
    pub as_of: String,
    /// Entries of the audit log, the newest first.
    pub entries: Vec<CounterEntry>,
    /// Older entries that are no longer kept.
    pub entries_dropped: u64,
    /// Registers of the asset in the request; empty without one.
    pub registers: Vec<CounterRegister>,
}

/// One event of a register that changed how its values are booked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CounterEntry {
    /// Number of the entry, for `counters undo`.
    pub id: u64,
    /// Time of the reading that caused the event.
    pub at: String,
    /// Fleet id of the asset, or the id of its feed.
    pub asset: Arc<str>,
    /// Id of the feed.
    pub feed: Arc<str>,
    /// Format of the feed.
    pub format: &'static str,
    /// Quantity of the register.
    pub quantity: &'static str,
    /// Unit of `before` and `after`.
    pub unit: &'static str,
    /// Kind of event: a reset, a rebase, a rejected jump, a change of source.
    pub event: &'static str,
    /// Register value before the event.
    pub before: f64,
    /// Register value after the event.
    pub after: f64,
    /// With `source_changed`: the feed that booked until then.
    pub previous_feed: Option<Arc<str>>,
    /// With `source_changed`: the quantity that booked until then.
    pub previous_quantity: Option<&'static str>,
    /// What undoing adds to the total; `null` if there is nothing to undo.
    pub undo_adds: Option<f64>,
    /// Whether the gains of this register are booked.
    pub booked: bool,
    /// When a person undid the event.
    pub undone_at: Option<String>,
}

/// One register of an asset.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CounterRegister {
    /// Id of the feed.
    pub feed: Arc<str>,
    /// Format of the feed.
    pub format: &'static str,
    /// Quantity that the register counts.
    pub quantity: &'static str,
    /// Unit of `value`, `total` and `held`.
    pub unit: &'static str,
    /// Newest accepted value.
    pub value: Option<f64>,
    /// When that value was read.
    pub read_at: Option<String>,
    /// Gained since the first reading.
    pub total: f64,
    /// How often the register was reset or rebased.
    pub epoch: u32,
    /// Whether its gains are booked; else another register's are.
    pub books: bool,
    /// Gained since the last reading of the register that books.
    pub held: f64,
    /// A reading waits for a second one that confirms it.
    pub in_doubt: bool,
}

/// The audit log, and the registers of one asset.
#[derive(Clone, PartialEq, Debug)]
pub struct CountersQuery {
    /// Fleet id or feed id whose registers are listed; `None` lists no register.
    pub asset: Option<Arc<str>>,
}

impl Query for CountersQuery {
    type Response = CountersView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<CountersView, String> {
        Ok(engine.counters_view(context, self.asset.as_deref()))
    }
}

impl Engine {
    /// `/api/v1/counters`; `asset` is a fleet id or the id of a feed.
    pub fn counters_view(&self, context: &ViewContext, asset: Option<&str>) -> CountersView {
        let wanted = |candidate: &&super::super::fleet::Asset| {
            asset.is_some_and(|id| *candidate.id == *id || *candidate.tags().vehicle == *id)
        };
        let registers = self.fleet.assets().iter().filter(wanted).flat_map(|asset| {
            asset.counters.iter().map(|register| CounterRegister {
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

    fn entry_row(&self, entry: &Entry) -> CounterEntry {
        let occurrence = &entry.occurrence;
        let found = self
            .fleet
            .assets()
            .find(occurrence.format, &occurrence.asset)
            .and_then(|position| self.fleet.assets().get(position));
        CounterEntry {
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
