//! Alertmanager's webhook body, version 4 (Prometheus documentation, "Alerting configuration, webhook_config", 2024), for receivers that
//! are written for Alertmanager.

use serde_json::{Map, Value, json};

use super::{Delivery, NotifierKind};
use crate::model::Notice;
use crate::notify::NotifierConfig;
use crate::notify::message::{annotations, generator, labels, status};
use crate::units::UtcMs;

/// Go's zero time, which stands for an alert that still fires.
const NOT_ENDED: &str = "0001-01-01T00:00:00Z";

pub(super) struct Webhook;

impl NotifierKind for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn message(&self, config: &NotifierConfig, notice: &Notice, _: UtcMs) -> Delivery {
        let status = status(notice);
        let group = group_labels(notice);
        let key: Vec<String> = group
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let alerts = notice.alerts.iter().map(|alert| {
            let ends_at = alert
                .ends_at
                .map_or_else(|| NOT_ENDED.to_owned(), |at| at.to_string());
            json!({
                "status": status,
                "labels": labels(notice, alert),
                "annotations": annotations(notice, alert),
                "startsAt": alert.starts_at.to_string(),
                "endsAt": ends_at,
                "generatorURL": generator(config, &notice.rule),
                "fingerprint": alert.fingerprint,
            })
        });
        Delivery::post(json!({
            "version": "4",
            "status": status,
            "receiver": config.name,
            "groupKey": format!("{{}}:{{{}}}", key.join(",")),
            "truncatedAlerts": 0,
            "groupLabels": group,
            "commonLabels": common_labels(notice),
            "commonAnnotations": { "description": notice.title },
            "externalURL": config.link,
            "alerts": alerts.collect::<Vec<_>>(),
        }))
    }
}

fn group_labels(notice: &Notice) -> Map<String, Value> {
    let mut group: Map<String, Value> = notice
        .group
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    group.insert("alertname".into(), notice.rule.clone().into());
    group
}

/// The labels that all alerts of the notice have with the same value.
fn common_labels(notice: &Notice) -> Map<String, Value> {
    let all: Vec<Map<String, Value>> = notice
        .alerts
        .iter()
        .map(|alert| labels(notice, alert))
        .collect();
    let mut common = all.first().cloned().unwrap_or_default();
    common.retain(|name, value| all.iter().all(|labels| labels.get(name) == Some(value)));
    common
}
