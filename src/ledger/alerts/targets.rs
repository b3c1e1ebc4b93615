//! Monthly figures of targets and emissions to samples: levels on frozen counts, CUSUM on conversions and on kg/km.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::book::{AlertBook, Reading, Sample};
use super::config::AlertsConfig;
use super::cusum::Cusum;
use crate::model::{EmissionsSample, Labels};
use crate::units::{Month, UtcMs};

/// More vehicles unknown or stale than this, and a target is not judged.
const MAX_UNKNOWN: f64 = 0.05;
/// The spread of the log ratio of kg/km between the same months of two years, as long as the history is too short to compute it: an assumption.
const LOG_RATIO_SIGMA: f64 = 0.05;
/// A month reported again is judged again if that moves the sum by so much: half a sigma, 2.5 % of kg/km.
const MATERIAL: f64 = 0.5;
/// Targets and fleets that are remembered.
const MAX_SUMS: usize = 10_000;

/// How a target stood at the end of a month, by counts that do not change any more. `None` is not known, and changes nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetSample {
    /// The id of the target.
    pub target: Arc<str>,
    /// The month that has ended.
    pub month: Month,
    /// Share minus plan, percentage points.
    pub drift_pp: Option<f64>,
    /// Probability of reaching it in time, 0 to 1.
    pub p_hit: Option<f64>,
    /// Projected date minus due date, months; infinite when it is never reached.
    pub projected_months_late: Option<f64>,
    /// Vehicles converted in the month, and planned for it.
    pub conversions: Option<f64>,
    /// Planned conversions of the month.
    pub plan: Option<f64>,
    /// Standard deviation of the history of conversions if it is 24 months or longer; else the square root of the plan is taken.
    pub sigma: Option<f64>,
    /// Share of vehicles that are unknown or stale, 0 to 1.
    pub unknown: f64,
}

/// The sums that go on from month to month, and which month they hold.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct MonthlyBook {
    sums: BTreeMap<(Arc<str>, Arc<str>), (Month, Cusum)>,
}

impl MonthlyBook {
    /// The sum with one month more; `None` if it has that month already, or has no room.
    fn step(&mut self, rule: &str, subject: &Arc<str>, month: Month, z: f64) -> Option<f64> {
        let key = (Arc::from(rule), subject.clone());
        if !self.sums.contains_key(&key) && self.sums.len() >= MAX_SUMS {
            return None;
        }
        let (newest, cusum) = self
            .sums
            .entry(key)
            .or_insert((month.plus(-1), Cusum::default()));
        if month <= *newest {
            return None;
        }
        *newest = month;
        Some(cusum.step(z))
    }

    /// As [`MonthlyBook::step`], but the newest month may be reported again as late data change it, and replaces its earlier figure, if
    /// that matters. Older months stand: their notifications have been sent.
    fn step_or_correct(
        &mut self,
        rule: &str,
        subject: &Arc<str>,
        month: Month,
        z: f64,
    ) -> Option<f64> {
        let key = (Arc::from(rule), subject.clone());
        // The sum without the newest month stands under a name that no rule has.
        let before_key = (Arc::from(format!("{rule} before")), subject.clone());
        let (newest, now) = self
            .sums
            .get(&key)
            .copied()
            .unwrap_or((month.plus(-1), Cusum::default()));
        if month > newest {
            self.sums.insert(before_key, (month, now));
            return self.step(rule, subject, month, z);
        }
        let (_, before) = self
            .sums
            .get(&before_key)
            .filter(|(of, _)| *of == month && month == newest)?;
        let mut corrected = *before;
        let sum = corrected.step(z);
        if (sum - now.sum()).abs() < MATERIAL {
            return None;
        }
        self.sums.insert(key, (month, corrected));
        Some(sum)
    }

    /// Judges a target.
    pub fn target(
        &mut self,
        sample: &TargetSample,
        config: &AlertsConfig,
        alerts: &mut AlertBook,
        now: UtcMs,
    ) {
        let labels = Labels::new(&[("target", &sample.target)]);
        let (target, month) = (&sample.target, sample.month);
        let mut observe = |rule: &str, value: f64, text: String| {
            alerts.observe(
                config,
                &Sample {
                    rule,
                    labels: &labels,
                    reading: Reading::Value(value),
                    at: now,
                },
                || text,
            )
        };
        let unknown = sample.unknown;
        observe(
            "target_data_poor",
            unknown,
            format!(
                "{target}: {:.1} % of the vehicles are unknown or stale in {month}",
                unknown * 100.0
            ),
        );
        if unknown > MAX_UNKNOWN {
            return;
        }
        for (rule, value, text) in findings(sample) {
            observe(rule, value, text);
        }
        if let (Some(conversions), Some(plan)) = (sample.conversions, sample.plan) {
            let sigma = sample
                .sigma
                .filter(|sigma| *sigma > 0.0)
                .unwrap_or_else(|| plan.max(0.0).sqrt().max(1.0));
            if let Some(sum) =
                self.step("target_trend", target, month, (conversions - plan) / sigma)
            {
                let text = format!(
                    "{target}: {conversions:.0} vehicles in {month}, {plan:.1} planned; the shortfall goes on (C = {sum:.2})"
                );
                observe("target_trend", sum, text);
            }
        }
    }

    /// Judges emissions per kilometre.
    pub fn emissions(
        &mut self,
        sample: &EmissionsSample,
        config: &AlertsConfig,
        alerts: &mut AlertBook,
        now: UtcMs,
    ) {
        let ratio = sample.kgco2e_per_km / sample.last_year;
        if !(ratio.is_finite() && ratio > 0.0) {
            return;
        }
        // A rise is what a shortfall is to the sum.
        let z = -ratio.ln() / LOG_RATIO_SIGMA;
        if let Some(sum) = self.step_or_correct("emissions_per_km", &sample.fleet, sample.month, z)
        {
            let labels = Labels::new(&[("fleet", &sample.fleet)]);
            let rise = (ratio - 1.0) * 100.0;
            let text = || {
                format!(
                    "{}: {rise:+.1} % kgCO2e/km in {} against last year, and it goes on",
                    sample.fleet, sample.month
                )
            };
            let reading = Reading::Value(sum);
            alerts.observe(
                config,
                &Sample {
                    rule: "emissions_per_km",
                    labels: &labels,
                    reading,
                    at: now,
                },
                text,
            );
        }
    }
}

/// Values and texts of the rules that compare a month's figures with levels.
fn findings(sample: &TargetSample) -> Vec<(&'static str, f64, String)> {
    let (target, month) = (&sample.target, sample.month);
    let mut found = Vec::new();
    if let Some(drift) = sample.drift_pp {
        for rule in ["target_drift", "target_off_path"] {
            let text = format!(
                "{target} is {:.2} percentage points below its path at the end of {month}",
                -drift
            );
            found.push((rule, drift, text));
        }
    }
    if let Some(p_hit) = sample.p_hit {
        let text = format!("{target} is reached in time with a probability of {p_hit:.2}");
        found.push(("target_unlikely", p_hit, text));
    }
    if let Some(late) = sample.projected_months_late {
        let text = if late.is_finite() {
            format!("is reached {late:.0} months late")
        } else {
            "is never reached".to_owned()
        };
        let text = format!("{target} {text} at the recent rate");
        found.push(("target_late", late, text));
    }
    found
}
