//! The daemon's own figures: rows of what was received, and its state for the alerts about it.

use super::Pipeline;
use crate::model::{
    BrokerLink, ChargePointMessage, Fact, IngestStatsFact, Observation, OwnState, Stats,
};
use crate::series;
use crate::units::UtcMs;

/// How often the daemon looks at itself.
const OWN_STATE_MS: i64 = 60_000;

/// Messages of charge points, without link events and responses to our own requests, as `ocpp_received` counts them.
pub(super) fn is_message(message: &ChargePointMessage) -> bool {
    !matches!(
        message,
        ChargePointMessage::Connected { .. }
            | ChargePointMessage::Disconnected
            | ChargePointMessage::OperatorLink { .. }
            | ChargePointMessage::Provisioning(_)
    )
}

impl Pipeline {
    /// How the daemon fares, for the alerts about it.
    pub(super) fn observe_own_state(&mut self, now: UtcMs) {
        self.next_own_state = now.plus(OWN_STATE_MS);
        let oldest = Stats::get(&self.stats.outbox_oldest_ms);
        let age = if oldest == 0 {
            0.0
        } else {
            now.0.saturating_sub(oldest as i64).max(0) as f64 / 1000.0
        };
        let free = Stats::get(&self.stats.disk_free_ppm);
        let state = OwnState {
            output_age_s: self.receivers.has_output.then_some(age),
            disk_free_ratio: (free > 0).then_some(free as f64 / 1e6),
        };
        self.observe(Observation::OwnState(state), now);
        let link =
            |(broker, down_since): (String, Option<UtcMs>)| BrokerLink { broker, down_since };
        self.observe(
            Observation::Brokers(self.stats.brokers().into_iter().map(link).collect()),
            now,
        );
    }

    /// What the engine did not take.
    pub(super) fn note_tally(&mut self) {
        let tally = self.engine.take_tally();
        Stats::add(&self.stats.late, tally.late);
        Stats::add(&self.stats.assets_refused, tally.assets_refused);
        Stats::add(&self.stats.indicators_refused, tally.indicators_refused);
        Stats::add(&self.stats.charging_refused, tally.charging_refused);
        Stats::add(&self.stats.alerts_refused, tally.alerts_refused);
        Stats::add(&self.stats.history_refused, tally.history_refused);
    }

    pub(super) fn write_stats_rows(&mut self, at: UtcMs) {
        let rejected = self.stats.snapshot();
        let stats = &self.stats;
        let (late, dropped) = (Stats::get(&stats.late), Stats::get(&stats.assets_refused));
        let mqtt = (
            Stats::get(&stats.mqtt_received),
            Stats::get(&stats.mqtt_accepted),
            rejected.mqtt_rejected,
        );
        let ocpp = (
            Stats::get(&stats.ocpp_received),
            Stats::get(&stats.ocpp_accepted),
            rejected.ocpp_rejected,
        );
        for (source, (received, accepted, rejected), late, dropped) in
            [("mqtt", mqtt, late, dropped), ("ocpp", ocpp, 0, 0)]
        {
            let fact = Fact::IngestStats(IngestStatsFact {
                source,
                at,
                received,
                accepted,
                rejected,
                late,
                dropped,
            });
            self.batch.points += u64::from(series::encode(&fact, &mut self.batch.lines));
        }
    }
}
