//! `/api/v1/emissions`: the inventory of a stretch of days, from the store's activity and what the engine has on top of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::{Dimension, Engine};
use super::{ViewContext, kwh, whole};
use crate::engine::MAX_EMISSION_DAYS;
use crate::engine::query::{Query, Stored};
use crate::ledger::emissions::{
    Figures, Inventory, InventoryContext, InventoryKey, MAX_ESTIMATED, METHOD_VERSION, Months,
    RESTATEMENT_THRESHOLD, RestatementEffect, RestatementReason, Scope, Uncertain, YearRestatement,
    corrected_sets, inventory, is_estimated, reconcile, relative_change, relative_sd, restate,
};
use crate::model::{ActivityData, ActivityKey, ActivityRow, YearVersion};
use crate::units::{Day, KgCo2e, Month};

/// What the store has of a stretch of days.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredActivity {
    /// The checkpoint it is complete up to.
    pub generation: u64,
    /// The days' activity.
    pub rows: Vec<ActivityRow>,
    /// The months around them, by [`Engine::months_around`].
    pub months: Months,
    /// Versions of the frozen years that lie in the days.
    pub years: Vec<YearVersion>,
}

/// The inventory of the days `from..=to`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EmissionsView {
    /// First day, `2026-11-24`.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// Version of the method; raised when a formula changes.
    pub method_version: u32,
    /// Factor sets behind the figures.
    pub factor_sets: Vec<String>,
    /// Remarks that hold for the figures as a whole.
    pub flags: Vec<&'static str>,
    /// By scope and the dimensions of the request. The two views of scope 2 are rows of their own and have no sum.
    pub rows: Vec<EmissionsRow>,
    /// Vehicles with activity that no figure could be computed from.
    pub not_computed: Vec<Arc<str>>,
    /// Vehicles in service without any data, neither their own nor of their class.
    pub no_data: Vec<Arc<str>>,
    /// Vehicles of whose emissions more than a fifth is estimated.
    pub low_quality: Vec<Arc<str>>,
    /// Months in which fuel bought and fuel burnt are more than a tenth apart.
    pub fuel_mismatches: Vec<FuelMismatch>,
    /// What replaced vehicles would have emitted.
    pub avoided: AvoidedEmissions,
    /// What corrections of factor sets do to these days under the base-year policy, and every frozen year in them as it was and as it is;
    /// empty without any.
    pub restatements: Vec<Restatement>,
    /// Metered electricity of the fleet.
    pub energy_fleet_kwh: f64,
    /// Its part under renewable contracts.
    pub energy_renewable_kwh: f64,
    /// Delivered without a known user: in scope 2.
    pub energy_unallocated_kwh: f64,
    /// Delivered to staff and the public: sold on, in no scope.
    pub energy_staff_public_kwh: f64,
}

/// One scope of one group. Lines of other scopes are left out.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct EmissionsRow {
    /// `1`, `2` (location-based), `2_market`, `3` or `outside`.
    pub scope: &'static str,
    /// The group, by the dimensions of the request.
    #[serde(flatten)]
    pub group: EmissionsGroup,
    /// Emissions; kg CO2 for `outside`, kg CO2e for all other scopes.
    pub kgco2e: f64,
    /// One standard deviation.
    pub sd_kgco2e: f64,
    /// Whether any of it rests on estimated activity.
    pub estimated: bool,
    /// The part that rests on estimated activity.
    pub estimated_kgco2e: f64,
    /// Factor sets of this row, joined by commas.
    pub factor_set: String,
    /// Kilometres behind the figure.
    pub distance_km: f64,
    /// Metered electricity behind the figure.
    pub energy_kwh: f64,
    /// Fuel behind the figure.
    pub fuel_l: f64,
    /// Parts of the figure by gas or stage, such as `kgco2e_ch4` or `kgco2e_td_losses`.
    #[serde(flatten)]
    pub lines: BTreeMap<&'static str, f64>,
}

/// Dimensions of a row; those that the request does not name are left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, JsonSchema)]
pub struct EmissionsGroup {
    /// Organisation of the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Arc<str>>,
    /// Site of the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Arc<str>>,
    /// Vehicle class of the factors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_class: Option<&'static str>,
    /// Role of the vehicle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Fleet id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_id: Option<Arc<str>>,
    /// Quality tier, 1 (metered or bought) to 5 (mean of the class).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
}

