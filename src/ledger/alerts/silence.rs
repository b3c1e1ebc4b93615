//! Silences: alerts with matching labels are not sent until the silence expires. Values are exact, or begin or end by `*`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::Labels;
use crate::units::UtcMs;

/// One condition; `rule` and `severity` are names too.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Matcher {
    /// A label, `rule` or `severity`.
    pub name: Arc<str>,
    /// Its value; `*` at the beginning or the end stands for anything.
    pub value: Arc<str>,
}

impl Matcher {
    fn takes(&self, value: &str) -> bool {
        match (self.value.strip_prefix('*'), self.value.strip_suffix('*')) {
            (Some(_), Some("")) => true,
            (Some(rest), Some(_)) => value.contains(rest.strip_suffix('*').unwrap_or(rest)),
            (Some(end), None) => value.ends_with(end),
            (None, Some(start)) => value.starts_with(start),
            (None, None) => value == &*self.value,
        }
    }
}

/// A silence: alerts that match are not sent for a while.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Silence {
    /// Its number, never used again.
    pub id: u64,
    /// All of them must match.
    pub matchers: Vec<Matcher>,
    /// When it was made.
    pub from: UtcMs,
    /// When it expires.
    pub until: UtcMs,
    /// Name of the user that made it.
    pub by: String,
    /// The reason that was given.
    pub comment: String,
}

impl Silence {
    /// It is in force and speaks of this alert.
    pub fn covers(&self, rule: &str, severity: &str, labels: &Labels, now: UtcMs) -> bool {
        now < self.until
            && self.matchers.iter().all(|matcher| match &*matcher.name {
                "rule" | "alertname" => matcher.takes(rule),
                "severity" => matcher.takes(severity),
                name => labels.get(name).is_some_and(|value| matcher.takes(value)),
            })
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::alerts::silence::*;

    #[test]
    fn matchers_are_exact_or_have_a_star_at_an_end() {
        for (pattern, value, want) in [
            ("DER-CP-01", "DER-CP-01", true),
            ("DER-CP-01", "DER-CP-010", false),
            ("DER-*", "DER-CP-01", true),
            ("*-01", "DER-CP-01", true),
            ("*CP*", "DER-CP-01", true),
            ("*", "", true),
            ("der-*", "DER-CP-01", false),
        ] {
            let matcher = Matcher {
                name: "charge_point_id".into(),
                value: pattern.into(),
            };
            assert_eq!(matcher.takes(value), want, "{pattern} {value}");
        }
    }
}
