//! OVMS v3 metrics: one bare value per topic `ovms/<user>/<vehicleid>/metric/...`, six significant digits, no time.
//! Sources: OVMS `metrics_standard` and `ovms_server_v3`.

use std::borrow::Cow;

use super::{Decoder, Message, Refused, Sink, angle::degrees, unit};
use crate::model::{AssetKind, FeedFormat, Quantity, Reading, ReadingEntry, RejectReason, Value, check_id};
use crate::units::Thousandths;

/// The format's line in the table.
pub const DECODER: Decoder = Decoder { name: "ovms", filters: &["ovms/+/+/metric/#"], claims, decode };

/// What a metric becomes.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// A number already in the quantity's unit.
    Number(Quantity),
    /// The same with the sign turned: OVMS counts power out of the battery as positive, we count power into it.
    Negated(Quantity),
    /// Degrees.
    Angle(Quantity, i32),
    /// `yes` or `no`.
    Bool(Quantity),
}

/// Metrics with a place in the vocabulary. `v/b/energy/recd/total` is left out on purpose: whether it includes charging
/// differs by vehicle module.
const METRICS: &[(&str, Rule)] = &[
    ("v/p/odometer", Rule::Number(Quantity::Odometer)),
    ("v/b/soc", Rule::Number(Quantity::Soc)),
    ("v/b/capacity", Rule::Number(Quantity::BatteryCapacity)),
    ("v/b/power", Rule::Negated(Quantity::BatteryPower)),
    ("v/b/energy/used/total", Rule::Number(Quantity::EnergyDischargedTotal)),
    ("v/b/range/est", Rule::Number(Quantity::Range)),
    ("v/b/12v/voltage", Rule::Number(Quantity::AuxVoltage)),
    ("v/c/power", Rule::Number(Quantity::ChargePower)),
    ("v/c/kwh", Rule::Number(Quantity::ChargeEnergyAdded)),
    ("v/c/kwh/grid/total", Rule::Number(Quantity::ChargeGridEnergyTotal)),
    ("v/c/charging", Rule::Bool(Quantity::Charging)),
    ("v/c/pilot", Rule::Bool(Quantity::PluggedIn)),
    ("v/e/on", Rule::Bool(Quantity::Ignition)),
    ("v/p/speed", Rule::Number(Quantity::Speed)),
    ("v/p/latitude", Rule::Angle(Quantity::Latitude, 90)),
    ("v/p/longitude", Rule::Angle(Quantity::Longitude, 180)),
    ("s/v3/connected", Rule::Bool(Quantity::Online)),
];

/// Longest text of a single value: a double has 24 characters.
const MAX_VALUE: usize = 64;

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
        Refused::new(RejectReason::UnknownTopic, "the topic is not ovms/<user>/<vehicleid>/<metric|client|event|notify>/...")
    })?;
    // Commands, answers, events and notifications are the module's talk with its app.
    let Some(metric) = rest.strip_prefix("metric/") else { return Ok(()) };
    // Everything else is standard but without a place in the vocabulary, or a vehicle module's own (`x...`).
    let Some((_, rule)) = METRICS.iter().find(|(name, _)| *name == metric) else { return Ok(()) };
    let mut buffer = [0u8; MAX_ID];
    let asset = asset(vehicle, &mut buffer)?;
    if message.payload.len() > MAX_VALUE {
        let detail = format!("the value has {} bytes; a single value is expected", message.payload.len());
        return Err(Refused::new(RejectReason::TooLarge, detail));
    }
    let text = std::str::from_utf8(message.payload)
        .map_err(|error| Refused::new(RejectReason::Utf8, format!("the value is not UTF-8: {error}")))?
        .trim();
    // An undefined metric is published with nothing in it.
    if text.is_empty() {
        return Ok(());
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    if ["nan", "inf", "infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        sink.ignored(RejectReason::Number, metric, "is unknown to the vehicle");
        return Ok(());
    }
    if text.contains(',') {
        return Err(Refused::new(RejectReason::Type, format!("{metric}: a list where a single value is expected")));
    }
    let entry = rule.read(text)?;
    sink.reading(Reading {
        asset: Cow::Borrowed(asset),
        kind: AssetKind::Vehicle,
        format: FeedFormat::Ovms,
        at: None,
        received_at: message.received_at,
        retained: message.retained,
        entries: Cow::Borrowed(&[entry]),
    });
    Ok(())
}

/// Longest id, as [`check_id`] has it.
const MAX_ID: usize = 64;
/// What stands before the vehicle id, so that it never meets a fleet id by accident.
const SOURCE: &str = "ovms:";

/// `ovms:<vehicleid>`, written into `buffer` because this is the hot path.
fn asset<'b>(vehicle: &str, buffer: &'b mut [u8; MAX_ID]) -> Result<&'b str, Refused> {
    let bad = |detail: String| Refused::new(RejectReason::Id, detail);
    check_id(vehicle).map_err(|error| bad(format!("the vehicle id in the topic {error}")))?;
    let len = SOURCE.len() + vehicle.len();
    let target = buffer.get_mut(..len).ok_or_else(|| {
        bad(format!("the vehicle id in the topic has {} bytes; at most {} are allowed", vehicle.len(), MAX_ID - SOURCE.len()))
    })?;
    target[..SOURCE.len()].copy_from_slice(SOURCE.as_bytes());
    target[SOURCE.len()..].copy_from_slice(vehicle.as_bytes());
    std::str::from_utf8(target).map_err(|_| bad("the vehicle id in the topic is not text".into()))
}

impl Rule {
    fn read(self, text: &str) -> Result<ReadingEntry<'static>, Refused> {
        let (quantity, value) = match self {
            Rule::Number(quantity) => (quantity, Value::Number(Thousandths(number(quantity, text)?))),
            Rule::Negated(quantity) => (quantity, Value::Number(Thousandths(-number(quantity, text)?))),
            Rule::Angle(quantity, limit) => {
                let angle = degrees(text, limit).ok_or_else(|| bad_number(quantity, text))?;
                (quantity, Value::Angle(angle))
            }
            Rule::Bool(quantity) => match text {
                "yes" => (quantity, Value::Bool(true)),
                "no" => (quantity, Value::Bool(false)),
                _ => {
                    return Err(Refused::new(
                        RejectReason::Type,
                        format!("{}: `{text}` is neither `yes` nor `no`", quantity.name()),
                    ));
                }
            },
        };
        Ok(ReadingEntry { quantity, value })
    }
}

fn number(quantity: Quantity, text: &str) -> Result<i64, Refused> {
    unit::number(quantity, text, None).map_err(|_| bad_number(quantity, text))
}

fn bad_number(quantity: Quantity, text: &str) -> Refused {
    Refused::new(
        RejectReason::Number,
        format!("{}: `{text}` is not a number in {}, or one that cannot be", quantity.name(), quantity.unit()),
    )
}
