//! What is written every minute: the running day's emissions, the fleet's classes, the targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use crate::ledger::air::air;
use crate::ledger::emissions::{Inventory, Months, Setting, day_rows, inventory};
use crate::ledger::series_tombstones::{DayTable, WrittenRows};
use crate::ledger::transition::{Counts, classify, counts, in_scope};
use crate::model::{Activity, ActivityKey, Fact, SessionRecord, TransitionFact};
use crate::units::{Day, UtcMs};

/// What is known of the writing of the day's rows.
#[derive(Debug, Default)]
pub(super) struct DayWriting {
    /// Tags of what was written, to know which of it vanishes. In the snapshot.
    pub rows: WrittenRows,
    /// The months before are being read: until they are there, figures would be those of class factors, and a day that ends would keep them.
    pub awaits_months: bool,
    /// Rows by site were due meanwhile.
    pub sites_due: bool,
}

impl Engine {
    pub(super) fn write_periodic(&mut self, now: UtcMs) {
        let day = Day::of(now, self.register.zone());
        self.write_emissions(day);
        self.write_air(day);
        self.write_transition(day);
        self.write_targets(day);
        self.write_fleet_rows(now);
    }

    pub(super) fn write_session(&mut self, record: SessionRecord) {
        let kgco2e_location = self.session_kgco2e(&record);
        self.output.push_back(Fact::Session {
            record: Box::new(record),
            kgco2e_location,
        });
    }

    /// Activity of the running day, whether a checkpoint has it or not.
    pub(super) fn activity_today(&self) -> BTreeMap<ActivityKey, Activity> {
        let day = self.today.day;
        let mut activity: BTreeMap<ActivityKey, Activity> = BTreeMap::new();
        let mut add = |subject: &crate::model::Subject, sums: &Activity| {
            if !sums.is_empty() {
                activity
                    .entry(ActivityKey {
                        day,
                        subject: subject.clone(),
                    })
                    .or_default()
                    .add(sums);
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
    pub(super) fn inventory_today(&self, per_vehicle: bool) -> Inventory {
        let activity = self.activity_today();
        let running = Months::of(&activity);
        inventory(
            &activity,
            &Setting {
                running: Some(&running),
                per_vehicle,
                ..self.setting(&self.months)
            },
        )
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

    /// Rows of one table of a day, and nothing for those that were written of it before and are not among them.
    pub(super) fn write_whole(&mut self, day: Day, table: DayTable, rows: Vec<Fact>) {
        self.output.extend(self.writing.rows.settle(
            (day, day.start(self.register.zone())),
            table,
            rows,
        ));
    }

    /// Tags of the rows that were written of the last days.
    pub fn written_rows(&self) -> &WrittenRows {
        &self.writing.rows
    }

    /// Somebody reads the months before the running day, and will say so by [`Engine::set_months`] or [`Engine::go_without_months`].
    pub fn await_months(&mut self) {
        self.writing.awaits_months = true;
    }

    /// Activity of the last months, complete up to some day not long ago: what the running day's figures lean on.
    pub fn set_months(&mut self, months: Months) {
        self.months = months;
        self.go_without_months();
    }

    /// The months cannot be read: kilometres go by their class.
    pub fn go_without_months(&mut self) {
        if std::mem::take(&mut self.writing.awaits_months) {
            // What was held back is due.
            self.next_periodic = self.next_periodic.min(self.last_alive);
        }
    }

    fn write_emissions(&mut self, day: Day) {
        if !self.writing.awaits_months {
            let rows = day_rows(
                &self.inventory_today(false),
                day.start(self.register.zone()),
            )
            .into_iter()
            .map(Fact::Emissions)
            .collect();
            self.write_whole(day, DayTable::Emissions, rows);
        }
    }

    fn write_air(&mut self, day: Day) {
        let activity = self.activity_today();
        let config = &self.config.air;
        let found = air(
            &activity,
            &self.register,
            &self.factors,
            &Months::of(&activity),
            config,
        );
        let rows = found
            .rows(day.start(self.register.zone()), config)
            .into_iter()
            .map(Fact::Air)
            .collect();
        self.write_whole(day, DayTable::Air, rows);
    }

    fn write_transition(&mut self, day: Day) {
        let all: Arc<str> = Arc::from("all");
        let mut groups: BTreeMap<(Arc<str>, Arc<str>), Counts> = BTreeMap::new();
        for vehicle in self
            .register
            .vehicles
            .iter()
            .filter(|vehicle| in_scope(vehicle, day))
        {
            let class = classify(vehicle, &self.profile, day).class;
            let category: Arc<str> = Arc::from(
                vehicle
                    .category
                    .map_or("unknown", |category| category.name()),
            );
            let fleet = vehicle
                .organisation
                .clone()
                .unwrap_or_else(|| Arc::from("unknown"));
            for key in [
                (all.clone(), all.clone()),
                (all.clone(), category),
                (fleet, all.clone()),
            ] {
                groups.entry(key).or_default().add(class);
            }
        }
        let row = |((fleet, vehicle_class), counts): ((Arc<str>, Arc<str>), Counts)| {
            Fact::Transition(TransitionFact {
                fleet,
                vehicle_class,
                at: day.start(self.register.zone()),
                total: counts.total(),
                low_emission: counts.counted(&self.profile),
                ultra_low: counts.zero + counts.ultra_low,
                zero: counts.zero,
                unknown: counts.unknown,
            })
        };
        let rows = groups.into_iter().map(row).collect();
        self.write_whole(day, DayTable::Transition, rows);
    }
}
