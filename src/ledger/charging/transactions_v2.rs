//! OCPP 2.x transactions: the station makes the id, events are numbered, and what happened while the link was down comes late.
//!
//! State follows the event with the highest number that happened online; energy follows all of them; an event counts once by its number
//! (OCPP 2.0.1 part 2, E01, E04, E12).

use super::closed::Closed;
use super::connector::ReportedStatus;
use super::point::ChargePointState;
use super::session::{OpenSession, StartKey, Stop};
use crate::ledger::charging::event_context::EventContext;
use crate::model::{
    ConnectorStatus, MeterSample, ReadingContext, SessionQuality, TransactionEvent,
    TransactionEventKind, TransactionId,
};
use crate::units::UtcMs;

impl ChargePointState {
    /// Takes an event.
    pub(super) fn transaction(
        &mut self,
        event: &TransactionEvent,
        limit: usize,
        context: &mut EventContext<'_>,
    ) {
        let id = TransactionId::Text(event.transaction_id.as_str().into());
        if let Some(connector_id) = self.connector_of(&id) {
            return self.continue_open(connector_id, event, context);
        }
        if let Some(index) = self
            .replayed
            .iter()
            .position(|open| open.record.transaction_id == id)
        {
            let mut open = self.replayed.remove(index);
            if apply_event(&mut open, event, context) && event.kind == TransactionEventKind::Ended {
                let closed = end(&mut open, event, context);
                self.remember(closed);
            } else {
                self.replayed.push(open);
            }
            return;
        }
        let (at, _) = context.judged_time(event.at);
        if let Some(closed) = self
            .closed
            .iter_mut()
            .rev()
            .find(|closed| closed.record.transaction_id == id)
            && !begins_anew(closed, event, at)
        {
            return late(closed, event, at, context);
        }
        self.begin(id, event, at, limit, context);
    }

    fn begin(
        &mut self,
        id: TransactionId,
        event: &TransactionEvent,
        at: UtcMs,
        limit: usize,
        context: &mut EventContext<'_>,
    ) {
        let connector_id = event.evse_id.or_else(|| self.only_connector()).unwrap_or(1);
        let Some(connector) = self.connector(connector_id, limit) else {
            return;
        };
        let mut open = OpenSession::new(context, id, None, connector_id, at, event.id_token);
        open.register_before = connector.register_tenth_wh;
        if event.kind != TransactionEventKind::Started {
            open.flag(SessionQuality::StartMissing);
        }
        let other_is_newer = connector
            .open
            .as_ref()
            .is_some_and(|other| other.record.started_at > at);
        if event.offline && other_is_newer {
            // An old transaction, told of after a newer one began on the same EVSE: its state is history.
            apply_event(&mut open, event, context);
            let finished = if event.kind == TransactionEventKind::Ended {
                Some(end(&mut open, event, context))
            } else {
                self.supersede(open, context)
            };
            return finished
                .into_iter()
                .for_each(|closed| self.remember(closed));
        }
        let superseded = connector.open.take().map(|mut other| {
            other.flag(SessionQuality::Superseded);
            other.close(None, at.max(other.record.started_at), context)
        });
        let plugged_since = connector.occupied_since.filter(|since| *since <= at);
        connector.orphan_due = None;
        connector.occupied_since = plugged_since.or(Some(at));
        connector.available_since = None;
        open.plugged_since = plugged_since.unwrap_or(at);
        connector.open = Some(Box::new(open));
        if let Some(superseded) = superseded {
            self.remember(superseded);
        }
        self.continue_open(connector_id, event, context);
    }

    /// Where a station has one EVSE, that is the one.
    fn only_connector(&self) -> Option<u32> {
        let mut connectors = self.connectors.keys().filter(|id| **id > 0);
        let only = connectors.next()?;
        connectors.next().is_none().then_some(*only)
    }

    fn supersede(&mut self, open: OpenSession, context: &mut EventContext<'_>) -> Option<Closed> {
        let mut oldest = self.remember_replayed(open)?;
        oldest.flag(SessionQuality::Orphaned);
        let at = oldest.registers.last_at.unwrap_or(oldest.record.started_at);
        Some(oldest.close(None, at, context))
    }

    fn continue_open(
        &mut self,
        connector_id: u32,
        event: &TransactionEvent,
        context: &mut EventContext<'_>,
    ) {
        let online = self.online;
        let Some(connector) = self.connectors.get_mut(&connector_id) else {
            return;
        };
        let Some(open) = connector.open.as_mut() else {
            return;
        };
        let newest = event
            .seq_no
            .is_none_or(|number| open.seq.newest().is_none_or(|newest| number > newest));
        if !apply_event(open, event, context) {
            return;
        }
        let at = context.time(event.at);
        if newest && !event.offline {
            connector.observe_samples(&event.samples, context);
            if let Some(state) = event
                .charging_state
                .filter(|_| event.kind != TransactionEventKind::Ended)
            {
                connector.stale = false;
                connector.enter(
                    connector_id,
                    state,
                    at,
                    online,
                    connector.status != state,
                    context,
                );
            }
        }
        if event.kind != TransactionEventKind::Ended {
            return;
        }
        connector.orphan_due = None;
        let Some(mut open) = connector.open.take() else {
            return;
        };
        open.record.unplugged_at = connector.available_since;
        let closed = end(&mut open, event, context);
        connector.power_milliwatts = Some(0);
        if !event.offline && connector.status.is_occupied() {
            let left = event.charging_state == Some(ConnectorStatus::Available);
            let status = if left {
                ConnectorStatus::Available
            } else {
                ConnectorStatus::Finishing
            };
            connector.enter(connector_id, status, at, online, true, context);
        }
        let left_at = connector.available_since;
        self.remember(closed);
        if let Some(left_at) = left_at {
            self.unplugged(connector_id, left_at, context);
        }
    }

