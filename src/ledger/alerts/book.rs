//! All alerts: applies samples, acknowledgements and silences. Bounded; what does not fit is counted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::config::AlertsConfig;
use super::rules::Verdict;
use super::series::{Alert, Stage};
use super::silence::{Matcher, Silence};
use crate::model::{Fingerprint, Labels};
use crate::units::UtcMs;

/// Silences in force at once.
const MAX_SILENCES: usize = 1_000;

/// The reading of a sample.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reading {
    /// A number, against the levels of the rule.
    Value(f64),
    /// A condition holds, or not.
    Holds(bool),
    /// Neither: what is pending is not, what is firing goes on (planned work, hours in which a site is closed).
    Excused,
    /// No data: nothing follows from it.
    Unknown,
}

/// One evaluation of one rule for one subject.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Name of the rule.
    pub rule: &'a str,
    /// Labels of the subject.
    pub labels: &'a Labels,
    /// The value or condition that was read.
    pub reading: Reading,
    /// When the sample was taken.
    pub at: UtcMs,
}

/// Why an alert cannot be acknowledged or a silence made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AckError {
    /// No such alert, or it is over.
    #[error("no alert {0} is pending or firing; `fleetgauge alerts list` shows them")]
    Unknown(Fingerprint),
    /// No such silence.
    #[error("there is no silence {0}; `fleetgauge alerts list` shows them")]
    NoSilence(u64),
    /// A silence that matches every alert or has no duration.
    #[error("{0}")]
    Silence(&'static str),
}

/// State of all alerts and silences.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AlertBook {
    pub(super) alerts: BTreeMap<(Arc<str>, Labels), Alert>,
    pub(super) silences: Vec<Silence>,
    silences_made: u64,
    /// When the notifications of the last hour were sent.
    pub(super) sent: VecDeque<UtcMs>,
    /// Alerts with a notification that waits for room in the hour.
    pub(super) waiting: u32,
    #[serde(skip)]
    refused: u64,
}

impl AlertBook {
    /// Applies a sample. Returns true if the alert changed state. `summary` is called when the sample raises the rule.
    pub fn observe(
        &mut self,
        config: &AlertsConfig,
        sample: &Sample<'_>,
        summary: impl FnOnce() -> String,
    ) -> bool {
        let Some(rule) = config.rule(sample.rule) else {
            return false;
        };
        let (verdict, value) = match sample.reading {
            Reading::Value(value) => (rule.judge(value), Some(value)),
            Reading::Holds(holds) => (rule.judge(f64::from(u8::from(holds))), None),
            Reading::Excused => (Verdict::Between, None),
            Reading::Unknown => return false,
        };
        let key = (rule.name.clone(), sample.labels.clone());
        let full = self.alerts.len() >= config.max_series;
        let alert = match self.alerts.entry(key) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(_) if verdict != Verdict::Raised => {
                return false;
            }
            std::collections::btree_map::Entry::Vacant(_) if full => {
                self.refused += 1;
                return false;
            }
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Alert::new(
                rule.name.clone(),
                sample.labels.clone(),
                sample.at,
            )),
        };
        alert.value = value.filter(|value| value.is_finite()).or(alert.value);
        if verdict == Verdict::Raised {
            alert.summary = summary();
        }
        let before = alert.stage;
        alert.apply(verdict, rule, sample.at);
        alert.stage != before
    }

    /// Some alert of this rule is pending, firing or lately resolved: only then does it matter that all is well.
    pub fn watches(&self, rule: &str) -> bool {
        self.of_rule(rule).next().is_some()
    }

    fn of_rule<'a>(&'a self, rule: &'a str) -> impl Iterator<Item = &'a Alert> {
        self.alerts
            .range((Arc::from(rule), Labels::default())..)
            .map(|(_, alert)| alert)
            .take_while(move |alert| *alert.rule == *rule)
    }

    /// Ends the alerts of a rule on subjects that are not supervised any more: taken off the register, or an event of long ago.
    pub fn keep(&mut self, rule: &str, now: UtcMs, still: impl Fn(&Labels) -> bool) {
        let of_rule = self
            .alerts
            .iter_mut()
            .filter(|((name, _), _)| **name == *rule);
        of_rule
            .filter(|((_, labels), _)| !still(labels))
            .for_each(|(_, alert)| alert.end(now));
    }

    /// All alerts, resolved ones included.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// Silences in force.
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// Alerts with a notification that waits because of `alerts.max_per_hour`.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Samples left out because of `alerts.max_series`, since the last call.
    pub fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    /// Checks that an alert can be acknowledged.
    pub fn check_ack(&self, fingerprint: Fingerprint) -> Result<(), AckError> {
        let found = self
            .alerts
            .values()
            .any(|alert| alert.fingerprint == fingerprint && alert.is_active());
        if found {
            Ok(())
        } else {
            Err(AckError::Unknown(fingerprint))
        }
    }

    /// Acknowledges an alert: no more notifications until it is over and comes again.
    pub fn ack(&mut self, fingerprint: Fingerprint, by: &str, now: UtcMs) {
        let found = self
            .alerts
            .values_mut()
            .find(|alert| alert.fingerprint == fingerprint && alert.is_active());
        if let Some(alert) = found {
            alert.acked = Some((now, by.to_owned()));
        }
    }

    /// Could it be silenced so?
    pub fn check_silence(
        &self,
        matchers: &[Matcher],
        until: UtcMs,
        now: UtcMs,
    ) -> Result<u64, AckError> {
        if matchers
            .iter()
            .all(|matcher| matcher.value.chars().all(|c| c == '*'))
        {
            return Err(AckError::Silence(
                "a silence needs at least one label with a value, or it would hide everything",
            ));
        }
        if until <= now {
            return Err(AckError::Silence(
                "the silence would be over at once: give a time in the future",
            ));
        }
        if self.silences.len() >= MAX_SILENCES {
            return Err(AckError::Silence(
                "there are 1000 silences already; end some first",
            ));
        }
        Ok(self.silences_made + 1)
    }

    /// Adds a silence.
    pub fn silence(
        &mut self,
        matchers: Vec<Matcher>,
        until: UtcMs,
        by: &str,
        comment: &str,
        now: UtcMs,
    ) {
        if let Ok(id) = self.check_silence(&matchers, until, now) {
            self.silences_made = id;
            self.silences.push(Silence {
                id,
                matchers,
                from: now,
                until,
                by: by.to_owned(),
                comment: comment.to_owned(),
            });
        }
    }

    /// Is there such a silence?
    pub fn check_unsilence(&self, id: u64) -> Result<(), AckError> {
        self.silences
            .iter()
            .any(|silence| silence.id == id)
            .then_some(())
            .ok_or(AckError::NoSilence(id))
    }

    /// Ends a silence before its time.
    pub fn unsilence(&mut self, id: u64) {
        self.silences.retain(|silence| silence.id != id);
    }
}

impl Alert {
    /// Pending or firing.
    pub fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Pending | Stage::Firing)
    }
}
