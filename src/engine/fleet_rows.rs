//! Rows that are written seldom: emissions by site, what replacements avoided, the register's sites, vehicles and groups of them.
//!
//! They are due with the rows of all connectors: that instant is in the snapshot, so that a restart writes nothing twice or never.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use super::uptime::ROWS_MS;
use crate::ledger::emissions::{Inventory, Months, Scope, Setting, inventory};
use crate::ledger::targets::{age, vehicles_needed};
use crate::ledger::transition::{Counts, classify, in_scope};
use crate::model::register::{EmissionClass, Vehicle};
use crate::model::{AvoidedFact, Fact, FleetGroupFact, SiteEmissionsFact, SiteInfoFact, VehicleInfoFact};
use crate::units::{Day, UtcMs};

impl Engine {
    /// Writes what is due: with the rows of all connectors, and the last word of a day. Once a day, and anew after a change, also what the
    /// register says and what is ahead.
    pub(super) fn write_fleet_rows(&mut self, now: UtcMs) {
        let day = Day::of(now);
        let due = now >= self.next_uptime_rows;
        if due || now.plus(1) >= self.today.end() {
            self.write_sites_emissions(day);
        }
        if due {
            self.write_sites(now, day);
            let last = self.next_uptime_rows.plus(-ROWS_MS);
            if last < day.start() || last >= day.end() {
                self.write_register(day);
                self.write_projections(day, |_| true);
            }
        }
        self.write_new_projections(now);
    }

    /// The next time all is due, as at the beginning of a day: something changed that such rows rest on.
    pub(super) fn write_all_anew(&mut self) {
        self.next_uptime_rows = UtcMs(i64::MIN);
    }

    fn write_sites_emissions(&mut self, day: Day) {
        let activity = self.activity_today();
        let running = Months::of(&activity);
        let setting = Setting { running: Some(&running), per_vehicle: true, ..self.setting(&self.months) };
        let today = inventory(&activity, &setting);
        let at = day.start();
        self.output.extend(by_site(&today).into_iter().map(|((fleet, site, scope), kgco2e)| {
            Fact::SiteEmissions(SiteEmissionsFact { fleet, site, scope: scope.name(), at, kgco2e })
        }));
        let mut avoided: BTreeMap<(Arc<str>, Arc<str>), AvoidedFact> = BTreeMap::new();
        for (id, (before, own)) in today.replacements() {
            let Some(vehicle) = self.register.vehicle(id) else { continue };
            let (fleet, site) = (known(&vehicle.organisation), known(&vehicle.site));
            let sum = avoided.entry((fleet.clone(), site.clone())).or_insert(AvoidedFact {
                fleet,
                site,
                at,
                baseline_kgco2e: 0.0,
                own_kgco2e: 0.0,
                distance_m: 0,
                vehicles: 0,
            });
            sum.baseline_kgco2e += before.kgco2e;
            sum.own_kgco2e += own.in_use_kgco2e();
            sum.distance_m += before.distance_m;
            sum.vehicles += 1;
        }
        self.output.extend(avoided.into_values().map(Fact::Avoided));
    }

    fn write_sites(&mut self, at: UtcMs, day: Day) {
        let register = &self.register;
        self.output.extend(register.sites.iter().map(|site| {
            let there = register.charge_points.iter().filter(|point| {
                point.site.as_ref() == Some(&site.id)
                    && point.in_service_from.is_none_or(|from| from <= day)
                    && point.in_service_to.is_none_or(|to| day < to)
            });
            let (charge_points, connectors) = there.fold((0, 0), |(points, all), point| (points + 1, all + point.connectors));
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
        let at = day.start();
        let mut groups: BTreeMap<(Arc<str>, &'static str, &'static str), Counts> = BTreeMap::new();
        for vehicle in self.register.vehicles.iter().filter(|vehicle| in_scope(vehicle, day)) {
            let class = classify(vehicle, &self.profile, day).class;
            let (category, role) = (category(vehicle), vehicle.role.map_or("unknown", |role| role.name()));
            for fleet in [all.clone(), known(&vehicle.organisation)] {
                groups.entry((fleet, category, role)).or_default().add(class);
            }
            self.output.push_back(Fact::VehicleInfo(Box::new(info(vehicle, class, role, day))));
        }
        for ((fleet, vehicle_class, role), counts) in groups {
            let (total, low_emission) = (counts.total(), counts.counted(&self.profile));
            let needed = vehicles_needed(self.config.target_share, total).saturating_sub(low_emission);
            self.output.push_back(Fact::FleetGroup(FleetGroupFact {
                fleet,
                vehicle_class,
                role,
                at,
                total,
                low_emission,
                needed,
            }));
        }
    }
}

fn by_site(inventory: &Inventory) -> BTreeMap<(Arc<str>, Arc<str>, Scope), f64> {
    let mut rows = BTreeMap::new();
    for (key, figures) in &inventory.lines {
        for (scope, kgco2e) in Scope::ALL.into_iter().filter_map(|scope| Some((scope, figures.of(scope)?))) {
            *rows.entry((key.organisation.clone(), key.site.clone(), scope)).or_default() += kgco2e;
        }
    }
    rows
}

fn info(vehicle: &Vehicle, class: EmissionClass, role: &'static str, day: Day) -> VehicleInfoFact {
    VehicleInfoFact {
        fleet: known(&vehicle.organisation),
        site: known(&vehicle.site),
        vehicle: vehicle.id.clone(),
        at: day.start(),
        class_code: class as i64,
        class: class.name(),
        role,
        category: category(vehicle),
        body: vehicle.body.clone().unwrap_or_default(),
        fuel: vehicle.fuel.clone().unwrap_or_default(),
        euro: vehicle.euro,
        co2_g_per_km: vehicle.co2_g_per_km,
        first_registered: vehicle.first_registered.map(Day::start),
        age_years: age(vehicle, day),
    }
}

fn category(vehicle: &Vehicle) -> &'static str {
    vehicle.category.map_or("unknown", |category| category.name())
}

fn known(id: &Option<Arc<str>>) -> Arc<str> {
    id.clone().unwrap_or_else(|| Arc::from("unknown"))
}
