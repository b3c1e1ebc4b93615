//! Emissions by scope and organisation with the change on last year, and pollutants. Location- and market-based scope 2 stay apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::{Input, PeriodFigures};
use super::data::{Air, AirRow, Emissions, Group, MonthRow, PollutantRow, ScopeRow};
use crate::ledger::air::{AirConfig, AirSums, Pollutant, changes};
use crate::ledger::emissions::{Figures, Inventory, InventoryKey, Scope, Uncertain, relative_sd};
use crate::units::{KgCo2e, Kilograms, Month, Ratio};

pub(super) fn emissions(now: &PeriodFigures, before: &PeriodFigures) -> Emissions {
    let names: BTreeSet<&Arc<str>> = [now, before]
        .into_iter()
        .flat_map(|stretch| stretch.inventory.lines.keys().map(|key| &key.organisation))
        .collect();
    let of = |name: &Arc<str>| {
        group(name.clone(), &now.inventory, &before.inventory, |key| {
            key.organisation == *name
        })
    };
    Emissions {
        total: group(Arc::from("all"), &now.inventory, &before.inventory, |_| {
            true
        }),
        organisations: names.into_iter().map(of).collect(),
        months: months(now),
    }
}

fn group(
    organisation: Arc<str>,
    now: &Inventory,
    before: &Inventory,
    wanted: impl Fn(&InventoryKey) -> bool,
) -> Group {
    let now = Lines::new(now, &wanted);
    let before = Lines::new(before, &wanted);
    Group {
        organisation,
        scopes: Scope::ALL
            .into_iter()
            .filter_map(|scope| scope_row(scope, &now, &before))
            .collect(),
        distance_km: now.total.distance.km().get(),
        fuel_l: now.total.fuel.litres().get(),
        energy_kwh: now.total.energy.kilowatt_hours().get(),
    }
}

/// The lines of an inventory that belong to a group, and their sum.
struct Lines<'a> {
    lines: Vec<(&'a InventoryKey, &'a Figures)>,
    total: Figures,
}

impl<'a> Lines<'a> {
    fn new(inventory: &'a Inventory, wanted: impl Fn(&InventoryKey) -> bool) -> Self {
        let lines: Vec<_> = inventory
            .lines
            .iter()
            .filter(|(key, _)| wanted(key))
            .collect();
        let mut total = Figures::default();
        lines.iter().for_each(|(_, figures)| total.add(figures));
        Self { lines, total }
    }

    /// Those with a figure of a scope.
    fn of_scope(&self, scope: Scope) -> impl Iterator<Item = (&'a InventoryKey, KgCo2e)> {
        self.lines
            .iter()
            .filter_map(move |(key, figures)| Some((*key, figures.scope(scope)?)))
    }

    /// The part that rests on estimated activity.
    fn estimated(&self, scope: Scope) -> KgCo2e {
        self.of_scope(scope)
            .filter(|(key, _)| key.estimated())
            // From zero: a sum of no floats is -0.
            .fold(KgCo2e::ZERO, |sum, (_, kgco2e)| sum + kgco2e)
    }
}

/// `None` where neither period has a figure of the scope.
fn scope_row(scope: Scope, now: &Lines<'_>, before: &Lines<'_>) -> Option<ScopeRow> {
    let (kgco2e, last_year) = (now.total.scope(scope), before.total.scope(scope));
    if kgco2e.is_none() && last_year.is_none() {
        return None;
    }
    let change = kgco2e
        .zip(last_year.filter(|earlier| *earlier > KgCo2e::ZERO))
        .map(|(now, earlier)| now / earlier - Ratio::ONE);
    let mut tiers: BTreeMap<u8, KgCo2e> = BTreeMap::new();
    let mut sets = BTreeSet::new();
    for (key, kgco2e) in now.of_scope(scope) {
        *tiers.entry(key.tier).or_default() += kgco2e;
        sets.insert(key.set_of(scope).to_string());
    }
    // Within a tier the errors go together, between tiers they are independent.
    let uncertain = Uncertain::from_groups(
        tiers
            .iter()
            .map(|(tier, kgco2e)| (*kgco2e, relative_sd(*tier))),
    );
    Some(ScopeRow {
        scope: scope.name(),
        kgco2e: kgco2e.map(KgCo2e::get),
        sd_kgco2e: uncertain.sd.get(),
        estimated_kgco2e: now.estimated(scope).get(),
        last_year_kgco2e: last_year.map(KgCo2e::get),
        last_year_estimated_kgco2e: before.estimated(scope).get(),
        change_ratio: change.map(Ratio::get),
        tiers_kgco2e: tiers
            .into_iter()
            .map(|(tier, kgco2e)| (tier, kgco2e.get()))
            .collect(),
        factor_sets: sets.into_iter().collect(),
    })
}

