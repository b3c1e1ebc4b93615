//! One charge point: its link, its clock, its connectors, and the sessions that ended on it lately.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::clock::PointClock;
use super::closed::Closed;
use super::connector::Connector;
use super::registers::{RegisterClass, RegisterKind};
use super::session::{OpenSession, StartKey, Stop};
use super::{ChargingOutcome, REMEMBERED};
use crate::ledger::charging::event_context::EventContext;
use crate::model::{
    ChargePointInfoFact, ChargePointStatusFact, ConnectorStatus, Deviations, Fact, LinkMode,
    OcppVersion, ProvisioningState, SessionRecord, TransactionId,
};
use crate::units::UtcMs;

/// Transactions that are told of while another one is open on the same EVSE.
const MAX_REPLAYED: usize = 8;

/// What is known of one charge point.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ChargePointState {
    /// Spoken on the last link.
    pub version: Option<OcppVersion>,
    /// Whom the last link led to.
    pub mode: LinkMode,
    /// `chargePointVendor` of the newest BootNotification.
    pub vendor: Option<String>,
    /// `chargePointModel` of the newest BootNotification.
    pub model: Option<String>,
    /// `firmwareVersion` of the newest BootNotification.
    pub firmware: Option<String>,
    /// The link is up.
    pub online: bool,
    /// Tapped: its operator could be reached the last time.
    pub operator_online: Option<bool>,
    /// When the newest message of any kind arrived.
    pub last_seen: Option<UtcMs>,
    /// Requests that the strict reader was shown, and those of them that kept to the standard.
    pub conformance: Conformance,
    /// Metering frames whose JSON was broken and mended.
    pub repaired: u64,
    /// By number; 0 is the charge point itself.
    pub connectors: BTreeMap<u32, Connector>,
    /// How it is being set up; `None` if it never was.
    pub setup: Option<Box<ProvisioningState>>,
    pub(super) clock: PointClock,
    pub(super) register: RegisterClass,
    /// Booted since the last session ended.
    pub(super) booted: bool,
    pub(super) closed: VecDeque<Closed>,
    /// OCPP 2.x: transactions from the time of an outage, told of while another one is open on their EVSE.
    pub(super) replayed: Vec<OpenSession>,
    /// StopTransactions of transactions that we never saw begin, to know them again.
    foreign_stops: VecDeque<ForeignStop>,
}

/// How many requests kept to the standard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Conformance {
    /// Shown to the strict reader.
    pub checked: u64,
    /// Taken by it.
    pub conformant: u64,
}

/// Transaction id, `meterStop`, `timestamp`.
type ForeignStop = (Option<TransactionId>, Option<i64>, Option<UtcMs>);

/// How many of them are remembered: more than a charge point keeps in its own memory.
const FOREIGN_STOPS: usize = 100;

impl ChargePointState {
    /// Arrival minus the charge point's own time, median, ms.
    pub fn clock_skew_ms(&self) -> Option<i64> {
        self.clock.skew_ms()
    }

    /// Quarter hours by which its times are moved, ms; `None` for a clock in order.
    pub fn zone_error_ms(&self) -> Option<i64> {
        self.clock.zone_error_ms()
    }

    /// What its registers count from.
    pub fn register_kind(&self) -> RegisterKind {
        self.register.kind
    }

    pub(super) fn observe_deviations(&mut self, deviations: Deviations) {
        if let Some(conformant) = deviations.conformant {
            self.conformance.checked += 1;
            self.conformance.conformant += u64::from(conformant);
        }
        self.repaired += u64::from(deviations.repaired);
    }

    /// A connector that is not known, and one too many.
    pub(super) fn is_beyond(&self, id: u32, limit: usize) -> bool {
        self.connectors.len() > limit && !self.connectors.contains_key(&id)
    }

    /// A connector, made if new and the limit allows.
    pub(super) fn connector(&mut self, id: u32, limit: usize) -> Option<&mut Connector> {
        if self.is_beyond(id, limit) {
            return None;
        }
        Some(self.connectors.entry(id).or_default())
    }

