//! The status record of a target and its parts. An unknown figure is null, and `needs` has the reason.

use std::sync::Arc;

use serde::Serialize;

use super::drift::{CusumState, Level};
use super::target::{Kind, Target};
use crate::ledger::transition::Counts;
use crate::units::Day;

/// Raised when a formula changes, so that a stored figure can be distinguished from a new one. 2: rates, forecast and levels. 3: gap, forecast
/// and levels by the fleet of the due date.
pub const METHOD_VERSION: u32 = 3;

/// How a target stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// The goal is reached.
    Met,
    /// At the path, or on its good side.
    OnPath,
    /// On its bad side.
    BelowPath,
    /// The due date has passed without it.
    Missed,
    /// No path is set: only the gap can be computed.
    PathNotSet,
    /// Nothing to compare with: the baseline is missing.
    NotSet,
    /// A figure is missing: `needs` lists what to supply.
    NotComputable,
    /// A figure to start from: nothing to meet.
    Reference,
}

impl TargetStatus {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::OnPath => "on_path",
            Self::BelowPath => "below_path",
            Self::Missed => "missed",
            Self::PathNotSet => "path_not_set",
            Self::NotSet => "not_set",
            Self::NotComputable => "not_computable",
            Self::Reference => "reference",
        }
    }
}

/// An amount in the target's unit: counts are whole numbers, tonnes are not.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Amount {
    /// A number of vehicles or charge points.
    Whole(u32),
    /// A quantity in the unit of the target.
    Real(f64),
}

impl Amount {
    /// As a number.
    pub fn value(self) -> f64 {
        match self {
            Self::Whole(count) => f64::from(count),
            Self::Real(value) => value,
        }
    }

    /// Nothing is missing.
    pub fn is_zero(self) -> bool {
        self.value() <= 0.0
    }
}

/// Where the path begins.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct BaselineRecord {
    /// The end of this day.
    pub date: Option<String>,
    /// The baseline's figure in the unit of the target; `None` is not stated.
    pub value: Option<f64>,
    /// Not the organisation's own figure.
    pub proxy: bool,
}

/// What the ages of the fleet predict for the due date.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct ForecastRecord {
    /// Years to the due date.
    pub horizon_years: f64,
    /// Expected vehicles that count then.
    pub expected: f64,
    /// Standard deviation of the number of vehicles that count.
    pub sd: f64,
    /// 5 % quantile, vehicles that count.
    pub p05: u32,
    /// Median of the number of vehicles that count.
    pub p50: u32,
    /// 95 % quantile.
    pub p95: u32,
    /// Vehicles there will be: what all of these are a part of.
    pub vehicles: u32,
    /// The three quantiles as shares of them.
    pub band: [f64; 3],
    /// The chance without a common delay.
    pub p_hit_without_delay: f64,
    /// Vehicles without a known age or replacement age: taken as never replaced.
    pub without_age: u32,
}

/// The cumulative sum of monthly shortfalls.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct CusumRecord {
    /// In standard deviations.
    pub sum: f64,
    /// Above the limit, now or since it was last at zero.
    pub alarm: bool,
    /// Months it runs over.
    pub months: u32,
    /// Standard deviation of monthly conversions that the last month was measured by.
    pub sigma: f64,
}

impl CusumRecord {
    pub(super) fn of(state: CusumState, months: u32, sigma: f64) -> Self {
        Self {
            sum: state.sum,
            alarm: state.alarm,
            months,
            sigma,
        }
    }
}

/// One of several figures that must all meet the goal.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct PartRecord {
    /// Name of the pollutant.
    pub name: Arc<str>,
    /// Figure of the baseline.
    pub baseline: Option<f64>,
    /// The figure of the last complete year, kg.
    pub value: Option<f64>,
    /// Change as a share of the baseline.
    pub change: Option<f64>,
    /// Meets the goal.
    pub met: Option<bool>,
}

/// Tonnes allowed and used along a carbon path.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct BudgetRecord {
    /// First year of the path.
    pub from_year: i32,
    /// Last year of the path.
    pub to_year: i32,
    /// Allowed between them, t.
    pub total_t: f64,
    /// Allowed up to the year of the figure, t.
    pub planned_to_date_t: Option<f64>,
    /// Emitted up to then, t; `None` unless every year is known.
    pub used_to_date_t: Option<f64>,
}

