//! Configuration of alerts: rules, their levels and times, own rules over series, and limits on notifications.

use std::sync::Arc;

use super::rules::{RULES, Rule};
use crate::jurisdiction::Jurisdiction;
use crate::model::Severity;
use crate::units::WeeklyHours;

/// `[alerts]` and `[[alert]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct AlertsConfig {
    /// `alerts.enabled`: evaluate the rules at all.
    pub enabled: bool,
    /// Shipped rules with their settings, then own ones.
    pub rules: Vec<Rule>,
    /// What the own ones look at.
    pub own: Vec<OwnRule>,
    /// `alerts.max_series`: alerts that are pending, firing or lately resolved; more are counted and left out.
    pub max_series: usize,
    /// `alerts.max_per_hour`: notifications in any hour; more wait.
    pub max_per_hour: u32,
    /// `alerts.quiet_hours`: below critical, notifications wait for their end.
    pub quiet_hours: Option<WeeklyHours>,
    /// The country that sets the clocks of quiet hours.
    pub jurisdiction: &'static Jurisdiction,
    /// Severities that at least one notifier accepts; others are never sent.
    pub notified_severities: Vec<Severity>,
}

/// A rule over a series of the schema.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnRule {
    /// Its name, as in [`AlertsConfig::rules`].
    pub rule: Arc<str>,
    /// The measurement that the rule watches.
    pub measurement: &'static str,
    /// Field, a number or a boolean (0 and 1).
    pub field: &'static str,
    /// Tags that must have these values.
    pub wanted: Vec<(Arc<str>, Arc<str>)>,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            rules: RULES.iter().map(super::Builtin::rule).collect(),
            own: Vec::new(),
            max_series: 10_000,
            max_per_hour: 30,
            quiet_hours: None,
            jurisdiction: Default::default(),
            notified_severities: Severity::ALL.to_vec(),
        }
    }
}

impl AlertsConfig {
    /// A rule that is looked at.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|rule| *rule.name == *name)
            .filter(|rule| rule.enabled && self.enabled)
    }

    /// A rule to be changed.
    pub fn rule_mut(&mut self, name: &str) -> Option<&mut Rule> {
        self.rules.iter_mut().find(|rule| *rule.name == *name)
    }
}
