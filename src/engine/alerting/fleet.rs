//! Rules about vehicles and their registers: silence, completeness of the telemetry, entries of the audit log.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Alerting;
use crate::engine::fleet::{Fleet, Freshness};
use crate::engine::reference::Reference;
use crate::ledger::alerts::Reading;
use crate::model::Labels;
use crate::model::register::Vehicle;
use crate::units::{Day, UtcMs};

/// An entry of the audit log raises its alert for so long.
const EVENT_MS: i64 = 86_400_000;

impl Alerting {
    pub(super) fn evaluate_vehicles(&mut self, reference: &Reference, fleet: &Fleet, now: UtcMs) {
        let day = Day::of(now, reference.zone());
        let register = &reference.register;
        let (freshness, _) = fleet.freshness(reference, now);
        for (vehicle, freshness) in register.vehicles.iter().zip(freshness) {
            if vehicle.in_service_on(day) {
                self.evaluate_silence(vehicle, freshness, reference, now);
            }
        }
        self.book.keep("vehicle_silent", now, |labels| {
            labels
                .get("vehicle_id")
                .and_then(|id| register.vehicle(id))
                .is_some_and(|vehicle| vehicle.in_service_on(day))
        });
        self.evaluate_completeness(reference, fleet, now);
    }

    fn evaluate_silence(
        &mut self,
        vehicle: &Vehicle,
        freshness: Freshness,
        reference: &Reference,
        now: UtcMs,
    ) {
        // One that never sent anything is not silent; it lowers the completeness.
        let Some(last) = freshness.last else {
            return;
        };
        if freshness.fresh && !self.book.watches("vehicle_silent") {
            return;
        }
        let unknown = || Arc::from("unknown");
        let fleet: Arc<str> = vehicle.organisation.clone().unwrap_or_else(unknown);
        let site: Arc<str> = vehicle.site.clone().unwrap_or_else(unknown);
        let labels = Labels::new(&[
            ("vehicle_id", &vehicle.id),
            ("fleet", &fleet),
            ("site", &site),
        ]);
        let reading = Reading::Holds(!freshness.fresh);
        self.observe("vehicle_silent", &labels, reading, (reference, now), || {
            format!(
                "{} ({fleet}) was last heard on {}",
                vehicle.id,
                last.in_words(reference.zone())
            )
        });
    }

    fn evaluate_completeness(&mut self, reference: &Reference, fleet: &Fleet, now: UtcMs) {
        let (fleets, _) = fleet.quality(reference, now);
        for (fleet, sums) in &fleets {
            // A fleet without any telemetry has no completeness to lose.
            if sums.vehicles == 0 || !sums.any_message {
                continue;
            }
            let reading = Reading::Value(sums.heard_24h as f64 / sums.vehicles as f64);
            let labels = Labels::new(&[("fleet", fleet)]);
            self.observe(
                "data_completeness",
                &labels,
                reading,
                (reference, now),
                || {
                    format!(
                        "{} of {} vehicles of {fleet} were heard within 24 hours",
                        sums.heard_24h, sums.vehicles
                    )
                },
            );
        }
        self.book.keep("data_completeness", now, |labels| {
            labels
                .get("fleet")
                .is_some_and(|fleet| fleets.contains_key(fleet))
        });
    }

    pub(super) fn evaluate_counter_events(
        &mut self,
        reference: &Reference,
        fleet: &Fleet,
        now: UtcMs,
    ) {
        let recent = fleet
            .audit()
            .entries()
            .rev()
            .take_while(|entry| now.since(entry.occurrence.at) <= EVENT_MS);
        let mut events = BTreeMap::new();
        for entry in recent.filter(|entry| entry.undone_at.is_none()) {
            let occurrence = &entry.occurrence;
            let asset = fleet
                .assets()
                .find(occurrence.format, &occurrence.asset)
                .and_then(|position| fleet.assets().get(position));
            let (asset, site) = asset.map_or((&occurrence.asset, Arc::from("unknown")), |asset| {
                (&asset.tags().vehicle, asset.tags().site.clone())
            });
            let (quantity, event) = (occurrence.quantity.name(), occurrence.kind.name());
            let labels = Labels::new(&[
                ("asset", asset),
                ("quantity", quantity),
                ("event", event),
                ("site", &site),
            ]);
            let text = format!(
                "{asset}: {event} of {quantity}; `fleetgauge counters undo {}` takes it back",
                entry.id
            );
            events.entry(labels).or_insert(text);
        }
        self.book
            .keep("counter_event", now, |labels| events.contains_key(labels));
        for (labels, text) in events {
            let reading = Reading::Holds(true);
            self.observe("counter_event", &labels, reading, (reference, now), || text);
        }
    }
}
