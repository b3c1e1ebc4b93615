//! Alert rules for Prometheus and for Grafana, for installations that alert there and not from the daemon. The levels are those of the daemon.
//!
//! The daemon's alerts have an end, acknowledgements and silences; these rules do not. Use one of the two for a condition, not both.

use std::fmt::Write;

use serde_json::json;

use super::estate::{OBSERVED, OUT};
use super::table::{Filter, Join, Series, latest, one_minus};
use super::{influxql, promql};
use crate::ledger::alerts::RULES;
use crate::model::Severity;

/// When a rule fires.
#[derive(Clone, Copy)]
enum When {
    /// At this code.
    Is(i64),
    /// Beyond the level of the daemon's rule, in hundreds of its unit's parts: `true` is above.
    Beyond { above: bool, per_unit: f64 },
}

/// A rule of the daemon as a query to the database.
struct Rule {
    /// Its name in the daemon, which has title, level, severity and time.
    name: &'static str,
    series: Series,
    when: When,
    /// How far back the last row may be: Prometheus' duration and s.
    window: (&'static str, u32),
}

const DAY: (&str, u32) = ("1d", 86_400);
const TARGETS: &[&str] = &["target"];
const TARGET_PROGRESS: &str = "target_progress";
/// Mean days of a month: levels are in months, rows in days.
const DAYS_A_MONTH: f64 = 30.4;

const RULES_OF_SERIES: &[Rule] = &[
    Rule {
        name: "charger_faulted",
        series: latest("", "charge_point_status", "status_code", Join::Max)
            .by(&["site", "charge_point_id", "connector_id"], ""),
        when: When::Is(9),
        window: DAY,
    },
    Rule {
        name: "charger_offline",
        series: latest("", "connector_time", "class_code", Join::Max)
            .by(&["site", "charge_point_id"], ""),
        when: When::Is(5),
        window: DAY,
    },
    Rule {
        name: "uptime_low",
        series: one_minus("", OUT, OBSERVED).by(&["site", "charge_point_id"], ""),
        when: When::Beyond {
            above: false,
            per_unit: 1.0,
        },
        window: ("365d", 365 * 86_400),
    },
    Rule {
        name: "data_completeness",
        series: latest("", "data_quality", "completeness_ratio", Join::Last)
            .only(&[Filter::Is("fleet", "all")])
            .by(&["fleet"], ""),
        when: When::Beyond {
            above: false,
            per_unit: 1.0,
        },
        window: ("15m", 900),
    },
    Rule {
        name: "target_drift",
        series: latest("", TARGET_PROGRESS, "state_code", Join::Last).by(TARGETS, ""),
        when: When::Is(1),
        window: DAY,
    },
    Rule {
        name: "target_off_path",
        series: latest("", TARGET_PROGRESS, "state_code", Join::Last).by(TARGETS, ""),
        when: When::Is(2),
        window: DAY,
    },
    Rule {
        name: "target_unlikely",
        series: latest("", TARGET_PROGRESS, "p_hit_ratio", Join::Last).by(TARGETS, ""),
        when: When::Beyond {
            above: false,
            per_unit: 1.0,
        },
        window: DAY,
    },
    Rule {
        name: "target_late",
        series: latest("", TARGET_PROGRESS, "days_late", Join::Last).by(TARGETS, ""),
        when: When::Beyond {
            above: true,
            per_unit: DAYS_A_MONTH,
        },
        window: DAY,
    },
];

/// Of `/metrics`, for Prometheus alone: name, expression, `for`, severity, summary. `disk_free_ppm` 0 is not known.
const DAEMON: &[(&str, &str, &str, &str, &str)] = &[
    (
        "output_behind",
        "fleetgauge_outbox_oldest_timestamp_seconds > 0 and time() - fleetgauge_outbox_oldest_timestamp_seconds > 900",
        "5m",
        "warning",
        "A database does not take its rows",
    ),
    (
        "disk_near_full",
        "fleetgauge_disk_free_ppm > 0 and fleetgauge_disk_free_ppm / 1e6 < 0.1",
        "5m",
        "critical",
        "The disk of the store is nearly full",
    ),
    (
        "broker_down",
        "fleetgauge_broker_connected == 0",
        "10m",
        "warning",
        "An MQTT broker has no link",
    ),
    (
        "not_ready",
        "fleetgauge_ready == 0",
        "5m",
        "critical",
        "The store takes no writes",
    ),
    (
        "rows_refused",
        "increase(fleetgauge_sink_points_refused_total[15m]) > 0",
        "0s",
        "warning",
        "The database refuses rows for good",
    ),
    (
        "daemon_silent",
        "absent_over_time(data_quality_vehicles{fleet=\"all\"}[10m])",
        "5m",
        "critical",
        "No row of the daemon for ten minutes",
    ),
];

pub(super) fn files() -> Vec<(String, String)> {
    vec![
        ("prometheus/rules.yml".to_owned(), prometheus()),
        ("provisioning/alerting/fleetgauge.yml".to_owned(), grafana()),
    ]
}

/// Title, severity, `for`, level, of the daemon's rule.
fn daemons(rule: &Rule) -> (&'static str, &'static str, String, f64) {
    let builtin = RULES
        .iter()
        .find(|one| one.name == rule.name)
        .expect("a test looks every rule up");
    let shipped = builtin.rule();
    let severity = match shipped.severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    };
    (
        builtin.title,
        severity,
        format!("{}s", shipped.for_ms / 1000),
        shipped.raise,
    )
}

