//! Alertmanager's API v2: alerts are sent again every minute with an end some minutes ahead, so that they outlive three lost posts and
//! clear by themselves if we die; an end is told once. `output-and-operations` section 5.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::message::{annotations, generator, labels};
use super::{Failure, Notifier, NotifierConfig};
use crate::api::requests::EngineClient;
use crate::engine::AlertsQuery;
use crate::engine::views::{AlertRow, AlertState};
use crate::model::Notice;
use crate::units::UtcMs;

/// How often what is firing is sent again.
pub(super) const INTERVAL: Duration = Duration::from_secs(60);
/// After so long Alertmanager takes an alert for over: four intervals.
const LIFE_MS: i64 = 4 * 60_000;
/// Alerts in one post.
const MAX_IN_POST: usize = 500;

/// The body for one notice.
pub(super) fn body(config: &NotifierConfig, notice: &Notice, now: UtcMs) -> Value {
    let alerts = notice.alerts.iter().map(|alert| {
        // An end in the past of what Alertmanager knows: over at once.
        let ends_at = if alert.ends_at.is_some() {
            now
        } else {
            now.plus(LIFE_MS)
        };
        json!({
            "labels": labels(notice, alert),
            "annotations": annotations(notice, alert),
            "startsAt": alert.starts_at.to_string(),
            "endsAt": ends_at.to_string(),
            "generatorURL": generator(config, &notice.rule),
        })
    });
    Value::Array(alerts.collect())
}

impl Notifier {
    /// Sends again the firing alerts whose notification was sent. What is silenced or inhibited here is left to expire there.
    pub(super) async fn send_again(
        &self,
        engine: &EngineClient,
        now: UtcMs,
    ) -> Result<(), Failure> {
        let view = engine.request(AlertsQuery).await.map_err(Failure::Later)?;
        let wanted = |row: &AlertRow| {
            let shown = row.state == AlertState::Firing
                && row.notification_open
                && row.silenced.is_none()
                && !row.inhibited;
            shown && self.config.severities.contains(&row.severity)
        };
        let alert = |row: AlertRow| {
            let mut labels = row.labels;
            labels.insert("alertname".to_owned(), row.rule.to_string());
            labels.insert("severity".to_owned(), row.severity.name().to_owned());
            let mut annotations = BTreeMap::from([
                ("summary", row.annotations.summary),
                ("description", row.annotations.description.to_string()),
            ]);
            annotations.extend(row.value.map(|value| ("value", value.to_string())));
            json!({
                "labels": labels,
                "annotations": annotations,
                "startsAt": row.starts_at,
                "endsAt": now.plus(LIFE_MS).to_string(),
                "generatorURL": generator(&self.config, &row.rule),
            })
        };
        let alerts: Vec<Value> = view.alerts.into_iter().filter(wanted).map(alert).collect();
        for part in alerts.chunks(MAX_IN_POST) {
            self.post("api/v2/alerts", &Value::Array(part.to_vec()))
                .await?;
        }
        Ok(())
    }
}
