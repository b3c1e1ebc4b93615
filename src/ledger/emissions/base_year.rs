//! A frozen year beside its present figures: what was declared of it, and what late data and corrected factors changed. The recalculation
//! policy (`restate`) decides whether the base is restated. The frozen figures themselves never change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::restate::{
    RESTATEMENT_THRESHOLD, Restatement, RestatementEffect, RestatementReason, restate,
};
use super::{Inventory, METHOD_VERSION, Scope};
use crate::model::YearVersion;
use crate::units::{Calendar, Day, FinancialYear, KgCo2e, Ratio};

/// A change of more than this share of a scope's total makes a new version of a frozen year: less is rounding.
const CHANGED: Ratio = Ratio::constant(0.001);

/// A smaller change comes from the order in which the same lines were added up.
const MIN_RECALCULATED: KgCo2e = KgCo2e::constant(0.5);

/// `[[restatement]]`: a declared effect on a base year.
#[derive(Clone, PartialEq, Debug)]
pub struct DeclaredRestatement {
    /// The organisation; `None` declares it for the whole fleet only.
    pub organisation: Option<Arc<str>>,
    /// The year that changes.
    pub year: FinancialYear,
    /// The day of the decision.
    pub date: Day,
    /// The reason under the policy.
    pub reason: RestatementReason,
    /// The effect on the year; negative takes emissions away.
    pub effect: KgCo2e,
    /// An explanation for the report.
    pub note: String,
}

/// One effect on a frozen year.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct YearEffect {
    /// `recalculated`, `structure`, `method`, `error`.
    pub reason: &'static str,
    /// Negative takes emissions away.
    #[schemars(with = "f64")]
    pub kgco2e: KgCo2e,
    /// The day of the declaration; `None` of a recalculation.
    pub date: Option<String>,
    /// The explanation of the declaration.
    pub note: String,
}

/// A frozen year as it was computed on one day.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct VersionRow {
    /// The day of the computation.
    pub as_of: String,
    /// Scope 1 with location-based scope 2.
    #[schemars(with = "f64")]
    pub kgco2e: KgCo2e,
    /// Factor sets, separated by commas.
    pub factor_sets: String,
    /// Version of the formulas.
    pub method_version: u32,
}

/// A frozen year with its restatement. Figures are scope 1 with location-based scope 2.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct YearRestatement {
    /// Always `frozen_year`, the kind of the row.
    pub kind: &'static str,
    /// The fiscal year, such as `2024-25`.
    pub year: String,
    /// `None` is the whole fleet.
    pub organisation: Option<Arc<str>>,
    /// The day of the freeze.
    pub frozen_on: String,
    /// The figure of that day.
    #[schemars(with = "f64")]
    pub kgco2e_as_frozen: KgCo2e,
    /// The figure of today, with late data, corrected factors and changed formulas.
    #[schemars(with = "f64")]
    pub kgco2e_recalculated: KgCo2e,
    /// The recalculation and every declaration.
    pub effects: Vec<YearEffect>,
    /// The frozen figure with all effects.
    #[schemars(with = "f64")]
    pub kgco2e_with_effects: KgCo2e,
    /// The figure to report as the base: the restated one only beyond the threshold.
    #[schemars(with = "f64")]
    pub kgco2e_base: KgCo2e,
    /// Cumulative change as a share of the frozen figure.
    #[schemars(with = "f64")]
    pub change_ratio: Ratio,
    /// The change is beyond the threshold.
    pub restated: bool,
    /// The threshold of the policy.
    #[schemars(with = "f64")]
    pub threshold_ratio: Ratio,
    /// Every stored version, the freeze first.
    pub versions: Vec<VersionRow>,
}

