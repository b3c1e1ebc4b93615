//! Alertmanager's API v2: alerts are sent again every minute with an end some minutes ahead, so that they outlive three lost posts and
//! clear by themselves if we die; an end is told once. `output-and-operations` section 5.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::message::{annotations, generator, labels};
use super::{Failure, Notifier, NotifierConfig};
use crate::engine::View;
use crate::model::{Notice, Severity};
use crate::notify::Ask;
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

#[derive(Deserialize)]
struct Answer {
    alerts: Vec<Row>,
}

/// As `/api/v1/alerts` has it.
#[derive(Deserialize)]
struct Row {
    rule: String,
    severity: Severity,
    state: String,
    starts_at: String,
    value: Option<f64>,
    labels: Map<String, Value>,
    annotations: Map<String, Value>,
    silenced: Option<u64>,
    inhibited: bool,
    told: bool,
}

impl Notifier {
    /// Sends again what is firing and was told of. What is silenced or explained here is left to expire there.
    pub(super) async fn send_again(&self, ask: &Ask, now: UtcMs) -> Result<(), Failure> {
        let answer = ask(View::Alerts).await.map_err(Failure::Later)?;
        let answer: Answer = serde_json::from_str(&answer).map_err(Failure::later)?;
        let wanted = |row: &Row| {
            let shown =
                row.state == "firing" && row.told && row.silenced.is_none() && !row.inhibited;
            shown && self.config.severities.contains(&row.severity)
        };
        let alert = |mut row: Row| {
            row.labels
                .insert("alertname".into(), row.rule.clone().into());
            row.labels
                .insert("severity".into(), row.severity.name().into());
            if let Some(value) = row.value {
                row.annotations
                    .insert("value".into(), value.to_string().into());
            }
            json!({
                "labels": row.labels,
                "annotations": row.annotations,
                "startsAt": row.starts_at,
                "endsAt": now.plus(LIFE_MS).to_string(),
                "generatorURL": generator(&self.config, &row.rule),
            })
        };
        let alerts: Vec<Value> = answer
            .alerts
            .into_iter()
            .filter(wanted)
            .map(alert)
            .collect();
        for part in alerts.chunks(MAX_IN_POST) {
            self.post("api/v2/alerts", &Value::Array(part.to_vec()))
                .await?;
        }
        Ok(())
    }
}
