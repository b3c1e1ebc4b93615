//! The inventory of one day as rows of `fleet_emissions`, `site_emissions` and `avoided_emissions`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{FactorSetId, Figures, Inventory, Scope, relative_sd, unknown};
use crate::model::register::Register;
use crate::model::{AvoidedFact, EmissionsFact, SiteEmissionsFact};
use crate::units::{KgCo2e, UtcMs};

/// The rows of the day that starts at an instant. Rows have no site and no role: lines that differ only there are one row. A method has one tier.
pub fn day_rows(inventory: &Inventory, at: UtcMs) -> Vec<EmissionsFact> {
    type Row = (Arc<str>, &'static str, Scope, &'static str);
    let mut rows: BTreeMap<Row, (Figures, u8, FactorSetId)> = BTreeMap::new();
    for (key, figures) in &inventory.lines {
        for (scope, part) in Scope::ALL
            .into_iter()
            .filter_map(|scope| Some((scope, figures.part(scope)?)))
        {
            let set = key.set_of(scope);
            let row = rows.entry((
                key.organisation.clone(),
                key.vehicle_class,
                scope,
                key.method,
            ));
            let (total, _, newest) = row.or_insert((Figures::default(), key.tier, set));
            total.add(&part);
            *newest = (*newest).max(set);
        }
    }
    let row = |((fleet, class, scope, method), (figures, tier, set)): (
        Row,
        (Figures, u8, FactorSetId),
    )| {
        let emissions = figures.scope(scope).unwrap_or_default();
        EmissionsFact {
            fleet,
            vehicle_class: Arc::from(class),
            scope: scope.name(),
            method,
            at,
            kgco2e: emissions.get(),
            sd_kgco2e: (emissions.abs() * relative_sd(tier)).get(),
            tier,
            distance_m: figures.distance.0,
            energy_tenth_wh: figures.energy.0,
            fuel_millilitres: figures.fuel.0,
            factor_set: set.to_string(),
        }
    };
    rows.into_iter().map(row).collect()
}

/// The rows of a day by site.
pub fn site_rows(inventory: &Inventory, at: UtcMs) -> Vec<SiteEmissionsFact> {
    type Row = (Arc<str>, Arc<str>, Scope);
    let mut rows: BTreeMap<Row, KgCo2e> = BTreeMap::new();
    for (key, figures) in &inventory.lines {
        for (scope, emissions) in Scope::ALL
            .into_iter()
            .filter_map(|scope| Some((scope, figures.scope(scope)?)))
        {
            *rows
                .entry((key.organisation.clone(), key.site.clone(), scope))
                .or_default() += emissions;
        }
    }
    let row = |((fleet, site, scope), emissions): (Row, KgCo2e)| SiteEmissionsFact {
        fleet,
        site,
        scope: scope.name(),
        at,
        kgco2e: emissions.get(),
    };
    rows.into_iter().map(row).collect()
}

/// Emissions that replacements avoided on a day. Only if keys carry the vehicle.
pub fn avoided_rows(inventory: &Inventory, register: &Register, at: UtcMs) -> Vec<AvoidedFact> {
    let known = |id: &Option<Arc<str>>| id.clone().unwrap_or_else(unknown);
    let mut rows: BTreeMap<(Arc<str>, Arc<str>), AvoidedFact> = BTreeMap::new();
    for (id, (before, own)) in inventory.replacements() {
        let Some(vehicle) = register.vehicle(id) else {
            continue;
        };
        let (fleet, site) = (known(&vehicle.organisation), known(&vehicle.site));
        let sum = rows
            .entry((fleet.clone(), site.clone()))
            .or_insert(AvoidedFact {
                fleet,
                site,
                at,
                baseline_kgco2e: 0.0,
                own_kgco2e: 0.0,
                distance_m: 0,
                vehicles: 0,
            });
        sum.baseline_kgco2e += before.kgco2e.get();
        sum.own_kgco2e += own.in_use().get();
        sum.distance_m += before.distance.0;
        sum.vehicles += 1;
    }
    rows.into_values().collect()
}
