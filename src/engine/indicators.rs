//! External indicators that were published: a bounded table where the newest wins, kept over restarts, joined with those of CSV files.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Indicator, IndicatorKey, IndicatorReport, IndicatorSource};
use crate::units::UtcMs;

/// The newest figure of a key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Published {
    value: f64,
    unit: Option<Arc<str>>,
    at: UtcMs,
}

/// The published figures by organisation, name and month.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Indicators(BTreeMap<IndicatorKey, Published>);

impl Indicators {
    /// Records a figure; returns false if the table has `limit` keys and this would be another one.
    pub(super) fn record(&mut self, report: &IndicatorReport<'_>, limit: usize) -> bool {
        let key = IndicatorKey {
            organisation: Arc::from(&*report.organisation),
            name: Arc::from(&*report.name),
            month: report.month,
        };
        let published = Published {
            value: report.value,
            unit: report.unit.as_deref().map(Arc::from),
            at: report.received_at,
        };
        let room = self.0.len() < limit;
        match self.0.get_mut(&key) {
            // The same again, as a broker replays it after every restart, changes nothing: an import in between stands.
            Some(known) if known.value == published.value && known.unit == published.unit => true,
            Some(known) if known.at <= published.at => {
                *known = published;
                true
            }
            Some(_) => true,
            None if room => {
                self.0.insert(key, published);
                true
            }
            None => false,
        }
    }

    /// All monthly figures by key, those published and those of the store; of two, the newer one.
    pub(super) fn join(&self, stored: Vec<Indicator>) -> Vec<Indicator> {
        let published = self.0.iter().map(|(key, figure)| Indicator {
            key: key.clone(),
            value: figure.value,
            unit: figure.unit.clone(),
            at: figure.at,
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
    fn the_newest_figure_counts_and_repetition_changes_nothing() {
        let mut table = Indicators::default();
        let value = |table: &Indicators, name: &str| {
            table
                .0
                .iter()
                .find(|(key, _)| &*key.name == name)
                .map(|(_, published)| (published.value, published.at.0))
        };
        assert!(table.record(&report("a", 1.0, 10), 2));
        assert!(table.record(&report("a", 1.0, 20), 2));
        assert_eq!(value(&table, "a"), Some((1.0, 10)));
        assert!(table.record(&report("a", 2.0, 30), 2) && table.record(&report("a", 3.0, 25), 2));
        assert_eq!(value(&table, "a"), Some((2.0, 30)));
        assert!(table.record(&report("b", 1.0, 40), 2));
        assert!(!table.record(&report("c", 1.0, 50), 2), "full");
        assert!(
            table.record(&report("b", 7.0, 60), 2),
            "what is in it goes on"
        );
    }
}