    /// OCPP 2.x StatusNotification says little of an EVSE in use; what it means comes from the transaction.
    pub(super) fn status_of<'a>(
        reported: ReportedStatus<'a>,
        connector: &super::Connector,
    ) -> ReportedStatus<'a> {
        let in_use = connector.open.is_some() && connector.status.is_occupied();
        match reported.status {
            ConnectorStatus::Occupied if reported.part == 0 && in_use => ReportedStatus {
                status: connector.status,
                ..reported
            },
            _ => reported,
        }
    }
}

/// A Started under an id that was used before is another transaction, if the first one has ended and began at another time.
fn begins_anew(closed: &Closed, event: &TransactionEvent, at: UtcMs) -> bool {
    event.kind == TransactionEventKind::Started
        && closed.open.key.is_some()
        && (closed.record.started_at.since(at)).abs() > 1_000
}

/// Adds an event to a session; false if it was heard before.
fn apply_event(
    open: &mut OpenSession,
    event: &TransactionEvent,
    context: &mut EventContext<'_>,
) -> bool {
    if event.seq_no.is_some_and(|number| !open.seq.insert(number)) {
        return false;
    }
    let (at, quality) = context.judged_time(event.at);
    if let Some(quality) = quality {
        open.flag(quality);
    }
    if event.kind == TransactionEventKind::Started {
        started(open, event, at);
    }
    if event.id_token.is_some() {
        open.tagged(event.id_token, context);
    }
    open.charging_said_s = open.charging_said_s.max(event.charging_s);
    for sample in &event.samples {
        let at = sample.at.map_or(at, |at| context.time(Some(at)));
        open.sample(sample, at, context);
    }
    true
}

/// The beginning: it may come after what follows it.
fn started(open: &mut OpenSession, event: &TransactionEvent, at: UtcMs) {
    let begin = register(&event.samples, ReadingContext::Begin).or_else(|| {
        event
            .samples
            .iter()
            .find_map(|sample| sample.register_tenth_wh)
    });
    if let Some(begin) = begin {
        open.registers.begin_at(begin);
    }
    open.key = Some(StartKey {
        connector_id: open.record.connector_id,
        id_token: event.id_token,
        meter_start_tenth_wh: begin,
        at: event.at,
    });
    open.record
        .quality
        .retain(|quality| *quality != SessionQuality::StartMissing);
    if at != open.record.started_at {
        open.record.started_at = at;
        open.plugged_since = open.plugged_since.min(at);
        // Only what was never published may change its name.
        if open.record.ended_at.is_none() {
            let id = open.record.transaction_id.clone();
            open.called(id);
        }
    }
}

fn register(samples: &[MeterSample], context: ReadingContext) -> Option<i64> {
    samples
        .iter()
        .rev()
        .filter(|sample| sample.context == context)
        .find_map(|sample| sample.register_tenth_wh)
}

fn stop_of<'a>(open: &OpenSession, event: &'a TransactionEvent) -> Stop<'a> {
    Stop {
        transaction_id: Some(open.record.transaction_id.clone()),
        id_token: event.id_token,
        meter_stop_tenth_wh: register(&event.samples, ReadingContext::End)
            .or(open.registers.last()),
        at: event.at,
        reason: event.stopped_reason.as_deref(),
        // They were taken with the event.
        samples: &[],
    }
}

fn end(open: &mut OpenSession, event: &TransactionEvent, context: &mut EventContext<'_>) -> Closed {
    let at = context.time(event.at).max(open.record.started_at);
    let stop = stop_of(open, event);
    open.close(Some(&stop), at, context)
}

/// An event of a session that is closed: queued ones fill gaps, an Ended completes one that was given up.
fn late(closed: &mut Closed, event: &TransactionEvent, at: UtcMs, context: &mut EventContext<'_>) {
    if !apply_event(&mut closed.open, event, context) {
        return;
    }
    if event.kind == TransactionEventKind::Ended {
        let stop = stop_of(&closed.open, event);
        return closed.late_stop(&stop, at, context);
    }
    let before = closed.record.clone();
    closed.conclude(context);
    if closed.record != before {
        context
            .out
            .push(super::ChargingOutcome::Corrected(closed.record.clone()));
    }
}