/// The level in the rows' unit, without the dust of the product.
fn in_unit(level: f64, per_unit: f64) -> f64 {
    (level * per_unit * 1e6).round() / 1e6
}

fn prometheus() -> String {
    let mut text = String::from(
        "# Made by `fleetgauge dashboards export`; do not edit. Checked by `promtool check rules` and `promtool test rules`.\n\
         # Rows come from VictoriaMetrics; `fleetgauge_...` from the daemon's /metrics.\ngroups:\n  - name: fleetgauge\n    rules:\n",
    );
    for rule in RULES_OF_SERIES {
        let (title, severity, for_, level) = daemons(rule);
        let query = promql::query(&rule.series).replace("$__range", rule.window.0);
        let expression = match rule.when {
            When::Is(code) => format!("{query} == {code}"),
            When::Beyond { above, per_unit } => format!(
                "{query} {} {}",
                if above { ">" } else { "<" },
                in_unit(level, per_unit)
            ),
        };
        let labels: Vec<String> = rule
            .series
            .by
            .iter()
            .map(|tag| format!("{{{{ $labels.{tag} }}}}"))
            .collect();
        let description = format!("{}: {{{{ printf \"%.4g\" $value }}}}", labels.join(" "));
        push(
            &mut text,
            (rule.name, &expression, &for_, severity, title),
            Some(&description),
        );
    }
    text.push_str("  - name: fleetgauge daemon\n    rules:\n");
    for rule in DAEMON {
        push(&mut text, *rule, None);
    }
    text
}

fn push(text: &mut String, rule: (&str, &str, &str, &str, &str), description: Option<&str>) {
    let (name, expression, for_, severity, summary) = rule;
    let expression = json!(expression);
    let _ = write!(
        text,
        "      - alert: {name}\n        expr: {expression}\n        for: {for_}\n        labels:\n          severity: {severity}\n        annotations:\n          summary: {}\n",
        json!(summary)
    );
    if let Some(description) = description {
        let _ = writeln!(text, "          description: {}", json!(description));
    }
}

fn grafana() -> String {
    let mut text = String::from(
        "# Made by `fleetgauge dashboards export`; do not edit. Grafana reads it when it starts. NOT RUN in this project's CI; the\n\
         # InfluxQL of each rule is run against a real InfluxDB 1.6.\napiVersion: 1\ngroups:\n  - orgId: 1\n    name: fleetgauge\n    \
         folder: Fleetgauge\n    interval: 1m\n    rules:\n",
    );
    for rule in RULES_OF_SERIES {
        let (title, severity, for_, level) = daemons(rule);
        let evaluator = match rule.when {
            // Halves on both sides: older versions of Grafana have no `equal`.
            When::Is(code) => {
                json!({ "type": "within_range", "params": [code as f64 - 0.5, code as f64 + 0.5] })
            }
            When::Beyond { above, per_unit } => {
                json!({ "type": if above { "gt" } else { "lt" }, "params": [in_unit(level, per_unit)] })
            }
        };
        // Grafana puts the environment's variables into provisioning files; `$$` is a plain `$`.
        let query = json!({
            "refId": "A", "rawQuery": true, "query": influxql::query(&rule.series).replace('$', "$$"), "resultFormat": "time_series",
            "alias": "", "intervalMs": 60_000, "maxDataPoints": 1000,
        });
        let expression = json!({ "type": "__expr__", "uid": "__expr__" });
        let reduce = json!({ "refId": "B", "type": "reduce", "expression": "A", "reducer": "last", "datasource": &expression });
        let threshold = json!({ "refId": "C", "type": "threshold", "expression": "B", "conditions": [{ "evaluator": evaluator }], "datasource": &expression });
        let _ = write!(
            text,
            "      - uid: fleetgauge-{}\n        title: {}\n        condition: C\n        for: {for_}\n        noDataState: OK\n        \
             execErrState: Error\n        labels:\n          severity: {severity}\n        annotations:\n          summary: {}\n        data:\n",
            rule.name.replace('_', "-"),
            rule.name,
            json!(title)
        );
        for (reference, source, model) in [
            ("A", "fleetgauge-influx", &query),
            ("B", "__expr__", &reduce),
            ("C", "__expr__", &threshold),
        ] {
            let from = rule.window.1;
            let _ = write!(
                text,
                "          - refId: {reference}\n            datasourceUid: {source}\n            relativeTimeRange:\n              \
                 from: {from}\n              to: 0\n            model: {model}\n"
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::dashboards::rules::*;

    #[test]
    fn every_rule_is_one_of_the_daemons() {
        for rule in RULES_OF_SERIES {
            assert!(!daemons(rule).0.is_empty(), "{}", rule.name);
        }
        for (name, ..) in DAEMON
            .iter()
            .filter(|(name, ..)| ["output_behind", "disk_near_full", "broker_down"].contains(name))
        {
            assert!(RULES.iter().any(|rule| rule.name == *name), "{name}");
        }
    }
}
