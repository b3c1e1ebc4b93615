//! Tasmota plugs and meters: the object `ENERGY` on `tele/<device>/SENSOR`, and the will on `.../LWT`. Its `Time` is local without an
//! offset, so the time of arrival is used. Channels of one device are added up.
//! Source: Tasmota documentation, pages "MQTT" and "Commands" (TelePeriod, SensorRetain).

use crate::json::Json;
use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason, Value};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::json_object;
use crate::telemetry::kit::object_fields::ObjectFields;
use crate::telemetry::kit::rule::{Rule, ValueError, is_not_a_number};
use crate::telemetry::kit::single_value::{ReadingSource, emit_value};
use crate::telemetry::kit::{unit, value_text};
use crate::telemetry::{Decoder, Message, Refused, Sink};
use crate::units::{Thousandths, parse_scaled};

/// The entry in the table of formats. FullTopic can be reordered to `%topic%/%prefix%/`.
pub(super) const DECODER: Decoder = Decoder {
    name: "tasmota",
    format: FORMAT,
    filters: &["tele/+/SENSOR", "tele/+/LWT", "+/tele/SENSOR", "+/tele/LWT"],
    claims: |topic| parse_topic(topic).is_some(),
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(24);

/// What is published below the prefix `tele`.
const LEAVES: [&str; 9] = [
    "SENSOR", "LWT", "STATE", "INFO1", "INFO2", "INFO3", "RESULT", "UPTIME", "MARGINS",
];
const ONLINE: Rule = Rule::Either(Quantity::Online, "Online", "Offline");

/// Fields of `ENERGY`, and the power of ten of their unit in which they are added up: a thousandth of the stored resolution, so that only
/// the sum is rounded. `Total` and `ExportActive` are kWh, `Power` is W.
const ENERGY: &[(&str, Quantity, u32)] = &[
    ("Total", Quantity::EnergyImportTotal, 6),
    ("ExportActive", Quantity::EnergyExportTotal, 6),
    ("Power", Quantity::ChargePower, 3),
];
const BAD_NUMBER: ValueError = (
    RejectReason::Number,
    "is not a number or a list of numbers, or adds up to what cannot be",
);
const NO_NUMBER: ValueError = (
    RejectReason::Number,
    "has a channel without a value; the sum of the others would look like a fall",
);

/// The device (what stands before and after the level `tele`), and the last level.
fn parse_topic(topic: &str) -> Option<(&str, &str, &str)> {
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
    let (before, after, leaf) = parse_topic(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is neither tele/<device>/<SENSOR|LWT|...> nor <device>/tele/...",
        )
    })?;
    if !matches!(leaf, "SENSOR" | "LWT") {
        return Ok(());
    }
    let device = [before, after];
    let asset = AssetId::from_paths(
        "tasmota",
        if after.is_empty() {
            &device[..1]
        } else {
            &device
        },
    )?;
    let source = ReadingSource {
        format: FORMAT,
        kind: AssetKind::Meter,
        asset: &asset,
    };
    if leaf == "LWT" {
        emit_value(message, source, leaf, ONLINE, sink)
    } else {
        sensor(message, source, sink)
    }
}

/// A changed `TotalStartTime` means that the counter was reset. A reading cannot carry that; the counter rules (`ledger::counters`) detect
/// the reset from the values, about ten minutes later.
fn sensor(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let text = json_object::text(message)?;
    if value_text::known(text).is_none() {
        return Ok(());
    }
    let mut json = json_object::json(text);
    let mut fields = ObjectFields::new();
    let is_object = json.object(|json, name| {
        if name == "ENERGY" {
            json.object(|json, name| {
                let Some(&(field, quantity, scale)) =
                    ENERGY.iter().find(|(known, ..)| *known == name)
                else {
                    return;
                };
                match sum(json, quantity, scale) {
                    Ok(Some(value)) => drop(fields.entries().insert(quantity, value)),
                    Ok(None) => {}
                    Err(error) => fields.reject(field, error),
                }
            });
        }
    });
    json_object::end(&mut json)?;
    if !is_object {
        return Err(Refused::new(
            RejectReason::Type,
            "the sensors are not an object such as {\"ENERGY\":{...}}",
        ));
    }
    fields.emit(message, source, None, sink);
    Ok(())
}

/// A number, or the sum of a list of them (devices with several channels).
fn sum(
    json: &mut Json<'_>,
    quantity: Quantity,
    scale: u32,
) -> Result<Option<Value<'static>>, ValueError> {
    let (mut total, mut numbers, mut others) = (Ok(0i64), 0u32, 0u32);
    json.one_or_many(|json| match value_text::known(json_object::raw(json)) {
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
