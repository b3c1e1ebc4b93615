//! Each message of a charge point goes to the part of the book that it concerns.

use super::connector::ReportedStatus;
use super::event_context::EventContext;
use super::point::ChargePointState;
use super::session::{StartKey, Stop};
use super::{ChargingBook, ChargingOutcome, due};
use crate::model::register::Register;
use crate::model::{
    ChargePointEvent, ChargePointMessage, ConnectorStatus, Fact, TransactionEvent, TransactionId,
};
use crate::units::UtcMs;

impl ChargingBook {
    /// Applies a message. For a StartTransaction, returns the transaction id to answer.
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
        point.observe_deviations(event.deviations);
        self.refused += u64::from(
            connector_in(&event.message)
                .is_some_and(|id| point.is_beyond(id, self.limits.connectors)),
        );
        if let Some(at) = live_time(&event.message) {
            point.clock.observe(at, event.received_at);
        }
        let timing = point.clock.timing(
            event.received_at,
            event.deviations.zoneless,
            register.zone(),
        );
        let context = EventContext::new(
            &event.charge_point,
            register,
            timing,
            event.deviations,
            point.register.kind,
            out,
        );
        self.dispatch(&event.message, context)
    }

    fn dispatch(
        &mut self,
        message: &ChargePointMessage,
        mut context: EventContext<'_>,
    ) -> Option<i32> {
        match message {
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
            ChargePointMessage::StartTransaction { .. }
            | ChargePointMessage::StopTransaction { .. }
            | ChargePointMessage::MeterValues { .. } => {
                return self.apply_transaction_v16(message, context);
            }
            ChargePointMessage::Transaction(event) => self.apply_transaction_v2(event, context),
            _ => {
                if let Some(point) = self.points.get_mut(context.id) {
                    point.apply(message, self.limits.connectors, &mut context);
                }
            }
        }
        None
    }

    fn apply_transaction_v16(
        &mut self,
        message: &ChargePointMessage,
        context: EventContext<'_>,
    ) -> Option<i32> {
        match message {
            ChargePointMessage::StartTransaction {
                connector_id,
                id_token,
                meter_start_tenth_wh,
                at,
                issue,
            } => {
                let key = StartKey {
                    connector_id: (*connector_id).max(1),
                    id_token: *id_token,
                    meter_start_tenth_wh: *meter_start_tenth_wh,
                    at: *at,
                };
                return self.start(key, *issue, context);
            }
            ChargePointMessage::StopTransaction {
                transaction_id,
                id_token,
                meter_stop_tenth_wh,
                at,
                reason,
                samples,
            } => {
                let stop = Stop {
                    transaction_id: transaction_id.map(TransactionId::Number),
                    id_token: *id_token,
                    meter_stop_tenth_wh: *meter_stop_tenth_wh,
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
            } => {
                let transaction_id = transaction_id.map(TransactionId::Number);
                self.meter_values(*connector_id, transaction_id, samples, context);
            }
            _ => {}
        }
        None
    }

    fn apply_transaction_v2(&mut self, event: &TransactionEvent, mut context: EventContext<'_>) {
        let connector_id = event.evse_id.unwrap_or(0);
        for sample in &event.samples {
            let at = context.time(sample.at.or(event.at));
            let fact = context.meter_fact(connector_id, at, sample);
            context
                .out
                .push(ChargingOutcome::Fact(Fact::MeterValues(fact)));
        }
        if event.transaction_id.is_empty() {
            return;
        }
        let Some(point) = self.points.get_mut(context.id) else {
            return;
        };
        let before = due(point);
        point.transaction(event, self.limits.connectors, &mut context);
        self.watch(context.id, &before);
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

impl ChargePointState {
    /// Applies a message about the charge point as a whole, or about a component of it.
    fn apply(
        &mut self,
        message: &ChargePointMessage,
        max_connectors: usize,
        context: &mut EventContext<'_>,
    ) {
        match message {
            ChargePointMessage::Connected { version, mode } => {
                self.version = Some(*version);
                self.mode = *mode;
                self.link(true, context);
            }
            ChargePointMessage::Disconnected => self.link(false, context),
            ChargePointMessage::OperatorLink { up } => self.operator(*up, context),
            ChargePointMessage::Boot {
                vendor,
                model,
                firmware,
                ..
            } => self.boot(vendor, model, firmware.as_deref(), context),
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
                self.problem(*connector_id, max_connectors, code, *present, at, context);
            }
            ChargePointMessage::AvailabilityChanged {
                connector_id,
                operative,
            } => self.commanded(*connector_id, *operative),
            ChargePointMessage::Heartbeat
            | ChargePointMessage::Notice { .. }
            | ChargePointMessage::Provisioning(_)
            | ChargePointMessage::Status { .. }
            | ChargePointMessage::StartTransaction { .. }
            | ChargePointMessage::StopTransaction { .. }
            | ChargePointMessage::MeterValues { .. }
            | ChargePointMessage::Transaction(_) => {}
        }
    }
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

/// The time of a message that is sent when it happens: by it, the charge point's clock is compared with ours.
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
