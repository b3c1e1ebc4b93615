//! What is written every minute: the running day's emissions, the fleet's classes, the targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use crate::ledger::air::{AirSums, Pollutant, air};
use crate::ledger::emissions::{FactorSetId, Figures, Inventory, Months, Scope, Setting, inventory, relative_sd};
use crate::ledger::transition::{Counts, classify, counts, in_scope};
use crate::model::{Activity, ActivityKey, AirFact, EmissionsFact, Fact, SessionRecord, TransitionFact};
use crate::units::{Day, UtcMs};

impl Engine {
    pub(super) fn write_periodic(&mut self, now: UtcMs) {
        let day = Day::of(now);
        self.write_emissions(day);
        self.write_air(day);
        self.write_transition(day);
        self.write_targets(day);
        self.write_fleet_rows(now);
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
        let activity = self.activity_today();
        let running = Months::of(&activity);
        inventory(&activity, &Setting { running: Some(&running), ..self.setting(&self.months) })
    }

    /// How inventories are computed here.
    pub(super) fn setting<'a>(&'a self, months: &'a Months) -> Setting<'a> {
        Setting {
            residual_kgco2e_per_kwh: self.config.residual_kgco2e_per_kwh,
            ..Setting::new(&self.register, &self.factors, months)
        }
    }

    /// The classes of the register's vehicles.
    pub(super) fn counts(&self, day: Day) -> Counts {
        counts(&self.register, &self.profile, day)
    }

    fn write_emissions(&mut self, day: Day) {
        // The rows have no site and no role: lines that differ only there are one row. A method has one tier.
        type Row = (Arc<str>, &'static str, Scope, &'static str);
        let mut rows: BTreeMap<Row, (Figures, u8, FactorSetId)> = BTreeMap::new();
        for (key, figures) in self.inventory_today().lines {
            for (scope, part) in Scope::ALL.into_iter().filter_map(|scope| Some((scope, figures.part(scope)?))) {
                let set = key.set_of(scope);
                let row = rows.entry((key.organisation.clone(), key.vehicle_class, scope, key.method));
                let (total, _, newest) = row.or_insert((Figures::default(), key.tier, set));
                total.add(&part);
                *newest = (*newest).max(set);
            }
        }
        self.output.extend(rows.into_iter().map(|((fleet, class, scope, method), (figures, tier, set))| {
            let kgco2e = figures.of(scope).unwrap_or_default();
            Fact::Emissions(EmissionsFact {
                fleet,
                vehicle_class: Arc::from(class),
                scope: scope.name(),
                method,
                at: day.start(),
                kgco2e,
                sd_kgco2e: kgco2e.abs() * relative_sd(tier),
                tier,
                distance_m: figures.distance_m,
                energy_dwh: figures.energy_dwh,
                fuel_ml: figures.fuel_ml,
                factor_set: set.to_string(),
            })
        }));
    }

    fn write_air(&mut self, day: Day) {
        let activity = self.activity_today();
        let config = &self.config.air;
        let found = air(&activity, &self.register, &self.factors, &Months::of(&activity), config);
        let grams = |sums: &AirSums| Pollutant::ALL.map(|pollutant| sums.grams(pollutant, config.include_non_exhaust));
        self.output.extend(found.lines.into_iter().map(|((fleet, class), sums)| {
            Fact::Air(AirFact {
                fleet,
                vehicle_class: Arc::from(class),
                at: day.start(),
                distance_m: sums.distance_m,
                grams: grams(&sums),
                pm_exhaust_g: sums.pm_exhaust_g,
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
