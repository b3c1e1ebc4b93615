//! When drift from a path is worth an alert: a level with hysteresis, and a cumulative sum of monthly shortfalls. Pure, with explicit state.
//!
//! Both are stepped once a month on frozen counts: daily values would chatter. The share is a full count and not a sample, so the limits
//! of a p-chart do not apply.

use serde::{Deserialize, Serialize};

/// How far off the path.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// On the path, or little off it.
    #[default]
    Green,
    /// Behind the path.
    Amber,
    /// Far behind it.
    Red,
}

impl Level {
    /// `state_code` of `target_progress`: 0 ok, 1 drift, 2 off.
    pub fn code(self) -> i64 {
        self as i64
    }
}

/// Where levels begin and end, in percentage points of drift; negative is behind.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LevelRules {
    /// Amber at or below.
    pub amber_on: f64,
    /// Green again at or above.
    pub amber_off: f64,
    /// Red at or below.
    pub red_on: f64,
    /// Amber again at or above.
    pub red_off: f64,
    /// So many evaluations in a row raise a level.
    pub evaluations: u32,
    /// Red below this chance of reaching the goal in time.
    pub p_hit: f64,
    /// Red when the goal is projected for later than so many months after it is due.
    pub months_late: f64,
}

impl Default for LevelRules {
    /// Assumptions: a level ends half a point better than it begins, so that it does not chatter.
    fn default() -> Self {
        Self {
            amber_on: -1.0,
            amber_off: -0.5,
            red_on: -2.5,
            red_off: -2.0,
            evaluations: 2,
            p_hit: 0.2,
            months_late: 6.0,
        }
    }
}

/// One month's figures.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Evaluation {
    /// Drift in percentage points; negative is behind.
    pub drift_pp: f64,
    /// Chance of reaching the goal in time, where it is known.
    pub p_hit: Option<f64>,
    /// Months between the due date and the projected one, where there is a projection.
    pub months_late: Option<f64>,
    /// Too many vehicles are unknown or stale to change the level; a data alert is due instead.
    pub unsure: bool,
}

/// The level, and how long what would raise it has lasted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LevelState {
    /// The level after the last month.
    pub level: Level,
    amber_for: u32,
    red_for: u32,
}

impl LevelState {
    /// Takes one month's figures; the level after them.
    pub fn step(&mut self, rules: &LevelRules, month: &Evaluation) -> Level {
        if month.unsure {
            return self.level;
        }
        let hopeless = month.p_hit.is_some_and(|p| p < rules.p_hit)
            || month.months_late.is_some_and(|m| m > rules.months_late);
        let red = hopeless || month.drift_pp <= rules.red_on;
        let count = |lasting: bool, so_far: u32| if lasting { so_far.saturating_add(1) } else { 0 };
        self.red_for = count(red, self.red_for);
        self.amber_for = count(red || month.drift_pp <= rules.amber_on, self.amber_for);
        self.level = match self.level {
            Level::Green | Level::Amber if self.red_for >= rules.evaluations => Level::Red,
            Level::Green if self.amber_for >= rules.evaluations => Level::Amber,
            Level::Red if !hopeless && month.drift_pp >= rules.red_off => Level::Amber,
            Level::Amber if !red && month.drift_pp >= rules.amber_off => Level::Green,
            level => level,
        };
        self.level
    }
}

/// Allowance and limit of the cumulative sum, in standard deviations.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CusumRules {
    /// Shortfalls up to this are nothing: half the shift that matters (Page 1954; Montgomery, Statistical Quality Control, 9.1).
    pub k: f64,
    /// Alarm when the sum is above this.
    pub h: f64,
}

impl Default for CusumRules {
    /// Computed by a Markov chain: one false alarm in 335 months, a shortfall of one standard deviation found in 8.4.
    fn default() -> Self {
        Self { k: 0.5, h: 4.0 }
    }
}

/// The cumulative sum of shortfalls.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct CusumState {
    /// The sum in standard deviations; never below 0.
    pub sum: f64,
    /// An alarm was raised and not yet taken back.
    pub alarm: bool,
    /// The alarm was acknowledged.
    pub acknowledged: bool,
}

impl CusumState {
    /// Takes one month: what was done, what was planned, the standard deviation. True while the alarm stands.
    pub fn step(&mut self, rules: &CusumRules, done: f64, planned: f64, sigma: f64) -> bool {
        self.sum = (self.sum - (done - planned) / sigma - rules.k).max(0.0);
        if self.sum > rules.h {
            self.alarm = true;
        }
        self.settle();
        self.alarm
    }

    /// Acknowledges the alarm; it stands until the sum is back at zero.
    pub fn acknowledge(&mut self) {
        self.acknowledged = self.alarm;
        self.settle();
    }

    fn settle(&mut self) {
        if self.alarm && self.acknowledged && self.sum <= 0.0 {
            *self = Self {
                sum: self.sum,
                alarm: false,
                acknowledged: false,
            };
        }
    }
}

/// Standard deviation of monthly conversions: that of the history with two years of it, else the root of the plan, at
/// least 1.
pub fn sigma(history: &[f64], planned: f64) -> f64 {
    let n = history.len() as f64;
    let spread = if history.len() >= 24 {
        let mean = history.iter().sum::<f64>() / n;
        (history.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
    } else {
        planned.max(0.0).sqrt()
    };
    spread.max(1.0)
}
