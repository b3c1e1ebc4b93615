//! The nouns of alerts: severity, labels, the row of a transition, and the notice that waits on disk until each notifier has sent it.

use std::fmt::Write;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::units::{Month, UtcMs};

/// Decides who is notified and how soon.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be looked at today.
    Warning,
    /// To be looked at now: not delayed by quiet hours.
    Critical,
}

impl Severity {
    /// All, the least first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The word in rows, JSON and the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What an alert is about, besides its rule: names and values, by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Labels(Vec<(Arc<str>, Arc<str>)>);

impl Labels {
    /// Of names and values; an empty value is `unknown`, because Alertmanager refuses empty ones.
    pub fn new(pairs: &[(&str, &str)]) -> Self {
        let value = |value: &str| Arc::from(if value.is_empty() { "unknown" } else { value });
        let mut labels: Vec<_> = pairs
            .iter()
            .map(|(name, text)| (Arc::from(*name), value(text)))
            .collect();
        labels.sort();
        Self(labels)
    }

    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&Arc<str>> {
        self.0
            .iter()
            .find(|(known, _)| **known == *name)
            .map(|(_, value)| value)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Only those named.
    pub fn only(&self, names: &[Arc<str>]) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(name, _)| names.contains(name))
                .cloned()
                .collect(),
        )
    }

    /// Identifies an alert: of the rule and the labels only, never of a text or a value, so that a new wording is no new alert.
    /// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
    pub fn fingerprint(&self, rule: &str) -> Fingerprint {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut mix = |text: &str| {
            for byte in text.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        mix(rule);
        self.0.iter().for_each(|(name, value)| {
            mix(name);
            mix(value);
        });
        Fingerprint(hash)
    }

    /// `name=value` with commas between.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in self.iter() {
            let _ = write!(
                text,
                "{}{name}={value}",
                if text.is_empty() { "" } else { ", " }
            );
        }
        text
    }
}

/// Identifies an alert; written as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Fingerprint(pub u64);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| digits);
        number
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a fingerprint of 16 hex digits; `fleetgauge alerts list` shows them"))
    }
}

/// Row of `alerts`: an alert has another state.
#[derive(Clone, PartialEq, Debug)]
pub struct AlertFact {
    /// Name of the rule.
    pub rule: Arc<str>,
    /// Severity of the rule.
    pub severity: Severity,
    /// Label `fleet`, or `all`.
    pub fleet: Arc<str>,
    /// Label `site`, or `unknown`.
    pub site: Arc<str>,
    /// Identifies the alert, by rule and labels.
    pub fingerprint: Fingerprint,
    /// When the state changed.
    pub at: UtcMs,
    /// 0 ok, 1 pending, 2 firing, 3 resolved, 4 silenced.
    pub state_code: u8,
    /// Its labels as text.
    pub subject: String,
    /// The value that was compared.
    pub value: Option<f64>,
    /// The level at which it is raised.
    pub threshold: f64,
    /// Notifications so far.
    pub notified: u32,
}

/// Words for [`AlertFact::state_code`].
pub const ALERT_STATES: [&str; 5] = ["ok", "pending", "firing", "resolved", "silenced"];

/// What a notice is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The first notice of an alert.
    Firing,
    /// The alert is still firing.
    Repeat,
    /// The alert is resolved.
    Resolved,
}

/// One alert in a notice.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NoticeAlert {
    /// Identifies the alert, 16 hex digits.
    pub fingerprint: String,
    /// Labels, without the rule and the severity.
    pub labels: Vec<(String, String)>,
    /// One sentence about the subject and its state.
    pub summary: String,
    /// The value that was compared.
    pub value: Option<f64>,
    /// When the alert began, in Unix milliseconds.
    pub starts_at: UtcMs,
    /// When a resolved alert ended, in Unix milliseconds.
    pub ends_at: Option<UtcMs>,
}

/// A notification: alerts of one rule and group in the same state. Kept on disk as JSON until each notifier has sent it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// When it was emitted.
    pub at: UtcMs,
    /// Why the notice is sent.
    pub kind: NoticeKind,
    /// Name of the rule.
    pub rule: String,
    /// What the rule means.
    pub title: String,
    /// Severity of the rule.
    pub severity: Severity,
    /// Labels that the group has in common.
    pub group: Vec<(String, String)>,
    /// At least one.
    pub alerts: Vec<NoticeAlert>,
}

/// Emissions per kilometre of a fleet in a month that has ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EmissionsSample {
    /// The fleet of the alerts.
    pub fleet: Arc<str>,
    /// The month that has ended.
    pub month: Month,
    /// kgCO2e per km in it.
    pub kgco2e_per_km: f64,
    /// The same of the same month a year before.
    pub last_year: f64,
}

#[cfg(test)]
mod tests {
    use crate::model::alert::*;

    #[test]
    fn a_fingerprint_is_of_rule_and_labels_whatever_their_order() {
        let one = Labels::new(&[("site", "DERBY"), ("charge_point_id", "CP1")]);
        let other = Labels::new(&[("charge_point_id", "CP1"), ("site", "DERBY")]);
        assert_eq!(
            one.fingerprint("charger_faulted"),
            other.fingerprint("charger_faulted")
        );
        assert_ne!(
            one.fingerprint("charger_faulted"),
            one.fingerprint("charger_offline")
        );
        // Borders between names and values count.
        assert_ne!(
            Labels::new(&[("a", "bc")]).fingerprint("r"),
            Labels::new(&[("ab", "c")]).fingerprint("r")
        );
        // The empty text's hash of the draft, then one separator.
        let text = one.fingerprint("charger_faulted").to_string();
        assert_eq!(text.parse(), Ok(one.fingerprint("charger_faulted")));
        assert!(
            "12".parse::<Fingerprint>().is_err()
                && "+123456789abcdef".parse::<Fingerprint>().is_err()
        );
        assert_eq!(Labels::new(&[("site", "")]).text(), "site=unknown");
    }
}
