//! A share of vehicles against its target: counts, path, drift, rates over frozen months, and a forecast by the ages of the fleet.
//!
//! Everything is counted anew from the register for each day, so a corrected register corrects the past too. A
//! figure for which the register lacks more than one vehicle in twenty is not computed, and `needs` names the gap.

use super::calendar::{last_full_month, month_end_at, month_scale};
use super::candidates::candidates;
use super::forecast::{COMMON_DELAYS, Distribution};
use super::levels::add_levels;
use super::record::{Amount, ForecastRecord, TargetRecord, TargetStatus};
use super::target::{Successor, Target, years};
use super::trend::{MIN_POINTS, time_to_close, trend};
use crate::ledger::transition::{Counts, MonthEnd, Population, Profile, month_end_counts};
use crate::model::register::Register;
use crate::units::Day;

/// More of the fleet than this without a date, an age or a class makes a figure unreliable (an assumption).
pub(super) const MAX_OPEN: f64 = 0.05;

/// A share of vehicles under a profile.
#[derive(Clone, Copy, Debug)]
pub struct FleetShare<'a> {
    /// The target that the share is compared with.
    pub target: &'a Target,
    /// The definition by which a vehicle counts.
    pub profile: &'a Profile,
    /// The vehicles that the share is of.
    pub population: &'a Population,
    /// Chance that a successor counts.
    pub successor: &'a Successor,
}

/// Vehicles needed: on counts, never on a rounded per cent; the epsilon keeps 0.9 x 800 = 720.0000000001 from asking for 721.
pub fn vehicles_needed(goal: f64, vehicles: u32) -> u32 {
    (goal * f64::from(vehicles) - 1e-9).ceil().max(0.0) as u32
}

/// The size of the fleet at the due date: the planned size of the target, else the number by the register's dates; `None` once the
/// date has passed, and for new vehicles, which are in no register beforehand.
pub(super) fn vehicles_at_due(share: FleetShare<'_>, register: &Register, day: Day) -> Option<u32> {
    let due = share
        .target
        .due
        .filter(|due| *due >= day && share.population.new_in_months.is_none())?;
    // On the day itself nothing is planned any more.
    let written = share.target.vehicles_at_due().filter(|_| due > day);
    Some(written.unwrap_or_else(|| {
        share
            .population
            .counts(register, share.profile, due)
            .total()
    }))
}

/// Vehicles of a written size that the register does not name: they come evenly spread up to the due date. Negative where it names more.
pub(super) fn unnamed(share: FleetShare<'_>, register: &Register, as_of: Day, day: Day) -> i64 {
    let FleetShare {
        target,
        profile,
        population,
        ..
    } = share;
    let due = target
        .due
        .filter(|due| *due > as_of && population.new_in_months.is_none());
    let Some((due, written)) = due.zip(target.vehicles_at_due()) else {
        return 0;
    };
    let named = population.counts(register, profile, due).total();
    let part = (years(as_of, day) / years(as_of, due)).clamp(0.0, 1.0);
    ((f64::from(written) - f64::from(named)) * part).round() as i64
}

/// The size of the fleet on a future day: by the register's dates, or the planned size. The number of new vehicles stays as it is, since they
/// are in no register beforehand.
pub(super) fn vehicles_on(share: FleetShare<'_>, register: &Register, as_of: Day, day: Day) -> u32 {
    let on = if share.population.new_in_months.is_some() {
        as_of
    } else {
        day.max(as_of)
    };
    let named = share.population.counts(register, share.profile, on).total();
    (i64::from(named) + unnamed(share, register, as_of, on))
        .try_into()
        .unwrap_or(0)
}

/// The record by the counts of one day; the fleet stays as large as it is.
pub fn assess_counts(share: FleetShare<'_>, counts: Counts, as_of: Day) -> TargetRecord {
    assess_planned(share, counts, None, as_of)
}

