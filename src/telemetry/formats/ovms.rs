//! OVMS v3 metrics: one bare value per topic `ovms/<user>/<vehicleid>/metric/...`, six significant digits, no time.
//! Sources: OVMS v3 at 1aa1daff1, `metrics_standard.cpp` and `ovms_server_v3.cpp`.

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{ReadingSource, emit_value, find_rule};
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The entry in the table of formats. Numbers come as C++ prints them by default: six significant digits.
pub(super) const DECODER: Decoder = Decoder {
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
    parse_topic(topic).is_some()
}

/// Parses `ovms/<user>/<vehicleid>/<rest>` to vehicle and rest; `None` for branches that OVMS does not publish.
fn parse_topic(topic: &str) -> Option<(&str, &str)> {
    let (_user, rest) = topic.strip_prefix("ovms/")?.split_once('/')?;
    let (vehicle, rest) = rest.split_once('/')?;
    let branch = rest.split('/').next()?;
    matches!(branch, "metric" | "client" | "event" | "notify").then_some((vehicle, rest))
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (vehicle, rest) = parse_topic(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not ovms/<user>/<vehicleid>/<metric|client|event|notify>/...",
        )
    })?;
    // Commands, responses, events and notifications are between the module and its app.
    let Some(metric) = rest.strip_prefix("metric/") else {
        return Ok(());
    };
    // Everything else is standard but without a place in the vocabulary, or a vehicle module's own (`x...`).
    let Some(rule) = find_rule(METRICS, metric) else {
        return Ok(());
    };
    let asset = AssetId::new("ovms", &[vehicle])?;
    emit_value(
        message,
        ReadingSource {
            format: FORMAT,
            kind: AssetKind::Vehicle,
            asset: &asset,
        },
        metric,
        rule,
        sink,
    )
}
