//! Emissions by scope and organisation with the change on last year, and pollutants. Location- and market-based scope 2 stay apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::{Input, PeriodFigures};
use super::data::{Air, AirRow, Emissions, Group, MonthRow, PollutantRow, ScopeRow};
use crate::ledger::air::{AirSums, Pollutant, changes};
use crate::ledger::emissions::{Figures, Inventory, InventoryKey, Scope, Uncertain, relative_sd};
use crate::units::Month;

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
    let mut total = Figures::default();
    let lines = || now.lines.iter().filter(|(key, _)| wanted(key));
    lines().for_each(|(_, figures)| total.add(figures));
    let mut earlier = Figures::default();
    let lines_before = || before.lines.iter().filter(|(key, _)| wanted(key));
    lines_before().for_each(|(_, figures)| earlier.add(figures));
    let scope = |scope: Scope| {
        let mut tiers: BTreeMap<u8, f64> = BTreeMap::new();
        let (mut estimated, mut sets) = (0.0, BTreeSet::new());
        for (key, kgco2e) in lines().filter_map(|(key, figures)| Some((key, figures.of(scope)?))) {
            *tiers.entry(key.tier).or_default() += kgco2e;
            estimated += if key.estimated() { kgco2e } else { 0.0 };
            sets.insert(key.set_of(scope).to_string());
        }
        let (kgco2e, last_year) = (total.of(scope), earlier.of(scope));
        if kgco2e.is_none() && last_year.is_none() {
            return None;
        }
        let change = kgco2e
            .zip(last_year.filter(|earlier| *earlier > 0.0))
            .map(|(now, earlier)| now / earlier - 1.0);
        let estimated_before = lines_before()
            .filter(|(key, _)| key.estimated())
            .filter_map(|(_, figures)| figures.of(scope));
        Some(ScopeRow {
            scope: scope.name(),
            kgco2e,
            // Within a tier errors go together, between tiers they do not (emissions.md 5.4, G14).
            sd_kgco2e: Uncertain::of(
                tiers
                    .iter()
                    .map(|(tier, kgco2e)| (*kgco2e, relative_sd(*tier))),
            )
            .sd,
            estimated_kgco2e: estimated,
            last_year_kgco2e: last_year,
            last_year_estimated_kgco2e: estimated_before.sum(),
            change_ratio: change,
            tiers_kgco2e: tiers,
            factor_sets: sets.into_iter().collect(),
        })
    };
    Group {
        organisation,
        scopes: Scope::ALL.into_iter().filter_map(scope).collect(),
        distance_km: total.distance_m as f64 / 1000.0,
        fuel_l: total.fuel_ml as f64 / 1000.0,
        energy_kwh: total.energy_dwh as f64 / 10_000.0,
    }
}

fn months(now: &PeriodFigures) -> Vec<MonthRow> {
    if now.inventory.lines.is_empty() {
        return Vec::new();
    }
    let row = |(month, total): &(Month, Figures)| MonthRow {
        month: month.to_string(),
        scope_1_kgco2e: total.of(Scope::One),
        scope_2_location_kgco2e: total.of(Scope::TwoLocation),
        scope_2_market_kgco2e: total.of(Scope::TwoMarket),
        scope_3_kgco2e: total.of(Scope::Three),
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
    let (total, earlier) = (now.air.total(), before.air.total());
    // Configured figures are of a year, as /api/v1/air has it.
    let base_days = base
        .filter(|_| config.base_kg.is_empty())
        .map_or(365, |(days, _)| *days);
    let (found, all_met) = changes(
        &total,
        base.map(|(_, sums)| sums),
        (now.to.0 - now.from.0 + 1, base_days),
        config,
    );
    let kg = |sums: &AirSums, pollutant| sums.grams(pollutant, config.include_non_exhaust) / 1000.0;
    let mut organisations: BTreeMap<&Arc<str>, AirSums> = BTreeMap::new();
    for ((organisation, _), sums) in &now.air.lines {
        organisations.entry(organisation).or_default().add(sums);
    }
    let known = |stretch: &PeriodFigures| !stretch.air.lines.is_empty();
    Air {
        method: "EMEP/EEA 2019 Tier 3, hot exhaust; without cold starts, idling and resuspension",
        all_met: all_met.filter(|_| known(now)),
        target_change_ratio: config.target_change,
        pollutants: found
            .into_iter()
            .map(|change| PollutantRow {
                pollutant: change.pollutant.name(),
                tracked: change.tracked,
                kg: known(now).then_some(change.kg),
                last_year_kg: known(before).then(|| kg(&earlier, change.pollutant)),
                base_kg: change.base_kg,
                change_from_base_ratio: change.change.filter(|_| known(now)),
                status: change.status,
            })
            .collect(),
        organisations: organisations
            .into_iter()
            .map(|(organisation, sums)| AirRow {
                organisation: organisation.clone(),
                distance_km: sums.distance_m as f64 / 1000.0,
                nox_kg: kg(&sums, Pollutant::Nox),
                pm25_kg: kg(&sums, Pollutant::Pm25),
                pm10_kg: kg(&sums, Pollutant::Pm10),
            })
            .collect(),
        not_computed_km: now.air.not_computed_m as f64 / 1000.0,
    }
}
