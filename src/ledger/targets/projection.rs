//! Where a target's path, its recent pace and the ages of the fleet lead, for dated days ahead: the same figures as in the record, later.
//!
//! Few days, evenly apart: a distribution for each of them costs as much as the forecast of the due date.

use super::calendar::{last_full_month, month_scale};
use super::candidates::candidates;
use super::fleet::{FleetShare, band, vehicles_on};
use super::forecast::{COMMON_DELAYS, Distribution};
use super::record::TargetRecord;
use super::target::{Kind, Measure, Target, years};
use super::{Comparison, successors};
use crate::ledger::transition::Profile;
use crate::model::register::Register;
use crate::units::{Day, Month};

/// Days ahead at most, beside today and the due date.
const MAX_DAYS: i32 = 12;
/// A large fleet's distributions are dear, and the engine waits for them: fewer days.
const LARGE: usize = 1_500;
/// Days ahead of a large fleet.
const FEW_DAYS: i32 = 4;
/// Months between them: the shortest with which they suffice.
const STEPS: [i32; 5] = [3, 6, 12, 24, 36];
/// Stretches end as the books' years do; January is 0.
const MARCH: i32 = 2;
/// Where no due date is stated, so many months are shown.
const WITHOUT_DUE: i32 = 36;

/// What is expected for the end of a day.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ahead {
    /// The day that the figures are for.
    pub day: Day,
    /// Where the path is then, as a share or change; `None` where the target is neither.
    pub path: Option<f64>,
    /// Where the recent pace leads, in the same.
    pub trend: Option<f64>,
    /// The path in the target's own unit.
    pub path_value: Option<f64>,
    /// The recent pace in that unit.
    pub trend_value: Option<f64>,
    /// Shares at the quantiles of 5, 50 and 95 % by the ages of the fleet.
    pub band: Option<[f64; 3]>,
}

/// The days from `as_of` to the due date. Nothing where there is no figure, or the due date has passed.
pub fn project(
    target: &Target,
    profile: &Profile,
    register: &Register,
    record: &TargetRecord,
    as_of: Day,
) -> Vec<Ahead> {
    let (Some(value), false) = (record.value, target.comparison == Comparison::Reference) else {
        return Vec::new();
    };
    if target.due.is_some_and(|due| due <= as_of) {
        return Vec::new();
    }
    let successor;
    let fleet = match &target.measure {
        Measure::Fleet {
            profile: own,
            population,
            successor: given,
            ..
        } => {
            let profile = own.as_ref().unwrap_or(profile);
            successor = successors(*given, profile);
            Some(FleetShare {
                target,
                profile,
                population,
                successor: &successor,
            })
        }
        _ => None,
    };
    let figure_to = record.figure_to.as_deref();
    let projection = Projection {
        target,
        register,
        record,
        fleet,
        value,
        as_of,
        known_to: figure_to
            .and_then(|text| text.parse().ok())
            .unwrap_or(as_of),
    };
    let max_days = if register.vehicles.len() > LARGE {
        FEW_DAYS
    } else {
        MAX_DAYS
    };
    days(as_of, target.due, max_days)
        .into_iter()
        .map(|day| projection.on(day))
        .collect()
}

/// What the figures of a record are continued from.
struct Projection<'a> {
    target: &'a Target,
    register: &'a Register,
    record: &'a TargetRecord,
    /// `None` for targets that count no vehicles.
    fleet: Option<FleetShare<'a>>,
    /// The figure of the record, in the target's own unit.
    value: f64,
    as_of: Day,
    /// The last day that the figure covers.
    known_to: Day,
}

