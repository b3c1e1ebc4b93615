//! The charging book: what charge points say becomes connector states, sessions and energy, each transaction exactly once.
//!
//! Rules: OCPP 1.6 (sections 4.7 to 4.10, 7.31) and the field's deviations from it. State follows the order of arrival; records carry the
//! charge point's own times where its clock can be trusted.

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

use self::connector::ReportedStatus;
use self::session::{StartKey, Stop};
use crate::ledger::charging::event_context::EventContext;
use crate::model::register::Register;
use crate::model::{
    ChargePointEvent, ChargePointMessage, ConnectorStatus, EnergyUser, Fact, LinkMode, Manner,
    SessionQuality, SessionRecord, TransactionId,
};
use crate::units::UtcMs;

/// How long after `Available` a late StopTransaction may come before the session is closed without it; OCPP 2.x stations may hold the
/// end of a transaction back for hours.
const ORPHAN_WAIT_MS: i64 = 60_000;
const ORPHAN_WAIT_2_MS: i64 = 86_400_000;
/// Closed sessions remembered per charge point, to know repeated and late messages again.
const REMEMBERED: usize = 12;

/// How much is kept apart.
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

/// Something to book or to write.
#[derive(Clone, PartialEq, Debug)]
pub enum ChargingOutcome {
    /// A row.
    Fact(Fact),
    /// Energy delivered between two instants. Over a session they sum up to the published energy; corrections are negative.
    Energy {
        /// By whom.
        charge_point: Arc<str>,
        /// Through which connector.
        connector_id: u32,
        /// To whom.
        user: EnergyUser,
        /// From.
        from: UtcMs,
        /// To.
        to: UtcMs,
        /// Tenths of Wh.
        dwh: i64,
    },
    /// Energy flowed between two instants, as far as samples and states tell.
    Flowed {
        /// Through which charge point.
        charge_point: Arc<str>,
        /// From.
        from: UtcMs,
        /// To.
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
    /// Set anew at every start: they are configuration, not state.
    #[serde(skip)]
    limits: ChargingLimits,
    /// Messages of charge points and connectors beyond the limits, since they were asked for last.
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

    /// Every charge point heard, by id.
    pub fn charge_points(&self) -> impl Iterator<Item = (&Arc<str>, &ChargePointState)> {
        self.points.iter()
    }

    /// A charge point that was heard.
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

    /// Takes a message. For a StartTransaction, returns the transaction id to answer.
    pub fn apply(
        &mut self,
        event: &ChargePointEvent,
        register: &Register,
        out: &mut Vec<ChargingOutcome>,
    ) -> Option<i32> {
        if !self.points.contains_key(&event.charge_point)
            && self.points.len() >= self.limits.charge_points
        {
            self.refused += 1;
            return matches!(event.message, ChargePointMessage::StartTransaction { .. })
                .then(|| self.issue_transaction_id());
        }
        if let ChargePointMessage::Provisioning(provisioning) = &event.message {
            self.apply_provisioning(&event.charge_point, provisioning, event.received_at);
            return None;
        }
        let point = self.points.entry(event.charge_point.clone()).or_default();
        point.last_seen = point.last_seen.max(Some(event.received_at));
        point.observe_manner(event.manner);
        self.refused += u64::from(
            connector_in(&event.message)
                .is_some_and(|id| point.is_beyond(id, self.limits.connectors)),
        );
        if let Some(at) = live_time(&event.message) {
            point.clock.observe(at, event.received_at);
        }
        let timing = point
            .clock
            .timing(event.received_at, event.manner.zoneless, register.zone());
        let mut context = EventContext::new(
            &event.charge_point,
            register,
            timing,
            event.manner,
            point.register.kind,
            out,
        );
        match &event.message {
            ChargePointMessage::Connected { version, mode } => {
                point.version = Some(*version);
                point.mode = *mode;
                point.link(true, &mut context);
            }
            ChargePointMessage::Disconnected => point.link(false, &mut context),
            ChargePointMessage::OperatorLink { up } => point.operator(*up, &mut context),
            ChargePointMessage::Boot {
                vendor,
                model,
                firmware,
                ..
            } => point.boot(vendor, model, firmware.as_deref(), &mut context),
            ChargePointMessage::Heartbeat
            | ChargePointMessage::Notice { .. }
            | ChargePointMessage::Provisioning(_) => {}
            ChargePointMessage::Status {
                connector_id,
                part,
                status,
                error_code,
                vendor_error_code,
                info: _,
                at,
            } => {
                let reported = ReportedStatus {
                    status: *status,
                    part: *part,
                    error: error_code.as_deref(),
                    vendor_error: vendor_error_code.as_deref(),
                    at: *at,
                };
                self.status(*connector_id, reported, context);
            }
            ChargePointMessage::Problem {
                connector_id,
                component,
                code,
                present,
                at,
            } => {
                let code = code
                    .as_ref()
                    .map_or_else(|| component.clone(), |code| format!("{component}:{code}"));
                let at = context.time(*at);
                point.problem(
                    *connector_id,
                    self.limits.connectors,
                    code,
                    *present,
                    at,
                    &mut context,
                );
            }
            ChargePointMessage::AvailabilityChanged {
                connector_id,
                operative,
            } => point.commanded(*connector_id, *operative),
            ChargePointMessage::StartTransaction {
                connector_id,
                id_token,
                meter_start_dwh,
                at,
                issue,
            } => {
                let key = StartKey {
                    connector_id: (*connector_id).max(1),
                    id_token: *id_token,
                    meter_start_dwh: *meter_start_dwh,
                    at: *at,
                };
                return self.start(key, *issue, context);
            }
            ChargePointMessage::StopTransaction {
                transaction_id,
                id_token,
                meter_stop_dwh,
                at,
                reason,
                samples,
            } => {
                let stop = Stop {
                    transaction_id: transaction_id.map(TransactionId::Number),
                    id_token: *id_token,
                    meter_stop_dwh: *meter_stop_dwh,
                    at: *at,
                    reason: reason.as_deref(),
                    samples,
                };
                self.stop(&stop, context);
            }
            ChargePointMessage::MeterValues {
                connector_id,
                transaction_id,
                samples,
            } => self.meter_values(
                *connector_id,
                transaction_id.map(TransactionId::Number),
                samples,
                context,
            ),
            ChargePointMessage::Transaction(event) => {
                let connector_id = event.evse_id.unwrap_or(0);
                for sample in &event.samples {
                    let at = sample
                        .at
                        .map_or_else(|| context.time(event.at), |at| context.time(Some(at)));
                    context.out.push(ChargingOutcome::Fact(Fact::MeterValues(
                        context.meter_fact(connector_id, at, sample),
                    )));
                }
                if event.transaction_id.is_empty() {
                    return None;
                }
                let before = due(point);
                point.transaction(event, self.limits.connectors, &mut context);
                self.watch(context.id, &before);
            }
        }
        None
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
                Manner::default(),
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

    /// Notes what changed among the sessions to give up.
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
        // Another central system's numbers say nothing about ours.
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

    fn status(
        &mut self,
        connector_id: u32,
        reported: ReportedStatus<'_>,
        mut context: EventContext<'_>,
    ) {
        let Some(point) = self.points.get_mut(context.id) else {
            return;
        };
        let online = point.online;
        let before = due(point);
        let Some(connector) = point.connector(connector_id, self.limits.connectors) else {
            return;
        };
        let reported = ChargePointState::status_of(reported, connector);
        let at = context.time(reported.at);
        connector.apply_status(connector_id, &reported, online, &mut context);
        let free = connector.status == ConnectorStatus::Available;
        if connector_id != 0 && free {
            point.unplugged(connector_id, at, &mut context);
        }
        self.watch(context.id, &before);
    }
}

/// Sessions to give up, by connector.
fn due(point: &ChargePointState) -> Vec<(u32, UtcMs)> {
    point
        .connectors
        .iter()
        .filter_map(|(id, connector)| connector.orphan_due.map(|due| (*id, due)))
        .collect()
}

/// The connector that a message is about.
fn connector_in(message: &ChargePointMessage) -> Option<u32> {
    match message {
        ChargePointMessage::Status { connector_id, .. }
        | ChargePointMessage::StartTransaction { connector_id, .. }
        | ChargePointMessage::MeterValues { connector_id, .. }
        | ChargePointMessage::Problem { connector_id, .. } => Some(*connector_id),
        ChargePointMessage::Transaction(event) => event.evse_id,
        _ => None,
    }
}

/// The time of a message that is sent when it happens: what tells a clock.
fn live_time(message: &ChargePointMessage) -> Option<UtcMs> {
    match message {
        ChargePointMessage::Status { at, .. }
        | ChargePointMessage::StartTransaction { at, .. }
        | ChargePointMessage::StopTransaction { at, .. } => *at,
        ChargePointMessage::MeterValues { samples, .. } => {
            samples.last().and_then(|sample| sample.at)
        }
        ChargePointMessage::Transaction(event) if !event.offline => event.at,
        _ => None,
    }
}
