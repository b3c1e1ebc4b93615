//! The rollup book in the engine: what it is told, and what it has that the store does not have yet.

use std::sync::Arc;

use super::Engine;
use super::assets::Heard;
use super::uptime::rules;
use crate::ledger::charging::ChargingOutcome;
use crate::ledger::history::{Spent, Stretch};
use crate::model::{ChargePointEvent, ChargePointMessage, Fact, MeterValuesFact, RollupRow, Series, Slots};
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
            let connectors = self.charging.charge_point(id).into_iter().flat_map(|state| state.connectors.values());
            for from in connectors.filter_map(|connector| connector.flowing_since()) {
                let charge_point = id.clone();
                Stretch { charge_point, spent: Spent::Charging, from, to: now }.book(now, &mut slots);
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
            ChargingOutcome::Energy { charge_point, from, to, dwh, .. } => {
                self.history.energy(charge_point, &self.register, (*from, *to), *dwh, now);
            }
            ChargingOutcome::Flowed { charge_point, from, to } => {
                let stretch = Stretch { charge_point: charge_point.clone(), spent: Spent::Charging, from: *from, to: *to };
                self.history.time(&stretch, &self.register, now);
            }
            ChargingOutcome::Fact(_) | ChargingOutcome::Closed(_) | ChargingOutcome::Corrected(_) => {}
        }
    }

    /// The power of a charge point after a message, all connectors together.
    pub(super) fn note_power(&mut self, event: &ChargePointEvent, outcomes: &[ChargingOutcome]) {
        let heard_at = match event.message {
            ChargePointMessage::Disconnected => None,
            ChargePointMessage::MeterValues { .. }
            | ChargePointMessage::Transaction(_)
            | ChargePointMessage::Status { .. }
            | ChargePointMessage::StopTransaction { .. } => Some(event.received_at),
            _ => return,
        };
        let Some(state) = self.charging.charge_point(&event.charge_point) else { return };
        for fact in outcomes.iter().filter_map(power_told) {
            if event.received_at.since(fact.at) > LIVE_MS {
                self.history.past_power(&fact.charge_point, &self.register, fact.power_mw.unwrap_or(0) / 1000, fact.at);
            }
        }
        let told = state.connectors.iter().filter(|(id, _)| **id > 0).filter_map(|(_, connector)| connector.power_mw);
        // What was drawn before a link was lost is not the power now.
        let watts = if heard_at.is_some() { told.fold(0i64, i64::saturating_add) / 1000 } else { 0 };
        self.history.power(&event.charge_point, &self.register, watts, heard_at);
    }

    /// A charger that speaks MQTT: its register's gains, and its power.
    pub(super) fn note_charger(&mut self, position: usize, heard: &Heard, now: UtcMs) {
        let Some(id) = self.assets.get(position).map(|asset| asset.tags().vehicle.clone()) else { return };
        for (from, to, gain) in heard.gains.iter().filter(|(.., gain)| gain.charged_dwh != 0) {
            self.history.energy(&id, &self.register, (*from, *to), gain.charged_dwh, now);
        }
        // One that speaks OCPP too has told it there.
        if self.charging.charge_point(&id).is_none()
            && let Some((at, watts)) = heard.meter.as_ref().and_then(|fact| Some((fact.at, fact.power_mw? / 1000)))
        {
            self.note_charger_power(&id, watts, at, now);
        }
    }

    fn note_charger_power(&mut self, id: &Arc<str>, watts: i64, at: UtcMs, now: UtcMs) {
        if now.since(at) > LIVE_MS {
            self.history.past_power(id, &self.register, watts, at);
        } else {
            self.history.power(id, &self.register, watts, Some(at.min(now)));
        }
    }
}

fn power_told(outcome: &ChargingOutcome) -> Option<&MeterValuesFact> {
    match outcome {
        ChargingOutcome::Fact(Fact::MeterValues(fact)) => Some(fact).filter(|fact| fact.power_mw.is_some()),
        _ => None,
    }
}
