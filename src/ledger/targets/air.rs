//! Air pollution against a base year: met only when every pollutant meets it, for an average would hide the one that does not.

use std::sync::Arc;

use super::figures::Figures;
use super::record::{PartRecord, TargetRecord, TargetStatus};
use super::target::Target;
use crate::units::Day;

/// The record of a target on several pollutants; `current` is the worst of them.
pub(super) fn assess_air(
    target: &Target,
    pollutants: &[Arc<str>],
    figures: &Figures,
    as_of: Day,
) -> TargetRecord {
    let mut record = TargetRecord::blank(target, as_of, "kg");
    let mut ends = Vec::new();
    for name in pollutants {
        let now = figures.air(name, as_of);
        ends.extend(now.map(|figure| figure.year.last_day(&figures.jurisdiction.calendar)));
        let baseline = target.baseline.pollutants.get(name).copied();
        let value = now.map(|figure| figure.kg);
        let change = value
            .zip(baseline)
            .filter(|(_, base)| *base > 0.0)
            .map(|(value, base)| value / base - 1.0);
        let met = change.map(|change| target.comparison.missing(change, target.goal) <= 1e-12);
        record.parts.push(PartRecord {
            name: name.clone(),
            baseline,
            value,
            change,
            met,
        });
    }
    let without = |missing: fn(&PartRecord) -> bool| {
        let names: Vec<&str> = record
            .parts
            .iter()
            .filter(|part| missing(part))
            .map(|part| &*part.name)
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let (bases, values) = (
        without(|part| part.baseline.is_none()),
        without(|part| part.value.is_none()),
    );
    // The year that all of them have.
    record.figure_to = ends.iter().min().map(ToString::to_string);
    if let Some(names) = &values {
        record.needs.push(format!(
            "kilograms of {names} in a complete {}",
            figures.jurisdiction.year_words
        ));
    }
    if let Some(names) = &bases {
        let when = if target.baseline.date.is_none() {
            "baseline.date (the base year's last day) and "
        } else {
            ""
        };
        record.needs.push(format!(
            "{when}baseline.{names}: kilograms in the base year"
        ));
        record.status = TargetStatus::NotSet;
        return record;
    }
    if values.is_some() || record.parts.is_empty() {
        return record;
    }
    let changes = record.parts.iter().filter_map(|part| part.change);
    let worst = changes.max_by(|a, b| {
        target
            .comparison
            .missing(*a, target.goal)
            .total_cmp(&target.comparison.missing(*b, target.goal))
    });
    record.current = worst;
    record.status = match worst.map(|worst| target.comparison.missing(worst, target.goal)) {
        None => TargetStatus::NotComputable,
        Some(missing) if missing <= 1e-12 => TargetStatus::Met,
        _ if target.due.is_some_and(|due| as_of > due) => TargetStatus::Missed,
        Some(_) => along(&mut record, target, as_of),
    };
    record
}

/// The change that the path has for the day: from nothing at the baseline's date to the goal.
fn along(record: &mut TargetRecord, target: &Target, as_of: Day) -> TargetStatus {
    let start = super::target::Baseline {
        value: Some(0.0),
        ..target.baseline.clone()
    };
    record.plan = target.plan.at(&start, target.goal, target.due, as_of, 0);
    record.drift = record
        .current
        .zip(record.plan)
        .map(|(current, plan)| current - plan);
    match record.current.zip(record.plan) {
        None => TargetStatus::PathNotSet,
        Some((current, plan)) if target.comparison.missing(current, plan) <= 1e-12 => {
            TargetStatus::OnPath
        }
        Some(_) => TargetStatus::BelowPath,
    }
}