/// A month of a vehicle whose fuel bought and fuel burnt differ.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FuelMismatch {
    /// Fleet id.
    pub vehicle_id: Arc<str>,
    /// Month, `2026-11`.
    pub month: String,
    /// Litres by fuel card.
    pub card_l: f64,
    /// Litres by the vehicle's own total.
    pub can_l: f64,
    /// `card_l / can_l - 1`.
    pub ratio: f64,
}

/// A restatement under the base-year policy; `kind` tells the two apart.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Restatement {
    /// `kind: "factor_sets"`: corrected factor sets touch these days.
    FactorSets(FactorRestatement),
    /// `kind: "frozen_year"`: a frozen year lies in these days.
    Year(Box<YearRestatement>),
}

/// Scope 1 with location-based scope 2, by the factor sets as published and as corrected.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FactorRestatement {
    /// `factor_sets`.
    pub kind: &'static str,
    /// By the sets as first published.
    pub kgco2e_as_published: f64,
    /// By the corrected sets.
    pub kgco2e_corrected: f64,
    /// `kgco2e_corrected / kgco2e_as_published - 1`.
    pub change_ratio: f64,
    /// Beyond the threshold: a base year of these days is to be recalculated.
    pub restated: bool,
    /// The threshold of the base-year policy.
    pub threshold_ratio: f64,
    /// Sets that were corrected.
    pub factor_sets: Vec<String>,
}

/// Against the vehicles that were replaced: scope 1 with location-based scope 2, on the same kilometres.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct AvoidedEmissions {
    /// Sum over the vehicles.
    pub kgco2e: f64,
    /// Kilometres of the successors.
    pub distance_km: f64,
    /// By successor.
    pub vehicles: Vec<AvoidedVehicle>,
}

/// One successor and the vehicle it replaced.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AvoidedVehicle {
    /// Fleet id of the successor.
    pub vehicle_id: Arc<str>,
    /// Fleet id of the replaced vehicle.
    pub replaces: Arc<str>,
    /// Kilometres of the successor.
    pub distance_km: f64,
    /// What the replaced vehicle would have emitted on them.
    pub kgco2e_before: f64,
    /// What the successor emitted.
    pub kgco2e_now: f64,
    /// The difference.
    pub kgco2e_avoided: f64,
}

/// The inventory of the days `from..=to`.
#[derive(Clone, PartialEq, Debug)]
pub struct EmissionsQuery {
    /// First day; default 1 April of the running year.
    pub from: Option<Day>,
    /// Last day; default today.
    pub to: Option<Day>,
    /// Breakdown; empty is the total by scope.
    pub by: Vec<Dimension>,
}