    pub(super) fn link(&mut self, online: bool, context: &mut EventContext<'_>) {
        if online {
            // What was said before may have changed while nobody listened.
            for connector in self
                .connectors
                .values_mut()
                .filter(|connector| connector.since.is_some())
            {
                connector.stale = true;
            }
        }
        if self.online == online {
            return;
        }
        self.online = online;
        self.connectors.entry(0).or_default();
        for (id, connector) in &self.connectors {
            let fact = context.status_fact(connector, *id, context.received_at(), online);
            context
                .out
                .push(ChargingOutcome::Fact(Fact::ChargePointStatus(fact)));
        }
    }

    /// Tapped: its operator can be reached, or not.
    pub(super) fn operator(&mut self, up: bool, context: &mut EventContext<'_>) {
        if self.operator_online.replace(up) == Some(up) {
            return;
        }
        let online = self.online;
        let itself = self.connectors.entry(0).or_default();
        let fact = context.status_fact(itself, 0, context.received_at(), online);
        context
            .out
            .push(ChargingOutcome::Fact(Fact::ChargePointStatus(
                ChargePointStatusFact {
                    operator_online: Some(up),
                    ..fact
                },
            )));
    }

    pub(super) fn boot(
        &mut self,
        vendor: &str,
        model: &str,
        firmware: Option<&str>,
        context: &mut EventContext<'_>,
    ) {
        self.booted = true;
        if let Some(setup) = &mut self.setup {
            setup.booted(self.firmware.is_some() && self.firmware.as_deref() != firmware);
        }
        self.vendor = Some(vendor.to_owned());
        self.model = Some(model.to_owned());
        self.firmware = firmware.map(str::to_owned);
        context
            .out
            .push(ChargingOutcome::Fact(Fact::ChargePointInfo(
                ChargePointInfoFact {
                    site: context.site.clone(),
                    charge_point: context.id.clone(),
                    at: context.received_at(),
                    vendor: vendor.to_owned(),
                    model: model.to_owned(),
                    firmware: firmware.unwrap_or_default().to_owned(),
                },
            )));
    }

    /// A fault of a component (OCPP 2.x), or its end. It is shown as the connector's error; downtime comes from states alone.
    pub(super) fn problem(
        &mut self,
        id: u32,
        limit: usize,
        code: String,
        present: bool,
        at: UtcMs,
        context: &mut EventContext<'_>,
    ) {
        let online = self.online;
        let Some(connector) = self.connector(id, limit) else {
            return;
        };
        let error = present.then_some(code);
        if connector.error_code != error {
            connector.error_code = error;
            context
                .out
                .push(ChargingOutcome::Fact(Fact::ChargePointStatus(
                    context.status_fact(connector, id, at, online),
                )));
        }
    }

    /// Told to be in or out of service.
    pub(super) fn commanded(&mut self, connector_id: u32, operative: bool) {
        for (id, connector) in &mut self.connectors {
            if connector_id == 0 || *id == connector_id {
                connector.commanded_out = !operative;
            }
        }
    }

    /// The transaction of a StartTransaction that was heard before (charge points repeat it under new message ids).
    pub(super) fn known_start(&self, key: &StartKey) -> Option<i32> {
        let id_of = |record: &SessionRecord| match record.transaction_id {
            TransactionId::Number(id) => i32::try_from(id).ok(),
            _ => None,
        };
        let open = self
            .connectors
            .get(&key.connector_id)
            .and_then(|connector| connector.open.as_ref());
        if let Some(open) = open.filter(|open| open.key.as_ref() == Some(key)) {
            return id_of(&open.record);
        }
        // A start without a time of its own cannot be told from the next one with the same meter; then only an open one is the same.
        key.at?;
        let closed = self
            .closed
            .iter()
            .find(|closed| closed.key.as_ref() == Some(key))?;
        id_of(&closed.record)
    }

    pub(super) fn connector_of(&self, transaction_id: &TransactionId) -> Option<u32> {
        let mut connectors = self.connectors.iter();
        connectors
            .find(|(_, connector)| {
                connector
                    .open
                    .as_ref()
                    .is_some_and(|open| open.record.transaction_id == *transaction_id)
            })
            .map(|(id, _)| *id)
    }

