//! OCPP 1.6 transactions: the central system makes the id, StartTransaction and StopTransaction carry the meter, and either may be lost,
//! repeated, or name an unknown id.

use super::point::ChargePointState;
use super::session::{OpenSession, StartKey, Stop};
use super::{ChargingBook, ChargingOutcome, due};
use crate::ledger::charging::event_context::EventContext;
use crate::model::{ConnectorStatus, Fact, Issue, MeterSample, SessionQuality, TransactionId};

impl ChargingBook {
    pub(super) fn start(
        &mut self,
        key: StartKey,
        issue: Issue,
        mut context: EventContext<'_>,
    ) -> Option<i32> {
        let known = self
            .points
            .get(context.id)
            .and_then(|point| point.known_start(&key));
        let (transaction_id, answer) = match (issue, known) {
            (_, Some(id)) => return Some(id),
            (Issue::Ours, None) => {
                let id = self.issue_transaction_id();
                (TransactionId::Number(id.into()), Some(id))
            }
            (Issue::Theirs(Some(id)), None) => (TransactionId::Number(id), None),
            (Issue::Theirs(None), None) => (TransactionId::Unknown, None),
        };
        let max_connectors = self.limits.connectors;
        let point = self.points.get_mut(context.id)?;
        let before = due(point);
        let connector_id = key.connector_id;
        let Some(connector) = point.connector(connector_id, max_connectors) else {
            return answer;
        };
        let same_start = connector
            .open
            .as_ref()
            .is_some_and(|open| open.key.as_ref() == Some(&key));
        if same_start && transaction_id == TransactionId::Unknown {
            return answer;
        }
        if same_start && let Some(open) = &mut connector.open {
            // Repeated, and this time the answer was heard.
            open.called(transaction_id);
            return answer;
        }
        let (at, quality) = context.judged_time(key.at);
        connector.orphan_due = None;
        let superseded = connector.open.take().map(|mut open| {
            open.flag(SessionQuality::Superseded);
            open.close(None, at.max(open.record.started_at), &mut context)
        });
        let plugged_since = connector.occupied_since.filter(|since| *since <= at);
        connector.available_since = None;
        connector.occupied_since = plugged_since.or(Some(at));
        let token = key.id_token;
        let register_before = connector.register_tenth_wh;
        if let Some(register) = key.meter_start_tenth_wh.filter(|register| *register > 0) {
            connector.observe_register(register, &context);
        }
        let mut open =
            OpenSession::new(&context, transaction_id, Some(key), connector_id, at, token);
        open.register_before = register_before;
        open.plugged_since = plugged_since.unwrap_or(at);
        quality.into_iter().for_each(|quality| open.flag(quality));
        if connector.status == ConnectorStatus::Charging {
            open.flow(true, at, &mut context);
        }
        connector.open = Some(Box::new(open));
        if let Some(superseded) = superseded {
            point.remember(superseded);
        }
        self.watch(context.id, &before);
        answer
    }

    pub(super) fn stop(&mut self, stop: &Stop<'_>, mut context: EventContext<'_>) {
        let (at, quality) = context.judged_time(stop.at);
        let Some(point) = self.points.get_mut(context.id) else {
            return;
        };
        let before = due(point);
        if let Some(connector_id) = point.open_for(stop) {
            let Some(connector) = point.connectors.get_mut(&connector_id) else {
                return;
            };
            connector.orphan_due = None;
            if let Some(register) = stop.meter_stop_tenth_wh.filter(|register| *register > 0) {
                connector.observe_register(register, &context);
            }
            if let Some(mut open) = connector.open.take() {
                connector.power_milliwatts = Some(0);
                quality.into_iter().for_each(|quality| open.flag(quality));
                if let (TransactionId::Unknown, Some(TransactionId::Number(id @ 1..))) =
                    (&open.record.transaction_id, &stop.transaction_id)
                {
                    open.called(TransactionId::Number(*id));
                }
                open.record.unplugged_at = connector.available_since;
                let closed = open.close(Some(stop), at.max(open.record.started_at), &mut context);
                point.remember(closed);
            }
            return self.watch(context.id, &before);
        }
        if let Some(closed) = point.closed.iter_mut().find(|closed| closed.is_of(stop)) {
            return closed.late_stop(stop, at, &mut context);
        }
        let registers = stop
            .samples
            .iter()
            .filter(|sample| sample.register_tenth_wh.is_some())
            .count();
        let repeated = !point.new_foreign_stop((
            stop.transaction_id.clone(),
            stop.meter_stop_tenth_wh,
            stop.at,
        ));
        // Nothing known of its start: a session all the same, if its energy can be told.
        if repeated || registers < 2 || self.was_issued(context.id, stop.transaction_id.as_ref()) {
            return;
        }
        let transaction_id = match &stop.transaction_id {
            Some(id @ TransactionId::Number(1..)) => id.clone(),
            _ => TransactionId::Unknown,
        };
        let Some(point) = self.points.get_mut(context.id) else {
            return;
        };
        let started = stop
            .samples
            .first()
            .and_then(|sample| sample.at)
            .map_or(at, |first| context.time(Some(first)).min(at));
        let mut open = OpenSession::new(&context, transaction_id, None, 1, started, stop.id_token);
        open.flag(SessionQuality::StartMissing);
        let closed = open.close(Some(stop), at, &mut context);
        point.remember(closed);
    }

