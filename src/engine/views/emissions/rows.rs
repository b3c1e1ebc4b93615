//! The inventory's lines, summed by scope and the dimensions of the request.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{EmissionsGroup, EmissionsRow};
use crate::engine::Dimension;
use crate::engine::views::{kwh, whole};
use crate::ledger::emissions::{
    Figures, Inventory, InventoryKey, Scope, Uncertain, is_estimated, relative_sd,
};
use crate::units::KgCo2e;

/// Figures of one scope of one group.
#[derive(Default)]
struct Sum {
    by_tier: BTreeMap<u8, Figures>,
    estimated: KgCo2e,
    sets: BTreeSet<String>,
}

/// The inventory by scope and the dimensions of the request, and the names of the factor sets behind it.
pub(super) fn rows(inventory: &Inventory, by: &[Dimension]) -> (Vec<EmissionsRow>, Vec<String>) {
    let mut groups: BTreeMap<(Scope, EmissionsGroup), Sum> = BTreeMap::new();
    let mut factor_sets = BTreeSet::new();
    for (key, figures) in &inventory.lines {
        for (scope, part) in Scope::ALL
            .into_iter()
            .filter_map(|scope| Some((scope, figures.part(scope)?)))
        {
            let sum = groups.entry((scope, group(key, by))).or_default();
            sum.by_tier.entry(key.tier).or_default().add(&part);
            sum.estimated += part
                .scope(scope)
                .filter(|_| key.estimated())
                .unwrap_or_default();
            let set = key.set_of(scope).to_string();
            factor_sets.insert(set.clone());
            sum.sets.insert(set);
        }
    }
    let rows = groups
        .into_iter()
        .map(|((scope, group), sum)| row(scope, group, &sum));
    (rows.collect(), factor_sets.into_iter().collect())
}

/// One row, with the uncertainty of its data tiers.
fn row(scope: Scope, group: EmissionsGroup, sum: &Sum) -> EmissionsRow {
    let mut figures = Figures::default();
    sum.by_tier.values().for_each(|part| figures.add(part));
    let tiers = sum
        .by_tier
        .iter()
        .map(|(tier, part)| (part.scope(scope).unwrap_or_default(), relative_sd(*tier)));
    let uncertain = Uncertain::from_groups(tiers);
    EmissionsRow {
        scope: scope.name(),
        group,
        kgco2e: uncertain.total.get(),
        sd_kgco2e: uncertain.sd.get(),
        estimated: sum.by_tier.keys().any(|tier| is_estimated(*tier)),
        estimated_kgco2e: sum.estimated.get(),
        factor_set: sum.sets.iter().cloned().collect::<Vec<_>>().join(", "),
        distance_km: whole(figures.distance.0),
        energy_kwh: kwh(figures.energy.0),
        fuel_l: whole(figures.fuel.0),
        lines: lines(scope, &figures),
    }
}

/// The parts that a scope is itemised into.
fn lines(scope: Scope, figures: &Figures) -> BTreeMap<&'static str, f64> {
    let [kgco2, ch4, n2o] = figures.scope1.split.map(KgCo2e::get);
    let scope3 = figures.scope3;
    let lines: &[(&str, f64)] = match scope {
        Scope::Scope1 => &[("kgco2", kgco2), ("kgco2e_ch4", ch4), ("kgco2e_n2o", n2o)],
        Scope::Scope2LocationBased => &[],
        Scope::Scope2MarketBased => &[("energy_renewable_kwh", kwh(figures.renewable.0))],
        Scope::Scope3 => &[
            ("kgco2e_wtt_fuel", scope3.wtt_fuel.get()),
            ("kgco2e_td_losses", scope3.td_losses.get()),
            ("kgco2e_wtt_generation", scope3.wtt_generation.get()),
            ("kgco2e_wtt_td", scope3.wtt_td.get()),
            ("kgco2e_grey_fleet", scope3.grey_fleet.get()),
        ],
        Scope::OutsideScopes => &[("kgco2_biogenic", figures.biogenic.get())],
    };
    lines.iter().copied().collect()
}

/// The dimensions of the request; all others stay empty, and their lines are summed.
fn group(key: &InventoryKey, by: &[Dimension]) -> EmissionsGroup {
    let wants = |dimension| by.contains(&dimension);
    // Scopes are never added together, whatever the request names.
    EmissionsGroup {
        organisation: wants(Dimension::Organisation).then(|| key.organisation.clone()),
        site: wants(Dimension::Site).then(|| key.site.clone()),
        vehicle_class: wants(Dimension::VehicleClass).then_some(key.vehicle_class),
        role: wants(Dimension::Role).then_some(key.role),
        vehicle_id: key.vehicle.clone().filter(|_| wants(Dimension::Vehicle)),
        tier: wants(Dimension::Tier).then_some(key.tier),
    }
}
