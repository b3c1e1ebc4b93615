//! The overview as topics: one plain value each, its unit in the name, exactly as `/api/v1/overview` has it. Computes no figures of its own.
//!
//! What is unknown is erased (an empty retained message), because a subscriber must not take an old value for a present one.
//! Alerts are one topic a rule, which holds those that are firing, so that none stays behind whatever happens in between.

use serde_json::Value;

use super::Message;

/// Whether we are there: `online`, or `offline` by our own farewell or the broker's (last will).
pub(super) const STATUS: &str = "status";
/// The whole answer of `/api/v1/overview`.
const OVERVIEW: &str = "overview";
/// State of one vehicle for Home Assistant, by its object id.
pub(super) const STATE: &str = "state";

/// Topics below the prefix, and where their values stand in the overview. `docs/publishing.md` lists them.
const VALUES: &[(&str, &str)] = &[
    ("transition/low_emission_share_ratio", "/transition/share"),
    (
        "transition/low_emission_share_upper_ratio",
        "/transition/upper",
    ),
    (
        "transition/low_emission_vehicles",
        "/transition/low_or_better",
    ),
    ("transition/vehicles_in_scope", "/transition/in_scope"),
    ("transition/vehicles_needed", "/target/gap"),
    ("target/goal_ratio", "/target/goal"),
    ("target/due", "/target/due"),
    ("target/plan_ratio", "/target/plan"),
    ("target/drift_ratio", "/target/drift"),
    (
        "target/required_vehicles_per_month",
        "/target/required_per_month",
    ),
    ("target/status", "/target/status"),
    ("today/day", "/today/day"),
    ("today/distance_km", "/today/distance_km"),
    ("today/fuel_l", "/today/fuel_l"),
    ("today/energy_kwh", "/today/energy_kwh"),
    ("today/energy_fleet_kwh", "/today/energy_fleet_kwh"),
    ("today/scope1_kgco2e", "/today/scope1_kgco2e"),
    (
        "today/scope2_location_kgco2e",
        "/today/scope2_location_kgco2e",
    ),
    ("today/factor_sets", "/today/factor_sets"),
    ("data/completeness_ratio", "/data/completeness"),
    ("data/vehicles_registered", "/data/vehicles_registered"),
    ("data/vehicles_heard_24h", "/data/vehicles_heard_24h"),
    ("charge_points/total", "/charge_points/total"),
    ("charge_points/online", "/charge_points/online"),
    ("charge_points/charging", "/charge_points/charging"),
    ("charge_points/occupied", "/charge_points/occupied"),
    ("charge_points/faulted", "/charge_points/faulted"),
    ("charge_points/power_w", "/charge_points/power_w"),
];
/// The share still missing to the goal.
const GAP: &str = "target/gap_ratio";

/// What is firing, by rule.
const ALERTS: &str = "alerts/";

/// A topic below the prefix is one of this tree.
pub(super) fn is_ours(topic: &str) -> bool {
    let state = topic
        .strip_prefix(STATE)
        .is_some_and(|rest| rest.starts_with('/'));
    state
        || topic.starts_with(ALERTS)
        || [STATUS, OVERVIEW, GAP].contains(&topic)
        || VALUES.iter().any(|(name, _)| *name == topic)
}

/// The messages of one answer of `/api/v1/overview`.
pub(super) fn messages(prefix: &str, overview: &str) -> Result<Vec<Message>, serde_json::Error> {
    let mut answer: Value = serde_json::from_str(overview)?;
    let at = |path: &str| answer.pointer(path).map(text).unwrap_or_default();
    let mut messages: Vec<Message> = VALUES
        .iter()
        .map(|(name, path)| Message::new(format!("{prefix}/{name}"), at(path)))
        .collect();
    messages.push(Message::new(
        format!("{prefix}/{GAP}"),
        gap(&answer).map(|gap| gap.to_string()).unwrap_or_default(),
    ));
    // The time of asking is no news.
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("as_of");
    }
    let compared = answer.to_string();
    messages.push(Message {
        topic: format!("{prefix}/{OVERVIEW}"),
        payload: overview.to_owned(),
        compared: Some(compared),
    });
    Ok(messages)
}

