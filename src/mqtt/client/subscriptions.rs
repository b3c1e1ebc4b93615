//! Compares the filters that a broker has for our session with the configured ones, and plans SUBSCRIBE and UNSUBSCRIBE. Sends nothing itself.
//!
//! A filter is stored as "possibly subscribed" before it is first requested, and stays so after it was given up, because a broker that is
//! killed may come back with an older copy of the session (Mosquitto saves every half hour). Such filters are unsubscribed again at each
//! connection that finds a session; a session that is new has none. A broker that is taken out of the configuration keeps its session,
//! and what it holds for us, until it expires.

use std::collections::BTreeMap;

use crate::model::Subscription;

/// Most filters given up that are still stored; an operator does not change `topics` more often while one session lives.
const MAX_FORMER: usize = 256;

/// The requests to send after CONNACK.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Plan {
    /// Filters of one UNSUBSCRIBE; none is sent if it is empty.
    pub unsubscribe: Vec<String>,
    /// Filters of one SUBSCRIBE; none is sent if it is empty.
    pub subscribe: Vec<String>,
}

/// The filters of one session.
#[derive(Debug)]
pub(super) struct Subscriptions {
    wanted: Vec<String>,
    qos: u8,
    held: BTreeMap<String, Option<u8>>,
    requested: Vec<String>,
    dropped: Vec<String>,
}

