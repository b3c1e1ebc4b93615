//! One connector (in OCPP 2.x: one EVSE): its state, the newest meter reading, and the session on it.

use serde::{Deserialize, Serialize};

use super::session::OpenSession;
use super::{ChargingOutcome, ORPHAN_WAIT_2_MS, ORPHAN_WAIT_MS};
use crate::ledger::charging::event_context::EventContext;
use crate::model::{ConnectorStatus, Fact, MeterSample, SessionRecord, TransactionId};
use crate::units::UtcMs;

/// Plugs of one EVSE told apart.
const MAX_PARTS: usize = 8;

/// What is known of a connector.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Connector {
    /// The newest status reported.
    pub status: ConnectorStatus,
    /// When this status began; `None` before the first one.
    pub since: Option<UtcMs>,
    /// Reported before the link was lost and not since then: it may have changed.
    pub stale: bool,
    /// `errorCode` unless NoError.
    pub error_code: Option<String>,
    /// `vendorErrorCode` of the newest StatusNotification.
    pub vendor_error_code: Option<String>,
    /// Out of service by command (ChangeAvailability), not because it broke.
    pub commanded_out: bool,
    /// mW; 0 after a session.
    pub power_milliwatts: Option<i64>,
    /// Tenths of Wh.
    pub register_tenth_wh: Option<i64>,
    /// Energy that went through the register, in and outside of transactions, tenths of Wh. Only rises.
    pub counted_tenth_wh: Counted,
    /// OCPP 2.x: states of the plugs of an EVSE.
    parts: Vec<(u32, ConnectorStatus)>,
    /// On the heap: most connectors have none, and it is large.
    pub(super) open: Option<Box<OpenSession>>,
    /// Plugged in since.
    pub(super) occupied_since: Option<UtcMs>,
    /// Since when no vehicle is plugged in.
    pub(super) available_since: Option<UtcMs>,
    /// When the session is given up although no stop came.
    pub(super) orphan_due: Option<UtcMs>,
}

/// Register steps of a connector, added up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counted {
    /// While a transaction was open.
    pub in_transactions: i64,
    /// While none was open: standby, or charging that the charge point does not report.
    pub outside: i64,
}

/// A status as the charge point reported it.
pub(super) struct ReportedStatus<'a> {
    pub status: ConnectorStatus,
    pub part: u32,
    pub error: Option<&'a str>,
    pub vendor_error: Option<&'a str>,
    pub at: Option<UtcMs>,
}

impl Connector {
    /// The open session.
    pub fn session(&self) -> Option<&SessionRecord> {
        self.open.as_ref().map(|open| &open.record)
    }

    /// The open session, and its time with energy flowing until now, ms.
    pub fn charging(&self, now: UtcMs) -> Option<(&SessionRecord, i64)> {
        self.open
            .as_ref()
            .map(|open| (&open.record, open.charged_until(now)))
    }

    /// Since when energy flows that no `Flowed` outcome covers yet.
    pub fn flowing_since(&self) -> Option<UtcMs> {
        self.open.as_ref().and_then(|open| open.flowing_since())
    }

    /// When a live sample last showed energy flowing in the open session, and how long after the one before, ms.
    pub fn energy_seen(&self) -> Option<(UtcMs, i64)> {
        self.open.as_ref().and_then(|open| open.energy_seen)
    }

    /// StatusNotification. Repetitions of the same state and error are collapsed.
    pub(super) fn apply_status(
        &mut self,
        id: u32,
        reported: &ReportedStatus<'_>,
        online: bool,
        context: &mut EventContext<'_>,
    ) {
        let at = context.time(reported.at);
        let status = self.joined(reported);
        self.stale = false;
        let same = self.since.is_some()
            && self.status == status
            && self.error_code.as_deref() == reported.error
            && self.vendor_error_code.as_deref() == reported.vendor_error;
        self.error_code = reported.error.map(str::to_owned);
        self.vendor_error_code = reported.vendor_error.map(str::to_owned);
        self.enter(id, status, at, online, !same, context);
    }

    /// In another state from now on.
    pub(super) fn enter(
        &mut self,
        id: u32,
        status: ConnectorStatus,
        at: UtcMs,
        online: bool,
        changed: bool,
        context: &mut EventContext<'_>,
    ) {
        if self.status != status || self.since.is_none() {
            self.since = Some(at);
        }
        self.status = status;
        if changed {
            context
                .out
                .push(ChargingOutcome::Fact(Fact::ChargePointStatus(
                    context.status_fact(self, id, at, online),
                )));
        }
        if id == 0 {
            return;
        }
        if status.is_occupied() {
            self.available_since = None;
            self.occupied_since = self.occupied_since.or(Some(at));
            self.orphan_due = None;
        }
        if status == ConnectorStatus::Available {
            self.power_milliwatts = Some(0);
            self.occupied_since = None;
            self.available_since = self.available_since.or(Some(at));
            // The stop may be on its way: many charge points send it after the state; those of OCPP 2.x may have it in a queue.
            if let Some(open) = self.open.as_ref().filter(|_| self.orphan_due.is_none()) {
                let patience = if matches!(open.record.transaction_id, TransactionId::Text(_)) {
                    ORPHAN_WAIT_2_MS
                } else {
                    ORPHAN_WAIT_MS
                };
                self.orphan_due = Some(context.received_at().plus(patience));
            }
        }
        if let Some(open) = &mut self.open {
            open.flow(status == ConnectorStatus::Charging, at, context);
        }
    }

    /// The state of an EVSE from the states of its plugs: in use if one is, free if one can be used.
    fn joined(&mut self, reported: &ReportedStatus<'_>) -> ConnectorStatus {
        if reported.part == 0 {
            return reported.status;
        }
        match self
            .parts
            .iter()
            .position(|(part, _)| *part == reported.part)
        {
            Some(index) => self.parts[index].1 = reported.status,
            None if self.parts.len() < MAX_PARTS => {
                self.parts.push((reported.part, reported.status))
            }
            None => {}
        }
        use ConnectorStatus::{Available, Faulted, Occupied, Reserved, Unavailable};
        let joined = [Occupied, Reserved, Available, Unavailable, Faulted];
        let joined = joined
            .into_iter()
            .find(|status| self.parts.iter().any(|(_, of_part)| of_part == status));
        match joined.unwrap_or(reported.status) {
            // The transaction knows more of what goes on.
            Occupied if self.open.is_some() && self.status.is_occupied() => self.status,
            status => status,
        }
    }

    /// The newest readings, for the page and the connector's own counter.
    pub(super) fn observe_samples(&mut self, samples: &[MeterSample], context: &EventContext<'_>) {
        for sample in samples {
            self.power_milliwatts = sample.power_milliwatts.or(self.power_milliwatts);
            if let Some(register) = sample.register_tenth_wh {
                self.observe_register(register, context);
            }
        }
    }

    /// A reading of the register: its step goes to the counter. A register that counts from the session's start has no steps outside.
    pub(super) fn observe_register(&mut self, register: i64, context: &EventContext<'_>) {
        // Three days at rated power: more is a changed meter, not energy.
        let max = (context.rated_w() * 72.0 * 10.0) as i64;
        if let Some(step) = self
            .register_tenth_wh
            .map(|last| register - last)
            .filter(|step| (1..=max).contains(step))
        {
            match self.open {
                Some(_) => self.counted_tenth_wh.in_transactions += step,
                None => self.counted_tenth_wh.outside += step,
            }
        }
        self.register_tenth_wh = Some(register);
    }
}
