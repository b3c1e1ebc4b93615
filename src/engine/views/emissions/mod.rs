//! `/api/v1/emissions`: the inventory of a stretch of days, from the store's activity and what the engine has on top of it.

mod answer;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use answer::{
    AvoidedEmissions, AvoidedVehicle, EmissionsGroup, EmissionsRow, EmissionsView,
    FactorRestatement, FuelMismatch, Restatement,
};

use super::super::{Dimension, Engine};
use super::{ViewContext, kwh, whole};
use crate::engine::MAX_EMISSION_DAYS;
use crate::engine::query::{Query, Stored};
use crate::ledger::emissions::{
    Figures, Inventory, InventoryContext, MAX_ESTIMATED, METHOD_VERSION, Months,
    RESTATEMENT_THRESHOLD, RestatementEffect, RestatementReason, corrected_sets, inventory,
    reconcile, relative_change, restate,
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
    /// The months with an influence on the days, by [`Engine::months_with_influence`].
    pub months: Months,
    /// Versions of the frozen years that lie in the days.
    pub years: Vec<YearVersion>,
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
    pub fn months_with_influence(from: Day, to: Day) -> (Day, Day) {
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
        let (first, last) = Self::months_with_influence(from, to);
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
        let (rows, factor_sets) = rows::rows(&inventory, by);
        let (low_quality, avoided) = self.by_vehicle(&inventory);
        EmissionsView {
            from: from.to_string(),
            to: to.to_string(),
            method_version: METHOD_VERSION,
            factor_sets,
            rows,
            low_quality,
            fuel_mismatches: fuel_mismatches(&months, from, to),
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

/// Months in which the fuel of cards and the fuel of the vehicles' own meters differ too much.
fn fuel_mismatches(months: &Months, from: Day, to: Day) -> Vec<FuelMismatch> {
    reconcile(months, Month::of_day(from), Month::of_day(to))
        .into_iter()
        .map(|found| FuelMismatch {
            vehicle_id: found.vehicle,
            month: found.month.to_string(),
            card_l: found.card.get(),
            can_l: found.can.get(),
            ratio: found.ratio.get(),
        })
        .collect()
}
