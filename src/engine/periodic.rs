//! What is written every minute: the running day's emissions, the fleet's classes, the targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use crate::ledger::emissions::{FactorSetId, Inventory, InventorySums, Scope, inventory};
use crate::ledger::transition::{Counts, classify, counts, in_scope};
use crate::model::{Activity, ActivityKey, EmissionsFact, Fact, SessionRecord, TransitionFact};
use crate::units::{Day, UtcMs};

impl Engine {
    pub(super) fn write_periodic(&mut self, now: UtcMs) {
        let day = Day::of(now);
        self.write_emissions(day);
        self.write_transition(day);
        self.write_targets(day);
    }

    pub(super) fn write_session(&mut self, record: SessionRecord) {
        let kgco2e_location = self.session_kgco2e(&record);
        self.output.push_back(Fact::Session { record: Box::new(record), kgco2e_location });
    }

    /// Activity of the running day, whether a checkpoint has it or not.
    pub(super) fn activity_today(&self) -> BTreeMap<ActivityKey, Activity> {
        let day = self.today.day;
        let mut activity: BTreeMap<ActivityKey, Activity> = BTreeMap::new();
        let mut add = |subject: &crate::model::Subject, sums: &Activity| {
            if !sums.is_empty() {
                activity.entry(ActivityKey { day, subject: subject.clone() }).or_default().add(sums);
            }
        };
        for asset in self.assets.iter() {
            add(asset.subject(), &asset.today);
        }
        for (subject, sums) in &self.charged_today {
            add(subject, sums);
        }
        activity
    }

    /// The inventory of the running day.
    pub(super) fn inventory_today(&self) -> Inventory {
        inventory(&self.activity_today(), &self.register, &self.factors)
    }

    /// The classes of the register's vehicles.
    pub(super) fn counts(&self, day: Day) -> Counts {
        counts(&self.register, &self.profile, day)
    }

    fn write_emissions(&mut self, day: Day) {
        // The rows have no site and no tier: lines that differ only there are one row.
        type Row = (Arc<str>, &'static str, Scope, &'static str);
        let mut rows: BTreeMap<Row, (InventorySums, FactorSetId)> = BTreeMap::new();
        for (key, sums) in self.inventory_today().lines {
            let row = rows.entry((key.organisation, key.vehicle_class, key.scope, key.method));
            let (total, set) = row.or_insert((InventorySums::default(), key.factor_set));
            total.add(&sums);
            *set = (*set).max(key.factor_set);
        }
        self.output.extend(rows.into_iter().map(|((fleet, class, scope, method), (sums, set))| {
            Fact::Emissions(EmissionsFact {
                fleet,
                vehicle_class: Arc::from(class),
                scope: scope.name(),
                method,
                at: day.start(),
                kgco2e: sums.kgco2e,
                distance_m: sums.distance_m,
                energy_dwh: sums.energy_dwh,
                fuel_ml: sums.fuel_ml,
                factor_set: set.to_string(),
            })
        }));
    }

    fn write_transition(&mut self, day: Day) {
        let all: Arc<str> = Arc::from("all");
        let mut groups: BTreeMap<(Arc<str>, Arc<str>), Counts> = BTreeMap::new();
        for vehicle in self.register.vehicles.iter().filter(|vehicle| in_scope(vehicle, day)) {
            let class = classify(vehicle, &self.profile, day).class;
            let category: Arc<str> = Arc::from(vehicle.category.map_or("unknown", |category| category.name()));
            let fleet = vehicle.organisation.clone().unwrap_or_else(|| Arc::from("unknown"));
            for key in [(all.clone(), all.clone()), (all.clone(), category), (fleet, all.clone())] {
                groups.entry(key).or_default().add(class);
            }
        }
        for ((fleet, vehicle_class), counts) in groups {
            let ultra_low = counts.zero + counts.ultra_low;
            self.output.push_back(Fact::Transition(TransitionFact {
                fleet,
                vehicle_class,
                at: day.start(),
                total: counts.total(),
                low_emission: counts.counted(&self.profile),
                ultra_low,
                zero: counts.zero,
                unknown: counts.unknown,
            }));
        }
    }
}