/// The inventory of a whole year as a version of that year.
pub fn year_version(year: FinancialYear, as_of: Day, inventory: &Inventory) -> YearVersion {
    let mut kgco2e: BTreeMap<(Arc<str>, Arc<str>), KgCo2e> = BTreeMap::new();
    let mut sets = BTreeSet::new();
    // The market-based view depends on contracts and a residual factor that are settings of today: only the location-based one is kept.
    for scope in Scope::ALL
        .into_iter()
        .filter(|scope| *scope != Scope::Scope2MarketBased)
    {
        for (key, figures) in &inventory.lines {
            if let Some(emissions) = figures.scope(scope) {
                *kgco2e
                    .entry((key.organisation.clone(), Arc::from(scope.name())))
                    .or_default() += emissions;
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

/// Returns true if the figures of a year differ by more than rounding.
pub fn year_changed(before: &YearVersion, now: &YearVersion) -> bool {
    let keys: BTreeSet<_> = before.kgco2e.keys().chain(now.kgco2e.keys()).collect();
    keys.into_iter().any(|key| {
        let figure = |version: &YearVersion| version.kgco2e.get(key).copied().unwrap_or_default();
        (figure(now) - figure(before)).abs() > figure(before).abs() * CHANGED
    })
}

/// Restates a year from its stored versions (the freeze first): for the whole fleet, then for every organisation with a declaration.
pub fn restate_year(
    versions: &[YearVersion],
    now: &YearVersion,
    declared: &[DeclaredRestatement],
    calendar: &Calendar,
) -> Vec<YearRestatement> {
    let Some(frozen) = versions.first() else {
        return Vec::new();
    };
    let of_year: Vec<&DeclaredRestatement> = declared
        .iter()
        .filter(|declared| declared.year == frozen.year)
        .collect();
    let organisations: BTreeSet<&Arc<str>> = of_year
        .iter()
        .filter_map(|declared| declared.organisation.as_ref())
        .collect();
    std::iter::once(None)
        .chain(organisations.into_iter().map(Some))
        .map(|organisation| YearRestatement {
            year: frozen.year.name(calendar),
            ..restate_for(organisation, versions, frozen, now, &of_year)
        })
        .collect()
}

fn restate_for(
    organisation: Option<&Arc<str>>,
    versions: &[YearVersion],
    frozen: &YearVersion,
    now: &YearVersion,
    declared: &[&DeclaredRestatement],
) -> YearRestatement {
    let name = organisation.map(|organisation| &**organisation);
    let (first, today) = (frozen.in_use(name), now.in_use(name));
    let recalculated = Some((RestatementReason::Recalculated, today - first, None))
        .filter(|(_, change, _)| change.abs() >= MIN_RECALCULATED);
    let declared = declared
        .iter()
        .filter(|one| name.is_none() || one.organisation.as_deref() == name)
        .filter(|one| one.effect != KgCo2e::ZERO)
        .map(|one| (one.reason, one.effect, Some(*one)));
    let effects: Vec<_> = recalculated.into_iter().chain(declared).collect();
    let result = restate_in_turn(
        first,
        effects.iter().map(|(reason, effect, _)| (*reason, *effect)),
    );
    let version = |version: &YearVersion| VersionRow {
        as_of: version.as_of.to_string(),
        kgco2e: version.in_use(name),
        factor_sets: version.factor_sets.clone(),
        method_version: version.method_version,
    };
    let effect = |(reason, kgco2e, declared): (RestatementReason, _, Option<&_>)| {
        let declared: Option<&DeclaredRestatement> = declared;
        YearEffect {
            reason: reason.name(),
            kgco2e,
            date: declared.map(|one| one.date.to_string()),
            note: declared.map_or_else(String::new, |one| one.note.clone()),
        }
    };
    YearRestatement {
        kind: "frozen_year",
        year: String::new(),
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
}

/// Applies the effects one after the other, each as a share of what the ones before it left.
fn restate_in_turn(
    first: KgCo2e,
    effects: impl Iterator<Item = (RestatementReason, KgCo2e)>,
) -> Restatement {
    let mut base = first;
    let ratios: Vec<RestatementEffect> = effects
        .map(|(reason, effect)| {
            let ratio = if base == KgCo2e::ZERO {
                Ratio::ZERO
            } else {
                effect / base
            };
            base += effect;
            RestatementEffect { reason, ratio }
        })
        .collect();
    restate(first, &ratios, RESTATEMENT_THRESHOLD)
}
