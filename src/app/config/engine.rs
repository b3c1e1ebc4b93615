//! `[engine]`, `[counters]`, `[limits]`, `[target]`: the settings of the engine.

use std::collections::BTreeMap;
use std::time::Duration;

use super::source::Node;
use super::{ConfigError, alerts, exempt};
use crate::app::config::keys::{Section, section_list};
use crate::engine::EngineConfig;
use crate::jurisdiction::JURISDICTIONS;
use crate::ledger::counters::{CounterOverride, CounterRates};
use crate::model::{CounterKind, Quantity};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn read(
    tree: &mut BTreeMap<String, Node>,
    heartbeat: Duration,
    errors: &mut Vec<ConfigError>,
) -> EngineConfig {
    // Greenflux takes a charge point for lost after about three heartbeats; so do we.
    let mut config = EngineConfig {
        exempt: exempt::read(tree, errors),
        alerts: alerts::read(tree, errors),
        offline_grace: heartbeat.saturating_mul(3),
        ..EngineConfig::default()
    };
    engine(Section::take(tree, "engine", errors), &mut config);
    config.rates = rates(Section::take(tree, "counters", errors));
    config.counters = counters(tree.remove("counter"), errors);
    limits(Section::take(tree, "limits", errors), &mut config);
    target(Section::take(tree, "target", errors), &mut config);
    config
}

/// Parses `[engine]`: jurisdiction, definition of low emission, and the times after which assets are stale.
fn engine(mut section: Section<'_>, config: &mut EngineConfig) {
    let countries = JURISDICTIONS.map(|country| (country.name, country));
    section.word("jurisdiction", &mut config.jurisdiction, &countries);
    config.alerts.jurisdiction = config.jurisdiction;
    let profiles: Vec<(&str, &str)> = config
        .jurisdiction
        .profiles
        .iter()
        .map(|profile| (profile.name, profile.name))
        .collect();
    let mut profile = config.jurisdiction.default_profile();
    section.word("profile", &mut profile, &profiles);
    config.profile = profile.to_owned();
    section.flag("positions", &mut config.positions);
    for (key, into, low, high) in [
        (
            "telemetry_interval",
            &mut config.telemetry_interval,
            Duration::ZERO,
            HOUR,
        ),
        (
            "overstay_grace",
            &mut config.overstay_grace,
            Duration::ZERO,
            DAY,
        ),
        (
            "offline_grace",
            &mut config.offline_grace,
            Duration::ZERO,
            7 * DAY,
        ),
        ("stale_after", &mut config.stale_after, MINUTE, 365 * DAY),
        (
            "freeze_after",
            &mut config.freeze_after,
            Duration::ZERO,
            365 * DAY,
        ),
    ] {
        section.duration(key, into, low, high);
    }
    section.finish();
}

/// Parses `[limits]`: how many assets, connectors, indicators and audit entries the engine keeps.
fn limits(mut section: Section<'_>, config: &mut EngineConfig) {
    const MILLION: i64 = 1_000_000;
    section.whole("max_assets", &mut config.max_assets, 1, 100 * MILLION);
    let charge_points = &mut config.max_charge_points;
    section.whole("max_charge_points", charge_points, 1, 10 * MILLION);
    section.whole("max_connectors", &mut config.max_connectors, 1, 10_000);
    let events = &mut config.max_counter_events;
    section.whole("max_counter_events", events, 1, MILLION);
    let indicators = &mut config.max_indicators;
    section.whole("max_indicators", indicators, 1, 10 * MILLION);
    section.finish();
}

/// Parses `[target]`: the share of low-emission vehicles, its due date and its path.
fn target(mut section: Section<'_>, config: &mut EngineConfig) {
    section.share("share", &mut config.target_share);
    section.day("due", &mut config.target_due);
    section.optional_day("start", &mut config.target_start);
    section.optional_share("start_share", &mut config.target_start_share);
    if config.target_start.is_some() != config.target_start_share.is_some() {
        section.refuse_section(
            "needs both `start` and `start_share`, or neither",
            "the path runs from `start_share` at `start` to `share` at `due`",
        );
    }
    if config
        .target_start
        .is_some_and(|start| start >= config.target_due)
    {
        section.refuse_section("`start` is not before `due`", "");
    }
    section.finish();
}

/// Parses the `[[counter]]` sections: exceptions from `[counters]` for single registers.
fn counters(node: Option<Node>, errors: &mut Vec<ConfigError>) -> Vec<CounterOverride> {
    let items = section_list(node, "counter", "; [counters] is another section", errors);
    let mut overrides = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mut section = Section::from_node(format!("counter[{index}]"), Some(item), errors);
        overrides.extend(counter(&mut section));
        section.finish();
    }
    overrides
}

fn counter(section: &mut Section<'_>) -> Option<CounterOverride> {
    let mut feed = String::new();
    let given = section.has("quantity");
    section.text("feed", &mut feed);
    let mut quantity = None;
    let hint = "a lifetime register such as odometer, fuel_used_total, energy_import_total";
    section.parsed("quantity", &mut quantity, hint, |text| {
        let known = Quantity::from_name(text);
        known
            .filter(|quantity| quantity.kind() == CounterKind::Lifetime)
            .ok_or_else(|| "is not a register".to_owned())
    });
    let mut thousandths = |key| {
        let mut number = None;
        section.number(key, &mut number, 0.001, 1e12);
        number.map(|number| (number * 1_000.0_f64).round() as i64)
    };
    let (rate, modulus) = (thousandths("max_per_hour"), thousandths("modulus"));
    if feed.is_empty() || !given {
        let hint = "feed = \"evcc:lp/1\", or \"evcc:*\" for all that begin so";
        section.refuse_section("needs `feed` and `quantity`", hint);
    }
    if rate.is_none() && modulus.is_none() {
        let hint = "give `max_per_hour` or `modulus`, in the quantity's unit";
        section.refuse_section("says nothing", hint);
    }
    quantity.map(|quantity| CounterOverride {
        feed,
        quantity,
        max_rate_per_hour: rate,
        modulus,
    })
}

/// Whole kilometres an hour, litres an hour and kilowatts, kept in thousandths.
fn rates(mut section: Section<'_>) -> CounterRates {
    let mut rates = CounterRates::default();
    for (key, rate) in [
        ("max_speed_kph", &mut rates.metres_per_hour),
        ("max_fuel_l_per_h", &mut rates.millilitres_per_hour),
        ("max_power_kw", &mut rates.watts),
    ] {
        let mut whole = *rate / 1_000;
        section.whole(key, &mut whole, 1, 100_000);
        *rate = whole * 1_000;
    }
    section.finish();
    rates
}
