//! Notifications must not flood: silences, inhibition, quiet hours, grouping and an hourly cap hold alerts back. Also the rows of new states.
//!
//! An alert that is held back is sent later if it still fires, and never if it has ended meanwhile. Only receivers that were sent the
//! firing notification are sent the resolved one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::book::AlertBook;
use super::config::AlertsConfig;
use super::rules::{INHIBITIONS, Rule};
use super::series::{Alert, Stage};
use crate::model::{AlertFact, Labels, Notice, NoticeAlert, NoticeKind, Severity};
use crate::units::UtcMs;

const HOUR_MS: i64 = 3_600_000;
/// How long a resolved alert is still shown, and remembered as one that may flap.
const KEEP_RESOLVED_MS: i64 = HOUR_MS;
/// Alerts in one notice; a larger group makes several, which count as one.
const MAX_IN_NOTICE: usize = 100;

/// Why an alert is not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// By a silence of this number.
    pub silenced: Option<u64>,
    /// Another alert explains it.
    pub inhibited: bool,
    /// It is night, and the alert is not critical.
    pub quiet: bool,
}

impl Standing {
    fn is_held_back(self) -> bool {
        self.silenced.is_some() || self.inhibited || self.quiet
    }
}

/// Which inhibitions hold: number of the inhibition, value of its label.
type Sources = BTreeSet<(usize, Arc<str>)>;

/// Alerts that make one notification.
type Group = (Reverse<Severity>, NoticeKind, Arc<str>, Labels);

struct Members {
    /// Of the oldest.
    since: UtcMs,
    /// Some member must be sent now.
    due: bool,
    keys: Vec<(Arc<str>, Labels)>,
}

impl AlertBook {
    fn sources(&self) -> Sources {
        let firing = self
            .alerts
            .values()
            .filter(|alert| alert.stage == Stage::Firing);
        let of = |alert: &Alert| {
            let labels = alert.labels.clone();
            let rule = alert.rule.clone();
            let matching = INHIBITIONS
                .iter()
                .enumerate()
                .filter(move |(_, (source, ..))| **source == *rule);
            matching
                .filter_map(move |(at, (_, _, label))| Some((at, labels.get(label)?.clone())))
                .collect::<Vec<_>>()
        };
        firing.flat_map(of).collect()
    }

    fn standing_among(
        &self,
        alert: &Alert,
        rule: &Rule,
        sources: &Sources,
        quiet: bool,
        now: UtcMs,
    ) -> Standing {
        let covers = |silence: &&super::Silence| {
            silence.covers(&alert.rule, rule.severity.name(), &alert.labels, now)
        };
        let hidden = INHIBITIONS
            .iter()
            .enumerate()
            .any(|(at, (_, hidden, label))| {
                let value = alert.labels.get(label);
                hidden.contains(&&*alert.rule)
                    && value.is_some_and(|value| sources.contains(&(at, value.clone())))
            });
        Standing {
            silenced: self.silences.iter().find(covers).map(|silence| silence.id),
            inhibited: hidden,
            quiet: quiet && rule.severity < Severity::Critical,
        }
    }

    /// Why each alert is held back, in the order of [`AlertBook::alerts`].
    pub fn standings(&self, config: &AlertsConfig, now: UtcMs) -> Vec<Standing> {
        let (sources, quiet) = (self.sources(), is_quiet(config, now));
        let gone = gone();
        let rule = |alert: &Alert| config.rule(&alert.rule).unwrap_or(&gone);
        self.alerts
            .values()
            .map(|alert| self.standing_among(alert, rule(alert), &sources, quiet, now))
            .collect()
    }

    /// Lets time pass. Returns the rows to write and the notifications to send.
    pub fn settle(&mut self, config: &AlertsConfig, now: UtcMs) -> (Vec<AlertFact>, Vec<Notice>) {
        if self.alerts.is_empty() && self.silences.is_empty() {
            self.waiting = 0;
            return (Vec::new(), Vec::new());
        }
        self.silences.retain(|silence| now < silence.until);
        for alert in self.alerts.values_mut() {
            match config.rule(&alert.rule) {
                Some(rule) => alert.pass(rule, now),
                // Switched off, or taken out of the configuration.
                None => alert.end(now),
            }
        }
        let standings = self.standings(config, now);
        let notices = self.release(config, &standings, now);
        let rows = self.write(config, &standings, now);
        (rows, notices)
    }

    fn release(
        &mut self,
        config: &AlertsConfig,
        standings: &[Standing],
        now: UtcMs,
    ) -> Vec<Notice> {
        while self
            .sent
            .front()
            .is_some_and(|sent| now.since(*sent) >= HOUR_MS)
        {
            self.sent.pop_front();
        }
        let groups = self.due_groups(config, standings, now);
        self.waiting = 0;
        let mut notices = Vec::new();
        for (group, Members { keys: members, .. }) in groups {
            if self.sent.len() >= config.max_per_hour as usize {
                self.waiting += u32::try_from(members.len()).unwrap_or(u32::MAX);
                continue;
            }
            self.sent.push_back(now);
            for part in members.chunks(MAX_IN_NOTICE) {
                notices.push(self.notice(&group, part, config, now));
            }
        }
        notices
    }

