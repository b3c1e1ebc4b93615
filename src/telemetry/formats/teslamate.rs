//! TeslaMate: one bare value per topic `teslamate/[<namespace>/]cars/<car_id>/<key>`, no time, nearly all retained.
//! Source: TeslaMate at 8a692e29, `lib/teslamate/mqtt/pubsub/vehicle_subscriber.ex`.

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::json_object;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{ReadingSource, emit_value, find_rule};
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The entry in the table of formats.
pub(super) const DECODER: Decoder = Decoder {
    name: "teslamate",
    format: FORMAT,
    filters: &["teslamate/cars/+/+", "teslamate/+/cars/+/+"],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(2);

/// Keys with a place in the vocabulary. `latitude` and `longitude` are deprecated copies of `location`. `power` is in kW, as in
/// TeslaMate's own Home Assistant discovery, not in watts as its page of topics has it.
const KEYS: &[(&str, Rule)] = &[
    ("odometer", Rule::Number(Quantity::Odometer, "km")),
    ("battery_level", Rule::Number(Quantity::Soc, "%")),
    (
        "usable_battery_level",
        Rule::Number(Quantity::SocUsable, "%"),
    ),
    ("power", Rule::Negated(Quantity::BatteryPower, "kW")),
    ("charger_power", Rule::Number(Quantity::ChargePower, "kW")),
    (
        "charge_energy_added",
        Rule::Number(Quantity::ChargeEnergyAdded, "kWh"),
    ),
    (
        "charging_state",
        Rule::Is(Quantity::Charging, &["Charging"]),
    ),
    ("plugged_in", Rule::Bool(Quantity::PluggedIn)),
    (
        "rated_battery_range_km",
        Rule::Number(Quantity::Range, "km"),
    ),
    ("speed", Rule::Number(Quantity::Speed, "km/h")),
];

fn claims(topic: &str) -> bool {
    parse_topic(topic).is_some()
}

/// The namespace, the car and the key.
fn parse_topic(topic: &str) -> Option<(Option<&str>, &str, &str)> {
    let rest = topic.strip_prefix("teslamate/")?;
    let (namespace, rest) = match rest.strip_prefix("cars/") {
        // A namespace may be called `cars`.
        Some(rest) if !rest.starts_with("cars/") => (None, rest),
        _ => rest
            .split_once("/cars/")
            .map(|(namespace, rest)| (Some(namespace), rest))?,
    };
    let (car, key) = rest.split_once('/')?;
    let one_level = |text: &str| !text.is_empty() && !text.contains('/');
    (namespace.is_none_or(one_level) && one_level(key)).then_some((namespace, car, key))
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (namespace, car, key) = parse_topic(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not teslamate/[<namespace>/]cars/<car_id>/<key>",
        )
    })?;
    let rule = find_rule(KEYS, key);
    // The other keys are not about use or charging: doors, tyres, routes, `healthy`.
    if rule.is_none() && key != "location" {
        return Ok(());
    }
    let asset = match namespace {
        Some(namespace) => AssetId::new("teslamate", &[namespace, car])?,
        None => AssetId::new("teslamate", &[car])?,
    };
    let source = ReadingSource {
        format: FORMAT,
        kind: AssetKind::Vehicle,
        asset: &asset,
    };
    match rule {
        Some(rule) => emit_value(message, source, key, rule, sink),
        None => json_object::emit_position(message, source, key, sink),
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::teslamate::*;

    #[test]
    fn topics_with_and_without_a_namespace() {
        for (topic, want) in [
            ("teslamate/cars/1/odometer", Some((None, "1", "odometer"))),
            (
                "teslamate/fleet/cars/2/plugged_in",
                Some((Some("fleet"), "2", "plugged_in")),
            ),
            (
                "teslamate/cars/cars/2/speed",
                Some((Some("cars"), "2", "speed")),
            ),
            ("teslamate/a/b/cars/2/speed", None),
            ("teslamate/cars/1", None),
            ("teslamate/cars/1/a/b", None),
            ("teslamate//cars/1/speed", None),
            ("tesla/cars/1/odometer", None),
        ] {
            assert_eq!(parse_topic(topic), want, "{topic}");
        }
    }
}
