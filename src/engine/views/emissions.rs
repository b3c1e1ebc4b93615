//! `/api/v1/emissions`: the inventory of a stretch of days, from the store's activity and what the engine has on top of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::super::{Dimension, Engine};
use super::{ViewContext, kwh, whole};
use crate::ledger::emissions::{
    Figures, Inventory, InventoryKey, MAX_ESTIMATED, METHOD_VERSION, Months, RESTATEMENT_THRESHOLD,
    RestatementEffect, RestatementReason, Scope, Setting, Uncertain, YearRestatement,
    corrected_sets, inventory, reconcile, relative_sd, restate,
};
use crate::model::{Activity, ActivityKey, ActivityRow, YearVersion};
use crate::units::{Day, Month};

/// What the store has of a stretch of days.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredActivity {
    /// The checkpoint it is complete up to.
    pub generation: u64,
    /// The days' activity.
    pub rows: Vec<ActivityRow>,
    /// The months around them, as [`Engine::months_around`] says.
    pub months: Months,
    /// Versions of the frozen years that lie in the days.
    pub years: Vec<YearVersion>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct EmissionsView {
    from: String,
    to: String,
    method_version: u32,
    /// Factors used.
    factor_sets: Vec<String>,
    /// What is to be known beside the figures.
    flags: Vec<&'static str>,
    /// The two views of scope 2 stand in rows of their own and have no sum.
    rows: Vec<EmissionsRow>,
    /// Vehicles with activity that no figure could be computed from.
    not_computed: Vec<Arc<str>>,
    /// Vehicles in service that nothing is known of, nor of others of their class.
    no_data: Vec<Arc<str>>,
    /// Vehicles of whose emissions more than a fifth is estimated.
    low_quality: Vec<Arc<str>>,
    /// Months in which fuel bought and fuel burnt are more than a tenth apart.
    fuel_mismatches: Vec<MismatchRow>,
    avoided: Avoided,
    /// What corrections of factor sets do to these days under the base-year policy, and every frozen year in them as it was and as it is;
    /// empty without any.
    restatements: Vec<AnyRestatement>,
    energy_fleet_kwh: f64,
    energy_renewable_kwh: f64,
    energy_unallocated_kwh: f64,
    energy_staff_public_kwh: f64,
}

/// Dimensions that were not asked for are left out, and lines of other scopes.
#[derive(Debug, Default, Serialize)]
struct EmissionsRow {
    scope: &'static str,
    #[serde(flatten)]
    group: Group,
    kgco2e: f64,
    sd_kgco2e: f64,
    estimated: bool,
    estimated_kgco2e: f64,
    factor_set: String,
    distance_km: f64,
    energy_kwh: f64,
    fuel_l: f64,
    #[serde(flatten)]
    lines: BTreeMap<&'static str, f64>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
struct Group {
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicle_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicle_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<u8>,
}

#[derive(Debug, Serialize)]
struct MismatchRow {
    vehicle_id: Arc<str>,
    month: String,
    card_l: f64,
    can_l: f64,
    ratio: f64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum AnyRestatement {
    FactorSets(RestatementRow),
    Year(Box<YearRestatement>),
}

/// Scope 1 with location-based scope 2, by the sets as published and as corrected.
#[derive(Debug, Serialize)]
struct RestatementRow {
    kind: &'static str,
    kgco2e_as_published: f64,
    kgco2e_corrected: f64,
    change_ratio: f64,
    /// Beyond the threshold: a base year of these days is to be recalculated.
    restated: bool,
    threshold_ratio: f64,
    factor_sets: Vec<String>,
}

/// Against the vehicles that were replaced: scope 1 with location-based scope 2, on the same kilometres.
#[derive(Debug, Default, Serialize)]
struct Avoided {
    kgco2e: f64,
    distance_km: f64,
    vehicles: Vec<AvoidedRow>,
}

#[derive(Debug, Serialize)]
struct AvoidedRow {
    vehicle_id: Arc<str>,
    replaces: Arc<str>,
    distance_km: f64,
    kgco2e_before: f64,
    kgco2e_now: f64,
    kgco2e_avoided: f64,
}

impl Engine {
    /// The days of a question: by default from the first day of the running fiscal year to today.
    pub fn emission_days(
        &self,
        context: &ViewContext,
        from: Option<Day>,
        to: Option<Day>,
    ) -> (Day, Day) {
        let today = Day::of(context.now, self.reference.register.zone());
        let to = to.unwrap_or(today);
        let calendar = &self.reference.register.jurisdiction.calendar;
        let first = |to: Day| to.financial_year(calendar).first_day(calendar);
        (from.unwrap_or_else(|| first(to)), to)
    }

    /// The days whose activity bears on the days `from..=to`: their months, and those of a year before and after.
    pub fn months_around(from: Day, to: Day) -> (Day, Day) {
        (
            Month::of_day(from).plus(-13).first_day(),
            Month::of_day(to).plus(12).last_day(),
        )
    }

