//! Where the way to a goal is on a day: straight, S-shaped, by a schedule, or through given years. Without a baseline there is no way.

use super::calendar::month_scale;
use super::carbon::CarbonPath;
use super::target::Baseline;
use crate::jurisdiction::Jurisdiction;
use crate::units::Day;

/// The shape of the way.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Plan {
    /// Straight from the baseline to the goal.
    #[default]
    Linear,
    /// Slow, fast, slow.
    SCurve {
        /// How steep the middle is.
        k: f64,
    },
    /// Vehicles to be converted, and low ones to go, by date: lumpy as deliveries are.
    Conversions(Vec<Conversion>),
    /// Figures by date, straight between.
    Points(Vec<(Day, f64)>),
    /// Yearly tonnes through given years, with a budget.
    Carbon(Vec<CarbonPoint>, &'static Jurisdiction),
}

/// A step of a schedule.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Conversion {
    /// From this day on.
    pub date: Day,
    /// Vehicles that count from then on.
    pub conversions: f64,
    /// Vehicles that counted and go.
    pub disposals: f64,
}

/// A year of a carbon path.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CarbonPoint {
    /// Fiscal year, named by the calendar year in which it starts.
    pub year: i32,
    /// Tonnes, or a share of the baseline.
    pub tonnes: Tonnes,
}

/// Tonnes of a point.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Tonnes {
    /// As they are.
    Absolute(f64),
    /// Times the baseline.
    OfBaseline(f64),
}

impl Plan {
    /// The figure that the plan has for the end of a day, in the unit of `goal`. `vehicles` is the size of the fleet then, for schedules.
    pub fn at(
        &self,
        baseline: &Baseline,
        goal: f64,
        due: Option<Day>,
        day: Day,
        vehicles: u32,
    ) -> Option<f64> {
        match self {
            Self::Linear => along(baseline, goal, due, day, |tau| tau),
            Self::SCurve { k } => along(baseline, goal, due, day, |tau| s_curve(*k, tau)),
            Self::Conversions(steps) => scheduled(steps, baseline, day, vehicles),
            Self::Points(points) => between(points, day),
            Self::Carbon(_, country) => {
                let year = day.financial_year(&country.calendar);
                self.carbon(baseline)?.at(f64::from(year.0))
            }
        }
    }

    /// The carbon path, if it is one and everything it needs is there.
    pub fn carbon(&self, baseline: &Baseline) -> Option<CarbonPath> {
        let Self::Carbon(points, _) = self else {
            return None;
        };
        let tonnes = |point: &CarbonPoint| match point.tonnes {
            Tonnes::Absolute(tonnes) => Some((f64::from(point.year), tonnes)),
            Tonnes::OfBaseline(share) => baseline
                .value
                .map(|base| (f64::from(point.year), base * share)),
        };
        points
            .iter()
            .map(tonnes)
            .collect::<Option<Vec<_>>>()
            .map(CarbonPath::through)
    }

    /// Keys that are missing for the plan to give a path.
    pub fn needs(&self, baseline: &Baseline, due: Option<Day>) -> Vec<&'static str> {
        let value = baseline.value.is_none().then_some("baseline.value");
        let date = baseline.date.is_none().then_some("baseline.date");
        match self {
            Self::Linear | Self::SCurve { .. } => [value, date, due.is_none().then_some("due")]
                .into_iter()
                .flatten()
                .collect(),
            Self::Conversions(_) => [value.filter(|_| baseline.vehicles.is_none()), date]
                .into_iter()
                .flatten()
                .collect(),
            Self::Carbon(points, _)
                if points
                    .iter()
                    .any(|point| matches!(point.tonnes, Tonnes::OfBaseline(_))) =>
            {
                value.into_iter().collect()
            }
            Self::Points(_) | Self::Carbon(..) => Vec::new(),
        }
    }
}

/// From the baseline to the goal; level before and after.
fn along(
    baseline: &Baseline,
    goal: f64,
    due: Option<Day>,
    day: Day,
    shape: impl Fn(f64) -> f64,
) -> Option<f64> {
    let (start, value) = (baseline.date?, baseline.value?);
    let (from, to) = (month_scale(start), month_scale(due?));
    let tau = if to > from {
        ((month_scale(day) - from) / (to - from)).clamp(0.0, 1.0)
    } else {
        1.0
    };
    Some(value + (goal - value) * shape(tau))
}

/// A logistic curve, scaled to go from 0 to 1.
fn s_curve(k: f64, tau: f64) -> f64 {
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let (low, high) = (logistic(-k / 2.0), logistic(k / 2.0));
    (logistic(k * (tau - 0.5)) - low) / (high - low)
}

/// `(L0 + planned conversions - planned low disposals) / N`.
fn scheduled(steps: &[Conversion], baseline: &Baseline, day: Day, vehicles: u32) -> Option<f64> {
    if vehicles == 0 || baseline.date.is_none_or(|start| day < start) {
        return None;
    }
    let n = f64::from(vehicles);
    let start = baseline
        .vehicles
        .map(f64::from)
        .or_else(|| baseline.value.map(|share| share * n))?;
    let due = steps.iter().filter(|step| step.date <= day);
    let change: f64 = due.map(|step| step.conversions - step.disposals).sum();
    Some(((start + change) / n).clamp(0.0, 1.0))
}

fn between(points: &[(Day, f64)], day: Day) -> Option<f64> {
    let scaled = points
        .iter()
        .map(|(date, value)| (month_scale(*date), *value));
    CarbonPath::through(scaled).at(month_scale(day))
}