impl Query for EmissionsQuery {
    type Response = EmissionsView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        stored: &dyn Stored,
    ) -> Result<EmissionsView, String> {
        // Without an end, no further from the beginning than is allowed.
        let furthest = self.from.map(|from| {
            Day(from.0.saturating_add(MAX_EMISSION_DAYS - 1))
                .min(Day::of(context.now, engine.register().zone()))
        });
        let (from, to) = engine.emission_days(context, self.from, self.to.or(furthest));
        let stored = stored.activity(from, to)?;
        Ok(engine.emissions_view(from, to, &self.by, stored))
    }
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

    /// The days with an influence on the days `from..=to`: their months, and those of a year before and after.
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
    ) -> BTreeMap<ActivityKey, ActivityData> {
        let mut activity: BTreeMap<ActivityKey, ActivityData> = BTreeMap::new();
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

    fn unsaved(&self) -> impl Iterator<Item = (ActivityKey, &ActivityData)> {
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
        let setting = InventoryContext {
            per_vehicle: true,
            fill: (from <= filled_to).then_some((from, filled_to)),
            ..self.setting(&months)
        };
        let inventory = inventory(&activity, &setting);
        let total = inventory.total();
        let years = self.frozen_years(&stored.years, (from, to), &inventory, &activity, &setting);
        let factors = self
            .restatements(&inventory, &activity, &setting)
            .map(Restatement::FactorSets);
        let years = years
            .into_iter()
            .map(|year| Restatement::Year(Box::new(year)));
        let restatements = factors.into_iter().chain(years).collect();
        let (rows, factor_sets) = rows(&inventory, by);
        let (low_quality, avoided) = self.by_vehicle(&inventory);
        let mismatches = reconcile(&months, Month::of_day(from), Month::of_day(to))
            .into_iter()
            .map(|found| FuelMismatch {
                vehicle_id: found.vehicle,
                month: found.month.to_string(),
                card_l: found.card.get(),
                can_l: found.can.get(),
                ratio: found.ratio.get(),
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
            energy_fleet_kwh: kwh(total.energy.0),
            energy_renewable_kwh: kwh(total.renewable.0),
            flags: inventory.flags.into_iter().collect(),
            not_computed: inventory.not_computed.into_iter().collect(),
            no_data: inventory.no_data.into_iter().collect(),
            energy_unallocated_kwh: kwh(inventory.unallocated.0),
            energy_staff_public_kwh: kwh(inventory.staff_public.0),
        }
    }

    /// The same days by the factors as they were published, if a correction touches them.
    fn restatements(
        &self,
        inventory: &Inventory,
        activity: &BTreeMap<ActivityKey, ActivityData>,
        setting: &InventoryContext<'_>,
    ) -> Option<FactorRestatement> {
        let sets = corrected_sets(inventory);
        let published = self
            .reference
            .factors
            .published()
            .filter(|_| !sets.is_empty())?;
        let first = crate::ledger::emissions::inventory(
            activity,
            &InventoryContext {
                factors: published,
                ..*setting
            },
        )
        .total()
        .in_use();
        let now = inventory.total().in_use();
        let effect = RestatementEffect {
            reason: RestatementReason::FactorRevision,
            ratio: relative_change(first, now),
        };
        let result = restate(first, &[effect], RESTATEMENT_THRESHOLD);
        Some(FactorRestatement {
            kind: "factor_sets",
            kgco2e_as_published: first.get(),
            kgco2e_corrected: now.get(),
            change_ratio: result.change.get(),
            restated: result.restated,
            threshold_ratio: RESTATEMENT_THRESHOLD.get(),
            factor_sets: sets.into_iter().collect(),
        })
    }

    /// Vehicles whose figures are too much estimated, and what replacements avoided.
    fn by_vehicle(&self, inventory: &Inventory) -> (Vec<Arc<str>>, AvoidedEmissions) {
        let mut vehicles: BTreeMap<&Arc<str>, (Figures, KgCo2e)> = BTreeMap::new();
        for (key, figures) in &inventory.lines {
            if let Some(id) = &key.vehicle {
                let (sum, estimated) = vehicles.entry(id).or_default();
                sum.add(figures);
                if key.estimated() {
                    *estimated += figures.in_use();
                }
            }
        }
        let low = vehicles
            .iter()
            .filter(|(_, (sum, estimated))| *estimated > sum.in_use() * MAX_ESTIMATED);
        let low = low.map(|(id, _)| (*id).clone()).collect();
        let mut avoided = AvoidedEmissions::default();
        for (id, (before, now)) in inventory.replacements() {
            let Some(replaces) = self
                .reference
                .register
                .vehicle(id)
                .and_then(|vehicle| vehicle.replaces.clone())
            else {
                continue;
            };
            avoided.kgco2e += before.avoided(&now).get();
            avoided.distance_km += whole(before.distance.0);
            avoided.vehicles.push(AvoidedVehicle {
                vehicle_id: id.clone(),
                replaces,
                distance_km: whole(before.distance.0),
                kgco2e_before: before.kgco2e.get(),
                kgco2e_now: now.in_use().get(),
                kgco2e_avoided: before.avoided(&now).get(),
            });
        }
        (low, avoided)
    }
}

#[derive(Default)]
struct Sum {
    by_tier: BTreeMap<u8, Figures>,
    estimated: KgCo2e,
    sets: BTreeSet<String>,
}

fn rows(inventory: &Inventory, by: &[Dimension]) -> (Vec<EmissionsRow>, Vec<String>) {
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

fn row(scope: Scope, group: EmissionsGroup, sum: &Sum) -> EmissionsRow {
    let mut figures = Figures::default();
    sum.by_tier.values().for_each(|part| figures.add(part));
    let tiers = sum
        .by_tier
        .iter()
        .map(|(tier, part)| (part.scope(scope).unwrap_or_default(), relative_sd(*tier)));
    let uncertain = Uncertain::from_groups(tiers);
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
        lines: lines.iter().copied().collect(),
    }
}

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
