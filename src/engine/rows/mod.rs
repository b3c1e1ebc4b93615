//! What is written every minute: the running day's emissions, the fleet's classes, the targets.

mod day_rows;
mod register;

pub(super) use day_rows::DayRows;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use crate::ledger::air::air;
use crate::ledger::emissions::{Inventory, InventoryContext, Months, day_rows, inventory};
use crate::ledger::series_tombstones::WrittenRows;
use crate::ledger::transition::{Counts, classify, in_scope};
use crate::model::{DaySeries, Fact, TransitionFact};
use crate::units::{Day, UtcMs};

impl Engine {
    pub(super) fn write_periodic(&mut self, now: UtcMs) {
        let day = Day::of(now, self.reference.zone());
        self.write_emissions(day);
        self.write_air(day);
        self.write_transition(day);
        self.targets.write(&self.reference, day, &mut self.output);
        self.write_register_rows(now);
    }

    /// The inventory of the running day.
    pub(super) fn inventory_today(&self, per_vehicle: bool) -> Inventory {
        let activity = self.activity.activity_today(self.fleet.assets());
        let running = Months::from_activity(&activity);
        inventory(
            &activity,
            &InventoryContext {
                running: Some(&running),
                per_vehicle,
                ..self.setting(self.day_rows.months())
            },
        )
    }

    /// How inventories are computed here.
    pub(super) fn setting<'a>(&'a self, months: &'a Months) -> InventoryContext<'a> {
        InventoryContext {
            residual_factor: self.reference.config.residual_factor,
            ..InventoryContext::new(&self.reference.register, &self.reference.factors, months)
        }
    }

    /// Writes the rows of one table of a day, and zeros for those written of it before that are not among them.
    fn write_whole(&mut self, day: Day, series: DaySeries, rows: Vec<Fact>) {
        self.output.extend(self.day_rows.add_zero_rows(
            (day, day.start(self.reference.zone())),
            series,
            rows,
        ));
    }

    /// Tags of the rows that were written of the last days.
    pub fn written_rows(&self) -> &WrittenRows {
        self.day_rows.written()
    }

    /// The months before the running day are being read; [`Engine::set_months`] or [`Engine::go_without_months`] follows.
    pub fn await_months(&mut self) {
        self.day_rows.await_months();
    }

    /// Activity of the last months, complete up to some day not long ago: the running day's figures depend on it.
    pub fn set_months(&mut self, months: Months) {
        self.day_rows.set_months(months);
        self.go_without_months();
    }

    /// The months cannot be read: kilometres are computed with the factors of their class.
    pub fn go_without_months(&mut self) {
        if self.day_rows.end_waiting() {
            self.schedule.hasten_periodic();
        }
    }

    fn write_emissions(&mut self, day: Day) {
        if !self.day_rows.awaits_months() {
            let rows = day_rows(
                &self.inventory_today(false),
                day.start(self.reference.zone()),
            )
            .into_iter()
            .map(Fact::Emissions)
            .collect();
            self.write_whole(day, DaySeries::Emissions, rows);
        }
    }

    fn write_air(&mut self, day: Day) {
        let activity = self.activity.activity_today(self.fleet.assets());
        let config = &self.reference.config.air;
        let found = air(
            &activity,
            &self.reference.register,
            &self.reference.factors,
            &Months::from_activity(&activity),
            config,
        );
        let rows = found
            .rows(day.start(self.reference.zone()), config)
            .into_iter()
            .map(Fact::Air)
            .collect();
        self.write_whole(day, DaySeries::Air, rows);
    }

    fn write_transition(&mut self, day: Day) {
        let all: Arc<str> = Arc::from("all");
        let mut groups: BTreeMap<(Arc<str>, Arc<str>), Counts> = BTreeMap::new();
        for vehicle in self
            .reference
            .register
            .vehicles
            .iter()
            .filter(|vehicle| in_scope(vehicle, day))
        {
            let class = classify(vehicle, &self.reference.profile, day).class;
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
                at: day.start(self.reference.zone()),
                total: counts.total(),
                low_emission: counts.counted(&self.reference.profile),
                ultra_low: counts.zero + counts.ultra_low,
                zero: counts.zero,
                unknown: counts.unknown,
            })
        };
        let rows = groups.into_iter().map(row).collect();
        self.write_whole(day, DaySeries::Transition, rows);
    }
}
