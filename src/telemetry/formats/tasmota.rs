//! Tasmota plugs and meters: the object `ENERGY` on `tele/<device>/SENSOR`, and the will on `.../LWT`. Its `Time` is local without an
//! offset, so the arrival is the time. Channels of one device are added up. Sources: Tasmota documentation, MQTT and telemetry;
//! `mqtt-telemetry` section 3.

use crate::json::Json;
use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason, Value};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::collected::Collected;
use crate::telemetry::kit::object;
use crate::telemetry::kit::plain::{Of, give};
use crate::telemetry::kit::rule::{Rule, Trouble, is_not_a_number};
use crate::telemetry::kit::{scalar, unit};
use crate::telemetry::{Decoder, Message, Refused, Sink};
use crate::units::{Thousandths, parse_scaled};

/// The format's line in the table. FullTopic can be reordered to `%topic%/%prefix%/`.
pub const DECODER: Decoder = Decoder {
    name: "tasmota",
    format: FORMAT,
    filters: &["tele/+/SENSOR", "tele/+/LWT", "+/tele/SENSOR", "+/tele/LWT"],
    claims: |topic| split(topic).is_some(),
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(24);

/// What is published below the prefix `tele`.
const LEAVES: [&str; 9] = [
    "SENSOR", "LWT", "STATE", "INFO1", "INFO2", "INFO3", "RESULT", "UPTIME", "MARGINS",
];
const ONLINE: Rule = Rule::Either(Quantity::Online, "Online", "Offline");

/// Collected of `ENERGY`, and in which power of ten of their unit they are added up: a thousandth of what is kept, so that only the sum is
/// rounded. `Total` and `ExportActive` are kWh, `Power` is W.
const ENERGY: &[(&str, Quantity, u32)] = &[
    ("Total", Quantity::EnergyImportTotal, 6),
    ("ExportActive", Quantity::EnergyExportTotal, 6),
    ("Power", Quantity::ChargePower, 3),
];
const BAD_NUMBER: Trouble = (
    RejectReason::Number,
    "is not a number or a list of numbers, or adds up to what cannot be",
);
const NO_NUMBER: Trouble = (
    RejectReason::Number,
    "has a channel that does not know; the others alone would look like a fall",
);

/// The device (what stands before and after the level `tele`), and the last level.
fn split(topic: &str) -> Option<(&str, &str, &str)> {
    let (path, leaf) = topic.rsplit_once('/')?;
    if !LEAVES.contains(&leaf) {
        return None;
    }
    let (before, after) = match path.strip_prefix("tele/") {
        Some(after) => ("", after),
        None => match path.strip_suffix("/tele") {
            Some(before) => (before, ""),
            None => path.split_once("/tele/")?,
        },
    };
    Some((before, after, leaf))
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (before, after, leaf) = split(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is neither tele/<device>/<SENSOR|LWT|...> nor <device>/tele/...",
        )
    })?;
    if !matches!(leaf, "SENSOR" | "LWT") {
        return Ok(());
    }
    let device = [before, after];
    let asset = AssetId::of_paths(
        "tasmota",
        if after.is_empty() {
            &device[..1]
        } else {
            &device
        },
    )?;
    let of = Of {
        format: FORMAT,
        kind: AssetKind::Meter,
        asset: &asset,
    };
    if leaf == "LWT" {
        give(message, of, leaf, ONLINE, sink)
    } else {
        sensor(message, of, sink)
    }
}

/// A `TotalStartTime` that changes says that the counter was reset. A reading has no place for that: the pending window of the counter
/// rules (`mqtt-telemetry` section 8) sees the reset for itself, about ten minutes later.
fn sensor(message: &Message<'_>, of: Of<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let text = object::text(message)?;
    if scalar::known(text).is_none() {
        return Ok(());
    }
    let mut json = object::json(text);
    let mut fields = Collected::new();
    let is_object = json.object(|json, name| {
        if name == "ENERGY" {
            json.object(|json, name| {
                let Some(&(field, quantity, scale)) =
                    ENERGY.iter().find(|(known, ..)| *known == name)
                else {
                    return;
                };
                match sum(json, quantity, scale) {
                    Ok(Some(value)) => drop(fields.entries().put(quantity, value)),
                    Ok(None) => {}
                    Err(trouble) => fields.trouble(field, trouble),
                }
            });
        }
    });
    object::end(&mut json)?;
    if !is_object {
        return Err(Refused::new(
            RejectReason::Type,
            "the sensors are not an object such as {\"ENERGY\":{...}}",
        ));
    }
    fields.give(message, of, None, sink);
    Ok(())
}

/// A number, or the sum of a list of them (devices with several channels).
fn sum(
    json: &mut Json<'_>,
    quantity: Quantity,
    scale: u32,
) -> Result<Option<Value<'static>>, Trouble> {
    let (mut total, mut numbers, mut others) = (Ok(0i64), 0u32, 0u32);
    json.one_or_many(|json| match scalar::known(object::raw(json)) {
        None => others += 1,
        Some(text) if is_not_a_number(text) => others += 1,
        Some(text) => {
            numbers += 1;
            let added = parse_scaled(text, scale)
                .ok()
                .zip(total.ok())
                .and_then(|(number, sum)| sum.checked_add(number));
            total = added.ok_or(BAD_NUMBER);
        }
    });
    match (numbers, others) {
        (0, _) => return Ok(None),
        (_, 0) => {}
        _ => return Err(NO_NUMBER),
    }
    let total = total?;
    // Nearest, ties away from zero, as everywhere.
    let thousandths = total.saturating_add(500 * total.signum()) / 1_000;
    let known = unit::is_plausible(quantity, thousandths);
    if known {
        Ok(Some(Value::Number(Thousandths(thousandths))))
    } else {
        Err(BAD_NUMBER)
    }
}
