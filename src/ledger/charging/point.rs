//! One charge point: its link, its connectors, and the sessions that ended on it lately.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::connector::Connector;
use super::scene::Scene;
use super::session::{Closed, OpenSession, StartKey, Stop};
use super::{ChargingOutcome, REMEMBERED};
use crate::model::{ChargePointInfoFact, Fact, SessionRecord};
use crate::units::UtcMs;

/// What is known of one charge point.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ChargePointState {
    /// From BootNotification.
    pub vendor: Option<String>,
    /// From BootNotification.
    pub model: Option<String>,
    /// From BootNotification.
    pub firmware: Option<String>,
    /// The link is up.
    pub online: bool,
    /// Any message.
    pub last_seen: Option<UtcMs>,
    /// By number; 0 is the charge point itself.
    pub connectors: BTreeMap<u32, Connector>,
    pub(super) closed: VecDeque<Closed>,
    /// StopTransactions of transactions that we never saw begin, to know them again.
    foreign_stops: VecDeque<ForeignStop>,
}

/// Transaction id, `meterStop`, `timestamp`.
type ForeignStop = (Option<i64>, Option<i64>, Option<UtcMs>);

/// How many of them are remembered: more than a charge point keeps in its own memory.
const FOREIGN_STOPS: usize = 100;

impl ChargePointState {
    /// A connector, made if new and the limit allows.
    pub(super) fn connector(&mut self, id: u32, limit: usize) -> Option<&mut Connector> {
        if !self.connectors.contains_key(&id) && self.connectors.len() > limit {
            return None;
        }
        Some(self.connectors.entry(id).or_default())
    }

    pub(super) fn link(&mut self, online: bool, scene: &mut Scene<'_>) {
        if self.online == online {
            return;
        }
        self.online = online;
        self.connectors.entry(0).or_default();
        for (id, connector) in &self.connectors {
            let fact = scene.status_fact(connector, *id, scene.received_at, online);
            scene.out.push(ChargingOutcome::Fact(Fact::ChargePointStatus(fact)));
        }
    }

    pub(super) fn boot(&mut self, vendor: &str, model: &str, firmware: Option<&str>, scene: &mut Scene<'_>) {
        self.vendor = Some(vendor.to_owned());
        self.model = Some(model.to_owned());
        self.firmware = firmware.map(str::to_owned);
        scene.out.push(ChargingOutcome::Fact(Fact::ChargePointInfo(ChargePointInfoFact {
            site: scene.site.clone(),
            charge_point: scene.id.clone(),
            at: scene.received_at,
            vendor: vendor.to_owned(),
            model: model.to_owned(),
            firmware: firmware.unwrap_or_default().to_owned(),
        })));
    }

    /// The transaction of a StartTransaction that was heard before (charge points repeat it under new message ids).
    pub(super) fn known_start(&self, key: &StartKey) -> Option<i32> {
        let open = self.connectors.get(&key.connector_id).and_then(|connector| connector.open.as_ref());
        let open = open.filter(|open| open.key.as_ref() == Some(key)).map(|open| open.record.transaction_id);
        let closed =
            || self.closed.iter().find(|closed| closed.key.as_ref() == Some(key)).map(|closed| closed.record.transaction_id);
        // A start without a time of its own cannot be told from the next one with the same meter; then only an open one is the same.
        let id = open.or_else(|| key.at.and_then(|_| closed()))?;
        i32::try_from(id).ok()
    }

    pub(super) fn connector_of(&self, transaction_id: i64) -> Option<u32> {
        let mut connectors = self.connectors.iter();
        connectors
            .find(|(_, connector)| connector.open.as_ref().is_some_and(|open| open.record.transaction_id == transaction_id))
            .map(|(id, _)| *id)
    }

    /// The connector whose open session a StopTransaction means: by its id, or, where the id says nothing (0, -1, never issued while
    /// offline), the only open one that fits its token.
    pub(super) fn open_for(&self, stop: &Stop<'_>) -> Option<u32> {
        if let Some(connector) = stop.transaction_id.and_then(|id| self.connector_of(id)) {
            return Some(connector);
        }
        if stop.transaction_id.is_some_and(|id| id > 0) || self.closed.iter().any(|closed| closed.is_of(stop)) {
            return None;
        }
        let fits = |open: &OpenSession| {
            stop.id_token.is_none() || open.record.id_token.is_none() || open.record.id_token == stop.id_token
        };
        let mut open =
            self.connectors.iter().filter(|(_, connector)| connector.open.as_deref().is_some_and(fits)).map(|(id, _)| *id);
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
        if self.closed.len() >= REMEMBERED {
            self.closed.pop_front();
        }
        self.closed.push_back(closed);
    }

    pub(super) fn is_plugged(&self, record: &SessionRecord) -> bool {
        let newest = self.closed.iter().rev().find(|closed| closed.record.connector_id == record.connector_id);
        let connector = self.connectors.get(&record.connector_id);
        record.unplugged_at.is_none()
            && newest.is_some_and(|newest| newest.record.id == record.id)
            && connector.is_some_and(|connector| connector.open.is_none() && connector.status.is_occupied())
    }

    /// The connector became free: the last session on it knows now how long the vehicle stayed.
    pub(super) fn unplugged(&mut self, connector_id: u32, at: UtcMs, scene: &mut Scene<'_>) {
        if self.connectors.get(&connector_id).is_some_and(|connector| connector.open.is_some()) {
            return;
        }
        let newest = self.closed.iter_mut().rev().find(|closed| closed.record.connector_id == connector_id);
        if let Some(closed) = newest.filter(|closed| closed.record.unplugged_at.is_none()) {
            closed.unplug(at, scene);
        }
    }
}
