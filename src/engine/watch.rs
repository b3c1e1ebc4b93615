//! Rules that look at rows as they are written: a fault at once, and the own rules of `[[alert]]` over any series of the schema.

use super::Engine;
use super::alerting::Premises;
use crate::ledger::alerts::{Reading, Sample};
use crate::model::{Fact, Labels};
use crate::series;
use crate::series::row::Row;
use crate::units::UtcMs;

/// A row older than this tells of another time than now: what devices kept in their memory raises nothing.
const OLDEST_MS: i64 = 3_600_000;
/// Rows of a whole London day stand at its beginning; the longest has 25 hours.
const OLDEST_DAILY_MS: i64 = 26 * 3_600_000;
const DAILY: [&str; 8] = [
    "fleet_emissions",
    "site_emissions",
    "avoided_emissions",
    "fleet_air",
    "fleet_transition",
    "fleet_groups",
    "vehicle_info",
    "target_progress",
];
/// A row further ahead than a device's clock may be tells of a time to come: `target_projection`.
const NEWEST_MS: i64 = 86_400_000;

impl Engine {
    /// Evaluates the facts that this call has brought.
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
            changed |= self.watch_own(position, now);
        }
        if changed {
            self.alerting.settle(&self.reference, now, &mut self.output);
        }
        self.output.mark_watched();
    }

    fn watch_own(&mut self, position: usize, now: UtcMs) -> bool {
        let mut changed = false;
        let fact = self.output.fact(position);
        let config = &self.reference.config;
        let alerts = self.alerting.book_mut();
        let name = series::measurement(fact);
        let mut line = Vec::new();
        for own in config
            .alerts
            .own
            .iter()
            .filter(|own| own.measurement == name)
        {
            if line.is_empty() && !series::encode(fact, &mut line) {
                return changed;
            }
            let Some(row) = Row::parse(&line) else {
                return changed;
            };
            let oldest = if DAILY.contains(&name) {
                OLDEST_DAILY_MS
            } else {
                OLDEST_MS
            };
            let has = |name: &str, value: &str| {
                row.tags
                    .iter()
                    .any(|(tag, found)| *tag == name && found == value)
            };
            if now.since(row.at) > oldest
                || row.at.since(now) > NEWEST_MS
                || !own.wanted.iter().all(|(tag, value)| has(tag, value))
            {
                continue;
            }
            let Some(value) = row.number(own.field) else {
                continue;
            };
            let tags: Vec<(&str, &str)> = row
                .tags
                .iter()
                .map(|(name, value)| (*name, value.as_ref()))
                .collect();
            let labels = Labels::new(&tags);
            let title = config
                .alerts
                .rule(&own.rule)
                .map(|rule| rule.title.clone())
                .unwrap_or_default();
            let summary = || format!("{title}: {} is {value} ({})", own.field, labels.text());
            changed |= alerts.observe(
                &config.alerts,
                &Sample {
                    rule: &own.rule,
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
