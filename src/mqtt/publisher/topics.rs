//! The overview as topics: one plain value each, its unit in the name, exactly as `/api/v1/overview` has it. Computes no figures of its own.
//!
//! The topic of an unknown value is cleared with an empty retained message: a subscriber must not take an old value for a present one.
//! Alerts have one topic per rule, with the list of those that fire: an alert that ends while the broker is away leaves no topic behind.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Message;
use crate::engine::views::{
    Acknowledgement, AlertRow, AlertRuleRow, AlertState, AlertsView, Overview,
};
use crate::ledger::targets::{Amount, TargetStatus};
use crate::model::Severity;

/// Availability: `online`; `offline` is published at shutdown, or by the broker (will) if the connection is lost.
pub(super) const STATUS: &str = "status";
/// The answer of `/api/v1/overview`, as JSON.
const OVERVIEW: &str = "overview";
/// State of one vehicle for Home Assistant, by its object id.
pub(super) const STATE: &str = "state";

/// Prints one value of the overview.
type Print = fn(&Overview) -> String;

/// Topics below the prefix, and their values. `docs/publishing.md` lists them.
const VALUES: &[(&str, Print)] = &[
    ("transition/low_emission_share_ratio", |o| {
        text(&o.transition.share)
    }),
    ("transition/low_emission_share_upper_ratio", |o| {
        text(&o.transition.upper)
    }),
    ("transition/low_emission_vehicles", |o| {
        text(&o.transition.low_or_better)
    }),
    ("transition/vehicles_in_scope", |o| {
        text(&o.transition.in_scope)
    }),
    ("transition/vehicles_needed", |o| text(&o.target.gap)),
    ("target/goal_ratio", |o| text(&o.target.goal)),
    ("target/due", |o| text(&o.target.due)),
    ("target/plan_ratio", |o| text(&o.target.plan)),
    ("target/drift_ratio", |o| text(&o.target.drift)),
    ("target/required_vehicles_per_month", |o| {
        text(&o.target.required_per_month)
    }),
    ("target/status", |o| text(&o.target.status)),
    ("today/day", |o| text(&o.today.day)),
    ("today/distance_km", |o| text(&o.today.distance_km)),
    ("today/fuel_l", |o| text(&o.today.fuel_l)),
    ("today/energy_kwh", |o| text(&o.today.energy_kwh)),
    ("today/energy_fleet_kwh", |o| {
        text(&o.today.energy_fleet_kwh)
    }),
    ("today/scope1_kgco2e", |o| text(&o.today.scope1_kgco2e)),
    ("today/scope2_location_kgco2e", |o| {
        text(&o.today.scope2_location_kgco2e)
    }),
    ("today/factor_sets", |o| text(&o.today.factor_sets)),
    ("data/completeness_ratio", |o| text(&o.data.completeness)),
    ("data/vehicles_registered", |o| {
        text(&o.data.vehicles_registered)
    }),
    ("data/vehicles_heard_24h", |o| {
        text(&o.data.vehicles_heard_24h)
    }),
    ("charge_points/total", |o| text(&o.charge_points.total)),
    ("charge_points/online", |o| text(&o.charge_points.online)),
    ("charge_points/charging", |o| {
        text(&o.charge_points.charging)
    }),
    ("charge_points/occupied", |o| {
        text(&o.charge_points.occupied)
    }),
    ("charge_points/faulted", |o| text(&o.charge_points.faulted)),
    ("charge_points/power_w", |o| text(&o.charge_points.power_w)),
];
/// The share still missing to the goal.
const GAP: &str = "target/gap_ratio";

/// Firing alerts: one topic per rule below this one.
const ALERTS: &str = "alerts/";

/// Whether a topic (below the prefix) is one that this module publishes.
pub(super) fn is_own_topic(topic: &str) -> bool {
    let state = topic
        .strip_prefix(STATE)
        .is_some_and(|rest| rest.starts_with('/'));
    state
        || topic.starts_with(ALERTS)
        || [STATUS, OVERVIEW, GAP].contains(&topic)
        || VALUES.iter().any(|(name, _)| *name == topic)
}