impl Subscriptions {
    /// `remembered` is the stored state of earlier runs.
    pub(super) fn new(mut wanted: Vec<String>, qos: u8, remembered: Vec<Subscription>) -> Self {
        wanted.sort();
        wanted.dedup();
        let mut held: BTreeMap<_, _> = remembered
            .into_iter()
            .map(|known| (known.filter, known.qos))
            .collect();
        for filter in &wanted {
            held.entry(filter.clone()).or_insert(None);
        }
        Self {
            wanted,
            qos,
            held,
            requested: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// The state to store.
    pub(super) fn rows(&self) -> Vec<Subscription> {
        let mut room = MAX_FORMER;
        let kept = self.held.iter().filter(|(filter, _)| {
            let former = !self.is_configured(filter);
            let fits = !former || room > 0;
            room -= usize::from(former && fits);
            fits
        });
        kept.map(|(filter, qos)| Subscription {
            filter: filter.clone(),
            qos: *qos,
        })
        .collect()
    }

    /// CONNACK. `again` requests every configured filter, granted before or not.
    pub(super) fn connected(&mut self, session_present: bool, again: bool) -> Plan {
        if !session_present {
            self.held = self
                .wanted
                .iter()
                .map(|filter| (filter.clone(), None))
                .collect();
        }
        self.dropped = self
            .held
            .keys()
            .filter(|filter| !self.is_configured(filter))
            .cloned()
            .collect();
        let granted = |filter: &String| self.held.get(filter) == Some(&Some(self.qos));
        self.requested = self
            .wanted
            .iter()
            .filter(|filter| again || !granted(filter))
            .cloned()
            .collect();
        Plan {
            unsubscribe: self.dropped.clone(),
            subscribe: self.requested.clone(),
        }
    }

    /// SUBACK, in the order of [`Plan::subscribe`]: returns what was refused, and why. An answer with another number of filters belongs to another request and is ignored.
    pub(super) fn subscribed(&mut self, answers: Vec<Result<u8, String>>) -> Vec<(String, String)> {
        if answers.len() != self.requested.len() {
            return Vec::new();
        }
        let mut refused = Vec::new();
        for (filter, answer) in std::mem::take(&mut self.requested).into_iter().zip(answers) {
            match answer {
                Ok(_) => drop(self.held.insert(filter, Some(self.qos))),
                Err(reason) => {
                    self.held.remove(&filter);
                    refused.push((filter, reason));
                }
            }
        }
        refused
    }

    /// UNSUBACK, in the order of [`Plan::unsubscribe`]: returns the filters that stay subscribed, and why.
    pub(super) fn unsubscribed(&mut self, answers: Vec<Option<String>>) -> Vec<(String, String)> {
        let dropped = std::mem::take(&mut self.dropped);
        for filter in &dropped {
            self.held.insert(filter.clone(), None);
        }
        dropped
            .into_iter()
            .zip(answers)
            .filter_map(|(filter, stays)| Some((filter, stays?)))
            .collect()
    }

    fn is_configured(&self, filter: &str) -> bool {
        self.wanted
            .binary_search_by(|wanted| wanted.as_str().cmp(filter))
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::mqtt::client::subscriptions::*;

    fn filters(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn plan(unsubscribe: &[&str], subscribe: &[&str]) -> Plan {
        Plan {
            unsubscribe: filters(unsubscribe),
            subscribe: filters(subscribe),
        }
    }

    fn row(filter: &str, qos: Option<u8>) -> Subscription {
        Subscription {
            filter: filter.to_owned(),
            qos,
        }
    }

    #[test]
    fn a_granted_filter_is_not_requested_again_in_the_same_session() {
        let mut known = Subscriptions::new(filters(&["b", "a", "b"]), 1, Vec::new());
        assert_eq!(
            known.rows(),
            [row("a", None), row("b", None)],
            "stored before it is requested"
        );
        assert_eq!(known.connected(false, false), plan(&[], &["a", "b"]));
        assert!(known.subscribed(vec![Ok(1), Ok(0)]).is_empty());
        let rows = known.rows();
        assert_eq!(
            rows,
            [row("a", Some(1)), row("b", Some(1))],
            "a lower QoS would be granted again"
        );
        let mut known = Subscriptions::new(filters(&["a", "b"]), 1, rows.clone());
        assert_eq!(known.connected(true, false), plan(&[], &[]));
        assert_eq!(known.connected(true, true), plan(&[], &["a", "b"]));
        let mut known = Subscriptions::new(filters(&["a", "b"]), 0, rows.clone());
        assert_eq!(
            known.connected(true, false),
            plan(&[], &["a", "b"]),
            "another QoS"
        );
        let mut known = Subscriptions::new(filters(&["a", "c"]), 1, rows);
        assert_eq!(known.connected(true, false), plan(&["b"], &["c"]));
        assert_eq!(
            known.connected(false, false),
            plan(&[], &["a", "c"]),
            "the broker lost the session"
        );
        assert_eq!(known.rows(), [row("a", None), row("c", None)]);
    }

    #[test]
    fn a_filter_given_up_is_unsubscribed_until_the_session_is_new() {
        let mut known = Subscriptions::new(
            filters(&["a"]),
            1,
            vec![row("a", Some(1)), row("old", Some(1))],
        );
        assert_eq!(known.connected(true, false), plan(&["old"], &[]));
        assert_eq!(
            known.unsubscribed(vec![Some("NotAuthorized".into())]),
            [("old".into(), "NotAuthorized".into())]
        );
        assert_eq!(known.rows(), [row("a", Some(1)), row("old", None)]);
        assert_eq!(known.connected(true, false), plan(&["old"], &[]));
        known.connected(false, false);
        assert_eq!(known.rows(), [row("a", None)]);
        let mut back = Subscriptions::new(filters(&["old"]), 1, vec![row("old", None)]);
        assert_eq!(
            back.connected(true, false),
            plan(&[], &["old"]),
            "wanted again"
        );
    }

    #[test]
    fn a_refused_filter_is_not_stored_and_is_requested_at_the_next_connection() {
        let mut known = Subscriptions::new(filters(&["a", "b"]), 1, Vec::new());
        known.connected(false, false);
        assert_eq!(
            known.subscribed(vec![Ok(1), Err("NotAuthorized".into())]),
            [("b".into(), "NotAuthorized".into())]
        );
        assert_eq!(known.rows(), [row("a", Some(1))]);
        assert_eq!(known.connected(true, false), plan(&[], &["b"]));
        assert!(
            known.subscribed(vec![Ok(1), Ok(1)]).is_empty(),
            "an answer to another request"
        );
        assert_eq!(known.rows(), [row("a", Some(1))]);
    }
}
