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
    record.parts = pollutants
        .iter()
        .map(|name| part(target, name, figures, as_of))
        .collect();
    // The year that all of them have.
    record.figure_to = pollutants
        .iter()
        .filter_map(|name| figures.air(name, as_of))
        .map(|figure| figure.year.last_day(&figures.jurisdiction.calendar))
        .min()
        .map(|day| day.to_string());
    let without_value = names(&record.parts, |part| part.value.is_none());
    let without_baseline = names(&record.parts, |part| part.baseline.is_none());
    if let Some(names) = &without_value {
        record.needs.push(format!(
            "kilograms of {names} in a complete {}",
            figures.jurisdiction.year_words
        ));
    }
    if let Some(names) = &without_baseline {
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
    if without_value.is_none() && !record.parts.is_empty() {
        judge_worst(&mut record, target, as_of);
    }
    record
}

/// One pollutant beside its base year.
fn part(target: &Target, name: &Arc<str>, figures: &Figures, as_of: Day) -> PartRecord {
    let baseline = target.baseline.pollutants.get(name).copied();
    let value = figures.air(name, as_of).map(|figure| figure.kg);
    let change = value
        .zip(baseline)
        .filter(|(_, base)| *base > 0.0)
        .map(|(value, base)| value / base - 1.0);
    PartRecord {
        name: name.clone(),
        baseline,
        value,
        change,
        met: change.map(|change| target.comparison.missing(change, target.goal) <= 1e-12),
    }
}

/// The names of the parts that lack something, with commas between them; `None` where none does.
fn names(parts: &[PartRecord], lacks: fn(&PartRecord) -> bool) -> Option<String> {
    let names: Vec<&str> = parts
        .iter()
        .filter(|part| lacks(part))
        .map(|part| &*part.name)
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The pollutant furthest from the goal decides the status.
fn judge_worst(record: &mut TargetRecord, target: &Target, as_of: Day) {
    let missing = |change: f64| target.comparison.missing(change, target.goal);
    let changes = record.parts.iter().filter_map(|part| part.change);
    let worst = changes.max_by(|a, b| missing(*a).total_cmp(&missing(*b)));
    record.current = worst;
    record.status = match worst.map(missing) {
        None => TargetStatus::NotComputable,
        Some(missing) if missing <= 1e-12 => TargetStatus::Met,
        _ if target.due.is_some_and(|due| as_of > due) => TargetStatus::Missed,
        Some(_) => along(record, target, as_of),
    };
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
