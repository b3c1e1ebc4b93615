//! The rollup book in the engine: what it is told, and what it has that the store does not have yet.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use super::assets::Heard;
use super::uptime::rules;
use crate::ledger::charging::{ChargePointState, ChargingOutcome, Connector};
use crate::ledger::rollups::{Spent, Stretch};
use crate::model::{
    ChargePointEvent, ChargePointMessage, Fact, MeterValuesFact, RollupRow, Series, Slots,
    TransactionId,
};
use crate::units::UtcMs;

/// A power that arrives later than this was not drawn now.
const LIVE_MS: i64 = 600_000;

impl Engine {
    /// Rollups that belong into the store together with the checkpoint just made.
    pub fn checkpoint_rollups(&self) -> Vec<RollupRow> {
        self.history.frozen()
    }

    /// Quarter hours of a series that the store does not have yet, given the generation it is read at, as they stand now.
    pub fn open_rollups(&self, series: &Series, generation: u64, now: UtcMs) -> Slots {
        let mut slots = self.history.since(series, generation);
        let rules = rules(&self.config, &self.register);
        for id in self.history.points_of(series) {
            for time in self.uptime.open_time(id, now, &rules) {
                Stretch::from(time).book(now, &mut slots);
            }
            let connectors = self
                .charging
                .charge_point(id)
                .into_iter()
                .flat_map(|state| state.connectors.values());
            for from in connectors.filter_map(|connector| connector.flowing_since()) {
                let charge_point = id.clone();
                Stretch {
                    charge_point,
                    spent: Spent::Charging,
                    from,
                    to: now,
                }
                .book(now, &mut slots);
            }
        }
        slots
    }

    /// Time that the uptime book has booked just now.
    pub(super) fn note_time(&mut self, now: UtcMs) {
        for time in self.uptime.take_booked() {
            self.history.time(&time.into(), &self.register, now);
        }
    }

    pub(super) fn note_history(&mut self, outcome: &ChargingOutcome, now: UtcMs) {
        match outcome {
            ChargingOutcome::Energy {
                charge_point,
                from,
                to,
                dwh,
                ..
            } => {
                self.history
                    .energy(charge_point, &self.register, (*from, *to), *dwh, now);
            }
            ChargingOutcome::Flowed {
                charge_point,
                from,
                to,
            } => {
                let stretch = Stretch {
                    charge_point: charge_point.clone(),
                    spent: Spent::Charging,
                    from: *from,
                    to: *to,
                };
                self.history.time(&stretch, &self.register, now);
            }
            ChargingOutcome::Fact(_)
            | ChargingOutcome::Closed(_)
            | ChargingOutcome::Corrected(_) => {}
        }
    }

    /// The power of a charge point after a message, all connectors together. What a queue brings late was drawn then, not now.
    pub(super) fn note_power(&mut self, event: &ChargePointEvent, outcomes: &[ChargingOutcome]) {
        let (id, now) = (&event.charge_point, event.received_at);
        match event.message {
            // What was drawn before a link was lost is not the power now, and not when it is back either.
            ChargePointMessage::Disconnected => return self.history.power_lost(id),
            ChargePointMessage::MeterValues { .. }
            | ChargePointMessage::Transaction(_)
            | ChargePointMessage::Status { .. }
            | ChargePointMessage::StopTransaction { .. } => {}
            _ => return,
        }
        let Some(state) = self.charging.charge_point(id) else {
            return;
        };
        let (mut told, mut late) = (BTreeMap::new(), BTreeSet::new());
        for fact in outcomes.iter().filter_map(power_told) {
            let connector = connector_of(event, state, fact);
            if now.since(fact.at) > LIVE_MS {
                self.history.past_power(
                    id,
                    &self.register,
                    fact.power_mw.unwrap_or(0) / 1000,
                    fact.at,
                );
                late.insert(connector);
            } else if state
                .connectors
                .get(&connector)
                .is_some_and(|known| connector > 0 && known.power_mw == fact.power_mw)
            {
                told.insert(connector, fact.power_mw.unwrap_or(0) / 1000);
            }
        }
        let only_late = told.is_empty() && !late.is_empty();
        // A transaction that ends and a connector that becomes free need not say that nothing flows any more.
        let idle = state
            .connectors
            .iter()
            .filter(|(id, connector)| **id > 0 && connector.power_mw == Some(0));
        let idle: Vec<u32> = idle
            .map(|(id, _)| *id)
            .filter(|id| told.contains_key(id) || !late.contains(id))
            .collect();
        told.extend(idle.into_iter().map(|id| (id, 0)));
        self.history
            .connectors_power(id, &self.register, told, (!only_late).then_some(now));
    }

    /// A charger that speaks MQTT: its register's gains, and its power.
    pub(super) fn note_charger(&mut self, position: usize, heard: &Heard, now: UtcMs) {
        let Some(id) = self
            .assets
            .get(position)
            .map(|asset| asset.tags().vehicle.clone())
        else {
            return;
        };
        for (from, to, gain) in heard
            .gains
            .iter()
            .filter(|(.., gain)| gain.charged_dwh != 0)
        {
            self.history
                .energy(&id, &self.register, (*from, *to), gain.charged_dwh, now);
        }
        // One that speaks OCPP too has told it there.
        if self.charging.charge_point(&id).is_some() {
            return;
        }
        // Silent for longer than allowed, its power is not the power now. What only speaks of changes holds by any message.
        let limit_ms = self
            .assets
            .get(position)
            .map_or(0, |asset| asset.presence.limit_ms(self.stale_ms()));
        let until = now.plus(limit_ms);
        self.history.power_holds(&id, until);
        let Some((at, watts)) = heard
            .meter
            .as_ref()
            .and_then(|fact| Some((fact.at, fact.power_mw? / 1000)))
        else {
            return;
        };
        if now.since(at) > LIVE_MS {
            self.history.past_power(&id, &self.register, watts, at);
        } else {
            self.history
                .power_until(&id, &self.register, watts, at.min(now), until);
        }
    }
}

/// The connector that a measurement is of: a charge point may name the transaction alone.
fn connector_of(event: &ChargePointEvent, state: &ChargePointState, fact: &MeterValuesFact) -> u32 {
    let transaction = match &event.message {
        ChargePointMessage::MeterValues { transaction_id, .. } => {
            transaction_id.map(TransactionId::Number)
        }
        ChargePointMessage::Transaction(event) => {
            Some(TransactionId::Text(event.transaction_id.as_str().into()))
        }
        _ => None,
    };
    let open = |(_, connector): &(&u32, &Connector)| {
        connector
            .session()
            .is_some_and(|session| transaction.as_ref() == Some(&session.transaction_id))
    };
    state
        .connectors
        .iter()
        .find(open)
        .map_or(fact.connector_id, |(id, _)| *id)
}

fn power_told(outcome: &ChargingOutcome) -> Option<&MeterValuesFact> {
    match outcome {
        ChargingOutcome::Fact(Fact::MeterValues(fact)) => {
            Some(fact).filter(|fact| fact.power_mw.is_some())
        }
        _ => None,
    }
}
