//! How good the figures are, and what corrected factor sets do to them under the base-year policy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::{Input, PeriodFigures};
use super::data::{DataQuality, MismatchRow, RestatementRow};
use crate::ledger::emissions::{
    MAX_ESTIMATED, RESTATEMENT_THRESHOLD, RestatementEffect, RestatementReason, YearRestatement,
    corrected_sets, reconcile, relative_change, restate, restate_year, year_version,
};
use crate::ledger::transition::in_scope;
use crate::model::Subject;
use crate::units::{Day, KgCo2e, Month};

/// Environmental Reporting Guidelines 2019; GHG Protocol Corporate Standard, chapter 5.
pub(super) const POLICY: &str = "A base year is recalculated for structural change, a changed method or factor, and discovered errors once \
their effects together pass the threshold; organic growth is no reason, and neither is a new year's factor set, because each year keeps its own.";

fn completeness(input: &Input<'_>, stretch: &PeriodFigures) -> (u32, u32) {
    let mut with_data_in: BTreeSet<(&str, Month)> = BTreeSet::new();
    for (key, sums) in &stretch.activity {
        let id = match &key.subject {
            Subject::Vehicle(id) => Some(id),
            Subject::Charging { user, .. } => user.vehicle(),
            Subject::GreyFleet { .. } => None,
        };
        if let Some(vehicle) = id
            .filter(|_| !sums.is_empty())
            .and_then(|id| input.register.vehicle(id))
        {
            with_data_in.insert((&vehicle.id, Month::of_day(key.day)));
        }
    }
    let (first, last) = (Month::of_day(stretch.from), Month::of_day(stretch.to));
    let (mut months, mut with_data) = (0, 0);
    for vehicle in &input.register.vehicles {
        for month in (0..=last.since(first)).map(|count| first.plus(count)) {
            let (from, to) = (
                month.first_day().max(stretch.from),
                month.last_day().min(stretch.to),
            );
            if (from.0..=to.0).any(|day| in_scope(vehicle, Day(day))) {
                months += 1;
                with_data += u32::from(with_data_in.contains(&(&*vehicle.id, month)));
            }
        }
    }
    (months, with_data)
}

pub(super) fn quality(
    input: &Input<'_>,
    now: &PeriodFigures,
    before: &PeriodFigures,
) -> DataQuality {
    let ratio = |(months, with_data): (u32, u32)| {
        (months > 0).then(|| f64::from(with_data) / f64::from(months))
    };
    let (months, earlier) = (completeness(input, now), completeness(input, before));
    let mut vehicles: BTreeMap<&Arc<str>, (KgCo2e, KgCo2e)> = BTreeMap::new();
    let (mut total, mut estimated) = (KgCo2e::ZERO, KgCo2e::ZERO);
    for (key, figures) in &now.inventory.lines {
        let kgco2e = figures.in_use();
        let part = if key.estimated() {
            kgco2e
        } else {
            KgCo2e::ZERO
        };
        (total, estimated) = (total + kgco2e, estimated + part);
        if let Some(id) = &key.vehicle {
            let sums = vehicles.entry(id).or_default();
            *sums = (sums.0 + kgco2e, sums.1 + part);
        }
    }
    let mismatches = reconcile(&now.months, Month::of_day(now.from), Month::of_day(now.to))
        .into_iter()
        .map(|found| MismatchRow {
            vehicle_id: found.vehicle,
            month: found.month.to_string(),
            card_l: found.card.get(),
            can_l: found.can.get(),
            difference_ratio: found.ratio.get(),
        });
    DataQuality {
        vehicles: input
            .register
            .vehicles
            .iter()
            .filter(|vehicle| in_scope(vehicle, now.to))
            .count() as u32,
        vehicle_months: months.0,
        vehicle_months_with_data: months.1,
        completeness_ratio: ratio(months),
        last_year_completeness_ratio: ratio(earlier),
        estimated_ratio: (total > KgCo2e::ZERO).then(|| (estimated / total).get()),
        not_computed: now.inventory.not_computed.iter().cloned().collect(),
        no_data: now.inventory.no_data.iter().cloned().collect(),
        low_quality: vehicles
            .iter()
            .filter(|(_, (sum, part))| *part > *sum * MAX_ESTIMATED)
            .map(|(id, _)| (*id).clone())
            .collect(),
        air_not_computed: now.air.not_computed.iter().cloned().collect(),
        fuel_mismatches: mismatches.collect(),
        flags: now.inventory.flags.iter().copied().collect(),
    }
}

/// A stretch that is a frozen year, as it was at its freeze and as it is.
pub(super) fn frozen_years(
    input: &Input<'_>,
    stretches: &[&PeriodFigures],
    missing: &mut Vec<String>,
) -> Vec<YearRestatement> {
    let calendar = &input.register.jurisdiction.calendar;
    let mut rows = Vec::new();
    for stretch in stretches {
        let year = stretch.from.financial_year(calendar);
        let whole =
            (stretch.from, stretch.to) == (year.first_day(calendar), year.last_day(calendar));
        let Some(reader) = input.reader.filter(|_| whole) else {
            continue;
        };
        match reader.year_versions(stretch.from, stretch.to, calendar) {
            Ok(versions) => {
                let now = year_version(
                    year,
                    Day::of(input.now, input.register.zone()),
                    &stretch.inventory,
                );
                rows.extend(restate_year(&versions, &now, input.declared, calendar));
            }
            Err(error) => missing.push(format!(
                "frozen figures of {}: {error}",
                year.name(calendar)
            )),
        }
    }
    rows
}

/// What corrected sets of a folder change, stretch by stretch; a stretch that none of them touches is left out.
pub(super) fn restatements(input: &Input<'_>, stretches: &[&PeriodFigures]) -> Vec<RestatementRow> {
    let Some(published) = input.published else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for stretch in stretches {
        let corrected = corrected_sets(&stretch.inventory);
        if corrected.is_empty() {
            continue;
        }
        let first = stretch
            .compute(input, published, (stretch.from, stretch.to))
            .total()
            .in_use();
        let now = stretch.inventory.total().in_use();
        let effect = RestatementEffect {
            reason: RestatementReason::FactorRevision,
            ratio: relative_change(first, now),
        };
        let result = restate(first, &[effect], RESTATEMENT_THRESHOLD);
        rows.push(RestatementRow {
            stretch: format!("{} to {}", stretch.from, stretch.to),
            kgco2e_as_published: first.get(),
            kgco2e_corrected: now.get(),
            change_ratio: result.change.get(),
            restated: result.restated,
            factor_sets: corrected.into_iter().collect(),
        });
    }
    rows
}