    /// Groups of alerts with at least one member that is due, the most severe first.
    fn due_groups(
        &self,
        config: &AlertsConfig,
        standings: &[Standing],
        now: UtcMs,
    ) -> Vec<(Group, Members)> {
        let gone = gone();
        let mut groups: BTreeMap<Group, Members> = BTreeMap::new();
        for ((key, alert), standing) in self.alerts.iter().zip(standings) {
            let rule = config.rule(&alert.rule).unwrap_or(&gone);
            let has_receiver = config.notified_severities.contains(&rule.severity);
            let Some(kind) = alert
                .owes(rule, now)
                .filter(|_| has_receiver && !standing.is_held_back())
            else {
                continue;
            };
            let group = (
                Reverse(rule.severity),
                kind,
                alert.rule.clone(),
                alert.labels.only(&rule.group),
            );
            let members = groups.entry(group).or_insert(Members {
                since: alert.since,
                due: false,
                keys: Vec::new(),
            });
            members.since = members.since.min(alert.since);
            members.due |= kind != NoticeKind::Repeat || alert.silent_ms(now) >= rule.repeat_ms;
            members.keys.push(key.clone());
        }
        let mut groups: Vec<_> = groups
            .into_iter()
            .filter(|(_, members)| members.due)
            .collect();
        groups.sort_by_key(|((severity, kind, ..), members)| (*severity, *kind, members.since));
        groups
    }

    fn notice(
        &mut self,
        group: &Group,
        members: &[(Arc<str>, Labels)],
        config: &AlertsConfig,
        now: UtcMs,
    ) -> Notice {
        let (Reverse(severity), kind, name, labels) = group;
        let sent = members.iter().filter_map(|key| {
            self.alerts
                .get_mut(key)
                .map(|alert| alert.mark_sent(*kind, now))
        });
        Notice {
            at: now,
            kind: *kind,
            rule: name.to_string(),
            title: config
                .rule(name)
                .map_or_else(|| name.to_string(), |rule| rule.title.to_string()),
            severity: *severity,
            group: labels
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            alerts: sent.collect(),
        }
    }

    fn write(
        &mut self,
        config: &AlertsConfig,
        standings: &[Standing],
        now: UtcMs,
    ) -> Vec<AlertFact> {
        let gone = gone();
        let mut rows = Vec::new();
        for (alert, standing) in self.alerts.values_mut().zip(standings) {
            let state_code = match alert.stage {
                Stage::Ok => 0,
                Stage::Pending => 1,
                Stage::Firing if standing.silenced.is_some() => 4,
                Stage::Firing => 2,
                Stage::Resolved => 3,
            };
            if state_code == alert.written {
                continue;
            }
            alert.written = state_code;
            let rule = config.rule(&alert.rule).unwrap_or(&gone);
            let label = |name: &str, without: &str| {
                alert
                    .labels
                    .get(name)
                    .cloned()
                    .unwrap_or_else(|| Arc::from(without))
            };
            rows.push(AlertFact {
                rule: alert.rule.clone(),
                severity: rule.severity,
                fleet: label("fleet", "all"),
                site: label("site", "unknown"),
                fingerprint: alert.fingerprint,
                at: now,
                state_code,
                subject: alert.labels.text(),
                value: alert.value,
                threshold: rule.raise,
                notified: alert.notified,
            });
        }
        self.alerts.retain(|_, alert| match alert.stage {
            Stage::Ok => false,
            Stage::Resolved => {
                let keep_ms = config
                    .rule(&alert.rule)
                    .map_or(0, |rule| alert.keep_firing_ms(rule));
                alert.firing_sent || now.since(alert.since) < KEEP_RESOLVED_MS.max(2 * keep_ms)
            }
            Stage::Pending | Stage::Firing => true,
        });
        rows
    }
}

impl Alert {
    /// The notification that is due now, if no other rule holds it back.
    fn owes(&self, rule: &Rule, now: UtcMs) -> Option<NoticeKind> {
        match self.stage {
            Stage::Resolved => self.firing_sent.then_some(NoticeKind::Resolved),
            Stage::Firing if self.acked.is_some() => None,
            Stage::Firing if !self.firing_sent => Some(NoticeKind::Firing),
            Stage::Firing => {
                // From half the interval on it joins another one of its group, so that a group is notified as one.
                (rule.repeat_ms > 0 && self.silent_ms(now) >= rule.repeat_ms / 2)
                    .then_some(NoticeKind::Repeat)
            }
            Stage::Ok | Stage::Pending => None,
        }
    }

    /// ms since its last notification.
    fn silent_ms(&self, now: UtcMs) -> i64 {
        self.last_sent.map_or(i64::MAX, |sent| now.since(sent))
    }

    fn mark_sent(&mut self, kind: NoticeKind, now: UtcMs) -> NoticeAlert {
        self.firing_sent = kind != NoticeKind::Resolved;
        self.notified += 1;
        self.last_sent = Some(now);
        NoticeAlert {
            fingerprint: self.fingerprint.to_string(),
            labels: self
                .labels
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            summary: self.summary.clone(),
            value: self.value,
            starts_at: self.starts_at,
            ends_at: (kind == NoticeKind::Resolved).then_some(self.since),
        }
    }
}

fn is_quiet(config: &AlertsConfig, now: UtcMs) -> bool {
    config
        .quiet_hours
        .as_ref()
        .is_some_and(|hours| hours.contains(now, config.jurisdiction.zone()))
}

/// Stands for a rule that is no longer there.
fn gone() -> Rule {
    super::Builtin::rule(&super::RULES[0])
}
