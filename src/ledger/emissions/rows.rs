//! An inventory of one day as rows of `fleet_emissions`; and rows of nothing for what an earlier version of the day had and this one has not,
//! since a row that is not written over stays, and would be counted beside what came in its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{FactorSetId, Figures, Inventory, Scope, relative_sd};
use crate::model::EmissionsFact;
use crate::units::Day;

/// Fleet, class, scope, method: the tags of a row.
pub type RowKey = (Arc<str>, Arc<str>, &'static str, &'static str);

/// Methods by scope that one day may have rows of, with their tiers.
pub const ROW_METHODS: &[(&str, u8)] =
    &[("fuel_card", 1), ("energy", 1), ("fuel", 2), ("ratio", 3), ("distance", 4), ("grey_fleet", 4)];

/// A row's tags.
pub fn row_key(fact: &EmissionsFact) -> RowKey {
    (fact.fleet.clone(), fact.vehicle_class.clone(), fact.scope, fact.method)
}

/// The rows of a day. They have no site and no role: lines that differ only there are one row. A method has one tier.
pub fn day_rows(inventory: &Inventory, day: Day) -> Vec<EmissionsFact> {
    type Row = (Arc<str>, &'static str, Scope, &'static str);
    let mut rows: BTreeMap<Row, (Figures, u8, FactorSetId)> = BTreeMap::new();
    for (key, figures) in &inventory.lines {
        for (scope, part) in Scope::ALL.into_iter().filter_map(|scope| Some((scope, figures.part(scope)?))) {
            let set = key.set_of(scope);
            let row = rows.entry((key.organisation.clone(), key.vehicle_class, scope, key.method));
            let (total, _, newest) = row.or_insert((Figures::default(), key.tier, set));
            total.add(&part);
            *newest = (*newest).max(set);
        }
    }
    let row = |((fleet, class, scope, method), (figures, tier, set)): (Row, (Figures, u8, FactorSetId))| {
        let kgco2e = figures.of(scope).unwrap_or_default();
        EmissionsFact {
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
        }
    };
    rows.into_iter().map(row).collect()
}

/// A row that says nothing was emitted so.
fn empty_row(fact: &EmissionsFact) -> EmissionsFact {
    EmissionsFact { kgco2e: 0.0, sd_kgco2e: 0.0, distance_m: 0, energy_dwh: 0, fuel_ml: 0, ..fact.clone() }
}

/// The rows of a day with rows of nothing for those of `before` that it does not have.
pub fn with_vanished(mut now: Vec<EmissionsFact>, before: &BTreeMap<RowKey, EmissionsFact>) -> Vec<EmissionsFact> {
    let there: std::collections::BTreeSet<RowKey> = now.iter().map(row_key).collect();
    now.extend(before.iter().filter(|(key, _)| !there.contains(*key)).map(|(_, fact)| empty_row(fact)));
    now
}

/// The same for a day of which nobody knows what was written: for every fleet, class and scope, each method that it may have had.
pub fn with_every_method(now: Vec<EmissionsFact>) -> Vec<EmissionsFact> {
    let mut before = BTreeMap::new();
    for fact in &now {
        let electric = fact.scope.starts_with('2');
        let fits = |method: &str| match method {
            "distance" => true,
            "energy" => electric || fact.scope == "3",
            "grey_fleet" => fact.scope == "3",
            _ => !electric,
        };
        for (method, tier) in ROW_METHODS.iter().filter(|(method, _)| fits(method)) {
            let other = EmissionsFact { method, tier: *tier, ..fact.clone() };
            before.insert(row_key(&other), other);
        }
    }
    with_vanished(now, &before)
}