    /// The connector whose open session a StopTransaction means: by its id, or, where the id says nothing (0, -1, never issued while
    /// offline, or never heard by us), the only open one that fits its token.
    pub(super) fn open_for(&self, stop: &Stop<'_>) -> Option<u32> {
        if let Some(connector) = stop
            .transaction_id
            .as_ref()
            .and_then(|id| self.connector_of(id))
        {
            return Some(connector);
        }
        if self.closed.iter().any(|closed| closed.is_of(stop)) {
            return None;
        }
        let named = matches!(
            stop.transaction_id,
            Some(TransactionId::Number(1..) | TransactionId::Text(_))
        );
        let fits = |open: &OpenSession| {
            let same_tag = stop.id_token.is_none()
                || open.record.id_token.is_none()
                || open.record.id_token == stop.id_token;
            // An id that we do not know can only be that of a session whose id we never heard.
            same_tag && (!named || open.record.transaction_id == TransactionId::Unknown)
        };
        let mut open = self
            .connectors
            .iter()
            .filter(|(_, connector)| connector.open.as_deref().is_some_and(fits))
            .map(|(id, _)| *id);
        let only = open.next()?;
        open.next().is_none().then_some(only)
    }

    /// Notes a StopTransaction of an unknown transaction; false if it was heard before.
    pub(super) fn new_foreign_stop(&mut self, stop: ForeignStop) -> bool {
        if self.foreign_stops.contains(&stop) {
            return false;
        }
        if self.foreign_stops.len() >= FOREIGN_STOPS {
            self.foreign_stops.pop_front();
        }
        self.foreign_stops.push_back(stop);
        true
    }

    pub(super) fn remember(&mut self, closed: Closed) {
        self.register.vote(closed.register_kind(self.booted));
        self.booted = false;
        if self.closed.len() >= REMEMBERED {
            self.closed.pop_front();
        }
        self.closed.push_back(closed);
    }

    pub(super) fn remember_replayed(&mut self, open: OpenSession) -> Option<OpenSession> {
        let oldest = (self.replayed.len() >= MAX_REPLAYED).then(|| self.replayed.remove(0));
        self.replayed.push(open);
        oldest
    }

    /// Whether it is the newest session on its connector, and no other is open there.
    pub(super) fn is_newest(&self, record: &SessionRecord) -> bool {
        let newest = self
            .closed
            .iter()
            .rev()
            .find(|closed| closed.record.connector_id == record.connector_id);
        let open = self
            .connectors
            .get(&record.connector_id)
            .is_some_and(|connector| connector.open.is_some());
        !open && newest.is_some_and(|newest| newest.record.id == record.id)
    }

    pub(super) fn is_plugged(&self, record: &SessionRecord) -> bool {
        let occupied = self
            .connectors
            .get(&record.connector_id)
            .is_some_and(|connector| connector.status.is_occupied());
        record.unplugged_at.is_none() && occupied && self.is_newest(record)
    }

    /// The connector became free: the last session on it knows now how long the vehicle stayed.
    pub(super) fn unplugged(
        &mut self,
        connector_id: u32,
        at: UtcMs,
        context: &mut EventContext<'_>,
    ) {
        if self
            .connectors
            .get(&connector_id)
            .is_some_and(|connector| connector.open.is_some())
        {
            return;
        }
        let newest = self
            .closed
            .iter_mut()
            .rev()
            .find(|closed| closed.record.connector_id == connector_id);
        if let Some(closed) = newest.filter(|closed| closed.record.unplugged_at.is_none()) {
            closed.unplug(at, context);
        }
    }

    /// Statuses that the charge point has not repeated since its link came back.
    pub fn stale_connectors(&self) -> impl Iterator<Item = u32> {
        let stale = self.connectors.iter().filter(|(_, connector)| {
            connector.stale && connector.status != ConnectorStatus::Unknown
        });
        stale.map(|(id, _)| *id)
    }
}
