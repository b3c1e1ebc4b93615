//! Rows about the fleet's transition and its targets, one for each day.

use std::sync::Arc;

use crate::units::UtcMs;

/// Row of `fleet_transition`: one day, one vehicle category.
#[derive(Clone, PartialEq, Debug)]
pub struct TransitionFact {
    /// Fleet (the organisation's id, or `all`).
    pub fleet: Arc<str>,
    /// Vehicle category, or `all`.
    pub vehicle_class: Arc<str>,
    /// Start of the London day.
    pub at: UtcMs,
    /// Vehicles in scope.
    pub total: u32,
    /// Vehicles that count as low-emission by the profile.
    pub low_emission: u32,
    /// Ultra-low-emission or zero-emission vehicles.
    pub ultra_low: u32,
    /// Vehicles without tailpipe emissions.
    pub zero: u32,
    /// Vehicles that cannot be classified.
    pub unknown: u32,
}

/// Row of `target_progress`: one day, one target.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetFact {
    /// Fleet (the organisation's id, or `all`).
    pub fleet: Arc<str>,
    /// Id of the target in the configuration.
    pub target: Arc<str>,
    /// Start of the London day.
    pub at: UtcMs,
    /// Share now, 0 to 1, or change since the baseline; `None` where the figure is neither.
    pub share: Option<f64>,
    /// Goal, in the unit of `share`.
    pub goal: Option<f64>,
    /// The path today, in the unit of `share`; `None` when its start is not set.
    pub path: Option<f64>,
    /// The figure in its own unit.
    pub value: Option<f64>,
    /// The path in that unit.
    pub path_value: Option<f64>,
    /// Distance to the goal in that unit.
    pub missing: Option<f64>,
    /// Vehicles still needed.
    pub vehicles_needed: Option<u32>,
    /// Progress in that unit and a year, by the last thirteen months.
    pub slope_per_year: Option<f64>,
    /// When the goal is reached at that rate.
    pub projected_at: Option<UtcMs>,
    /// Days after it is due; negative is early.
    pub days_late: Option<i32>,
    /// Chance of reaching it in time.
    pub p_hit: Option<f64>,
    /// Shares on the due date by the ages of the fleet: quantiles of 5, 50 and 95 %.
    pub band_at_due: Option<[f64; 3]>,
    /// 0 ok, 1 drift, 2 off.
    pub state_code: Option<i64>,
}
