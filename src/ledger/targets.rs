//! A share against its target: the path, the drift from it, what is missing, how fast it must go.

use super::transition::{Counts, Profile};
use crate::units::Day;

/// Raised when a formula below changes, so that a stored figure can be told from a new one.
pub const METHOD_VERSION: u32 = 1;

/// A share to be reached.
#[derive(Clone, PartialEq, Debug)]
pub struct ShareTarget {
    /// 0 to 1.
    pub goal: f64,
    /// The last day: the goal must be met at its end.
    pub due: Day,
    /// The path's first day and the share at its beginning, if set. Without them there is no path, and that is said.
    pub start: Option<(Day, f64)>,
}

/// How a target stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// The goal is reached.
    Met,
    /// At or above the path.
    OnPath,
    /// Below the path.
    BelowPath,
    /// The due date has passed without it.
    Missed,
    /// No path is set: only the gap can be said.
    PathNotSet,
    /// No vehicle in scope.
    NotComputable,
}

/// The figures of one target on one day. Shares are 0 to 1, rates vehicles per calendar month.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct TargetRecord {
    /// `low_emission_share`.
    pub id: &'static str,
    /// What is counted.
    pub metric: &'static str,
    /// Definition of "low emission".
    pub profile: &'static str,
    /// The day (its end).
    pub as_of: String,
    /// Share now.
    pub current: Option<f64>,
    /// Lower bound: unknown vehicles do not count.
    pub lower: Option<f64>,
    /// Upper bound: they all do.
    pub upper: Option<f64>,
    /// Where the path is.
    pub plan: Option<f64>,
    /// The goal.
    pub goal: f64,
    /// The last day.
    pub due: String,
    /// `current - plan`.
    pub drift: Option<f64>,
    /// The same in vehicles.
    pub drift_vehicles: Option<f64>,
    /// Vehicles still missing to the goal.
    pub gap: u32,
    /// `gap` over the months left; `None` when overdue.
    pub required_per_month: Option<f64>,
    /// Needs a history of monthly counts: not computed in this version.
    pub recent_per_month: Option<f64>,
    /// Needs a history of monthly counts: not computed in this version.
    pub projected_date: Option<String>,
    /// Needs the ages of the fleet: not computed in this version.
    pub p_hit: Option<f64>,
    /// In a word.
    pub status: TargetStatus,
    /// What it was computed from.
    pub counts: Counts,
    /// Of no influence on a share.
    pub factor_set: Option<String>,
    /// [`METHOD_VERSION`].
    pub method_version: u32,
}

/// Compares the counts of a day with the target.
pub fn assess(target: &ShareTarget, profile: &Profile, counts: Counts, today: Day) -> TargetRecord {
    let (n, counted) = (counts.total(), counts.counted(profile));
    // On counts, never on a rounded per cent; the epsilon keeps 0.9 x 800 = 720.0000000001 from asking for 721.
    let needed = (target.goal * f64::from(n) - 1e-9).ceil() as u32;
    let gap = needed.saturating_sub(counted);
    let months_left = month_end(target.due) - month_end(today);
    let current = counts.share(profile);
    let plan = target.start.map(|(start, share)| path(target, start, share, today));
    let drift = current.zip(plan).map(|(current, plan)| current - plan);
    let status = match (current, drift) {
        (None, _) => TargetStatus::NotComputable,
        _ if gap == 0 => TargetStatus::Met,
        _ if today > target.due => TargetStatus::Missed,
        (_, None) => TargetStatus::PathNotSet,
        (_, Some(drift)) if drift >= 0.0 => TargetStatus::OnPath,
        _ => TargetStatus::BelowPath,
    };
    TargetRecord {
        id: "low_emission_share",
        metric: "vehicles of the profile's classes / vehicles in scope",
        profile: profile.name,
        as_of: today.to_string(),
        current,
        lower: current,
        upper: counts.upper(profile),
        plan,
        goal: target.goal,
        due: target.due.to_string(),
        drift,
        drift_vehicles: drift.map(|drift| drift * f64::from(n)),
        gap,
        required_per_month: (months_left > 0.0).then(|| f64::from(gap) / months_left),
        recent_per_month: None,
        projected_date: None,
        p_hit: None,
        status,
        counts,
        factor_set: None,
        method_version: METHOD_VERSION,
    }
}

/// A straight line from the start to the due date, level before and after.
fn path(target: &ShareTarget, start: Day, share: f64, today: Day) -> f64 {
    let (from, to) = (month_start(start), month_end(target.due));
    let tau = if to > from { ((month_end(today) - from) / (to - from)).clamp(0.0, 1.0) } else { 1.0 };
    share + (target.goal - share) * tau
}

/// The end of a day on a scale of calendar months, so that every month counts the same whatever its length.
fn month_end(day: Day) -> f64 {
    let (year, month, of_month) = day.ymd();
    let next = if month == 12 { Day::from_ymd(year + 1, 1, 1) } else { Day::from_ymd(year, month + 1, 1) };
    let length = next.zip(Day::from_ymd(year, month, 1)).map_or(30, |(next, first)| next.0 - first.0);
    f64::from(year * 12 + i32::from(month) - 1) + f64::from(of_month) / f64::from(length)
}

/// The beginning of a day on the same scale: the end of the day before.
fn month_start(day: Day) -> f64 {
    month_end(Day(day.0 - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn golden_g10() {
        let profile = Profile::by_name("nhs_sdu").expect("shipped");
        let counts = Counts { zero: 96, ultra_low: 48, low: 456, other: 185, unknown: 15 };
        let target = ShareTarget { goal: 0.9, due: day("2028-03-31"), start: Some((day("2022-04-01"), 0.5)) };
        let record = assess(&target, &profile, counts, day("2026-03-31"));
        let near =
            |value: Option<f64>, want: f64| assert!((value.unwrap_or(f64::NAN) - want).abs() < 1e-6, "{value:?} is not {want}");
        near(record.current, 0.75);
        near(record.upper, 0.76875);
        near(record.plan, 0.766_666_667);
        near(record.drift_vehicles, -13.333_333);
        near(record.drift.map(|d| d * 100.0), -1.666_667);
        near(record.required_per_month, 5.0);
        assert_eq!((record.gap, record.status), (120, TargetStatus::BelowPath));
        for (name, gap, share) in [("ulev_or_better", 576, 0.18), ("zev_only", 624, 0.12)] {
            let record = assess(&target, &Profile::by_name(name).expect("shipped"), counts, day("2026-03-31"));
            assert_eq!(record.gap, gap, "{name}");
            near(record.current, share);
        }
    }

    #[test]
    fn says_what_cannot_be_said() {
        let profile = Profile::by_name("nhs_sdu").expect("shipped");
        let target = ShareTarget { goal: 0.9, due: day("2028-03-31"), start: None };
        let empty = assess(&target, &profile, Counts::default(), day("2026-03-31"));
        assert_eq!((empty.status, empty.current, empty.gap), (TargetStatus::NotComputable, None, 0));
        let half = Counts { low: 5, other: 5, ..Counts::default() };
        assert_eq!(assess(&target, &profile, half, day("2026-03-31")).status, TargetStatus::PathNotSet);
        let late = assess(&target, &profile, half, day("2028-04-01"));
        assert_eq!((late.status, late.required_per_month), (TargetStatus::Missed, None));
    }
}
