//! `[alerts]` and `[[alert]]`: the shipped rules' levels and times, own rules over series of the schema, and the limits of notifications.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::ConfigError;
use super::source::{Node, SourcePosition};
use crate::app::config::keys::{Section, section_list};
use crate::ledger::alerts::{AlertsConfig, Builtin, OwnRule, RULES, Rule};
use crate::model::{Severity, nearest};
use crate::series::table::{FieldType, MEASUREMENTS, Measurement};
use crate::units::{ParseWeeklyError, WeeklyHours};

const YEAR: Duration = Duration::from_secs(366 * 86_400);
/// More own rules are a mistake: each is evaluated for every row of its measurement.
const MAX_OWN: usize = 500;
/// Measurements that rules cannot watch, with the reason.
const UNSEEN: [(&str, &str); 2] = [
    ("alerts", "a rule over alerts would raise itself"),
    (
        "ingest_stats",
        "Prometheus can watch these figures at /metrics",
    ),
];

pub(super) fn read(
    tree: &mut BTreeMap<String, Node>,
    errors: &mut Vec<ConfigError>,
) -> AlertsConfig {
    let mut config = AlertsConfig::default();
    let mut section = Section::take(tree, "alerts", errors);
    section.flag("enabled", &mut config.enabled);
    section.whole("max_series", &mut config.max_series, 1, 10_000_000);
    section.whole("max_per_hour", &mut config.max_per_hour, 1, 100_000);
    section.parsed(
        "quiet_hours",
        &mut config.quiet_hours,
        WeeklyHours::HINT,
        |text| {
            text.parse()
                .map_err(|error: ParseWeeklyError| format!("cannot be read: {error}"))
        },
    );
    for builtin in RULES {
        let Some(rule) = config.rule_mut(builtin.name) else {
            continue;
        };
        if let Some(inner) = section.table(builtin.name) {
            shipped(inner, builtin, rule);
        }
    }
    section.finish();
    for (index, item) in items(tree, errors).into_iter().enumerate() {
        let mut section = Section::from_node(format!("alert[{index}]"), Some(item), errors);
        if index == MAX_OWN {
            section.refuse_section(
                "is one too many",
                "at most 500 own rules; Prometheus or Grafana can do the rest",
            );
        }
        let taken: Vec<Arc<str>> = config.rules.iter().map(|rule| rule.name.clone()).collect();
        if let Some((rule, own)) = own(&mut section, &taken).filter(|_| index < MAX_OWN) {
            config.rules.push(rule);
            config.own.push(own);
        }
        section.finish();
    }
    config
}

fn items(tree: &mut BTreeMap<String, Node>, errors: &mut Vec<ConfigError>) -> Vec<Node> {
    let else_hint = " for an own rule; [alerts] has the settings of the shipped ones";
    section_list(tree.remove("alert"), "alert", else_hint, errors)
}

fn words() -> Vec<(&'static str, Severity)> {
    Severity::ALL
        .map(|severity| (severity.name(), severity))
        .to_vec()
}

fn ms(section: &mut Section<'_>, key: &'static str, into: &mut i64, low: Duration) {
    let mut duration = Duration::from_millis(u64::try_from(*into).unwrap_or(0));
    section.duration(key, &mut duration, low, YEAR);
    *into = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
}

fn times(section: &mut Section<'_>, rule: &mut Rule) {
    section.word("severity", &mut rule.severity, &words());
    ms(section, "for", &mut rule.for_ms, Duration::ZERO);
    ms(
        section,
        "keep_firing_for",
        &mut rule.keep_firing_ms,
        Duration::ZERO,
    );
    ms(section, "repeat", &mut rule.repeat_ms, Duration::ZERO);
    if (1..60_000).contains(&rule.repeat_ms) {
        section.refuse_key(
            "repeat",
            "is below a minute",
            "rules are looked at once a minute; \"0s\" is never again",
        );
    }
}

fn shipped(mut section: Section<'_>, builtin: &Builtin, rule: &mut Rule) {
    section.flag("enabled", &mut rule.enabled);
    times(&mut section, rule);
    section.whole("evaluations", &mut rule.evaluations, 1, 1_000);
    if builtin.unit.is_some() {
        section.level("raise", &mut rule.raise, -1e9, 1e9);
        section.level("clear", &mut rule.clear, -1e9, 1e9);
        sides(&mut section, rule);
    }
    section.finish();
}

fn sides(section: &mut Section<'_>, rule: &Rule) {
    let right = if rule.above {
        rule.clear <= rule.raise
    } else {
        rule.clear >= rule.raise
    };
    if !right {
        let (side, other) = if rule.above {
            ("above", "not above")
        } else {
            ("below", "not below")
        };
        let hint = format!(
            "it is raised {side} {}, so it is over at a value {other} it",
            rule.raise
        );
        section.refuse(
            "",
            None,
            rule.clear.to_string(),
            "is a `clear` on the wrong side of the level",
            hint,
        );
    }
}