    /// Activity of days, of the store and of the engine together.
    pub(super) fn activity(
        &self,
        from: Day,
        to: Day,
        stored: &StoredActivity,
    ) -> BTreeMap<ActivityKey, Activity> {
        let mut activity: BTreeMap<ActivityKey, Activity> = BTreeMap::new();
        let saved = stored.rows.iter().map(|row| (&row.key, &row.activity));
        for (key, sums) in saved.chain(self.activity.since(stored.generation, from, to)) {
            activity.entry(key.clone()).or_default().add(sums);
        }
        if (from..=to).contains(&self.activity.today().day) {
            for (key, unsaved) in self.unsaved() {
                activity.entry(key).or_default().add(unsaved);
            }
        }
        activity
    }

    /// Takes the store's months and adds what the engine has on top.
    pub(super) fn complete_months(
        &self,
        from: Day,
        to: Day,
        stored: &mut StoredActivity,
    ) -> Months {
        let mut months = std::mem::take(&mut stored.months);
        let (first, last) = Self::months_around(from, to);
        self.activity
            .since(stored.generation, first, last)
            .for_each(|(key, sums)| months.add(key, sums));
        if (first..=last).contains(&self.activity.today().day) {
            self.unsaved()
                .for_each(|(key, sums)| months.add(&key, sums));
        }
        months
    }

    fn unsaved(&self) -> impl Iterator<Item = (ActivityKey, &Activity)> {
        let day = self.activity.today().day;
        let unsaved = self.fleet.assets().iter().map(move |asset| {
            (
                ActivityKey {
                    day,
                    subject: asset.subject().clone(),
                },
                asset.unsaved(),
            )
        });
        unsaved.filter(|(_, sums)| !sums.is_empty())
    }

    /// `/api/v1/emissions`. `stored` is the store's activity of the days and the months around them.
    pub fn emissions_view(
        &self,
        from: Day,
        to: Day,
        by: &[Dimension],
        mut stored: StoredActivity,
    ) -> EmissionsView {
        let months = self.complete_months(from, to, &mut stored);
        let activity = self.activity(from, to, &stored);
        // Silence is filled once the month is over.
        let filled_to = to.min(Month::of_day(self.activity.today().day).plus(-1).last_day());
        let setting = Setting {
            per_vehicle: true,
            fill: (from <= filled_to).then_some((from, filled_to)),
            ..self.setting(&months)
        };
        let inventory = inventory(&activity, &setting);
        let total = inventory.total();
        let years = self.frozen_years(&stored.years, (from, to), &inventory, &activity, &setting);
        let factors = self
            .restatements(&inventory, &activity, &setting)
            .map(AnyRestatement::FactorSets);
        let years = years
            .into_iter()
            .map(|year| AnyRestatement::Year(Box::new(year)));
        let restatements = factors.into_iter().chain(years).collect();
        let (rows, factor_sets) = rows(&inventory, by);
        let (low_quality, avoided) = self.by_vehicle(&inventory);
        let mismatches = reconcile(&months, Month::of_day(from), Month::of_day(to))
            .into_iter()
            .map(|found| MismatchRow {
                vehicle_id: found.vehicle,
                month: found.month.to_string(),
                card_l: found.card_l,
                can_l: found.can_l,
                ratio: found.ratio,
            });
        EmissionsView {
            from: from.to_string(),
            to: to.to_string(),
            method_version: METHOD_VERSION,
            factor_sets,
            rows,
            low_quality,
            fuel_mismatches: mismatches.collect(),
            avoided,
            restatements,
            energy_fleet_kwh: kwh(total.energy_dwh),
            energy_renewable_kwh: kwh(total.renewable_dwh),
            flags: inventory.flags.into_iter().collect(),
            not_computed: inventory.not_computed.into_iter().collect(),
            no_data: inventory.no_data.into_iter().collect(),
            energy_unallocated_kwh: kwh(inventory.unallocated_dwh),
            energy_staff_public_kwh: kwh(inventory.staff_public_dwh),
        }
    }

    /// The same days by the factors as they were published, if a correction touches them.
    fn restatements(
        &self,
        inventory: &Inventory,
        activity: &BTreeMap<ActivityKey, Activity>,
        setting: &Setting<'_>,
    ) -> Option<RestatementRow> {
        let sets = corrected_sets(inventory);
        let published = self
            .reference
            .factors
            .published()
            .filter(|_| !sets.is_empty())?;
        let first = crate::ledger::emissions::inventory(
            activity,
            &Setting {
                factors: published,
                ..*setting
            },
        )
        .total()
        .in_use_kgco2e();
        let now = inventory.total().in_use_kgco2e();
        let ratio = if first == 0.0 { 0.0 } else { now / first - 1.0 };
        let effect = RestatementEffect {
            reason: RestatementReason::FactorRevision,
            ratio,
        };
        let result = restate(first, &[effect], RESTATEMENT_THRESHOLD);
        Some(RestatementRow {
            kind: "factor_sets",
            kgco2e_as_published: first,
            kgco2e_corrected: now,
            change_ratio: result.change,
            restated: result.restated,
            threshold_ratio: RESTATEMENT_THRESHOLD,
            factor_sets: sets.into_iter().collect(),
        })
    }