fn assess_planned(
    share: FleetShare<'_>,
    counts: Counts,
    at_due: Option<u32>,
    as_of: Day,
) -> TargetRecord {
    let FleetShare {
        target, profile, ..
    } = share;
    let (n, counted) = (counts.total(), counts.counted(profile));
    let mut record = TargetRecord::blank(target, as_of, "vehicles");
    let gap = vehicles_needed(target.goal, at_due.unwrap_or(n)).saturating_sub(counted);
    let current = counts.share(profile);
    let plan = target
        .plan
        .at(&target.baseline, target.goal, target.due, as_of, n);
    record.profile = Some(profile.name);
    record.profile_options = profile.options();
    record.current = current;
    record.lower = current;
    record.upper = counts.upper(profile);
    record.plan = plan;
    record.drift = current.zip(plan).map(|(current, plan)| current - plan);
    record.drift_vehicles = record.drift.map(|drift| drift * f64::from(n));
    // Without vehicles nothing is missing and nothing is met: it cannot be computed.
    record.gap = current.map(|_| Amount::Whole(gap));
    record.value = current.map(|_| f64::from(counted));
    record.plan_value = plan.map(|plan| plan * f64::from(n));
    record.counts = Some(counts);
    record.vehicles_at_due = at_due;
    record.progress = current.map(|current| part_of_goal(current, target.goal));
    // A share that is only reached because others will have left is not reached yet.
    let met = gap == 0 && counted >= vehicles_needed(target.goal, n);
    record.status = share_status(target, &record, met, as_of);
    let months_left = target
        .due
        .map(|due| month_scale(due) - month_scale(as_of))
        .filter(|months| *months > 0.0);
    record.required_per_month = record
        .gap
        .zip(months_left)
        .map(|(gap, months)| gap.value() / months);
    record.needs = path_needs(target);
    record
}

/// How much of the goal is there, at most 1; a goal of zero is always reached.
fn part_of_goal(current: f64, goal: f64) -> f64 {
    if goal > 0.0 {
        (current / goal).min(1.0)
    } else {
        1.0
    }
}

/// The status by the share and the drift of `record`.
fn share_status(target: &Target, record: &TargetRecord, met: bool, as_of: Day) -> TargetStatus {
    match (record.current, record.drift) {
        (None, _) => TargetStatus::NotComputable,
        _ if met => TargetStatus::Met,
        _ if target.due.is_some_and(|due| as_of > due) => TargetStatus::Missed,
        (_, None) => TargetStatus::PathNotSet,
        // A billionth of a vehicle is arithmetic, not drift.
        (_, Some(drift)) if drift >= -1e-12 => TargetStatus::OnPath,
        _ => TargetStatus::BelowPath,
    }
}

/// What has to be supplied before the target has a path.
fn path_needs(target: &Target) -> Vec<String> {
    let missing = target.plan.needs(&target.baseline, target.due);
    if target.from_settings && !missing.is_empty() {
        return vec!["target.start and target.start_share: without them there is no path".into()];
    }
    let need = |key| format!("{key}: without it there is no path");
    missing.into_iter().map(need).collect()
}

/// The whole record.
pub fn assess_fleet(share: FleetShare<'_>, register: &Register, as_of: Day) -> TargetRecord {
    let FleetShare {
        profile,
        population,
        ..
    } = share;
    let counts = population.counts(register, profile, as_of);
    let mut record = assess_planned(
        share,
        counts,
        vehicles_at_due(share, register, as_of),
        as_of,
    );
    let open = population.undated(register, as_of);
    if open.not_placed > 0 {
        record.needs.push(format!(
            "role, ownership or dates of {} vehicles: left out until they are known",
            open.not_placed
        ));
    }
    if counts.total() == 0 {
        record
            .needs
            .push("vehicles: none of the register is meant by this target".into());
        return record;
    }
    let too_open = f64::from(open.without_start) > MAX_OPEN * f64::from(counts.total());
    if population.new_in_months.is_some() {
        // What came in the last twelve months is not a stock that is converted: rates and ages do not apply to it.
        record.required_per_month = None;
    } else {
        if too_open {
            record.needs.push(format!(
                "in_service_from of {} vehicles: without it past months cannot be counted",
                open.without_start
            ));
        } else {
            add_history(&mut record, share, register, as_of);
        }
        add_forecast(&mut record, share, register, as_of);
    }
    if !too_open {
        add_levels(&mut record, share, register, as_of);
    }
    record
}

