//! `/api/v1/alerts`: alerts that are pending, firing or were lately resolved, why their notification is held back, and the silences in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::engine::query::{Query, Stored};
use crate::ledger::alerts::{Alert, Rule, Silence, Stage, Standing};
use crate::model::Severity;

/// Alerts, silences and rules as they are now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertsView {
    /// Time of the answer.
    pub as_of: String,
    /// Firing alerts first, then pending, then resolved; within a state by severity, then by age.
    pub alerts: Vec<AlertRow>,
    /// Silences in force.
    pub silences: Vec<SilenceRow>,
    /// Alerts whose notification waits because of `alerts.max_per_hour`.
    pub waiting: u32,
    /// All rules, shipped and own.
    pub rules: Vec<AlertRuleRow>,
}

/// One alert rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertRuleRow {
    /// Name in the configuration.
    pub name: Arc<str>,
    /// One sentence for people.
    pub title: Arc<str>,
    /// Severity of its alerts.
    pub severity: Severity,
    /// Whether the rule is evaluated.
    pub enabled: bool,
}

/// One alert: a rule that holds, or lately held, for one set of labels.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertRow {
    /// Hash of rule and labels, 16 hex digits.
    pub fingerprint: String,
    /// Name of the rule.
    pub rule: Arc<str>,
    /// Severity of the rule.
    pub severity: Severity,
    /// Where the alert is in its life.
    pub state: AlertState,
    /// Since when the alert is in this state.
    pub since: String,
    /// When the condition began to hold.
    pub starts_at: String,
    /// The figure that the rule compares; `null` for rules without one.
    pub value: Option<f64>,
    /// The figure at which the rule fires.
    pub threshold: Option<f64>,
    /// Labels by name.
    pub labels: BTreeMap<String, String>,
    /// Texts for people.
    pub annotations: AlertAnnotations,
    /// Set once a person acknowledged the alert.
    pub acked: Option<Acknowledgement>,
    /// Id of the silence that covers the alert.
    pub silenced: Option<u64>,
    /// Another firing alert explains this one.
    pub inhibited: bool,
    /// The notification waits for the end of the quiet hours.
    pub quiet: bool,
    /// The firing notification was sent, the resolved one not yet.
    #[serde(rename = "told")]
    pub notification_open: bool,
    /// Notifications sent so far.
    pub notified: u32,
}

/// Where an alert is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// The condition holds, but not yet for as long as the rule wants.
    Pending,
    /// The condition holds.
    Firing,
    /// The condition held and does not any more.
    Resolved,
}

/// Texts of an alert.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertAnnotations {
    /// One sentence with the labels and the figure.
    pub summary: String,
    /// Title of the rule.
    pub description: Arc<str>,
}

/// Who acknowledged an alert, and when.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Acknowledgement {
    /// Time of the acknowledgement.
    pub at: String,
    /// Name of the person or program.
    pub by: String,
}

/// Alerts with these labels send no notifications for a while.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SilenceRow {
    /// Number of the silence.
    pub id: u64,
    /// Labels that an alert must have (`rule` and `severity` count as labels).
    pub matchers: BTreeMap<Arc<str>, Arc<str>>,
    /// Start of the silence.
    pub from: String,
    /// End of the silence.
    pub until: String,
    /// Who made it.
    pub by: String,
    /// Why it was made.
    pub comment: String,
}

/// Alerts, silences and rules.
#[derive(Clone, Copy, Default, Debug)]
pub struct AlertsQuery;

impl Query for AlertsQuery {
    type Response = AlertsView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<AlertsView, String> {
        Ok(engine.alerts_view(context))
    }
}

impl Engine {
    /// Answers a request of `/api/v1/alerts`.
    pub fn alerts_view(&self, context: &ViewContext) -> AlertsView {
        let config = &self.reference.config.alerts;
        let standings = self.alerting.book().standings(config, context.now);
        let mut rows: Vec<(&Alert, Standing)> = self
            .alerting
            .book()
            .alerts()
            .zip(standings)
            .filter(|(alert, _)| alert.stage != Stage::Ok)
            .collect();
        let severity = |alert: &Alert| {
            config
                .rule(&alert.rule)
                .map_or(Severity::Warning, |rule| rule.severity)
        };
        rows.sort_by_key(|(alert, _)| {
            (
                alert.stage != Stage::Firing,
                alert.stage == Stage::Resolved,
                std::cmp::Reverse(severity(alert)),
                alert.since,
            )
        });
        let silence = |silence: &Silence| SilenceRow {
            id: silence.id,
            matchers: silence
                .matchers
                .iter()
                .map(|matcher| (matcher.name.clone(), matcher.value.clone()))
                .collect(),
            from: rfc3339(silence.from),
            until: rfc3339(silence.until),
            by: silence.by.clone(),
            comment: silence.comment.clone(),
        };
        let rule = |rule: &Rule| AlertRuleRow {
            name: rule.name.clone(),
            title: rule.title.clone(),
            severity: rule.severity,
            enabled: rule.enabled && config.enabled,
        };
        AlertsView {
            as_of: rfc3339(context.now),
            alerts: rows
                .into_iter()
                .map(|(alert, standing)| self.alert_row(alert, standing, severity(alert)))
                .collect(),
            silences: self
                .alerting
                .book()
                .silences()
                .iter()
                .filter(|silence| context.now < silence.until)
                .map(silence)
                .collect(),
            waiting: self.alerting.book().waiting(),
            rules: config.rules.iter().map(rule).collect(),
        }
    }

    fn alert_row(&self, alert: &Alert, standing: Standing, severity: Severity) -> AlertRow {
        let rule = self.reference.config.alerts.rule(&alert.rule);
        AlertRow {
            fingerprint: alert.fingerprint.to_string(),
            rule: alert.rule.clone(),
            severity,
            state: match alert.stage {
                Stage::Ok | Stage::Pending => AlertState::Pending,
                Stage::Firing => AlertState::Firing,
                Stage::Resolved => AlertState::Resolved,
            },
            since: rfc3339(alert.since),
            starts_at: rfc3339(alert.starts_at),
            value: alert.value,
            threshold: rule.map(|rule| rule.raise),
            labels: alert
                .labels
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            annotations: AlertAnnotations {
                summary: alert.summary.clone(),
                description: rule.map(|rule| rule.title.clone()).unwrap_or_default(),
            },
            acked: alert.acked.as_ref().map(|(at, by)| Acknowledgement {
                at: rfc3339(*at),
                by: by.clone(),
            }),
            silenced: standing.silenced,
            inhibited: standing.inhibited,
            quiet: standing.quiet,
            notification_open: alert.firing_sent,
            notified: alert.notified,
        }
    }
}