/// The figures of one target on one day. Rates are in the unit of `gap` per calendar month.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct TargetRecord {
    /// Id of the target.
    pub id: Arc<str>,
    /// What is counted.
    pub metric: String,
    /// Definition of "low emission", for shares of vehicles.
    pub profile: Option<&'static str>,
    /// Options of that definition which are not the usual ones, as they are written; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profile_options: Vec<String>,
    /// The day (its end).
    pub as_of: String,
    /// Share, change or figure now.
    pub current: Option<f64>,
    /// Lower bound: unknown vehicles do not count.
    pub lower: Option<f64>,
    /// Upper bound: they all do.
    pub upper: Option<f64>,
    /// Where the path is.
    pub plan: Option<f64>,
    /// The goal: a share, a change or a figure, by `kind`.
    pub goal: f64,
    /// The last day; `None` is not stated.
    pub due: Option<String>,
    /// `current - plan`.
    pub drift: Option<f64>,
    /// The same in vehicles.
    pub drift_vehicles: Option<f64>,
    /// Still missing to the goal, in `unit`.
    pub gap: Option<Amount>,
    /// `gap` over the months left; `None` when overdue.
    pub required_per_month: Option<f64>,
    /// By Theil and Sen over the last thirteen month ends.
    pub recent_per_month: Option<f64>,
    /// When the goal is reached at the recent rate: the end of a month.
    pub projected_date: Option<String>,
    /// Chance of reaching it in time.
    pub p_hit: Option<f64>,
    /// In a word.
    pub status: TargetStatus,
    /// What it was computed from, for shares of vehicles.
    pub counts: Option<Counts>,
    /// Vehicles in scope at the due date, by the register's dates or the target's `vehicles_at_due`: what `gap` is counted from. `None`
    /// for other figures, for new vehicles, and once the date has passed.
    pub vehicles_at_due: Option<u32>,
    /// Emission factors behind the figure.
    pub factor_set: Option<String>,
    /// The value of [`METHOD_VERSION`] when the record was made.
    pub method_version: u32,
    /// What kind of figure `current` and `goal` are.
    pub kind: Kind,
    /// `>=`, `<=`, or `=` for a figure to start from.
    pub comparison: &'static str,
    /// Unit of `gap`, `value` and rates.
    pub unit: &'static str,
    /// What to supply for figures that cannot be computed.
    pub needs: Vec<String>,
    /// Where the path begins.
    pub baseline: BaselineRecord,
    /// The figure in its own unit.
    pub value: Option<f64>,
    /// The path in that unit.
    pub plan_value: Option<f64>,
    /// What the figure stands for, where it is a part of what the target means.
    pub figure_proxy: Option<&'static str>,
    /// The last day that the figure speaks of.
    pub figure_to: Option<String>,
    /// Least squares over the same points: a second opinion.
    pub recent_per_month_least_squares: Option<f64>,
    /// Days from `due` to `projected_date`; negative is early.
    pub days_late: Option<i32>,
    /// The same in months.
    pub months_late: Option<i32>,
    /// By replacement ages.
    pub forecast: Option<ForecastRecord>,
    /// With hysteresis over the frozen months.
    pub level: Option<Level>,
    /// Over the frozen months.
    pub cusum: Option<CusumRecord>,
    /// Share of the goal that there is.
    pub progress: Option<f64>,
    /// Share of the way from the baseline to the goal.
    pub progress_since_baseline: Option<f64>,
    /// Figures that must all meet the goal.
    pub parts: Vec<PartRecord>,
    /// Along a carbon path.
    pub budget: Option<BudgetRecord>,
    /// The same target under another name.
    pub alias_of: Option<Arc<str>>,
    /// Remarks for the reader.
    pub note: String,
    /// Where the target is written.
    pub source: String,
    /// How sure that is.
    pub confidence: String,
}

impl TargetRecord {
    /// The record of a target before any figure.
    pub(super) fn blank(target: &Target, as_of: Day, unit: &'static str) -> Self {
        Self {
            id: target.id.clone(),
            metric: target.metric.clone(),
            profile: None,
            profile_options: Vec::new(),
            as_of: as_of.to_string(),
            current: None,
            lower: None,
            upper: None,
            plan: None,
            goal: target.goal,
            due: target.due.map(|due| due.to_string()),
            drift: None,
            drift_vehicles: None,
            gap: None,
            required_per_month: None,
            recent_per_month: None,
            projected_date: None,
            p_hit: None,
            status: TargetStatus::NotComputable,
            counts: None,
            vehicles_at_due: None,
            factor_set: None,
            method_version: METHOD_VERSION,
            kind: target.kind,
            comparison: target.comparison.sign(),
            unit,
            needs: Vec::new(),
            baseline: BaselineRecord {
                date: target.baseline.date.map(|date| date.to_string()),
                value: target.baseline.value,
                proxy: target.baseline.proxy,
            },
            value: None,
            plan_value: None,
            figure_proxy: None,
            figure_to: None,
            recent_per_month_least_squares: None,
            days_late: None,
            months_late: None,
            forecast: None,
            level: None,
            cusum: None,
            progress: None,
            progress_since_baseline: None,
            parts: Vec::new(),
            budget: None,
            alias_of: target.alias_of.clone(),
            note: target.note.clone(),
            source: target.source.clone(),
            confidence: target.confidence.clone(),
        }
    }

    /// `state_code` of `target_progress`: 0 ok, 1 drift, 2 off; by the level, else by the word.
    pub fn state_code(&self) -> Option<i64> {
        match (self.status, self.level) {
            (TargetStatus::Met | TargetStatus::Reference, _) => Some(0),
            (TargetStatus::Missed, _) => Some(2),
            (_, Some(level)) => Some(level.code()),
            (TargetStatus::OnPath, None) => Some(0),
            (TargetStatus::BelowPath, None) => Some(1),
            (
                TargetStatus::PathNotSet | TargetStatus::NotSet | TargetStatus::NotComputable,
                None,
            ) => None,
        }
    }

    /// Sets the projected date, and how late that is.
    pub(super) fn project(&mut self, projected: Option<Day>, due: Option<Day>) {
        self.projected_date = projected.map(|day| day.to_string());
        if let Some((projected, due)) = projected.zip(due) {
            self.days_late = Some(projected.0 - due.0);
            let month = crate::units::Month::of_day;
            self.months_late = Some(month(projected).since(month(due)));
        }
    }
}
