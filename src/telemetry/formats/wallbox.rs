//! Wallbox chargers with the root bridge: one bare value per topic `wallbox_<serial>/<key>/state`, retained, without a time.
//! Commands (`/set`) are ignored. Source: `jagheterfredrik/wallbox-mqtt-bridge`, `app/bridge.go` and `app/sensors.go`.

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{ReadingSource, emit_value, find_rule};
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The entry in the table of formats. The serial number is only a part of the first level, which no filter can express.
pub(super) const DECODER: Decoder = Decoder {
    name: "wallbox",
    format: FORMAT,
    filters: &[
        "+/cumulative_added_energy/state",
        "+/added_energy/state",
        "+/charging_power/state",
        "+/cable_connected/state",
        "+/status/state",
        "+/availability",
    ],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(25);

const KEYS: &[(&str, Rule)] = &[
    (
        "cumulative_added_energy",
        Rule::Number(Quantity::EnergyImportTotal, "Wh"),
    ),
    ("added_energy", Rule::Number(Quantity::SessionEnergy, "Wh")),
    ("charging_power", Rule::Number(Quantity::ChargePower, "W")),
    ("cable_connected", Rule::Bool(Quantity::PluggedIn)),
    // `wallbox_const.go` has 19 states; in all others, also `Discharging` and `OCPP charge finishing`, the vehicle takes nothing.
    ("status", Rule::Is(Quantity::Charging, &["Charging"])),
];
/// Also published as the will.
const AVAILABILITY: Rule = Rule::Either(Quantity::Online, "online", "offline");

fn claims(topic: &str) -> bool {
    parse_topic(topic).is_some()
}

/// Parses `wallbox_<serial>/<rest>` to serial number and rest.
fn parse_topic(topic: &str) -> Option<(&str, &str)> {
    topic.strip_prefix("wallbox_")?.split_once('/')
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (serial, rest) = parse_topic(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not wallbox_<serial>/<key>/state",
        )
    })?;
    let (field, rule) = match rest.strip_suffix("/state") {
        Some(key) => (key, find_rule(KEYS, key)),
        None => (rest, (rest == "availability").then_some(AVAILABILITY)),
    };
    // Other keys have no place in the vocabulary, `/set` is a command.
    let Some(rule) = rule else { return Ok(()) };
    let asset = AssetId::new("wallbox", &[serial])?;
    emit_value(
        message,
        ReadingSource {
            format: FORMAT,
            kind: AssetKind::Charger,
            asset: &asset,
        },
        field,
        rule,
        sink,
    )
}