fn months(now: &PeriodFigures) -> Vec<MonthRow> {
    if now.inventory.lines.is_empty() {
        return Vec::new();
    }
    let row = |(month, total): &(Month, Figures)| MonthRow {
        month: month.to_string(),
        scope_1_kgco2e: total.scope(Scope::Scope1).map(KgCo2e::get),
        scope_2_location_kgco2e: total.scope(Scope::Scope2LocationBased).map(KgCo2e::get),
        scope_2_market_kgco2e: total.scope(Scope::Scope2MarketBased).map(KgCo2e::get),
        scope_3_kgco2e: total.scope(Scope::Scope3).map(KgCo2e::get),
    };
    now.by_month.iter().map(row).collect()
}

/// `base`: the configured base stretch of the store, its days and what was emitted on them.
pub(super) fn pollutants(
    input: &Input<'_>,
    now: &PeriodFigures,
    before: &PeriodFigures,
    base: Option<&(i32, AirSums)>,
) -> Air {
    let config = &input.engine.air;
    let earlier = before.air.total();
    // Configured figures are of a year, as /api/v1/air has it.
    let base_days = base
        .filter(|_| config.base_kg.is_empty())
        .map_or(365, |(days, _)| *days);
    let (found, all_met) = changes(
        &now.air.total(),
        base.map(|(_, sums)| sums),
        (now.to.0 - now.from.0 + 1, base_days),
        config,
    );
    let known = |stretch: &PeriodFigures| !stretch.air.lines.is_empty();
    Air {
        method: "EMEP/EEA 2019 Tier 3, hot exhaust; without cold starts, idling and resuspension",
        all_met: all_met.filter(|_| known(now)),
        target_change_ratio: config.target_change.get(),
        pollutants: found
            .into_iter()
            .map(|change| PollutantRow {
                pollutant: change.pollutant.name(),
                tracked: change.tracked,
                kg: known(now).then_some(change.emitted.get()),
                last_year_kg: known(before).then(|| kilograms(&earlier, change.pollutant, config)),
                base_kg: change.base.map(Kilograms::get),
                change_from_base_ratio: change.change.filter(|_| known(now)).map(Ratio::get),
                status: change.status,
            })
            .collect(),
        organisations: pollutants_by_organisation(now, config),
        not_computed_km: now.air.not_computed_distance.km().get(),
    }
}

fn pollutants_by_organisation(now: &PeriodFigures, config: &AirConfig) -> Vec<AirRow> {
    let mut organisations: BTreeMap<&Arc<str>, AirSums> = BTreeMap::new();
    for ((organisation, _), sums) in &now.air.lines {
        organisations.entry(organisation).or_default().add(sums);
    }
    organisations
        .into_iter()
        .map(|(organisation, sums)| AirRow {
            organisation: organisation.clone(),
            distance_km: sums.distance.km().get(),
            nox_kg: kilograms(&sums, Pollutant::Nox, config),
            pm25_kg: kilograms(&sums, Pollutant::Pm25, config),
            pm10_kg: kilograms(&sums, Pollutant::Pm10, config),
        })
        .collect()
}

fn kilograms(sums: &AirSums, pollutant: Pollutant, config: &AirConfig) -> f64 {
    sums.pollutant(pollutant, config.include_non_exhaust)
        .kilograms()
        .get()
}
