//! The uptime book in the engine: which events it gets, and its rows.

use std::sync::Arc;

use super::Charging;
use crate::engine::output::Output;
use crate::engine::reference::Reference;
use crate::ledger::uptime::{Class, Sums};
use crate::model::{ChargePointEvent, ConformanceFact, ConnectorTimeFact, Fact};
use crate::units::UtcMs;

impl Charging {
    pub(super) fn observe_uptime(&mut self, event: &ChargePointEvent, reference: &Reference) {
        if let Some(state) = self.book.charge_point(&event.charge_point) {
            self.uptime.apply(event, state, &reference.uptime_rules());
            self.record_booked_time(reference, event.received_at);
        }
    }

    /// The daemon did not run between these instants: nothing is known of that time.
    pub(crate) fn record_absence(
        &mut self,
        reference: &Reference,
        from: UtcMs,
        to: UtcMs,
        now: UtcMs,
    ) {
        self.uptime.restarted(from, to, &reference.uptime_rules());
        self.record_booked_time(reference, now);
    }

    /// Books all time up to now by the rules in force, which the next register may change.
    pub(crate) fn settle_uptime(&mut self, reference: &Reference, now: UtcMs) {
        self.uptime.settle(now, &reference.uptime_rules());
        self.record_booked_time(reference, now);
    }

    /// Writes rows of connectors whose class has changed, or of all of them.
    pub(crate) fn write_uptime(
        &mut self,
        reference: &Reference,
        all: bool,
        now: UtcMs,
        output: &mut Output,
    ) {
        let due = self.uptime.due_rows(now, all, &reference.uptime_rules());
        for (charge_point, connector_id, class, sums) in due {
            let site = reference.site_of(&charge_point);
            let row = row(site, charge_point, connector_id, class, &sums, now);
            output.push(Fact::ConnectorTime(Box::new(row)));
        }
        self.record_booked_time(reference, now);
        for (id, state) in self.book.charge_points() {
            let conformance = state.conformance;
            if conformance.checked > 0 && self.uptime.conformance_due(id, conformance.checked, all)
            {
                output.push(Fact::Conformance(ConformanceFact {
                    site: reference.site_of(id),
                    charge_point: id.clone(),
                    vendor: state
                        .vendor
                        .as_deref()
                        .map_or_else(|| Arc::from("unknown"), Arc::from),
                    at: now,
                    checked: conformance.checked,
                    conformant: conformance.conformant,
                }));
            }
        }
    }
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
        energy_tenth_wh: sums.energy.iter().sum(),
        sessions: sums.sessions,
        sessions_successful: sums.sessions_successful,
        faults: sums.faults,
    }
}
