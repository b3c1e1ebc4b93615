//! One alert: inactive, pending, firing, resolved, by its samples and by time. An inactive alert is not stored.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rules::{Rule, Verdict};
use crate::model::{Fingerprint, Labels};
use crate::units::UtcMs;

/// The longest that flapping makes an alert go on.
const MAX_KEEP_MS: i64 = 12 * 3_600_000;

/// The stage of an alert.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Stage {
    /// Was pending and did not last: removed after its row is written.
    Ok,
    /// The condition holds, not yet for long enough.
    Pending,
    /// The condition has held for long enough.
    Firing,
    /// The condition has ended; the alert is shown for an hour.
    Resolved,
}

/// One alert: a rule and the labels of its subject.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// Identifies the alert, by rule and labels.
    pub fingerprint: Fingerprint,
    /// Name of the rule.
    pub rule: Arc<str>,
    /// What the alert is about, such as a vehicle or a target.
    pub labels: Labels,
    /// The stage it is in.
    pub stage: Stage,
    /// When this stage began.
    pub since: UtcMs,
    /// When the condition first held.
    pub starts_at: UtcMs,
    /// The value compared last.
    pub value: Option<f64>,
    /// One sentence, of when it was raised last.
    pub summary: String,
    /// Evaluations in a row that raised it.
    pub(super) hits: u32,
    /// Firing, but over since.
    pub(super) over_since: Option<UtcMs>,
    /// When it was acknowledged, and by which user.
    pub acked: Option<(UtcMs, String)>,
    /// The firing notification was sent, the resolved one not yet.
    pub firing_sent: bool,
    /// Notifications in this episode.
    pub notified: u32,
    pub(super) last_sent: Option<UtcMs>,
    /// How often it has come again soon after it was over.
    flaps: u32,
    /// Newest state that was written as a row.
    pub(super) written: u8,
}

impl Alert {
    pub(super) fn new(rule: Arc<str>, labels: Labels, now: UtcMs) -> Self {
        Self {
            fingerprint: labels.fingerprint(&rule),
            rule,
            labels,
            stage: Stage::Ok,
            since: now,
            starts_at: now,
            value: None,
            summary: String::new(),
            hits: 0,
            over_since: None,
            acked: None,
            firing_sent: false,
            notified: 0,
            last_sent: None,
            flaps: 0,
            written: 0,
        }
    }

    fn turn(&mut self, stage: Stage, now: UtcMs) {
        self.stage = stage;
        self.since = now;
        self.over_since = None;
    }

    /// Applies the verdict on a sample.
    pub(super) fn apply(&mut self, verdict: Verdict, rule: &Rule, now: UtcMs) {
        match (verdict, self.stage) {
            (Verdict::Unknown, _) => return,
            (Verdict::Raised, Stage::Ok | Stage::Resolved) => {
                if !self.firing_sent {
                    self.notified = 0;
                    self.last_sent = None;
                }
                if self.stage == Stage::Resolved {
                    self.flaps = self.flaps.saturating_add(1);
                }
                self.hits = 1;
                self.starts_at = now;
                self.turn(Stage::Pending, now);
            }
            (Verdict::Raised, _) => {
                self.hits = self.hits.saturating_add(1);
                self.over_since = None;
            }
            (Verdict::Between | Verdict::Clear, Stage::Pending) => {
                self.hits = 0;
                self.fall_back(now);
            }
            (Verdict::Between, _) => self.over_since = None,
            (Verdict::Clear, Stage::Firing) => self.over_since = self.over_since.or(Some(now)),
            (Verdict::Clear, Stage::Ok | Stage::Resolved) => {}
        }
        self.pass(rule, now);
    }

    /// Does what is due as time passes. The last verdict goes on holding, for many series report changes only.
    pub(super) fn pass(&mut self, rule: &Rule, now: UtcMs) {
        if self.stage == Stage::Pending
            && self.hits >= rule.evaluations
            && now.since(self.since) >= rule.for_ms
        {
            self.turn(Stage::Firing, now);
        }
        let keep_ms = self.keep_firing_ms(rule);
        let kept = |since: UtcMs| now.since(since) < keep_ms;
        if self.stage == Stage::Firing && self.over_since.is_some_and(|since| !kept(since)) {
            let acknowledged = !rule.latched || self.acked.is_some();
            if acknowledged {
                self.end(now);
            }
        }
    }

    /// It did not last. One that was firing before was resolved, and still is; so it is remembered as one that flaps.
    fn fall_back(&mut self, now: UtcMs) {
        self.turn(
            if self.firing_sent || self.flaps > 0 {
                Stage::Resolved
            } else {
                Stage::Ok
            },
            now,
        );
    }

    /// Twice as long each time it has come again soon: an alert that flaps all day is one alert, not fifty.
    pub(super) fn keep_firing_ms(&self, rule: &Rule) -> i64 {
        let longer = rule.keep_firing_ms.saturating_mul(1 << self.flaps.min(10));
        longer.min(rule.keep_firing_ms.max(MAX_KEEP_MS))
    }

    /// Ends the alert: the condition is over, or its subject is not supervised any more.
    pub(super) fn end(&mut self, now: UtcMs) {
        match self.stage {
            Stage::Firing => self.turn(Stage::Resolved, now),
            Stage::Pending => self.fall_back(now),
            Stage::Ok | Stage::Resolved => {}
        }
        self.hits = 0;
        self.acked = None;
    }
}
