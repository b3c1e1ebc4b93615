//! The uptime book in the engine: what it is told, and its rows.

use std::sync::Arc;

use super::{Engine, EngineConfig};
use crate::ledger::charging::ChargingOutcome;
use crate::ledger::uptime::{Class, Exempts, Sums, UptimeRules};
use crate::model::register::Register;
use crate::model::{ChargePointEvent, ConformanceFact, ConnectorTimeFact, Fact};
use crate::units::UtcMs;

/// How often every connector's time is written; one whose class has changed is written within the minute.
pub(super) const ROWS_MS: i64 = 900_000;

/// The rules in force.
pub(super) fn rules<'a>(config: &'a EngineConfig, register: &'a Register) -> UptimeRules<'a> {
    let ms =
        |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    UptimeRules {
        offline_grace_ms: ms(config.offline_grace),
        overstay_grace_ms: ms(config.overstay_grace),
        exempts: Exempts {
            windows: &config.exempt,
            register,
        },
    }
}

impl Engine {
    /// When it was last told anything; `None` is never. Of the time after that nothing is known.
    pub fn last_alive(&self) -> Option<UtcMs> {
        (self.last_alive > UtcMs(i64::MIN)).then_some(self.last_alive)
    }

    pub(super) fn hear_uptime(&mut self, event: &ChargePointEvent) {
        if let Some(state) = self.charging.charge_point(&event.charge_point) {
            self.uptime
                .hear(event, state, &rules(&self.config, &self.register));
            self.note_time(event.received_at);
        }
    }

    pub(super) fn take_uptime(&mut self, outcome: &ChargingOutcome, now: UtcMs) {
        self.uptime
            .take(outcome, now, &rules(&self.config, &self.register));
    }

    /// The daemon was away since it was last told anything.
    pub(super) fn note_absence(&mut self, now: UtcMs) {
        let alive = self.last_alive;
        if alive > UtcMs(i64::MIN) {
            self.uptime
                .restarted(alive, now.max(alive), &rules(&self.config, &self.register));
            self.note_time(now);
        }
    }

    /// What is booked so far stays so, whatever the next register says of opening hours.
    pub(super) fn settle_uptime(&mut self, now: UtcMs) {
        self.uptime
            .settle(now, &rules(&self.config, &self.register));
        self.note_time(now);
    }

    pub(super) fn write_uptime(&mut self, now: UtcMs) {
        let all = now >= self.next_uptime_rows;
        if all {
            self.next_uptime_rows = now.plus(ROWS_MS);
        }
        for (charge_point, connector_id, class, sums) in
            self.uptime
                .due_rows(now, all, &rules(&self.config, &self.register))
        {
            let site = self.site_of(&charge_point);
            self.output.push_back(Fact::ConnectorTime(Box::new(row(
                site,
                charge_point,
                connector_id,
                class,
                &sums,
                now,
            ))));
        }
        self.note_time(now);
        for (id, state) in self.charging.charge_points() {
            let conformance = state.conformance;
            if conformance.checked > 0 && self.uptime.conformance_due(id, conformance.checked, all)
            {
                self.output.push_back(Fact::Conformance(ConformanceFact {
                    site: self
                        .register
                        .charge_point(id)
                        .and_then(|point| point.site.clone())
                        .unwrap_or_else(unknown),
                    charge_point: id.clone(),
                    vendor: state.vendor.as_deref().map_or_else(unknown, Arc::from),
                    at: now,
                    checked: conformance.checked,
                    conformant: conformance.conformant,
                }));
            }
        }
    }

    /// The site of a charge point, or `unknown`.
    pub(super) fn site_of(&self, charge_point: &str) -> Arc<str> {
        self.register
            .charge_point(charge_point)
            .and_then(|point| point.site.clone())
            .unwrap_or_else(unknown)
    }
}

fn unknown() -> Arc<str> {
    Arc::from("unknown")
}

fn row(
    site: Arc<str>,
    charge_point: Arc<str>,
    connector_id: u32,
    class: Class,
    sums: &Sums,
    at: UtcMs,
) -> ConnectorTimeFact {
    const EXEMPT: [usize; 2] = [1, 2];
    ConnectorTimeFact {
        site,
        charge_point,
        connector_id,
        at,
        class: class.name(),
        class_code: class as i64,
        class_ms: Class::ALL.map(|class| sums.class_ms(class)),
        maintenance_ms: sums.ms(&Class::ALL[..6], &[1]),
        closed_ms: sums.ms(&Class::ALL[..6], &[2]),
        exempt_down_ms: sums.ms(&[Class::Inoperative, Class::Faulted], &EXEMPT),
        exempt_offline_ms: sums.ms(&[Class::Offline], &EXEMPT),
        charging_ms: sums.charging.iter().sum(),
        overstay_ms: sums.overstay_ms,
        energy_dwh: sums.energy.iter().sum(),
        sessions: sums.sessions,
        sessions_successful: sums.sessions_successful,
        faults: sums.faults,
    }
}