    /// Vehicles whose figures are too much estimated, and what replacements avoided.
    fn by_vehicle(&self, inventory: &Inventory) -> (Vec<Arc<str>>, Avoided) {
        let mut vehicles: BTreeMap<&Arc<str>, (Figures, f64)> = BTreeMap::new();
        for (key, figures) in &inventory.lines {
            if let Some(id) = &key.vehicle {
                let (sum, estimated) = vehicles.entry(id).or_default();
                sum.add(figures);
                *estimated += if key.estimated() {
                    figures.in_use_kgco2e()
                } else {
                    0.0
                };
            }
        }
        let low = vehicles
            .iter()
            .filter(|(_, (sum, estimated))| *estimated > MAX_ESTIMATED * sum.in_use_kgco2e());
        let low = low.map(|(id, _)| (*id).clone()).collect();
        let mut avoided = Avoided::default();
        for (id, (before, now)) in inventory.replacements() {
            let Some(replaces) = self
                .reference
                .register
                .vehicle(id)
                .and_then(|vehicle| vehicle.replaces.clone())
            else {
                continue;
            };
            avoided.kgco2e += before.avoided(&now);
            avoided.distance_km += whole(before.distance_m);
            avoided.vehicles.push(AvoidedRow {
                vehicle_id: id.clone(),
                replaces,
                distance_km: whole(before.distance_m),
                kgco2e_before: before.kgco2e,
                kgco2e_now: now.in_use_kgco2e(),
                kgco2e_avoided: before.avoided(&now),
            });
        }
        (low, avoided)
    }
}

#[derive(Default)]
struct Sum {
    by_tier: BTreeMap<u8, Figures>,
    estimated_kgco2e: f64,
    sets: BTreeSet<String>,
}

fn rows(inventory: &Inventory, by: &[Dimension]) -> (Vec<EmissionsRow>, Vec<String>) {
    let mut groups: BTreeMap<(Scope, Group), Sum> = BTreeMap::new();
    let mut factor_sets = BTreeSet::new();
    for (key, figures) in &inventory.lines {
        for (scope, part) in Scope::ALL
            .into_iter()
            .filter_map(|scope| Some((scope, figures.part(scope)?)))
        {
            let sum = groups.entry((scope, group(key, by))).or_default();
            sum.by_tier.entry(key.tier).or_default().add(&part);
            sum.estimated_kgco2e += part
                .of(scope)
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

fn row(scope: Scope, group: Group, sum: &Sum) -> EmissionsRow {
    let mut figures = Figures::default();
    sum.by_tier.values().for_each(|part| figures.add(part));
    let tiers = sum
        .by_tier
        .iter()
        .map(|(tier, part)| (part.of(scope).unwrap_or_default(), relative_sd(*tier)));
    let uncertain = Uncertain::of(tiers);
    let [kgco2, ch4, n2o] = figures.scope1.split;
    let lines: &[(&str, f64)] = match scope {
        Scope::One => &[("kgco2", kgco2), ("kgco2e_ch4", ch4), ("kgco2e_n2o", n2o)],
        Scope::TwoLocation => &[],
        Scope::TwoMarket => &[("energy_renewable_kwh", kwh(figures.renewable_dwh))],
        Scope::Three => &[
            ("kgco2e_wtt_fuel", figures.scope3.wtt_fuel),
            ("kgco2e_td_losses", figures.scope3.td_losses),
            ("kgco2e_wtt_generation", figures.scope3.wtt_generation),
            ("kgco2e_wtt_td", figures.scope3.wtt_td),
            ("kgco2e_grey_fleet", figures.scope3.grey_fleet),
        ],
        Scope::Outside => &[("kgco2_biogenic", figures.biogenic_kgco2)],
    };
    EmissionsRow {
        scope: scope.name(),
        group,
        kgco2e: uncertain.total,
        sd_kgco2e: uncertain.sd,
        estimated: sum.by_tier.keys().any(|tier| matches!(tier, 3 | 5)),
        estimated_kgco2e: sum.estimated_kgco2e,
        factor_set: sum.sets.iter().cloned().collect::<Vec<_>>().join(", "),
        distance_km: whole(figures.distance_m),
        energy_kwh: kwh(figures.energy_dwh),
        fuel_l: whole(figures.fuel_ml),
        lines: lines.iter().copied().collect(),
    }
}

fn group(key: &InventoryKey, by: &[Dimension]) -> Group {
    let wants = |dimension| by.contains(&dimension);
    // Scopes are never added together, whatever was asked for.
    Group {
        organisation: wants(Dimension::Organisation).then(|| key.organisation.clone()),
        site: wants(Dimension::Site).then(|| key.site.clone()),
        vehicle_class: wants(Dimension::VehicleClass).then_some(key.vehicle_class),
        role: wants(Dimension::Role).then_some(key.role),
        vehicle_id: key.vehicle.clone().filter(|_| wants(Dimension::Vehicle)),
        tier: wants(Dimension::Tier).then_some(key.tier),
    }
}
