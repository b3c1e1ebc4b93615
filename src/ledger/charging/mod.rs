//! The charging book: messages of charge points become connector states, sessions and energy, each transaction exactly once.
//!
//! Rules: OCPP 1.6 edition 2 (sections 4.7 to 4.10, 7.31) and the deviations that charge points show. State follows the order of arrival; records carry the
//! charge point's own times where its clock can be trusted.

mod apply;
mod clock;
mod closed;
mod connector;
mod event_context;
mod half_hours;
mod point;
mod provisioning;
mod registers;
mod sequence;
mod session;
mod transactions_v16;
mod transactions_v2;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use connector::{Connector, Counted};
pub use half_hours::half_hours_of;
pub use point::{ChargePointState, Conformance};
pub use registers::RegisterKind;

use crate::ledger::charging::event_context::EventContext;
use crate::model::register::Register;
use crate::model::{
    Deviations, EnergyUser, Fact, LinkMode, SessionQuality, SessionRecord, TransactionId,
};
use crate::units::UtcMs;

/// How long after `Available` a late StopTransaction may come before the session is closed without it; OCPP 2.x stations may hold the
/// end of a transaction back for hours.
const ORPHAN_WAIT_MS: i64 = 60_000;
const ORPHAN_WAIT_2_MS: i64 = 86_400_000;
/// Closed sessions remembered per charge point, to know repeated and late messages again.
const REMEMBERED: usize = 12;

/// Limits on the number of charge points and connectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChargingLimits {
    /// `limits.max_charge_points`; each costs a few hundred bytes.
    pub charge_points: usize,
    /// `limits.max_connectors` of one charge point.
    pub connectors: usize,
}

impl Default for ChargingLimits {
    fn default() -> Self {
        Self {
            charge_points: 100_000,
            connectors: 64,
        }
    }
}

/// What follows from a message: to be booked or written.
#[derive(Clone, PartialEq, Debug)]
pub enum ChargingOutcome {
    /// A fact to be written.
    Fact(Fact),
    /// Energy delivered between two instants. Over a session they sum up to the published energy; corrections are negative.
    Energy {
        /// The charge point that delivered it.
        charge_point: Arc<str>,
        /// The connector that delivered it, from 1.
        connector_id: u32,
        /// The user that it is allocated to.
        user: EnergyUser,
        /// Begin of the stretch of time.
        from: UtcMs,
        /// End of the stretch of time.
        to: UtcMs,
        /// In tenths of a watt-hour, the resolution of every energy in the ledger.
        tenth_wh: i64,
    },
    /// Energy flowed between two instants, as far as samples and states tell.
    Flowed {
        /// The charge point.
        charge_point: Arc<str>,
        /// Begin of the stretch of time.
        from: UtcMs,
        /// End of the stretch of time.
        to: UtcMs,
    },
    /// A session has ended.
    Closed(SessionRecord),
    /// More is known of a session that was closed before.
    Corrected(SessionRecord),
}

/// All charge points.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChargingBook {
    first_transaction_id: i32,
    next_transaction_id: i32,
    /// Set at every start: they are configuration, not state.
    #[serde(skip)]
    limits: ChargingLimits,
    /// Messages of charge points and connectors beyond the limits, since the last [`ChargingBook::take_refused`].
    #[serde(skip)]
    refused: u64,
    points: BTreeMap<Arc<str>, ChargePointState>,
    /// Sessions whose connector became Available: closed when the time is up.
    orphans: BTreeSet<(UtcMs, Arc<str>, u32)>,
}

impl ChargingBook {
    /// Empty. Transaction ids count on from `first_transaction_id`.
    pub fn new(first_transaction_id: i32, limits: ChargingLimits) -> Self {
        Self {
            first_transaction_id: first_transaction_id.max(1),
            next_transaction_id: first_transaction_id.max(1),
            limits,
            refused: 0,
            points: BTreeMap::new(),
            orphans: BTreeSet::new(),
        }
    }

