//! Rules that look at rows as they are written: a fault at once, and the own rules of `[[alert]]` over any series of the schema.

use super::Engine;
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
    /// Looks at the facts that this call has brought.
    pub(super) fn watch(&mut self, now: UtcMs) {
        let mut news = false;
        for at in self.watched..self.output.len() {
            if let Fact::ChargePointStatus(fact) = &self.output[at] {
                let (charge_point, connector) = (fact.charge_point.clone(), fact.connector_id);
                news |= self.hear_fault(&charge_point, connector, now);
            }
            news |= self.watch_own(at, now);
        }
        if news {
            self.settle_alerts(now);
        }
        self.watched = self.output.len();
    }

    fn watch_own(&mut self, at: usize, now: UtcMs) -> bool {
        let mut news = false;
        let Self {
            output,
            alerts,
            config,
            ..
        } = self;
        let name = series::measurement(&output[at]);
        let mut line = Vec::new();
        for own in config
            .alerts
            .own
            .iter()
            .filter(|own| own.measurement == name)
        {
            if line.is_empty() && !series::encode(&output[at], &mut line) {
                return news;
            }
            let Some(row) = Row::parse(&line) else {
                return news;
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
            news |= alerts.hear(
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
        news
    }
}
