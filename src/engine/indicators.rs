//! External indicators that were published: a bounded table, newest wins, kept over restarts, and joined with those imported by CSV.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Engine;
use crate::model::{Indicator, IndicatorKey, IndicatorReport, IndicatorSource};
use crate::units::UtcMs;

/// What was said of a key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Said {
    value: f64,
    unit: Option<Arc<str>>,
    at: UtcMs,
}

/// The table.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Indicators(BTreeMap<IndicatorKey, Said>);

impl Indicators {
    /// Takes a figure; false if there is no room for another one.
    pub fn hear(&mut self, report: &IndicatorReport<'_>, most: usize) -> bool {
        let key = IndicatorKey {
            organisation: Arc::from(&*report.organisation),
            name: Arc::from(&*report.name),
            month: report.month,
        };
        let said = Said {
            value: report.value,
            unit: report.unit.as_deref().map(Arc::from),
            at: report.received_at,
        };
        let room = self.0.len() < most;
        match self.0.get_mut(&key) {
            // The same again, as a broker replays it after every restart, is no news: an import in between stands.
            Some(held) if held.value == said.value && held.unit == said.unit => true,
            Some(held) if held.at <= said.at => {
                *held = said;
                true
            }
            Some(_) => true,
            None if room => {
                self.0.insert(key, said);
                true
            }
            None => false,
        }
    }
}

impl Engine {
    /// All monthly figures there are, by key: those that were published and those of the store; of two, the one that was said later.
    pub fn indicators(&self, stored: Vec<Indicator>) -> Vec<Indicator> {
        let published = self.indicators.0.iter().map(|(key, said)| Indicator {
            key: key.clone(),
            value: said.value,
            unit: said.unit.clone(),
            at: said.at,
            source: IndicatorSource::Mqtt,
        });
        let mut newest: BTreeMap<IndicatorKey, Indicator> = BTreeMap::new();
        for indicator in stored.into_iter().chain(published) {
            match newest.get(&indicator.key) {
                Some(other) if other.at > indicator.at => {}
                _ => drop(newest.insert(indicator.key.clone(), indicator)),
            }
        }
        newest.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::indicators::*;

    fn report(name: &str, value: f64, at: i64) -> IndicatorReport<'_> {
        let month = "2026-11".parse().expect("a month");
        IndicatorReport {
            organisation: "EMAS".into(),
            name: name.into(),
            month,
            value,
            unit: None,
            received_at: UtcMs(at),
        }
    }

    #[test]
    fn the_newest_holds_and_repetition_is_no_news() {
        let mut table = Indicators::default();
        let value = |table: &Indicators, name: &str| {
            table
                .0
                .iter()
                .find(|(key, _)| &*key.name == name)
                .map(|(_, said)| (said.value, said.at.0))
        };
        assert!(table.hear(&report("a", 1.0, 10), 2));
        assert!(table.hear(&report("a", 1.0, 20), 2));
        assert_eq!(value(&table, "a"), Some((1.0, 10)));
        assert!(table.hear(&report("a", 2.0, 30), 2) && table.hear(&report("a", 3.0, 25), 2));
        assert_eq!(value(&table, "a"), Some((2.0, 30)));
        assert!(table.hear(&report("b", 1.0, 40), 2));
        assert!(!table.hear(&report("c", 1.0, 50), 2), "full");
        assert!(
            table.hear(&report("b", 7.0, 60), 2),
            "what is in it goes on"
        );
    }
}
