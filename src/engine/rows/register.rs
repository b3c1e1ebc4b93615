//! Rows that are written seldom: emissions by site, what replacements avoided, the register's sites, vehicles and groups of them.
//!
//! They are due with the rows of all connectors: that instant is in the snapshot, so that a restart writes nothing twice or never.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::schedule::FULL_ROWS_MS;
use crate::ledger::emissions::{avoided_rows, site_rows};
use crate::ledger::targets::{age, vehicles_needed};
use crate::ledger::transition::{Counts, classify, in_scope};
use crate::model::register::{EmissionClass, Vehicle};
use crate::model::{DaySeries, Fact, FleetGroupFact, SiteInfoFact, VehicleInfoFact};
use crate::units::{Day, UtcMs, Zone};

impl Engine {
    /// Writes what is due: with the rows of all connectors, and at the end of a day. Once a day, and after a change, also the vehicles of
    /// the register and the projections.
    pub(super) fn write_register_rows(&mut self, now: UtcMs) {
        let day = Day::of(now, self.reference.zone());
        let due = self.schedule.full_rows_due(now);
        let day_ends = now.plus(1) >= self.activity.today().end();
        if self.day_rows.take_sites_due(due || day_ends) {
            self.write_sites_emissions(day);
        }
        if due {
            self.write_sites(now, day);
            let last = self.schedule.next_full_rows().plus(-FULL_ROWS_MS);
            let zone = self.reference.zone();
            if last < day.start(zone) || last >= day.end(zone) {
                self.write_register(day);
                self.targets
                    .write_projections(&self.reference, day, &mut self.output, |_| true);
            }
        }
        self.targets
            .write_new_projections(&self.reference, now, &mut self.output);
    }

    fn write_sites_emissions(&mut self, day: Day) {
        let today = self.inventory_today(true);
        let rows = site_rows(&today, day.start(self.reference.zone()))
            .into_iter()
            .map(Fact::SiteEmissions)
            .collect();
        self.write_whole(day, DaySeries::Sites, rows);
        let rows = avoided_rows(
            &today,
            &self.reference.register,
            day.start(self.reference.zone()),
        )
        .into_iter()
        .map(Fact::Avoided)
        .collect();
        self.write_whole(day, DaySeries::Avoided, rows);
    }

    fn write_sites(&mut self, at: UtcMs, day: Day) {
        let register = &self.reference.register;
        self.output.extend(register.sites.iter().map(|site| {
            let there = register.charge_points.iter().filter(|point| {
                point.site.as_ref() == Some(&site.id)
                    && point.in_service_from.is_none_or(|from| from <= day)
                    && point.in_service_to.is_none_or(|to| day < to)
            });
            let (charge_points, connectors) = there.fold((0, 0), |(points, all), point| {
                (points + 1, all + point.connectors)
            });
            Fact::SiteInfo(SiteInfoFact {
                fleet: known(&site.organisation),
                site: site.id.clone(),
                at,
                name: site.name.clone(),
                capacity_w: site.capacity_kw.map(|kw| kw * 1000.0),
                charge_points,
                connectors,
            })
        }));
    }

    fn write_register(&mut self, day: Day) {
        let all: Arc<str> = Arc::from("all");
        let zone = self.reference.zone();
        let at = day.start(zone);
        let mut groups: BTreeMap<(Arc<str>, &'static str, &'static str), Counts> = BTreeMap::new();
        for vehicle in self
            .reference
            .register
            .vehicles
            .iter()
            .filter(|vehicle| in_scope(vehicle, day))
        {
            let class = classify(vehicle, &self.reference.profile, day).class;
            let (category, role) = (
                category(vehicle),
                vehicle.role.map_or("unknown", |role| role.name()),
            );
            for fleet in [all.clone(), known(&vehicle.organisation)] {
                groups
                    .entry((fleet, category, role))
                    .or_default()
                    .add(class);
            }
            self.output.push(Fact::VehicleInfo(Box::new(info(
                vehicle,
                class,
                role,
                (day, zone),
            ))));
        }
        let row = |((fleet, vehicle_class, role), counts): (
            (Arc<str>, &'static str, &'static str),
            Counts,
        )| {
            let (total, low_emission) = (counts.total(), counts.counted(&self.reference.profile));
            let needed = vehicles_needed(self.reference.config.target_share, total)
                .saturating_sub(low_emission);
            Fact::FleetGroup(FleetGroupFact {
                fleet,
                vehicle_class,
                role,
                at,
                total,
                low_emission,
                needed,
            })
        };
        let rows = groups.into_iter().map(row).collect();
        self.write_whole(day, DaySeries::Groups, rows);
    }
}

fn info(
    vehicle: &Vehicle,
    class: EmissionClass,
    role: &'static str,
    (day, zone): (Day, &Zone),
) -> VehicleInfoFact {
    VehicleInfoFact {
        fleet: known(&vehicle.organisation),
        site: known(&vehicle.site),
        vehicle: vehicle.id.clone(),
        at: day.start(zone),
        class_code: class as i64,
        class: class.name(),
        role,
        category: category(vehicle),
        body: vehicle.body.clone().unwrap_or_default(),
        fuel: vehicle.fuel.clone().unwrap_or_default(),
        euro: vehicle.euro,
        co2_g_per_km: vehicle.co2_g_per_km,
        first_registered: vehicle.first_registered.map(|day| day.start(zone)),
        age_years: age(vehicle, day),
    }
}

fn category(vehicle: &Vehicle) -> &'static str {
    vehicle
        .category
        .map_or("unknown", |category| category.name())
}

fn known(id: &Option<Arc<str>>) -> Arc<str> {
    id.clone().unwrap_or_else(|| Arc::from("unknown"))
}