    pub(super) fn meter_values(
        &mut self,
        connector_id: u32,
        transaction_id: Option<TransactionId>,
        samples: &[MeterSample],
        mut context: EventContext<'_>,
    ) {
        let max_connectors = self.limits.connectors;
        let issued = self.was_issued(context.id, transaction_id.as_ref());
        let Some(point) = self.points.get_mut(context.id) else {
            return;
        };
        for sample in samples {
            let at = context.time(sample.at);
            context.out.push(ChargingOutcome::Fact(Fact::MeterValues(
                context.meter_fact(connector_id, at, sample),
            )));
        }
        // Connector 0 is the main meter: a series of its own, in no session and no sum.
        if connector_id == 0 && transaction_id.is_none() {
            if let Some(connector) = point.connector(0, max_connectors) {
                connector.observe_samples(samples, &context);
            }
            return;
        }
        let before = due(point);
        let of_transaction = transaction_id
            .as_ref()
            .and_then(|id| point.connector_of(id));
        let connector_id = of_transaction.unwrap_or(connector_id.max(1));
        if of_transaction.is_none()
            && let Some(id) = transaction_id.as_ref()
            && !point.adopt(
                connector_id,
                id,
                issued,
                samples,
                max_connectors,
                &mut context,
            )
        {
            return;
        }
        let Some(connector) = point.connector(connector_id, max_connectors) else {
            return;
        };
        if transaction_id.is_some() {
            connector.orphan_due = None;
        }
        connector.observe_samples(samples, &context);
        if let Some(open) = &mut connector.open {
            for sample in samples {
                let (at, quality) = context.judged_time(sample.at);
                quality.into_iter().for_each(|quality| open.flag(quality));
                open.sample(sample, at, &mut context);
            }
        }
        self.watch(context.id, &before);
    }
}

impl ChargePointState {
    /// Samples of a transaction that is not open. True if it is open now: because its id was never heard, or because it began before our
    /// time on a connector that is in use.
    fn adopt(
        &mut self,
        connector_id: u32,
        id: &TransactionId,
        issued: bool,
        samples: &[MeterSample],
        limit: usize,
        context: &mut EventContext<'_>,
    ) -> bool {
        if let Some(index) = self
            .closed
            .iter()
            .rposition(|closed| closed.record.transaction_id == *id)
        {
            let newest = self.is_newest(&self.closed[index].record);
            if let Some(connector) = self
                .connector(connector_id, limit)
                .filter(|connector| connector.open.is_none())
            {
                connector.observe_samples(samples, context);
                connector.power_milliwatts = Some(0);
            }
            self.closed[index].late_samples(samples, newest, context);
            return false;
        }
        let Some(connector) = self.connector(connector_id, limit) else {
            return false;
        };
        if let Some(open) = connector
            .open
            .as_mut()
            .filter(|open| open.record.transaction_id == TransactionId::Unknown)
        {
            open.called(id.clone());
            return true;
        }
        let in_use = connector.status.is_occupied() || connector.status == ConnectorStatus::Unknown;
        if issued || connector.open.is_some() || !in_use {
            connector.observe_samples(samples, context);
            return false;
        }
        let at = samples
            .first()
            .map_or(context.received_at(), |sample| context.time(sample.at));
        let mut open = OpenSession::new(context, id.clone(), None, connector_id, at, None);
        open.register_before = connector.register_tenth_wh;
        open.flag(SessionQuality::StartMissing);
        connector.open = Some(Box::new(open));
        true
    }
}
