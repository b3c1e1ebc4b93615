//! Rules about the daemon itself: rows that the database does not take, the disk, the links to brokers.

use super::Alerting;
use crate::engine::reference::Reference;
use crate::ledger::alerts::Reading;
use crate::model::{BrokerLink, Labels, OwnState};
use crate::units::UtcMs;

impl Alerting {
    pub(super) fn observe_own_state(&mut self, state: OwnState, reference: &Reference, now: UtcMs) {
        let labels = Labels::default();
        let context = (reference, now);
        if let Some(age) = state.output_age_s {
            let text = || {
                format!(
                    "the oldest row that the database has not taken is {:.0} minutes old",
                    age / 60.0
                )
            };
            self.observe("output_behind", &labels, Reading::Value(age), context, text);
        }
        if let Some(free) = state.disk_free_ratio {
            let text = || {
                format!(
                    "{:.1} % of the disk that holds the store is free",
                    free * 100.0
                )
            };
            self.observe(
                "disk_near_full",
                &labels,
                Reading::Value(free),
                context,
                text,
            );
        }
    }

    pub(super) fn observe_brokers(
        &mut self,
        links: &[BrokerLink],
        reference: &Reference,
        now: UtcMs,
    ) {
        self.book.keep("broker_down", now, |labels| {
            labels
                .get("broker")
                .is_some_and(|broker| links.iter().any(|link| link.broker == **broker))
        });
        for BrokerLink { broker, down_since } in links {
            let labels = Labels::new(&[("broker", broker)]);
            let since = down_since
                .map(|at| at.in_words(reference.zone()))
                .unwrap_or_default();
            let text = || format!("no connection to the broker {broker} since {since}");
            let reading = Reading::Holds(down_since.is_some());
            self.observe("broker_down", &labels, reading, (reference, now), text);
        }
    }
}
