//! A figure with a history (yearly tonnes, an indicator, charge points) against its target: path, drift, gap, rates, carbon budget.
//!
//! Relative targets need the baseline's figure: without it nothing is computed and `needs` lists what to supply. The figure is that of the
//! last year or month that has ended; what is not complete is compared with nothing.

use super::calendar::{month_end_at, month_scale};
use super::carbon::{CarbonPath, area};
use super::figures::Series;
use super::plan::Plan;
use super::record::{Amount, BudgetRecord, TargetRecord, TargetStatus};
use super::target::{Comparison, Kind, Target};
use super::trend::{MIN_POINTS, time_to_close, trend};
use crate::units::Day;

/// The record of a target that has one figure.
pub fn assess_series(
    target: &Target,
    series: &Series,
    unit: &'static str,
    missing: &str,
    as_of: Day,
) -> TargetRecord {
    let mut record = TargetRecord::blank(target, as_of, unit);
    let last = series.points.last().copied();
    record.value = last.map(|(_, value)| value);
    record.figure_to = last.map(|(day, _)| day.to_string());
    record.factor_set.clone_from(&series.factor_set);
    if last.is_none() {
        record.needs.push(missing.to_owned());
    }
    if target.kind == Kind::Relative && target.baseline.value.is_none() {
        let date = target.baseline.date;
        record.needs.push(format!(
            "baseline.value: the figure{} in {unit}",
            date.map_or(String::new(), |d| format!(" of {d}"))
        ));
        record.status = TargetStatus::NotSet;
        return record;
    }
    if target.comparison != Comparison::Reference {
        // A path may be requested before there is a figure.
        add_path(&mut record, target, last.map_or(as_of, |(day, _)| day));
    }
    record.budget = target
        .plan
        .carbon(&target.baseline)
        .and_then(|path| budget(&path, &target.plan, series));
    let (Some((day, value)), Some(goal)) = (last, target.goal_level()) else {
        return record;
    };
    let current = relative(target, value);
    record.current = Some(current);
    record.lower = record.current;
    record.upper = record.current;
    record.drift = record.plan.map(|plan| current - plan);
    if target.comparison == Comparison::Reference {
        record.status = TargetStatus::Reference;
        return record;
    }
    let gap = target.comparison.missing(value, goal);
    record.gap = Some(amount(target.kind, gap));
    progress(&mut record, target, value, goal);
    let behind = record
        .plan_value
        .map(|plan| target.comparison.missing(value, plan));
    record.status = status(target, gap, behind, as_of);
    rates(&mut record, target, series, (day, gap));
    record
}

/// A figure as the target states it: for a relative target the change from the baseline.
fn relative(target: &Target, value: f64) -> f64 {
    match (target.kind, target.baseline.value) {
        (Kind::Relative, Some(base)) if base != 0.0 => value / base - 1.0,
        _ => value,
    }
}

/// The path at a day, and what has to be supplied before there is one.
fn add_path(record: &mut TargetRecord, target: &Target, day: Day) {
    let level = target.goal_level().unwrap_or(target.goal);
    let plan = target.plan.at(&target.baseline, level, target.due, day, 0);
    record.plan_value = plan;
    record.plan = plan.map(|value| relative(target, value));
    let needs = target.plan.needs(&target.baseline, target.due).into_iter();
    record
        .needs
        .extend(needs.map(|key| format!("{key}: without it there is no path")));
}

/// The status by what is missing to the goal and to the path; `behind` is `None` where there is no path.
fn status(target: &Target, gap: f64, behind: Option<f64>, as_of: Day) -> TargetStatus {
    match behind {
        _ if gap <= 1e-9 => TargetStatus::Met,
        _ if target.due.is_some_and(|due| as_of > due) => TargetStatus::Missed,
        None => TargetStatus::PathNotSet,
        Some(behind) if behind <= 1e-9 => TargetStatus::OnPath,
        Some(_) => TargetStatus::BelowPath,
    }
}

fn amount(kind: Kind, gap: f64) -> Amount {
    let gap = gap.max(0.0);
    if kind == Kind::Count {
        Amount::Whole((gap - 1e-9).ceil().max(0.0) as u32)
    } else {
        Amount::Real(gap)
    }
}

/// How far along; golden G17.
fn progress(record: &mut TargetRecord, target: &Target, value: f64, goal: f64) {
    if target.comparison == Comparison::NotBelow && goal > 0.0 {
        record.progress = Some(value / goal);
    }
    if let Some(base) = target.baseline.value.filter(|base| *base != goal) {
        record.progress_since_baseline = Some((value - base) / (goal - base));
    }
}

fn rates(record: &mut TargetRecord, target: &Target, series: &Series, (day, gap): (Day, f64)) {
    // From the figure's own day: what happened since is not known.
    let months_left = target
        .due
        .map(|due| month_scale(due) - month_scale(day))
        .filter(|months| *months > 0.0);
    record.required_per_month = months_left.map(|months| gap.max(0.0) / months);
    let points: Vec<(f64, f64)> = series
        .points
        .iter()
        .map(|(day, value)| (month_scale(*day), *value))
        .collect();
    let Some(trend) = trend(&points) else {
        record.needs.push(format!(
            "history: {} of {MIN_POINTS} figures for a rate",
            points.len()
        ));
        return;
    };
    // As progress: falling is good where less is wanted.
    let sign = if target.comparison == Comparison::NotAbove {
        -1.0
    } else {
        1.0
    };
    record.recent_per_month = Some(sign * trend.theil_sen);
    record.recent_per_month_least_squares = Some(sign * trend.least_squares);
    if gap > 0.0 {
        let ahead = time_to_close(gap, sign * trend.theil_sen);
        record.project(
            ahead.and_then(|months| month_end_at(month_scale(day) + months)),
            target.due,
        );
    }
}

/// The series has the ends of fiscal years.
fn budget(path: &CarbonPath, plan: &Plan, series: &Series) -> Option<BudgetRecord> {
    let Plan::Carbon(_, country) = plan else {
        return None;
    };
    let (from, to) = path.years()?;
    let years: Vec<(f64, f64)> = series
        .points
        .iter()
        .map(|(day, value)| (f64::from(day.financial_year(&country.calendar).0), *value))
        .filter(|(year, _)| *year >= from)
        .collect();
    let last = years.last().map(|(year, _)| *year);
    let whole = last.is_some_and(|last| years.len() as f64 == last - from + 1.0);
    Some(BudgetRecord {
        from_year: from as i32,
        to_year: to as i32,
        total_t: path.budget(from, to)?,
        planned_to_date_t: last.and_then(|last| path.budget(from, last.min(to))),
        used_to_date_t: whole.then(|| area(&years)),
    })
}