/// The messages of one overview.
pub(super) fn overview(prefix: &str, mut overview: Overview) -> serde_json::Result<Vec<Message>> {
    let mut messages: Vec<Message> = VALUES
        .iter()
        .map(|(name, value)| Message::new(format!("{prefix}/{name}"), value(&overview)))
        .collect();
    messages.push(Message::new(
        format!("{prefix}/{GAP}"),
        text(&gap(&overview)),
    ));
    let payload = serde_json::to_string(&overview)?;
    // An overview that differs in its time alone is not published again.
    overview.as_of.clear();
    messages.push(Message {
        topic: format!("{prefix}/{OVERVIEW}"),
        payload,
        compared: Some(serde_json::to_string(&overview)?),
    });
    Ok(messages)
}

/// A firing alert in its rule's topic. Keys are in alphabetical order.
#[derive(Serialize)]
struct FiringAlert<'a> {
    acked: &'a Option<Acknowledgement>,
    annotations: FiringAnnotations<'a>,
    fingerprint: &'a str,
    labels: &'a BTreeMap<String, String>,
    severity: Severity,
    silenced: Option<u64>,
    since: &'a str,
    value: Option<f64>,
}

#[derive(Serialize)]
struct FiringAnnotations<'a> {
    description: &'a str,
    summary: &'a str,
}

impl<'a> FiringAlert<'a> {
    fn from_row(row: &'a AlertRow) -> Self {
        Self {
            acked: &row.acked,
            annotations: FiringAnnotations {
                description: &row.annotations.description,
                summary: &row.annotations.summary,
            },
            fingerprint: &row.fingerprint,
            labels: &row.labels,
            severity: row.severity,
            silenced: row.silenced,
            since: &row.since,
            value: row.value,
        }
    }
}

/// For each rule a list of its firing alerts, cleared if there is none.
pub(super) fn alerts(prefix: &str, view: &AlertsView) -> serde_json::Result<Vec<Message>> {
    let message = |rule: &AlertRuleRow| {
        let firing: Vec<FiringAlert<'_>> = view
            .alerts
            .iter()
            .filter(|alert| alert.rule == rule.name && alert.state == AlertState::Firing)
            .map(FiringAlert::from_row)
            .collect();
        let payload = if firing.is_empty() {
            String::new()
        } else {
            serde_json::to_string(&firing)?
        };
        let topic = format!("{prefix}/{ALERTS}{}", rule.name);
        Ok(Message::new(topic, payload))
    };
    view.rules.iter().map(message).collect()
}

fn gap(overview: &Overview) -> Option<f64> {
    let gap = (overview.target.goal - overview.target.current?).max(0.0);
    // A difference of shares of thousands of vehicles; the rest is noise of binary fractions.
    Some((gap * 1e6).round() / 1e6)
}

fn text(value: &impl TopicValue) -> String {
    value.text()
}

/// A value as the payload of a topic: without quotes, empty where it is unknown. Numbers are written as in the API.
trait TopicValue {
    fn text(&self) -> String;
}

impl<T: TopicValue> TopicValue for Option<T> {
    fn text(&self) -> String {
        self.as_ref().map(TopicValue::text).unwrap_or_default()
    }
}

impl TopicValue for f64 {
    fn text(&self) -> String {
        serde_json::Number::from_f64(*self).map_or_else(String::new, |number| number.to_string())
    }
}

