//! The charging book: what charge points say becomes connector states, sessions and energy, each transaction exactly once.
//!
//! Rules: OCPP 1.6 (sections 4.7 to 4.10, 7.31) and the field's deviations from it. State follows the order of arrival; records carry the
//! charge point's own times where its clock can be trusted.

mod connector;
mod point;
mod scene;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use connector::Connector;
pub use point::ChargePointState;

use self::scene::Scene;
use self::session::{OpenSession, StartKey, Stop};
use crate::model::register::Register;
use crate::model::{
    ChargePointEvent, ChargePointMessage, ConnectorStatus, EnergyUser, Fact, MeterSample, SessionQuality, SessionRecord,
};
use crate::units::UtcMs;

/// How long after `Available` a late StopTransaction may come before the session is closed without it.
const ORPHAN_WAIT_MS: i64 = 60_000;
/// Closed sessions remembered per charge point, to know repeated and late messages again.
const REMEMBERED: usize = 12;
/// Charge points told apart; each costs a few hundred bytes.
const MOST_CHARGE_POINTS: usize = 100_000;

/// Something to book or to write.
#[derive(Clone, PartialEq, Debug)]
pub enum ChargingOutcome {
    /// A row.
    Fact(Fact),
    /// Energy delivered between two instants. Over a session they sum up to the published energy; corrections are negative.
    Energy {
        /// By whom.
        charge_point: Arc<str>,
        /// To whom.
        user: EnergyUser,
        /// From.
        from: UtcMs,
        /// To.
        to: UtcMs,
        /// Tenths of Wh.
        dwh: i64,
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
    max_connectors: usize,
    points: BTreeMap<Arc<str>, ChargePointState>,
    /// Sessions whose connector became Available: closed when the time is up.
    orphans: BTreeSet<(UtcMs, Arc<str>, u32)>,
}

impl ChargingBook {
    /// Empty. Transaction ids count on from `first_transaction_id`.
    pub fn new(first_transaction_id: i32, max_connectors: usize) -> Self {
        Self {
            first_transaction_id: first_transaction_id.max(1),
            next_transaction_id: first_transaction_id.max(1),
            max_connectors,
            points: BTreeMap::new(),
            orphans: BTreeSet::new(),
        }
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
            let open = point.connectors.values().filter_map(|connector| connector.open.as_ref()).map(|open| (&open.record, true));
            let closed = point.closed.iter().map(|closed| (&closed.record, point.is_plugged(&closed.record)));
            open.chain(closed)
        })
    }

    /// When [`ChargingBook::timeout`] has something to do.
    pub fn next_timeout(&self) -> Option<UtcMs> {
        self.orphans.first().map(|(due, _, _)| *due)
    }

    /// Takes a message. For a StartTransaction, returns the transaction id to answer.
    pub fn apply(&mut self, event: &ChargePointEvent, register: &Register, out: &mut Vec<ChargingOutcome>) -> Option<i32> {
        if !self.points.contains_key(&event.charge_point) && self.points.len() >= MOST_CHARGE_POINTS {
            return matches!(event.message, ChargePointMessage::StartTransaction { .. }).then(|| self.take_transaction_id());
        }
        let mut scene = Scene::new(&event.charge_point, register, event.received_at, out);
        let point = self.points.entry(event.charge_point.clone()).or_default();
        point.last_seen = point.last_seen.max(Some(event.received_at));
        match &event.message {
            ChargePointMessage::Connected { .. } => point.link(true, &mut scene),
            ChargePointMessage::Disconnected => point.link(false, &mut scene),
            ChargePointMessage::Boot { vendor, model, firmware, .. } => {
                point.boot(vendor, model, firmware.as_deref(), &mut scene)
            }
            ChargePointMessage::Heartbeat | ChargePointMessage::Notice { .. } => {}
            ChargePointMessage::Status { connector_id, status, error_code, at, .. } => {
                let online = point.online;
                let connector = point.connector(*connector_id, self.max_connectors)?;
                let open_before = connector.orphan_due;
                connector.status_heard(*connector_id, *status, error_code.as_deref(), *at, online, &mut scene);
                let due = connector.orphan_due;
                self.watch(&event.charge_point, *connector_id, open_before, due);
                let available_at = scene.time(*at).0;
                let point = self.points.get_mut(&event.charge_point)?;
                if *connector_id != 0 && *status == ConnectorStatus::Available {
                    point.unplugged(*connector_id, available_at, &mut scene);
                }
            }
            ChargePointMessage::StartTransaction { connector_id, id_token, meter_start_dwh, at } => {
                let key = StartKey {
                    connector_id: (*connector_id).max(1),
                    id_token: *id_token,
                    meter_start_dwh: *meter_start_dwh,
                    at: *at,
                };
                return Some(self.start(key, scene));
            }
            ChargePointMessage::StopTransaction { transaction_id, id_token, meter_stop_dwh, at, reason, samples } => {
                let stop = Stop {
                    transaction_id: *transaction_id,
                    id_token: *id_token,
                    meter_stop_dwh: *meter_stop_dwh,
                    at: *at,
                    reason: reason.as_deref(),
                    samples,
                };
                self.stop(&stop, scene);
            }
            ChargePointMessage::MeterValues { connector_id, transaction_id, samples } => {
                self.meter_values(*connector_id, *transaction_id, samples, scene)
            }
        }
        None
    }

    /// Closes sessions whose StopTransaction never came.
    pub fn timeout(&mut self, now: UtcMs, register: &Register, out: &mut Vec<ChargingOutcome>) {
        while self.orphans.first().is_some_and(|(due, _, _)| *due <= now) {
            let Some((due, id, connector_id)) = self.orphans.pop_first() else { return };
            let Some(point) = self.points.get_mut(&id) else { continue };
            let mut scene = Scene::new(&id, register, now, out);
            let Some(connector) = point.connectors.get_mut(&connector_id) else { continue };
            connector.orphan_due = None;
            let ended = connector.available_since.unwrap_or_else(|| due.plus(-ORPHAN_WAIT_MS));
            if let Some(mut open) = connector.open.take() {
                open.flag(SessionQuality::Orphaned);
                open.record.unplugged_at = Some(ended);
                let closed = open.close(None, ended, &mut scene);
                point.remember(closed);
            }
        }
    }

    fn watch(&mut self, id: &Arc<str>, connector_id: u32, before: Option<UtcMs>, due: Option<UtcMs>) {
        if before != due {
            if let Some(before) = before {
                self.orphans.remove(&(before, id.clone(), connector_id));
            }
            if let Some(due) = due {
                self.orphans.insert((due, id.clone(), connector_id));
            }
        }
    }

    /// We issued this id. If it is not open it is closed, however long ago: a message for it is a repetition.
    fn was_issued(&self, transaction_id: Option<i64>) -> bool {
        transaction_id.is_some_and(|id| (i64::from(self.first_transaction_id)..i64::from(self.next_transaction_id)).contains(&id))
    }

    fn take_transaction_id(&mut self) -> i32 {
        let id = self.next_transaction_id;
        // Never 0 and never negative: both mean something else to charge points.
        self.next_transaction_id = id.checked_add(1).unwrap_or(1);
        id
    }

    fn start(&mut self, key: StartKey, mut scene: Scene<'_>) -> i32 {
        let known = self.points.get(scene.id).and_then(|point| point.known_start(&key));
        if let Some(id) = known {
            return id;
        }
        let transaction_id = self.take_transaction_id();
        let max_connectors = self.max_connectors;
        let Some(point) = self.points.get_mut(scene.id) else { return transaction_id };
        let connector_id = key.connector_id;
        let Some(connector) = point.connector(connector_id, max_connectors) else { return transaction_id };
        let (at, trusted) = scene.time(key.at);
        let before = connector.orphan_due.take();
        let superseded = connector.open.take().map(|mut open| {
            open.flag(SessionQuality::Superseded);
            open.close(None, at.max(open.record.started_at), &mut scene)
        });
        let user = scene.user(key.id_token);
        let plugged_since = connector.occupied_since.filter(|since| *since <= at);
        connector.available_since = None;
        connector.occupied_since = plugged_since.or(Some(at));
        let mut open = OpenSession::new(&scene, transaction_id.into(), Some(key), connector_id, at, user);
        open.plugged_since = plugged_since.unwrap_or(at);
        if !trusted {
            open.flag(SessionQuality::ClockUntrusted);
        }
        if connector.status == ConnectorStatus::Charging {
            open.flow(true, at);
        }
        connector.open = Some(Box::new(open));
        if let Some(superseded) = superseded {
            point.remember(superseded);
        }
        let id = scene.id.clone();
        self.watch(&id, connector_id, before, None);
        transaction_id
    }

    fn stop(&mut self, stop: &Stop<'_>, mut scene: Scene<'_>) {
        let (at, trusted) = scene.time(stop.at);
        let Some(point) = self.points.get_mut(scene.id) else { return };
        if let Some(connector_id) = point.open_for(stop) {
            let Some(connector) = point.connectors.get_mut(&connector_id) else { return };
            let before = connector.orphan_due.take();
            if let Some(mut open) = connector.open.take() {
                connector.power_mw = Some(0);
                if !trusted {
                    open.flag(SessionQuality::ClockUntrusted);
                }
                let unplugged = connector.available_since;
                open.record.unplugged_at = unplugged;
                let closed = open.close(Some(stop), at.max(open.record.started_at), &mut scene);
                point.remember(closed);
            }
            let id = scene.id.clone();
            return self.watch(&id, connector_id, before, None);
        }
        if let Some(closed) = point.closed.iter_mut().find(|closed| closed.is_of(stop)) {
            return closed.late_stop(stop, at, &mut scene);
        }
        let registers = stop.samples.iter().filter(|sample| sample.register_dwh.is_some()).count();
        let repeated = !point.new_foreign_stop((stop.transaction_id, stop.meter_stop_dwh, stop.at));
        // Nothing known of its start: a session all the same, if its energy can be told.
        if repeated || registers < 2 || self.was_issued(stop.transaction_id) {
            return;
        }
        let transaction_id = match stop.transaction_id.filter(|id| *id > 0) {
            Some(id) => id,
            None => self.take_transaction_id().into(),
        };
        let Some(point) = self.points.get_mut(scene.id) else { return };
        let started = stop.samples.first().and_then(|sample| sample.at).map_or(at, |first| scene.time(Some(first)).0.min(at));
        let user = scene.user(stop.id_token);
        let mut open = OpenSession::new(&scene, transaction_id, None, 1, started, user);
        open.flag(SessionQuality::StartMissing);
        let closed = open.close(Some(stop), at, &mut scene);
        point.remember(closed);
    }

    fn meter_values(&mut self, connector_id: u32, transaction_id: Option<i64>, samples: &[MeterSample], mut scene: Scene<'_>) {
        let max_connectors = self.max_connectors;
        let issued = self.was_issued(transaction_id);
        let Some(point) = self.points.get_mut(scene.id) else { return };
        for sample in samples {
            let (at, _) = scene.time(sample.at);
            scene.out.push(ChargingOutcome::Fact(Fact::MeterValues(scene.meter_fact(connector_id, at, sample))));
        }
        // Connector 0 is the main meter: a series of its own, in no session and no sum.
        if connector_id == 0 && transaction_id.is_none() {
            return;
        }
        let of_transaction = transaction_id.and_then(|id| point.connector_of(id));
        let closed_before =
            issued || transaction_id.is_some_and(|id| point.closed.iter().any(|closed| closed.record.transaction_id == id));
        let connector_id = of_transaction.unwrap_or(connector_id.max(1));
        let Some(connector) = point.connector(connector_id, max_connectors) else { return };
        if of_transaction.is_none()
            && let Some(id) = transaction_id
        {
            // Samples of a closed session belong to it and are in its record; those of a session we never saw begin open one, if the
            // connector is in use and has none.
            let in_use = connector.status.is_occupied() || connector.status == ConnectorStatus::Unknown;
            if closed_before || connector.open.is_some() || !in_use {
                return connector.note_samples(samples, &scene);
            }
            let (at, _) = samples.first().map_or((scene.received_at, true), |sample| scene.time(sample.at));
            let mut open = OpenSession::new(&scene, id, None, connector_id, at, scene.user(None));
            open.flag(SessionQuality::StartMissing);
            connector.open = Some(Box::new(open));
        }
        let before = connector.orphan_due;
        if transaction_id.is_some() {
            connector.orphan_due = None;
        }
        connector.note_samples(samples, &scene);
        if let Some(open) = &mut connector.open {
            for sample in samples {
                let (at, trusted) = scene.time(sample.at);
                if !trusted {
                    open.flag(SessionQuality::ClockUntrusted);
                }
                open.sample(sample, at, &mut scene);
            }
        }
        let due = connector.orphan_due;
        let id = scene.id.clone();
        self.watch(&id, connector_id, before, due);
    }
}
