//! Quarter hours of charge points: which energy, time and power reaches the rollup book, and what the store does not have yet.

use std::collections::{BTreeMap, BTreeSet};

use super::Charging;
use crate::engine::fleet::{Asset, ReadingEffect};
use crate::engine::reference::Reference;
use crate::ledger::charging::{ChargePointState, ChargingOutcome, Connector};
use crate::ledger::rollups::{Spent, Stretch};
use crate::model::{
    ChargePointEvent, ChargePointMessage, Fact, MeterValuesFact, Series, Slots, TransactionId,
};
use crate::units::UtcMs;

/// A power that arrives later than this was not drawn now.
const LIVE_MS: i64 = 600_000;

impl Charging {
    /// Quarter hours of a series that the store does not have yet, given the generation it is read at, as they are now.
    pub(crate) fn open_rollups(
        &self,
        reference: &Reference,
        series: &Series,
        generation: u64,
        now: UtcMs,
    ) -> Slots {
        let mut slots = self.rollups.since(series, generation);
        let rules = reference.uptime_rules();
        for id in self.rollups.points_of(series) {
            for time in self.uptime.open_time(id, now, &rules) {
                Stretch::from(time).book(now, &mut slots);
            }
            let connectors = self
                .book
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

    /// Looks the series up again after the register changed.
    pub(crate) fn resolve(&mut self, reference: &Reference) {
        self.rollups.resolve(&reference.register);
    }

    /// Hands the open quarter hours over to a checkpoint.
    pub(crate) fn freeze(&mut self, generation: u64, until: UtcMs) {
        self.rollups.freeze(generation, until);
    }

    /// The checkpoint of this generation is in the store.
    pub(crate) fn confirm(&mut self, generation: u64) {
        self.rollups.confirm(generation);
    }

    /// Adds the time that the uptime book has booked just now.
    pub(super) fn record_booked_time(&mut self, reference: &Reference, now: UtcMs) {
        for time in self.uptime.take_booked() {
            self.rollups.time(&time.into(), &reference.register, now);
        }
    }

    pub(super) fn observe_outcome(
        &mut self,
        outcome: &ChargingOutcome,
        reference: &Reference,
        now: UtcMs,
    ) {
        match outcome {
            ChargingOutcome::Energy {
                charge_point,
                from,
                to,
                tenth_wh,
                ..
            } => {
                self.rollups.energy(
                    charge_point,
                    &reference.register,
                    (*from, *to),
                    *tenth_wh,
                    now,
                );
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
                self.rollups.time(&stretch, &reference.register, now);
            }
            ChargingOutcome::Fact(_)
            | ChargingOutcome::Closed(_)
            | ChargingOutcome::Corrected(_) => {}
        }
    }

    /// The power of a charge point after a message, all connectors together. What a queue brings late was drawn then, not now.
    pub(super) fn observe_power(
        &mut self,
        event: &ChargePointEvent,
        outcomes: &[ChargingOutcome],
        reference: &Reference,
    ) {
        let (id, now) = (&event.charge_point, event.received_at);
        match event.message {
            // What was drawn before a link was lost is not the power now, and not when it is back either.
            ChargePointMessage::Disconnected => return self.rollups.power_lost(id),
            ChargePointMessage::MeterValues { .. }
            | ChargePointMessage::Transaction(_)
            | ChargePointMessage::Status { .. }
            | ChargePointMessage::StopTransaction { .. } => {}
            _ => return,
        }
        let Some(state) = self.book.charge_point(id) else {
            return;
        };
        let (mut powers, mut late) = (BTreeMap::new(), BTreeSet::new());
        for fact in outcomes.iter().filter_map(reported_power) {
            let connector = connector_of(event, state, fact);
            if now.since(fact.at) > LIVE_MS {
                self.rollups.past_power(
                    id,
                    &reference.register,
                    fact.power_milliwatts.unwrap_or(0) / 1000,
                    fact.at,
                );
                late.insert(connector);
            } else if state.connectors.get(&connector).is_some_and(|known| {
                connector > 0 && known.power_milliwatts == fact.power_milliwatts
            }) {
                powers.insert(connector, fact.power_milliwatts.unwrap_or(0) / 1000);
            }
        }
        let only_late = powers.is_empty() && !late.is_empty();
        // A transaction that ends and a connector that becomes free need not report that no power flows any more.
        let idle = state
            .connectors
            .iter()
            .filter(|(id, connector)| **id > 0 && connector.power_milliwatts == Some(0));
        let idle: Vec<u32> = idle
            .map(|(id, _)| *id)
            .filter(|id| powers.contains_key(id) || !late.contains(id))
            .collect();
        powers.extend(idle.into_iter().map(|id| (id, 0)));
        self.rollups
            .connectors_power(id, &reference.register, powers, (!only_late).then_some(now));
    }

    /// Gains and power of a charger that speaks MQTT.
    pub(crate) fn observe_charger(
        &mut self,
        asset: &Asset,
        effect: &ReadingEffect,
        reference: &Reference,
        now: UtcMs,
    ) {
        let register = &reference.register;
        let id = &asset.tags().vehicle;
        for (from, to, gain) in &effect.gains {
            if gain.charged.0 != 0 {
                self.rollups
                    .energy(id, register, (*from, *to), gain.charged.0, now);
            }
        }
        // The power of one that speaks OCPP too comes from there.
        if self.book.charge_point(id).is_some() {
            return;
        }
        // After too long a silence, its last power is not the power now. A source that reports changes only is alive by any message.
        let until = now.plus(asset.presence.limit_ms(reference.stale_ms()));
        self.rollups.power_holds(id, until);
        let Some((at, watts)) = effect
            .meter
            .as_ref()
            .and_then(|fact| Some((fact.at, fact.power_milliwatts? / 1000)))
        else {
            return;
        };
        if now.since(at) > LIVE_MS {
            self.rollups.past_power(id, register, watts, at);
        } else {
            self.rollups
                .power_until(id, register, watts, at.min(now), until);
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

fn reported_power(outcome: &ChargingOutcome) -> Option<&MeterValuesFact> {
    match outcome {
        ChargingOutcome::Fact(Fact::MeterValues(fact)) => {
            Some(fact).filter(|fact| fact.power_milliwatts.is_some())
        }
        _ => None,
    }
}
