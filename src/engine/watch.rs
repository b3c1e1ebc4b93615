//! Rules that look at rows as they are written: faults of charge points, and own rules (`[[alert]]`) over any field of the table of series.

use super::Engine;
use super::alerting::Premises;
use crate::ledger::alerts::{OwnRule, Reading, Sample};
use crate::model::{Fact, Labels};
use crate::series::FieldSample;
use crate::series::table::{self, Measurement, RowTime};
use crate::units::UtcMs;

/// Older rows, such as readings that a device kept in its memory, are about the past and raise no alert.
const MAX_AGE_MS: i64 = 3_600_000;
/// The same for rows of a whole London day, which stand at its start; the longest day has 25 hours.
const MAX_AGE_OF_DAY_MS: i64 = 26 * 3_600_000;
/// Rows further ahead than a device's clock may be are about the future, as those of `target_projection` are.
const MAX_AHEAD_MS: i64 = 86_400_000;

impl Engine {
    /// Applies the rules to the facts that the current call has added.
    pub(super) fn watch(&mut self, now: UtcMs) {
        let mut changed = false;
        for position in self.output.unwatched() {
            if let Fact::ChargePointStatus(fact) = self.output.fact(position) {
                let premises = Premises {
                    reference: &self.reference,
                    charging: &self.charging,
                    now,
                };
                changed |=
                    self.alerting
                        .evaluate_fault(&fact.charge_point, fact.connector_id, premises);
            }
            changed |= self.apply_own_rules(position, now);
        }
        if changed {
            self.alerting.settle(&self.reference, now, &mut self.output);
        }
        self.output.mark_watched();
    }

    /// Returns true if an alert changed state.
    fn apply_own_rules(&mut self, position: usize, now: UtcMs) -> bool {
        let mut changed = false;
        let fact = self.output.fact(position);
        let config = &self.reference.config;
        let alerts = self.alerting.book_mut();
        let measurement = table::measurement(fact);
        let rules = config.alerts.own.iter();
        for rule in rules.filter(|rule| rule.measurement == measurement.name) {
            let Some((value, labels)) = reading(rule, measurement, fact, now) else {
                continue;
            };
            let title = config
                .alerts
                .rule(&rule.rule)
                .map(|rule| rule.title.clone())
                .unwrap_or_default();
            let summary = || format!("{title}: {} is {value} ({})", rule.field, labels.text());
            changed |= alerts.observe(
                &config.alerts,
                &Sample {
                    rule: &rule.rule,
                    labels: &labels,
                    reading: Reading::Value(value),
                    at: now,
                },
                summary,
            );
        }
        changed
    }
}

/// The value that a rule looks at, with the row's tags as labels; `None` if the row is not for this rule.
fn reading(
    rule: &OwnRule,
    measurement: &Measurement,
    fact: &Fact,
    now: UtcMs,
) -> Option<(f64, Labels)> {
    let sample = FieldSample::new(fact, rule.field);
    let is_wanted = rule
        .wanted
        .iter()
        .all(|(tag, value)| sample.has_tag(tag, value));
    if !is_wanted || !is_current(measurement, sample.at, now) {
        return None;
    }
    let tags: Vec<(&str, &str)> = sample
        .tags
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Some((sample.value?, Labels::new(&tags)))
}

fn is_current(measurement: &Measurement, at: UtcMs, now: UtcMs) -> bool {
    let max_age_ms = match measurement.time {
        RowTime::Moment => MAX_AGE_MS,
        RowTime::Day | RowTime::RewrittenDay { .. } => MAX_AGE_OF_DAY_MS,
    };
    now.since(at) <= max_age_ms && at.since(now) <= MAX_AHEAD_MS
}