impl Projection<'_> {
    fn on(&self, day: Day) -> Ahead {
        // Of vehicles the value is a count and the path a share: both of the fleet of that day.
        let vehicles = self
            .fleet
            .map(|share| f64::from(vehicles_on(share, self.register, self.as_of, day)));
        let path = self.path_value(day, vehicles);
        let trend = self.trend_value(day, vehicles);
        Ahead {
            day,
            path: path.and_then(|level| self.ratio(level, vehicles)),
            trend: trend.and_then(|level| self.ratio(level, vehicles)),
            path_value: path,
            trend_value: trend,
            band: self
                .fleet
                .filter(|_| self.record.forecast.is_some())
                .and_then(|share| band_on(share, self.register, self.as_of, day)),
        }
    }

    fn path_value(&self, day: Day, vehicles: Option<f64>) -> Option<f64> {
        let target = self.target;
        let path = target.plan.at(
            &target.baseline,
            target.goal_level().unwrap_or(target.goal),
            target.due,
            day,
            vehicles.unwrap_or_default() as u32,
        );
        path.map(|path| path * vehicles.unwrap_or(1.0))
    }

    /// The recent pace from the last known figure on. No figure falls below zero, no more vehicles count than there are, and no share
    /// exceeds 1.
    fn trend_value(&self, day: Day, vehicles: Option<f64>) -> Option<f64> {
        let sign = if self.target.comparison == Comparison::NotAbove {
            -1.0
        } else {
            1.0
        };
        let months = month_scale(day) - month_scale(self.known_to);
        let max_value = vehicles.or((self.target.kind == Kind::Share).then_some(1.0));
        self.record.recent_per_month.map(|rate| {
            (self.value + sign * rate * months)
                .max(0.0)
                .min(max_value.unwrap_or(f64::INFINITY))
        })
    }

    /// A figure in the target's unit as a share or as a change from the baseline; `None` where the target is neither.
    fn ratio(&self, level: f64, vehicles: Option<f64>) -> Option<f64> {
        let base = self.target.baseline.value.filter(|base| *base != 0.0);
        match (self.target.kind, vehicles, base) {
            (Kind::Share, Some(n), _) => (n > 0.0).then(|| level / n),
            (Kind::Share, None, _) => Some(level),
            (Kind::Relative, _, Some(base)) => Some(level / base - 1.0),
            _ => None,
        }
    }
}

/// Quantiles for the fleet of a day.
fn band_on(share: FleetShare<'_>, register: &Register, as_of: Day, day: Day) -> Option<[f64; 3]> {
    let (candidates, _) = candidates(share, register, as_of, day).ok()?;
    let counted = Distribution::under_delays(&candidates, years(as_of, day), &COMMON_DELAYS);
    Some(band(&counted, candidates.len()))
}

/// Today, ends of quarters (or of longer stretches), the due date.
fn days(as_of: Day, due: Option<Day>, max_days: i32) -> Vec<Day> {
    let first = last_full_month(as_of).plus(1);
    let last = due.map_or(first.plus(WITHOUT_DUE), Month::of_day);
    let months = last.since(first);
    let step = STEPS
        .into_iter()
        .find(|step| months / step < max_days)
        .unwrap_or(STEPS[STEPS.len() - 1]);
    let ends = (0..=months)
        .map(|offset| first.plus(offset))
        .filter(|month| month.count().rem_euclid(step) == MARCH);
    let end = due.unwrap_or_else(|| last.last_day());
    let between = ends
        .map(Month::last_day)
        .filter(|day| *day > as_of && *day < end)
        .take(max_days as usize);
    std::iter::once(as_of)
        .chain(between)
        .chain(std::iter::once(end))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::ledger::targets::projection::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn days_are_few_and_end_with_the_due_date() {
        let text = |as_of: &str, due: Option<&str>| -> Vec<String> {
            days(day(as_of), due.map(day), MAX_DAYS)
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        let near = text("2026-11-25", Some("2028-03-31"));
        assert_eq!(
            near,
            [
                "2026-11-25",
                "2026-12-31",
                "2027-03-31",
                "2027-06-30",
                "2027-09-30",
                "2027-12-31",
                "2028-03-31"
            ]
        );
        for due in [
            "2026-11-26",
            "2026-12-31",
            "2029-06-30",
            "2032-03-31",
            "2045-03-31",
            "2099-03-31",
        ] {
            let found = text("2026-11-25", Some(due));
            assert!(
                found.len() <= MAX_DAYS as usize + 2
                    && found.last().is_some_and(|last| last == due),
                "{found:?}"
            );
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
        }
        assert!(text("2026-11-25", None).len() > 3);
        assert!(
            days(day("2026-11-25"), Some(day("2045-03-31")), FEW_DAYS).len()
                <= FEW_DAYS as usize + 2
        );
    }
}