    /// The limits in force, after a restart.
    pub fn set_limits(&mut self, limits: ChargingLimits) {
        self.limits = limits;
    }

    /// Clears and returns how many messages came from beyond the limits.
    pub fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    /// Every charge point that sent a message, by id.
    pub fn charge_points(&self) -> impl Iterator<Item = (&Arc<str>, &ChargePointState)> {
        self.points.iter()
    }

    /// A charge point that sent a message.
    pub fn charge_point(&self, id: &str) -> Option<&ChargePointState> {
        self.points.get(id)
    }

    /// Open sessions and those closed lately. True beside those whose vehicle is still plugged in.
    pub fn sessions(&self) -> impl Iterator<Item = (&SessionRecord, bool)> {
        self.points.values().flat_map(|point| {
            let open = point
                .connectors
                .values()
                .filter_map(|connector| connector.open.as_ref())
                .map(|open| (&open.record, true));
            let closed = point
                .closed
                .iter()
                .map(|closed| (&closed.record, point.is_plugged(&closed.record)));
            open.chain(closed)
        })
    }

    /// When [`ChargingBook::timeout`] has something to do.
    pub fn next_timeout(&self) -> Option<UtcMs> {
        self.orphans.first().map(|(due, _, _)| *due)
    }

    /// Closes sessions whose stop never came.
    pub fn timeout(&mut self, now: UtcMs, register: &Register, out: &mut Vec<ChargingOutcome>) {
        while self.orphans.first().is_some_and(|(due, _, _)| *due <= now) {
            let Some((due, id, connector_id)) = self.orphans.pop_first() else {
                return;
            };
            let Some(point) = self.points.get_mut(&id) else {
                continue;
            };
            let timing = point.clock.timing(now, false, register.zone());
            let mut context = EventContext::new(
                &id,
                register,
                timing,
                Deviations::default(),
                point.register.kind,
                out,
            );
            let Some(connector) = point.connectors.get_mut(&connector_id) else {
                continue;
            };
            connector.orphan_due = None;
            let ended = connector
                .available_since
                .unwrap_or_else(|| due.plus(-ORPHAN_WAIT_MS));
            if let Some(mut open) = connector
                .open
                .take()
                .filter(|open| !open.is_spurious(ended))
            {
                open.flag(SessionQuality::Orphaned);
                open.record.unplugged_at = Some(ended);
                let closed = open.close(None, ended, &mut context);
                point.remember(closed);
            }
        }
    }

    /// Updates the list of sessions that time alone will close.
    fn watch(&mut self, id: &Arc<str>, before: &[(u32, UtcMs)]) {
        let Some(point) = self.points.get(id) else {
            return;
        };
        let after = due(point);
        if after != before {
            for (connector_id, due) in before {
                self.orphans.remove(&(*due, id.clone(), *connector_id));
            }
            for (connector_id, due) in after {
                self.orphans.insert((due, id.clone(), connector_id));
            }
        }
    }

    /// We issued this id. If it is not open it is closed, however long ago: a message for it is a repetition.
    fn was_issued(&self, id: &Arc<str>, transaction_id: Option<&TransactionId>) -> bool {
        let ours = i64::from(self.first_transaction_id)..i64::from(self.next_transaction_id);
        // The numbers of another central system are unrelated to ours.
        let csms = self
            .points
            .get(id)
            .is_none_or(|point| point.mode == LinkMode::Csms);
        csms && matches!(transaction_id, Some(TransactionId::Number(id)) if ours.contains(id))
    }

    fn issue_transaction_id(&mut self) -> i32 {
        let id = self.next_transaction_id;
        // Never 0 and never negative: both mean something else to charge points.
        self.next_transaction_id = id.checked_add(1).unwrap_or(1);
        id
    }
}

/// When sessions are closed without a stop, by connector.
fn due(point: &ChargePointState) -> Vec<(u32, UtcMs)> {
    point
        .connectors
        .iter()
        .filter_map(|(id, connector)| connector.orphan_due.map(|due| (*id, due)))
        .collect()
}