impl TopicValue for u32 {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl TopicValue for u64 {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl TopicValue for usize {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl TopicValue for String {
    fn text(&self) -> String {
        self.clone()
    }
}

impl TopicValue for Vec<String> {
    fn text(&self) -> String {
        self.join(", ")
    }
}

impl TopicValue for Amount {
    fn text(&self) -> String {
        match self {
            Self::Whole(count) => count.text(),
            Self::Real(value) => value.text(),
        }
    }
}

impl TopicValue for TargetStatus {
    fn text(&self) -> String {
        self.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::engine::views::{AlertAnnotations, ViewContext};
    use crate::engine::{Engine, EngineConfig};
    use crate::ledger::transition::Profile;
    use crate::mqtt::publisher::topics::*;
    use crate::units::UtcMs;

    fn overview_of_an_empty_fleet() -> Overview {
        let profile = Profile::by_name("nhs_sdu").unwrap();
        let engine = Engine::new(
            EngineConfig::default(),
            profile,
            Arc::default(),
            Arc::default(),
            1,
            UtcMs(0),
        );
        engine.overview(&ViewContext {
            now: UtcMs(0),
            late: 0,
            rejected: 0,
        })
    }

    #[test]
    fn values_are_plain_and_unknown_ones_are_erased() {
        let known = || {
            let mut view = overview_of_an_empty_fleet();
            view.transition.low_or_better = 3;
            (view.target.goal, view.target.current) = (0.9, Some(0.6));
            view.target.due = Some("2028-03-31".to_owned());
            view.today.factor_sets = vec!["a".to_owned(), "b".to_owned()];
            view.today.distance_km = 12.5;
            view
        };
        let whole = serde_json::to_string(&known()).unwrap();
        let messages = overview("f", known()).unwrap();
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
            ("f/today/fuel_l", "0.0"),
            ("f/overview", whole.as_str()),
        ] {
            assert_eq!(payload(topic), want, "{topic}");
        }
        assert!(
            messages
                .iter()
                .all(|message| is_own_topic(message.topic.strip_prefix("f/").unwrap()))
        );
        let mut later = known();
        later.as_of = "1970-01-01T01:00:00Z".to_owned();
        let compared = |view| overview("f", view).unwrap().pop().unwrap().compared;
        assert_eq!(
            compared(known()),
            compared(later),
            "the time alone is no change"
        );
    }

    fn alert(rule: &str, state: AlertState, fingerprint: &str) -> AlertRow {
        AlertRow {
            fingerprint: fingerprint.to_owned(),
            rule: rule.into(),
            severity: Severity::Warning,
            state,
            since: String::new(),
            starts_at: String::new(),
            value: None,
            threshold: None,
            labels: BTreeMap::new(),
            annotations: AlertAnnotations {
                summary: "s".to_owned(),
                description: "d".into(),
            },
            acked: None,
            silenced: None,
            inhibited: false,
            quiet: false,
            notification_open: true,
            notified: 0,
        }
    }

    #[test]
    fn alerts_are_listed_by_rule_and_erased_when_there_are_none() {
        let rule = |name: &str| AlertRuleRow {
            name: name.into(),
            title: name.into(),
            severity: Severity::Warning,
            enabled: true,
        };
        let view = AlertsView {
            as_of: String::new(),
            alerts: vec![
                alert("a", AlertState::Firing, "1"),
                alert("a", AlertState::Pending, "2"),
                alert("b", AlertState::Resolved, "3"),
            ],
            silences: Vec::new(),
            waiting: 0,
            rules: vec![rule("a"), rule("b")],
        };
        let messages = alerts("f", &view).unwrap();
        assert_eq!(messages[0].topic, "f/alerts/a");
        assert_eq!(
            messages[0].payload,
            r#"[{"acked":null,"annotations":{"description":"d","summary":"s"},"fingerprint":"1","labels":{},"severity":"warning","silenced":null,"since":"","value":null}]"#
        );
        assert_eq!(
            (messages[1].topic.as_str(), messages[1].payload.as_str()),
            ("f/alerts/b", "")
        );
        assert!(
            messages
                .iter()
                .all(|message| is_own_topic(message.topic.strip_prefix("f/").unwrap()))
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
            assert_eq!(is_own_topic(topic), ours, "{topic}");
        }
    }
}
