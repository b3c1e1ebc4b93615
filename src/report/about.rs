//! The sections on how a report was made: method, restatements, data quality.

use std::sync::Arc;

use super::data::{DataQuality, MismatchRow, Report, Restatements};
use super::document::{Block, Table};
use super::tables::table;
use super::words::{change, maybe_percent, number, percent, tonnes};
use crate::ledger::emissions::YearEffect;

fn list(sets: &[String]) -> String {
    if sets.is_empty() {
        "none used".to_owned()
    } else {
        sets.join(", ")
    }
}

pub(super) fn method(report: &Report) -> Vec<Block> {
    let method = &report.method;
    let residual = method.residual_kgco2e_per_kwh.map_or(
        "electricity without a contract: no residual factor is configured, the location-based one stands in".to_owned(),
        |factor| format!("electricity without a contract: {factor} kg CO2e/kWh"),
    );
    vec![
        Block::List(vec![
            format!("low emission by profile {}", method.profile),
            format!("factor sets of the period: {}", list(&method.factor_sets)),
            format!("factor sets of last year: {}", list(&method.last_year_factor_sets)),
            format!("year policy: {} (which set holds for an April-March year)", method.year_policy),
            format!("emissions method version {}, targets method version {}", method.emissions_method_version, method.targets_method_version),
            residual,
        ]),
        Block::Text(
            "Activity data times dated factors (GHG Protocol; UK Government conversion factors). Of several sources of a vehicle's month the best counts, never a sum: fuel cards and meters, the vehicle's own total, kilometres by its own consumption, kilometres by class, the class's mean. Uncertainty: one standard deviation, within a tier added, between tiers in quadrature. Shown figures are rounded half to even; comparisons use unrounded ones."
                .to_owned(),
        ),
    ]
}

pub(super) fn restatements(report: &Report) -> Vec<Block> {
    let restatements = &report.restatements;
    let mut blocks = vec![Block::Text(format!(
        "{} The threshold is {}.",
        restatements.policy,
        percent(restatements.threshold_ratio)
    ))];
    if !restatements.years.is_empty() {
        blocks.push(Block::Table(frozen(restatements)));
    }
    if restatements.effects.is_empty() {
        blocks.push(Block::Text(
            "No corrected factor set touches these days or those of last year: nothing is restated.".to_owned(),
        ));
        return blocks;
    }
    let rows = restatements.effects.iter().map(|row| {
        vec![
            row.stretch.clone(),
            row.factor_sets.join(", "),
            if row.restated {
                "restated"
            } else {
                "below the threshold"
            }
            .to_owned(),
            tonnes(Some(row.kgco2e_as_published)),
            tonnes(Some(row.kgco2e_corrected)),
            change(Some(row.change_ratio)),
        ]
    });
    let headers = [
        "days",
        "corrected sets",
        "outcome",
        "as published",
        "corrected",
        "change",
    ];
    blocks.push(Block::Table(table(
        "Scope 1 with location-based scope 2, t CO2e",
        &headers,
        3,
        rows.collect(),
    )));
    blocks
}

fn frozen(restatements: &Restatements) -> Table {
    let rows = restatements.years.iter().map(|year| {
        let effect = |effect: &YearEffect| {
            format!("{} {}", effect.reason, tonnes(Some(effect.kgco2e.get())))
        };
        let effects: Vec<String> = year.effects.iter().map(effect).collect();
        vec![
            year.year.clone(),
            year.organisation.as_deref().unwrap_or("all").to_owned(),
            year.frozen_on.clone(),
            if effects.is_empty() {
                "none".to_owned()
            } else {
                effects.join(", ")
            },
            if year.restated {
                "restated"
            } else {
                "below the threshold"
            }
            .to_owned(),
            tonnes(Some(year.kgco2e_as_frozen.get())),
            tonnes(Some(year.kgco2e_with_effects.get())),
            change(Some(year.change_ratio.get())),
            tonnes(Some(year.kgco2e_base.get())),
        ]
    });
    let headers = [
        "year",
        "of",
        "frozen on",
        "effects",
        "outcome",
        "as frozen",
        "with effects",
        "change",
        "base to report",
    ];
    table(
        "Frozen years, scope 1 with location-based scope 2, t CO2e",
        &headers,
        5,
        rows.collect(),
    )
}

pub(super) fn quality(report: &Report) -> Vec<Block> {
    let quality = &report.data_quality;
    vec![
        Block::List(completeness(quality)),
        fuel_mismatches(&quality.fuel_mismatches),
    ]
}

fn completeness(quality: &DataQuality) -> Vec<String> {
    let named = |what: &str, ids: &[Arc<str>]| match ids.len() {
        0 => format!("{what}: none"),
        count => format!("{what}: {count} ({})", ids.join(", ")),
    };
    vec![
        format!(
            "completeness: {} ({} of {} vehicle months have data); last year {}",
            maybe_percent(quality.completeness_ratio),
            quality.vehicle_months_with_data,
            quality.vehicle_months,
            maybe_percent(quality.last_year_completeness_ratio)
        ),
        format!(
            "estimated part of scope 1 with location-based scope 2: {}",
            maybe_percent(quality.estimated_ratio)
        ),
        named(
            "vehicles with activity that could not be computed",
            &quality.not_computed,
        ),
        named(
            "vehicles in service of which nothing is known in a month that has ended",
            &quality.no_data,
        ),
        named(
            "vehicles of low quality (more than a fifth estimated)",
            &quality.low_quality,
        ),
        named(
            "vehicles without coefficients of pollutants",
            &quality.air_not_computed,
        ),
        format!(
            "flags: {}",
            if quality.flags.is_empty() {
                "none".to_owned()
            } else {
                quality.flags.join(", ")
            }
        ),
    ]
}

fn fuel_mismatches(mismatches: &[MismatchRow]) -> Block {
    if mismatches.is_empty() {
        return Block::Text(
            "Fuel bought and fuel burnt are nowhere more than a tenth apart, as far as both are known.".to_owned(),
        );
    }
    let row = |row: &MismatchRow| {
        vec![
            row.vehicle_id.to_string(),
            row.month.clone(),
            number(row.card_l, 1),
            number(row.can_l, 1),
            change(Some(row.difference_ratio)),
        ]
    };
    Block::Table(table(
        "Fuel bought against fuel burnt",
        &["vehicle", "month", "bought, l", "burnt, l", "difference"],
        2,
        mismatches.iter().map(row).collect(),
    ))
}
