//! OVMS v3 metrics: one bare value per topic `ovms/<user>/<vehicleid>/metric/...`, six significant digits, no time.
//! Sources: OVMS `metrics_standard` and `ovms_server_v3`.

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::plain::{Of, give, rule_of};
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The format's line in the table. Numbers come as C++ prints them by default: six significant digits.
pub const DECODER: Decoder = Decoder {
    name: "ovms",
    format: FORMAT,
    filters: &["ovms/+/+/metric/#"],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat {
    number: 1,
    digits: 6,
};

/// Metrics with a place in the vocabulary. `v/b/energy/recd/total` is left out on purpose: whether it includes charging
/// differs by vehicle module.
const METRICS: &[(&str, Rule)] = &[
    ("v/p/odometer", Rule::Number(Quantity::Odometer, "km")),
    ("v/b/soc", Rule::Number(Quantity::Soc, "%")),
    (
        "v/b/capacity",
        Rule::Number(Quantity::BatteryCapacity, "kWh"),
    ),
    ("v/b/power", Rule::Negated(Quantity::BatteryPower, "kW")),
    (
        "v/b/energy/used/total",
        Rule::Number(Quantity::EnergyDischargedTotal, "kWh"),
    ),
    ("v/b/range/est", Rule::Number(Quantity::Range, "km")),
    ("v/b/12v/voltage", Rule::Number(Quantity::AuxVoltage, "V")),
    ("v/c/power", Rule::Number(Quantity::ChargePower, "kW")),
    ("v/c/kwh", Rule::Number(Quantity::ChargeEnergyAdded, "kWh")),
    (
        "v/c/kwh/grid/total",
        Rule::Number(Quantity::ChargeGridEnergyTotal, "kWh"),
    ),
    ("v/c/charging", Rule::Bool(Quantity::Charging)),
    ("v/c/pilot", Rule::Bool(Quantity::PluggedIn)),
    ("v/e/on", Rule::Bool(Quantity::Ignition)),
    ("v/p/speed", Rule::Number(Quantity::Speed, "km/h")),
    ("v/p/latitude", Rule::Angle(Quantity::Latitude)),
    ("v/p/longitude", Rule::Angle(Quantity::Longitude)),
    ("s/v3/connected", Rule::Bool(Quantity::Online)),
];

fn claims(topic: &str) -> bool {
    split(topic).is_some()
}

/// `ovms/<user>/<vehicleid>/<rest>`.
fn split(topic: &str) -> Option<(&str, &str)> {
    let (_user, rest) = topic.strip_prefix("ovms/")?.split_once('/')?;
    let (vehicle, rest) = rest.split_once('/')?;
    let branch = rest.split('/').next()?;
    matches!(branch, "metric" | "client" | "event" | "notify").then_some((vehicle, rest))
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (vehicle, rest) = split(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not ovms/<user>/<vehicleid>/<metric|client|event|notify>/...",
        )
    })?;
    // Commands, answers, events and notifications are the module's talk with its app.
    let Some(metric) = rest.strip_prefix("metric/") else {
        return Ok(());
    };
    // Everything else is standard but without a place in the vocabulary, or a vehicle module's own (`x...`).
    let Some(rule) = rule_of(METRICS, metric) else {
        return Ok(());
    };
    let asset = AssetId::new("ovms", &[vehicle])?;
    give(
        message,
        Of {
            format: FORMAT,
            kind: AssetKind::Vehicle,
            asset: &asset,
        },
        metric,
        rule,
        sink,
    )
}
