//! The words and labels of a notice that several kinds of notifiers share.

use serde_json::{Map, Value, json};

use super::NotifierConfig;
use crate::model::{Notice, NoticeAlert, NoticeKind};

/// The largest number of alerts that a message for people lists; the rest is counted.
const MAX_LISTED: usize = 20;

/// `firing` or `resolved`.
pub(super) fn status(notice: &Notice) -> &'static str {
    if notice.kind == NoticeKind::Resolved {
        "resolved"
    } else {
        "firing"
    }
}

/// One line: the rule's title and the labels of the alert, or of the group if there are several alerts.
pub(super) fn headline(notice: &Notice) -> String {
    let labels = match notice.alerts.as_slice() {
        [alert] => &alert.labels,
        _ => &notice.group,
    };
    let values: Vec<&str> = labels.iter().map(|(_, value)| value.as_str()).collect();
    let suffix = if values.is_empty() {
        String::new()
    } else {
        format!(" ({})", values.join(", "))
    };
    let count = if notice.alerts.len() > 1 {
        format!(": {} alerts", notice.alerts.len())
    } else {
        String::new()
    };
    format!("{}{count}{suffix}", notice.title)
}

/// The headline with the state or severity in front.
pub(super) fn title(notice: &Notice) -> String {
    let state = match notice.kind {
        NoticeKind::Firing => notice.severity.name().to_uppercase(),
        NoticeKind::Repeat => format!("STILL {}", notice.severity.name().to_uppercase()),
        NoticeKind::Resolved => "RESOLVED".to_owned(),
    };
    format!("{state} {}", headline(notice))
}

/// One line per alert.
pub(super) fn lines(notice: &Notice) -> Vec<String> {
    let line = |alert: &NoticeAlert| match alert.ends_at {
        Some(ended) => format!("over since {ended}: {}", alert.summary),
        None => format!("{} (since {})", alert.summary, alert.starts_at),
    };
    let mut lines: Vec<String> = notice.alerts.iter().take(MAX_LISTED).map(line).collect();
    if notice.alerts.len() > MAX_LISTED {
        lines.push(format!("and {} more", notice.alerts.len() - MAX_LISTED));
    }
    lines
}

/// An alert's labels with `alertname` and `severity`, as Alertmanager has them.
pub(super) fn labels(notice: &Notice, alert: &NoticeAlert) -> Map<String, Value> {
    let mut labels: Map<String, Value> = alert
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    labels.insert("alertname".into(), notice.rule.clone().into());
    labels.insert("severity".into(), notice.severity.name().into());
    labels
}

/// An alert's annotations, as Alertmanager has them.
pub(super) fn annotations(notice: &Notice, alert: &NoticeAlert) -> Value {
    let mut texts = json!({ "summary": alert.summary, "description": notice.title });
    if let Some(value) = alert.value {
        texts["value"] = value.to_string().into();
    }
    texts
}

/// The address of the page that shows the alerts of a rule.
pub(super) fn generator(config: &NotifierConfig, rule: &str) -> String {
    format!("{}/alerts/{rule}", config.link.trim_end_matches('/'))
}
