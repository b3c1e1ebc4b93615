//! A frozen year beside what it is today: what was declared of it, what late data and corrected factors made of it, and whether that
//! passes the threshold of the base-year policy (`restate`). The frozen figures themselves never change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::restate::{RESTATEMENT_THRESHOLD, RestatementEffect, RestatementReason, restate};
use super::{Inventory, METHOD_VERSION, Scope};
use crate::model::YearVersion;
use crate::units::{Calendar, Day, FinancialYear};

/// A change of more than this share of a scope's total makes a new version of a frozen year: less is rounding.
const CHANGED: f64 = 0.001;

/// Less than this is the order in which the same lines were added up.
const LEAST_KG: f64 = 0.5;

/// `[[restatement]]`: what somebody says of a base year.
#[derive(Clone, PartialEq, Debug)]
pub struct Declared {
    /// Whose figure; `None` is the whole fleet's alone.
    pub organisation: Option<Arc<str>>,
    /// The year that changes.
    pub year: FinancialYear,
    /// When it was decided.
    pub date: Day,
    /// Why.
    pub reason: RestatementReason,
    /// t CO2e; negative takes away.
    pub tonnes: f64,
    /// For people.
    pub note: String,
}

/// One effect on a frozen year.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct YearEffect {
    /// `recalculated`, `structure`, `method`, `error`.
    pub reason: &'static str,
    /// kgCO2e.
    pub kgco2e: f64,
    /// When it was declared.
    pub date: Option<String>,
    /// For people.
    pub note: String,
}

/// How a frozen year stood on a day.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct VersionRow {
    /// The day.
    pub as_of: String,
    /// Scope 1 with location-based scope 2.
    pub kgco2e: f64,
    /// Factor sets.
    pub factor_sets: String,
    /// Version of the formulas.
    pub method_version: u32,
}

/// A frozen year and its restatement beside it. Figures are scope 1 with location-based scope 2.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct YearRestatement {
    /// `frozen_year`.
    pub kind: &'static str,
    /// `2024-25`.
    pub year: String,
    /// `None` is the whole fleet.
    pub organisation: Option<Arc<str>>,
    /// The day of the freeze.
    pub frozen_on: String,
    /// As it was then.
    pub kgco2e_as_frozen: f64,
    /// As it is computed today: late data, corrected factors, changed formulas.
    pub kgco2e_recalculated: f64,
    /// What adds up.
    pub effects: Vec<YearEffect>,
    /// With all of them.
    pub kgco2e_with_effects: f64,
    /// The figure to report as the base: the restated one only beyond the threshold.
    pub kgco2e_base: f64,
    /// Cumulative change.
    pub change_ratio: f64,
    /// Beyond the threshold.
    pub restated: bool,
    /// The threshold.
    pub threshold_ratio: f64,
    /// Every version that was kept, the freeze first.
    pub versions: Vec<VersionRow>,
}

/// An inventory of a whole year as a version of it.
pub fn year_version(year: FinancialYear, as_of: Day, inventory: &Inventory) -> YearVersion {
    let mut kgco2e: BTreeMap<(Arc<str>, Arc<str>), f64> = BTreeMap::new();
    let mut sets = BTreeSet::new();
    // The market-based view hangs on contracts and a residual factor that are settings of today: only the location-based one is kept.
    for scope in Scope::ALL
        .into_iter()
        .filter(|scope| *scope != Scope::TwoMarket)
    {
        for (key, figures) in &inventory.lines {
            if let Some(kg) = figures.of(scope) {
                *kgco2e
                    .entry((key.organisation.clone(), Arc::from(scope.name())))
                    .or_default() += kg;
                sets.insert(key.set_of(scope).to_string());
            }
        }
    }
    let factor_sets = sets.into_iter().collect::<Vec<_>>().join(", ");
    YearVersion {
        year,
        as_of,
        kgco2e,
        factor_sets,
        method_version: METHOD_VERSION,
    }
}

/// The year is not what it was.
pub fn year_changed(before: &YearVersion, now: &YearVersion) -> bool {
    let keys: BTreeSet<_> = before.kgco2e.keys().chain(now.kgco2e.keys()).collect();
    let of = |version: &YearVersion, key| version.kgco2e.get(key).copied().unwrap_or(0.0);
    keys.into_iter()
        .any(|key| (of(now, key) - of(before, key)).abs() > CHANGED * of(before, key).abs())
}

/// Beside the versions of one year (the freeze first): the whole fleet, then every organisation that something was declared of.
pub fn restate_year(
    versions: &[YearVersion],
    now: &YearVersion,
    declared: &[Declared],
    calendar: &Calendar,
) -> Vec<YearRestatement> {
    let Some(frozen) = versions.first() else {
        return Vec::new();
    };
    let of_year: Vec<&Declared> = declared
        .iter()
        .filter(|declared| declared.year == frozen.year)
        .collect();
    let organisations: BTreeSet<&Arc<str>> = of_year
        .iter()
        .filter_map(|declared| declared.organisation.as_ref())
        .collect();
    let whose = std::iter::once(None).chain(organisations.into_iter().map(Some));
    whose
        .map(|organisation| {
            let name = organisation.map(|organisation| &**organisation);
            let (first, today) = (frozen.in_use_kgco2e(name), now.in_use_kgco2e(name));
            let mut effects = vec![(
                RestatementReason::Recalculated,
                today - first,
                None,
                String::new(),
            )];
            let own = of_year
                .iter()
                .filter(|declared| name.is_none() || declared.organisation.as_deref() == name);
            effects.extend(own.map(|one| {
                (
                    one.reason,
                    one.tonnes * 1000.0,
                    Some(one.date.to_string()),
                    one.note.clone(),
                )
            }));
            let least = |reason: &RestatementReason| {
                if *reason == RestatementReason::Recalculated {
                    LEAST_KG
                } else {
                    0.0
                }
            };
            effects.retain(|(reason, kgco2e, ..)| *kgco2e != 0.0 && kgco2e.abs() >= least(reason));
            // One after the other, each as a share of what the ones before it left.
            let mut base = first;
            let ratios: Vec<RestatementEffect> = effects
                .iter()
                .map(|(reason, kgco2e, ..)| {
                    let ratio = if base == 0.0 { 0.0 } else { kgco2e / base };
                    base += kgco2e;
                    RestatementEffect {
                        reason: *reason,
                        ratio,
                    }
                })
                .collect();
            let result = restate(first, &ratios, RESTATEMENT_THRESHOLD);
            let version = |version: &YearVersion| VersionRow {
                as_of: version.as_of.to_string(),
                kgco2e: version.in_use_kgco2e(name),
                factor_sets: version.factor_sets.clone(),
                method_version: version.method_version,
            };
            let effect =
                |(reason, kgco2e, date, note): (RestatementReason, f64, Option<String>, String)| {
                    YearEffect {
                        reason: reason.name(),
                        kgco2e,
                        date,
                        note,
                    }
                };
            YearRestatement {
                kind: "frozen_year",
                year: frozen.year.name(calendar),
                organisation: organisation.cloned(),
                frozen_on: frozen.as_of.to_string(),
                kgco2e_as_frozen: first,
                kgco2e_recalculated: today,
                effects: effects.into_iter().map(effect).collect(),
                kgco2e_with_effects: result.with_effects,
                kgco2e_base: result.base,
                change_ratio: result.change,
                restated: result.restated,
                threshold_ratio: RESTATEMENT_THRESHOLD,
                versions: versions.iter().map(version).collect(),
            }
        })
        .collect()
}
