//! Charge points in the engine: the charging book, and what is derived from each of its outcomes (uptime, quarter hours).

mod rollups;
mod uptime;

use crate::ledger::charging::{ChargePointState, ChargingBook, ChargingOutcome};
use crate::ledger::rollups::HistoryBook;
use crate::ledger::uptime::UptimeBook;
use crate::model::ChargePointEvent;
use crate::units::UtcMs;

use super::reference::Reference;

/// The books of charge points.
#[derive(Debug)]
pub(super) struct Charging {
    book: ChargingBook,
    uptime: UptimeBook,
    /// Quarter hours that the store does not have yet.
    rollups: HistoryBook,
    /// Empty between two messages; kept for its memory.
    outcomes: Vec<ChargingOutcome>,
}

impl Charging {
    pub(super) fn new(book: ChargingBook, uptime: UptimeBook, rollups: HistoryBook) -> Self {
        Self {
            book,
            uptime,
            rollups,
            outcomes: Vec::new(),
        }
    }

    pub(super) fn book(&self) -> &ChargingBook {
        &self.book
    }

    pub(super) fn uptime(&self) -> &UptimeBook {
        &self.uptime
    }

    pub(super) fn rollups(&self) -> &HistoryBook {
        &self.rollups
    }

    pub(super) fn point(&self, id: &str) -> Option<&ChargePointState> {
        self.book.charge_point(id)
    }

    /// Messages refused by the charging book, and energy and time refused by the rollups; clears both counts.
    pub(super) fn take_refused(&mut self) -> (u64, u64) {
        (self.book.take_refused(), self.rollups.take_refused())
    }

    /// Applies a message. For a StartTransaction, returns the id to answer. `emit` gets each outcome, in order.
    pub(super) fn apply(
        &mut self,
        event: &ChargePointEvent,
        reference: &Reference,
        now: UtcMs,
        emit: impl FnMut(ChargingOutcome),
    ) -> Option<i32> {
        let mut outcomes = std::mem::take(&mut self.outcomes);
        let transaction = self.book.apply(event, &reference.register, &mut outcomes);
        self.observe_uptime(event, reference);
        self.observe_power(event, &outcomes, reference);
        self.emit(outcomes, reference, now, emit);
        transaction
    }

    /// Closes what is due by time alone: orphaned sessions, links gone silent.
    pub(super) fn timeout(
        &mut self,
        reference: &Reference,
        now: UtcMs,
        emit: impl FnMut(ChargingOutcome),
    ) {
        let mut outcomes = std::mem::take(&mut self.outcomes);
        self.book.timeout(now, &reference.register, &mut outcomes);
        self.emit(outcomes, reference, now, emit);
    }

    fn emit(
        &mut self,
        mut outcomes: Vec<ChargingOutcome>,
        reference: &Reference,
        now: UtcMs,
        mut emit: impl FnMut(ChargingOutcome),
    ) {
        for outcome in outcomes.drain(..) {
            self.uptime
                .apply_outcome(&outcome, now, &reference.uptime_rules());
            self.observe_outcome(&outcome, reference, now);
            emit(outcome);
        }
        self.outcomes = outcomes;
    }
}
