//! `/api/v1/alerts`: what is pending, firing or was lately resolved, why people are not told of it, and the silences in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::ledger::alerts::{Alert, Rule, Silence, Stage, Standing};
use crate::model::Severity;

/// The answer.
#[derive(Debug, Serialize)]
pub struct AlertsView {
    as_of: String,
    /// Firing ones first, the worst and the oldest of them at the top.
    alerts: Vec<AlertRow>,
    silences: Vec<SilenceRow>,
    /// Alerts whose notification waits because of `alerts.max_per_hour`.
    waiting: u32,
    /// All rules, shipped and own.
    rules: Vec<RuleRow>,
}

#[derive(Debug, Serialize)]
struct RuleRow {
    name: Arc<str>,
    title: Arc<str>,
    severity: &'static str,
    /// Looked at.
    enabled: bool,
}

#[derive(Debug, Serialize)]
struct AlertRow {
    fingerprint: String,
    rule: Arc<str>,
    severity: &'static str,
    /// `pending`, `firing` or `resolved`.
    state: &'static str,
    since: String,
    starts_at: String,
    value: Option<f64>,
    threshold: Option<f64>,
    labels: BTreeMap<String, String>,
    annotations: Annotations,
    acked: Option<Acked>,
    /// Number of the silence.
    silenced: Option<u64>,
    /// Another firing alert explains it.
    inhibited: bool,
    /// It waits for the end of the quiet hours.
    quiet: bool,
    /// People were told of it, and not yet of its end.
    told: bool,
    notified: u32,
}

#[derive(Debug, Serialize)]
struct Annotations {
    summary: String,
    description: Arc<str>,
}

#[derive(Debug, Serialize)]
struct Acked {
    at: String,
    by: String,
}

#[derive(Debug, Serialize)]
struct SilenceRow {
    id: u64,
    matchers: BTreeMap<Arc<str>, Arc<str>>,
    from: String,
    until: String,
    by: String,
    comment: String,
}

impl Engine {
    /// `/api/v1/alerts`.
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
        let rule = |rule: &Rule| RuleRow {
            name: rule.name.clone(),
            title: rule.title.clone(),
            severity: rule.severity.name(),
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
            severity: severity.name(),
            state: match alert.stage {
                Stage::Ok | Stage::Pending => "pending",
                Stage::Firing => "firing",
                Stage::Resolved => "resolved",
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
            annotations: Annotations {
                summary: alert.summary.clone(),
                description: rule.map(|rule| rule.title.clone()).unwrap_or_default(),
            },
            acked: alert.acked.as_ref().map(|(at, by)| Acked {
                at: rfc3339(*at),
                by: by.clone(),
            }),
            silenced: standing.silenced,
            inhibited: standing.inhibited,
            quiet: standing.quiet,
            told: alert.told,
            notified: alert.notified,
        }
    }
}
