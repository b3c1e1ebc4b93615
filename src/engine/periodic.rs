//! What is written every minute: the running day's emissions, the fleet's classes, the targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use crate::ledger::air::{AirSums, Pollutant, air};
use crate::ledger::emissions::{Inventory, Months, RowKey, Setting, day_rows, inventory, row_key, with_vanished};
use crate::ledger::transition::{Counts, classify, counts, in_scope};
use crate::model::{Activity, ActivityKey, AirFact, EmissionsFact, Fact, SessionRecord, TransitionFact};
use crate::units::{Day, UtcMs};

/// Rows of emissions of a day, to know which of them vanish. Lost at a restart; who writes past days anew (`app/past_days`) sees to that.
pub(super) type WrittenRows = (Option<Day>, BTreeMap<RowKey, EmissionsFact>);

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
        let before = std::mem::take(&mut self.written_today);
        let before = Some(before).filter(|(of, _)| *of == Some(day)).map(|(_, rows)| rows).unwrap_or_default();
        let rows = with_vanished(day_rows(&self.inventory_today(), day), &before);
        self.written_today = (Some(day), rows.iter().map(|row| (row_key(row), row.clone())).collect());
        self.output.extend(rows.into_iter().map(Fact::Emissions));
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