fn add_history(record: &mut TargetRecord, share: FleetShare<'_>, register: &Register, as_of: Day) {
    if register
        .vehicles
        .iter()
        .all(|vehicle| vehicle.in_service_to.is_none())
    {
        record
            .needs
            .push("in_service_to: no vehicle has left; keep those that left in the register, or past months miss them".into());
    }
    let last = last_full_month(as_of);
    let months = month_end_counts(
        register,
        share.profile,
        share.population,
        last.plus(-12),
        last,
    );
    let Some(trend) = trend(&points(&months, share.profile)) else {
        return record.needs.push(format!(
            "history: fewer than {MIN_POINTS} month ends with vehicles in service"
        ));
    };
    record.recent_per_month = Some(trend.theil_sen);
    record.recent_per_month_least_squares = Some(trend.least_squares);
    record.project(
        projected(
            record.gap.map_or(0.0, Amount::value),
            trend.theil_sen,
            as_of,
        ),
        share.target.due,
    );
}

pub(super) fn points(months: &[MonthEnd], profile: &Profile) -> Vec<(f64, f64)> {
    let counted = months.iter().filter(|end| end.counts.total() > 0);
    counted
        .map(|end| {
            (
                month_scale(end.month.last_day()),
                f64::from(end.counts.counted(profile)),
            )
        })
        .collect()
}

pub(super) fn projected(gap: f64, rate: f64, as_of: Day) -> Option<Day> {
    if gap <= 0.0 {
        None
    } else {
        month_end_at(month_scale(as_of) + time_to_close(gap, rate)?)
    }
}

/// Shares of a fleet at the quantiles of 5, 50 and 95 %.
pub(super) fn band(counted: &Distribution, vehicles: usize) -> [f64; 3] {
    [0.05, 0.5, 0.95].map(|quantile| f64::from(counted.quantile(quantile)) / vehicles as f64)
}

fn add_forecast(record: &mut TargetRecord, share: FleetShare<'_>, register: &Register, as_of: Day) {
    let Some(due) = share.target.due.filter(|due| *due >= as_of) else {
        return;
    };
    let (candidates, without_age) = match candidates(share, register, as_of, due) {
        Ok(found) => found,
        Err(missing) => return record.needs.push(missing),
    };
    let horizon = years(as_of, due);
    let needed = vehicles_needed(share.target.goal, candidates.len() as u32);
    let mixed = Distribution::under_delays(&candidates, horizon, &COMMON_DELAYS);
    let prompt = Distribution::under_delays(&candidates, horizon, &[(0.0, 1.0)]);
    record.p_hit = Some(mixed.at_least(needed));
    record.forecast = Some(ForecastRecord {
        horizon_years: horizon,
        expected: mixed.mean(),
        sd: mixed.sd(),
        p05: mixed.quantile(0.05),
        p50: mixed.quantile(0.5),
        p95: mixed.quantile(0.95),
        vehicles: candidates.len() as u32,
        band: band(&mixed, candidates.len()),
        p_hit_without_delay: prompt.at_least(needed),
        without_age,
    });
}

/// Chance of hitting the goal as it was seen at the end of a month.
pub(super) fn p_hit(share: FleetShare<'_>, register: &Register, day: Day) -> Option<f64> {
    let due = share.target.due.filter(|due| *due >= day)?;
    let (candidates, _) = candidates(share, register, day, due).ok()?;
    let needed = vehicles_needed(share.target.goal, candidates.len() as u32);
    Some(Distribution::under_delays(&candidates, years(day, due), &COMMON_DELAYS).at_least(needed))
}