/// The messages of one answer of `/api/v1/alerts`: for each rule a list of its firing alerts, erased if there is none.
pub(super) fn alerts(prefix: &str, answer: &str) -> Result<Vec<Message>, serde_json::Error> {
    const SHOWN: [&str; 8] = [
        "fingerprint",
        "severity",
        "since",
        "value",
        "labels",
        "annotations",
        "acked",
        "silenced",
    ];
    let answer: Value = serde_json::from_str(answer)?;
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let (rules, alerts) = (list("rules"), list("alerts"));
    let message = |rule: &Value| {
        let rule = rule["name"].as_str().unwrap_or_default();
        let firing = alerts
            .iter()
            .filter(|alert| alert["rule"] == *rule && alert["state"] == "firing");
        let shown = |alert: &Value| {
            SHOWN
                .iter()
                .map(|name| ((*name).to_owned(), alert[*name].clone()))
                .collect()
        };
        let firing: Vec<Value> = firing.map(shown).map(Value::Object).collect();
        let payload = if firing.is_empty() {
            String::new()
        } else {
            Value::Array(firing).to_string()
        };
        Message::new(format!("{prefix}/{ALERTS}{rule}"), payload)
    };
    Ok(rules.iter().map(message).collect())
}

fn gap(overview: &Value) -> Option<f64> {
    let share = |path: &str| overview.pointer(path)?.as_f64();
    let gap = (share("/target/goal")? - share("/target/current")?).max(0.0);
    // A difference of shares of thousands of vehicles; the rest is noise of binary fractions.
    Some((gap * 1e6).round() / 1e6)
}

/// A value without quotes; nothing for what is unknown.
fn text(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::mqtt::publisher::topics::*;

    #[test]
    fn values_are_plain_and_what_is_unknown_is_erased() {
        let overview = r#"{"as_of":"2026-11-24T09:00:00Z","transition":{"share":null,"low_or_better":3},
            "target":{"goal":0.9,"current":0.6,"due":"2028-03-31"},"today":{"factor_sets":["a","b"],"distance_km":12.5}}"#;
        let messages = messages("f", overview).unwrap();
        let payload = |topic: &str| {
            messages
                .iter()
                .find(|message| message.topic == topic)
                .unwrap()
                .payload
                .clone()
        };
        for (topic, want) in [
            ("f/transition/low_emission_share_ratio", ""),
            ("f/transition/low_emission_vehicles", "3"),
            ("f/target/gap_ratio", "0.3"),
            ("f/target/due", "2028-03-31"),
            ("f/today/factor_sets", "a, b"),
            ("f/today/distance_km", "12.5"),
            ("f/overview", overview),
        ] {
            assert_eq!(payload(topic), want, "{topic}");
        }
        assert!(
            messages
                .iter()
                .all(|message| is_ours(message.topic.strip_prefix("f/").unwrap()))
        );
        let later = overview.replace("09:00", "10:00");
        let compared = |text: &str| super::messages("f", text).unwrap().pop().unwrap().compared;
        assert_eq!(
            compared(overview),
            compared(&later),
            "the time of asking is no news"
        );
    }

    #[test]
    fn alerts_are_listed_by_rule_and_erased_when_there_are_none() {
        let answer = r#"{"rules":[{"name":"a"},{"name":"b"}],"alerts":[
            {"rule":"a","state":"firing","fingerprint":"1","told":true},{"rule":"a","state":"pending","fingerprint":"2"},
            {"rule":"b","state":"resolved","fingerprint":"3"}]}"#;
        let messages = alerts("f", answer).unwrap();
        let firing: Value = serde_json::from_str(&messages[0].payload).unwrap();
        assert_eq!(
            (messages[0].topic.as_str(), firing.as_array().unwrap().len()),
            ("f/alerts/a", 1)
        );
        assert_eq!(firing[0]["fingerprint"], "1");
        assert_eq!(
            (messages[1].topic.as_str(), messages[1].payload.as_str()),
            ("f/alerts/b", "")
        );
        assert!(
            messages
                .iter()
                .all(|message| is_ours(message.topic.strip_prefix("f/").unwrap()))
        );
    }

    #[test]
    fn topics_of_devices_under_our_prefix_are_not_ours() {
        for (topic, ours) in [
            ("status", true),
            ("state/AMB-101", true),
            ("state", false),
            ("today/distance_km", true),
            ("today/distance_miles", false),
            ("vehicles/AMB-101/telemetry", false),
        ] {
            assert_eq!(is_ours(topic), ours, "{topic}");
        }
    }
}
