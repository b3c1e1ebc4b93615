//! Alertmanager's API v2 (Prometheus documentation, "Sending alerts", 2024).
//!
//! Alertmanager resolves an alert at its `endsAt`. Firing alerts are therefore repeated every minute with an end four minutes ahead: they
//! outlive three lost requests, and they resolve by themselves if this process dies. A resolved alert is sent once.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Delivery, NotifierKind};
use crate::engine::views::{AlertRow, AlertState};
use crate::model::Notice;
use crate::notify::NotifierConfig;
use crate::notify::message::{annotations, generator, labels};
use crate::units::UtcMs;

const INTERVAL: Duration = Duration::from_secs(60);
/// Four intervals, in milliseconds.
const LIFETIME_MS: i64 = 4 * 60_000;
/// The largest number of alerts in one request.
const MAX_ALERTS: usize = 500;

pub(super) struct Alertmanager;

impl NotifierKind for Alertmanager {
    fn name(&self) -> &'static str {
        "alertmanager"
    }

    fn message(&self, config: &NotifierConfig, notice: &Notice, now: UtcMs) -> Delivery {
        let alerts = notice.alerts.iter().map(|alert| {
            // An `endsAt` that is not in the future resolves the alert at once.
            let ends_at = if alert.ends_at.is_some() {
                now
            } else {
                now.plus(LIFETIME_MS)
            };
            json!({
                "labels": labels(notice, alert),
                "annotations": annotations(notice, alert),
                "startsAt": alert.starts_at.to_string(),
                "endsAt": ends_at.to_string(),
                "generatorURL": generator(config, &notice.rule),
            })
        });
        post(alerts.collect())
    }

    fn resend_interval(&self) -> Option<Duration> {
        Some(INTERVAL)
    }

    fn resend(&self, config: &NotifierConfig, alerts: &[AlertRow], now: UtcMs) -> Vec<Delivery> {
        let alerts: Vec<Value> = alerts
            .iter()
            .filter(|alert| is_visible(alert) && config.severities.contains(&alert.severity))
            .map(|alert| firing(config, alert, now))
            .collect();
        alerts
            .chunks(MAX_ALERTS)
            .map(|part| post(part.to_vec()))
            .collect()
    }
}

/// Returns true if receivers are to see the alert. Silenced and inhibited alerts are left to expire at the receiver.
fn is_visible(alert: &AlertRow) -> bool {
    alert.state == AlertState::Firing
        && alert.notification_open
        && alert.silenced.is_none()
        && !alert.inhibited
}

fn post(alerts: Vec<Value>) -> Delivery {
    Delivery::Http {
        path: "api/v2/alerts",
        body: Value::Array(alerts),
    }
}

fn firing(config: &NotifierConfig, alert: &AlertRow, now: UtcMs) -> Value {
    let mut labels = alert.labels.clone();
    labels.insert("alertname".to_owned(), alert.rule.to_string());
    labels.insert("severity".to_owned(), alert.severity.name().to_owned());
    let mut annotations = BTreeMap::from([
        ("summary", alert.annotations.summary.clone()),
        ("description", alert.annotations.description.to_string()),
    ]);
    annotations.extend(alert.value.map(|value| ("value", value.to_string())));
    json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": alert.starts_at,
        "endsAt": now.plus(LIFETIME_MS).to_string(),
        "generatorURL": generator(config, &alert.rule),
    })
}