/// Reads `[[alert]]`; None after a mistake that leaves no rule.
fn own(section: &mut Section<'_>, taken: &[Arc<str>]) -> Option<(Rule, OwnRule)> {
    let (mut name, mut measurement, mut field) = (String::new(), String::new(), String::new());
    let (mut summary, mut tags) = (None::<String>, Vec::new());
    let levels = ["above", "below", "clear"].map(|key| section.has(key));
    let positions = ["name", "measurement", "field", "where"].map(|key| section.position_of(key));
    section.text("name", &mut name);
    section.text("measurement", &mut measurement);
    section.text("field", &mut field);
    section.pairs("where", &mut tags);
    section.optional_text("summary", &mut summary);
    let mut rule = own_levels(section, levels);
    let [
        name_position,
        measurement_position,
        field_position,
        where_position,
    ] = positions;
    if !free_name(section, &name, name_position, taken) {
        return None;
    }
    let found = look_up(section, &measurement, measurement_position)?;
    let field = numeric_field(section, found, field, field_position)?;
    check_tags(section, found, &tags, where_position);
    rule.name = Arc::from(name.as_str());
    rule.title = Arc::from(summary.unwrap_or_else(|| format!("{measurement} {field}")));
    let wanted = tags
        .into_iter()
        .map(|(tag, value)| (Arc::from(tag), Arc::from(value)))
        .collect();
    let own = OwnRule {
        rule: rule.name.clone(),
        measurement: found.name,
        field,
        wanted,
    };
    Some((rule, own))
}

/// The level, its times and severity; `above`, `below` and `clear` are true where the file has the key.
fn own_levels(section: &mut Section<'_>, [above, below, clear]: [bool; 3]) -> Rule {
    let mut rule = Rule {
        above,
        inclusive: false,
        group: Vec::new(),
        ..RULES[0].rule()
    };
    (rule.for_ms, rule.keep_firing_ms) = (0, 0);
    section.level("above", &mut rule.raise, -1e15, 1e15);
    section.level("below", &mut rule.raise, -1e15, 1e15);
    rule.clear = rule.raise;
    section.level("clear", &mut rule.clear, -1e15, 1e15);
    times(section, &mut rule);
    if above == below {
        section.refuse_section(
            "needs either `above` or `below`",
            "the level beyond which it is raised; `clear` is where it is over",
        );
    } else if clear {
        sides(section, &rule);
    }
    rule
}

/// Refuses a name with other characters, and that of another rule.
fn free_name(
    section: &mut Section<'_>,
    name: &str,
    position: Option<SourcePosition>,
    taken: &[Arc<str>],
) -> bool {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let free = plain && !taken.iter().any(|other| **other == *name);
    if !free {
        let reason = if plain {
            "is the name of another rule"
        } else {
            "is no name for a rule"
        };
        let hint = "lower-case letters, digits and _; it is the alert's name everywhere";
        section.refuse("name", position, name, reason, hint);
    }
    free
}

/// The field of a measurement, which must be a number to have a level.
fn numeric_field(
    section: &mut Section<'_>,
    measurement: &Measurement,
    field: String,
    position: Option<SourcePosition>,
) -> Option<&'static str> {
    let numbers: Vec<&'static str> = measurement
        .fields
        .iter()
        .filter(|field| field.kind != Some(FieldType::Text))
        .map(|field| field.name)
        .collect();
    let found = numbers.iter().find(|known| **known == field).copied();
    if found.is_none() {
        let text = measurement.fields.iter().any(|known| known.name == field);
        let reason = if text {
            "is a text, which has no level".to_owned()
        } else {
            format!("is not a field of `{}`", measurement.name)
        };
        let hint = if text || field.is_empty() {
            format!("numbers are {}", numbers.join(", "))
        } else {
            nearest(&field, &numbers)
        };
        section.refuse("field", position, field, reason, hint);
    }
    found
}

fn check_tags(
    section: &mut Section<'_>,
    measurement: &Measurement,
    given: &[(String, String)],
    position: Option<SourcePosition>,
) {
    let tags: Vec<&str> = measurement.tags.iter().map(|tag| tag.name).collect();
    for (tag, _) in given
        .iter()
        .filter(|(tag, _)| !tags.contains(&tag.as_str()))
    {
        let reason = format!("is not a tag of `{}`", measurement.name);
        let hint = format!("its tags are {}", tags.join(", "));
        section.refuse("where", position.clone(), tag.clone(), reason, hint);
    }
}

fn look_up(
    section: &mut Section<'_>,
    name: &str,
    position: Option<SourcePosition>,
) -> Option<&'static Measurement> {
    let unseen = UNSEEN.iter().find(|(unseen, _)| *unseen == name);
    let seen = MEASUREMENTS
        .iter()
        .filter(|known| UNSEEN.iter().all(|(unseen, _)| *unseen != known.name));
    let names: Vec<&str> = seen.clone().map(|known| known.name).collect();
    let found = seen.into_iter().find(|known| known.name == name);
    match (found, unseen) {
        (Some(found), _) => return Some(found),
        (None, Some((_, why))) => section.refuse(
            "measurement",
            position,
            name,
            "cannot be watched here",
            *why,
        ),
        (None, None) if name.is_empty() => {
            section.refuse_section(
                "has no `measurement`",
                format!("one of: {}", names.join(", ")),
            );
        }
        (None, None) => section.refuse(
            "measurement",
            position,
            name,
            "is not a measurement",
            nearest(name, &names),
        ),
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::app::config::alerts::*;

    #[test]
    fn every_shipped_rule_stands_in_the_shipped_file() {
        for builtin in RULES {
            let line = crate::app::config::SHIPPED
                .lines()
                .find(|line| line.starts_with(&format!("{} = {{", builtin.name)));
            let line =
                line.unwrap_or_else(|| panic!("{} is not in config/fleetgauge.toml", builtin.name));
            assert_eq!(builtin.unit.is_some(), line.contains("raise = "), "{line}");
        }
    }
}
