//! A notice as people and machines want it: Alertmanager's webhook body, ntfy, chat text, an Adaptive Card; and the words that all share.
//! Shapes: `output-and-operations` section 5.

use serde_json::{Map, Value, json};

use super::NotifierConfig;
use crate::model::{Notice, NoticeAlert, NoticeKind, Severity};

/// Alerts named in a message for people; the rest is counted.
const MAX_NAMED: usize = 20;

/// `firing` or `resolved`.
pub(super) fn status(notice: &Notice) -> &'static str {
    if notice.kind == NoticeKind::Resolved {
        "resolved"
    } else {
        "firing"
    }
}

/// One line: what, and where.
pub(super) fn headline(notice: &Notice) -> String {
    let place: Vec<&str> = match notice.alerts.as_slice() {
        [alone] => alone
            .labels
            .iter()
            .map(|(_, value)| value.as_str())
            .collect(),
        _ => notice
            .group
            .iter()
            .map(|(_, value)| value.as_str())
            .collect(),
    };
    let place = if place.is_empty() {
        String::new()
    } else {
        format!(" ({})", place.join(", "))
    };
    let count = if notice.alerts.len() > 1 {
        format!(": {} alerts", notice.alerts.len())
    } else {
        String::new()
    };
    format!("{}{count}{place}", notice.title)
}

/// The same with its state in front.
pub(super) fn title(notice: &Notice) -> String {
    let state = match notice.kind {
        NoticeKind::Firing => notice.severity.name().to_uppercase(),
        NoticeKind::Repeat => format!("STILL {}", notice.severity.name().to_uppercase()),
        NoticeKind::Resolved => "RESOLVED".to_owned(),
    };
    format!("{state} {}", headline(notice))
}

/// A line for each alert.
pub(super) fn lines(notice: &Notice) -> Vec<String> {
    let line = |alert: &NoticeAlert| match alert.ends_at {
        Some(ended) => format!("over since {ended}: {}", alert.summary),
        None => format!("{} (since {})", alert.summary, alert.starts_at),
    };
    let mut lines: Vec<String> = notice.alerts.iter().take(MAX_NAMED).map(line).collect();
    if notice.alerts.len() > MAX_NAMED {
        lines.push(format!("and {} more", notice.alerts.len() - MAX_NAMED));
    }
    lines
}

/// Labels as Alertmanager has them.
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

/// Annotations as Alertmanager has them.
pub(super) fn annotations(notice: &Notice, alert: &NoticeAlert) -> Value {
    let mut texts = json!({ "summary": alert.summary, "description": notice.title });
    if let Some(value) = alert.value {
        texts["value"] = value.to_string().into();
    }
    texts
}

/// Where an alert can be looked at.
pub(super) fn generator(config: &NotifierConfig, rule: &str) -> String {
    format!("{}/alerts/{rule}", config.link.trim_end_matches('/'))
}

/// Alertmanager's webhook body, version 4.
pub(super) fn webhook(config: &NotifierConfig, notice: &Notice) -> Value {
    let status = status(notice);
    let mut group: Map<String, Value> = notice
        .group
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    group.insert("alertname".into(), notice.rule.clone().into());
    let all: Vec<Map<String, Value>> = notice
        .alerts
        .iter()
        .map(|alert| labels(notice, alert))
        .collect();
    let mut common = all.first().cloned().unwrap_or_default();
    common.retain(|name, value| all.iter().all(|labels| labels.get(name) == Some(value)));
    let key: Vec<String> = group
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let alerts = notice.alerts.iter().map(|alert| {
        json!({
            "status": status,
            "labels": labels(notice, alert),
            "annotations": annotations(notice, alert),
            "startsAt": alert.starts_at.to_string(),
            // Go's zero time: not over.
            "endsAt": alert.ends_at.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| at.to_string()),
            "generatorURL": generator(config, &notice.rule),
            "fingerprint": alert.fingerprint,
        })
    });
    json!({
        "version": "4",
        "status": status,
        "receiver": config.name,
        "groupKey": format!("{{}}:{{{}}}", key.join(",")),
        "truncatedAlerts": 0,
        "groupLabels": group,
        "commonLabels": common,
        "commonAnnotations": { "description": notice.title },
        "externalURL": config.link,
        "alerts": alerts.collect::<Vec<_>>(),
    })
}

/// ntfy: priorities 1 to 5, 3 is usual; tags become emojis.
pub(super) fn ntfy(config: &NotifierConfig, notice: &Notice, topic: &str) -> Value {
    let (priority, tag) = match (notice.kind, notice.severity) {
        (NoticeKind::Resolved, _) => (3, "white_check_mark"),
        (_, Severity::Info) => (3, "information_source"),
        (_, Severity::Warning) => (4, "warning"),
        (_, Severity::Critical) => (5, "rotating_light"),
    };
    json!({
        "topic": topic,
        "title": title(notice),
        "message": lines(notice).join("\n"),
        "priority": priority,
        "tags": [tag],
        "click": config.link,
    })
}

/// Slack and what follows it: three characters are escaped, and links stand in angle brackets.
pub(super) fn slack(config: &NotifierConfig, notice: &Notice) -> Value {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let body = escape(&lines(notice).join("\n"));
    json!({ "text": format!("*{}*\n{body}\n<{}|open>", escape(&title(notice)), config.link) })
}

/// An Adaptive Card for Teams Workflows.
pub(super) fn teams(config: &NotifierConfig, notice: &Notice) -> Value {
    let mut body = vec![
        json!({ "type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": true, "text": title(notice) }),
    ];
    body.extend(
        lines(notice)
            .into_iter()
            .map(|line| json!({ "type": "TextBlock", "wrap": true, "text": line })),
    );
    let mut facts = vec![
        json!({ "title": "Rule", "value": notice.rule }),
        json!({ "title": "Severity", "value": notice.severity.name() }),
    ];
    facts.extend(
        notice
            .group
            .iter()
            .map(|(name, value)| json!({ "title": name, "value": value })),
    );
    body.push(json!({ "type": "FactSet", "facts": facts }));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
                "actions": [{ "type": "Action.OpenUrl", "title": "Open", "url": config.link }],
            },
        }],
    })
}
