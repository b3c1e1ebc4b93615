//! Traccar's position and event forwarder: `{"position", "device"}` and `{"event", "position", "device"}` for a whole fleet on one
//! configurable topic, distinguished by the payload.
//! Sources: Traccar at 9e5c458ad, `model/Position.java`, `forward/PositionData.java`, `BaseProtocolDecoder.java`.

use std::borrow::Cow;

use crate::model::{AssetKind, FeedFormat, Quantity, Reading, ReadingEntry, RejectReason, Value};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::json_object;
use crate::telemetry::kit::json_object::PositionFields;
use crate::telemetry::kit::ranked_fields::{RankedField, RankedFields, best, find_field, lesser};
use crate::telemetry::kit::reading_entries::Entries;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::time;
use crate::telemetry::{Decoder, Message, Refused, Sink};
use crate::units::UtcMs;

/// The entry in the table of formats. A topic that is not below `traccar/` must be configured together with the format.
pub(super) const DECODER: Decoder = Decoder {
    name: "traccar",
    format: FORMAT,
    filters: &["traccar/#"],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(4);

/// Attributes with a place in the vocabulary. `batteryLevel` and `battery` are the tracker's own cell; `obdOdometer` is the
/// vehicle's dash, `odometer` the tracker's own sum.
const ATTRIBUTES: &[RankedField] = &[
    best("obdOdometer", Rule::Number(Quantity::Odometer, "m")),
    lesser(1, "odometer", Rule::Number(Quantity::Odometer, "m")),
    best(
        "totalDistance",
        Rule::Number(Quantity::DistanceGpsTotal, "m"),
    ),
    best("hours", Rule::Number(Quantity::EngineHoursTotal, "ms")),
    best("fuelUsed", Rule::Number(Quantity::FuelUsedTotal, "l")),
    best("fuelLevel", Rule::Number(Quantity::FuelLevel, "%")),
    best("fuel", Rule::Number(Quantity::FuelVolume, "l")),
    best("fuelConsumption", Rule::Number(Quantity::FuelRate, "l/h")),
    best("hybridBatteryLevel", Rule::Number(Quantity::Soc, "%")),
    best("power", Rule::Number(Quantity::AuxVoltage, "V")),
    best("ignition", Rule::Bool(Quantity::Ignition)),
    best("motion", Rule::Bool(Quantity::Moving)),
];

/// Traccar's own computation, in knots whatever the device sent.
const SPEED: Rule = Rule::Number(Quantity::Speed, "knots");

fn claims(topic: &str) -> bool {
    topic.starts_with("traccar/")
}

/// The parts of a message that are used.
struct Found<'a> {
    unique_id: Option<Cow<'a, str>>,
    device_time: Option<Cow<'a, str>>,
    fix_time: Option<Cow<'a, str>>,
    position_fields: PositionFields<'a>,
    archive: bool,
    attributes: RankedFields<'a>,
    event: Option<Event<'a>>,
    position: bool,
}

#[derive(Default)]
struct Event<'a> {
    kind: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let found = match parse(message) {
        // Another format may claim a topic that is not certainly Traccar's.
        Err(_)
        | Ok(Found {
            event: None,
            position: false,
            ..
        }) if !claims(message.topic) => {
            let detail = "the topic is not below traccar/, and the message holds neither `position` nor `event`";
            return Err(Refused::new(RejectReason::UnknownTopic, detail));
        }
        Ok(Found {
            event: None,
            position: false,
            ..
        }) => return Ok(()),
        other => other?,
    };
    let id = found
        .unique_id
        .as_deref()
        .ok_or_else(|| Refused::new(RejectReason::Id, "`device.uniqueId` is missing"))?;
    let asset = AssetId::new("traccar", &[id])?;
    match &found.event {
        Some(event) => emit_ignition(message, &asset, event, sink),
        None => position(message, &asset, &found, sink),
    }
    Ok(())
}

fn parse<'a>(message: &Message<'a>) -> Result<Found<'a>, Refused> {
    let mut found = Found {
        unique_id: None,
        device_time: None,
        fix_time: None,
        position_fields: PositionFields::default(),
        archive: false,
        attributes: RankedFields::new(),
        event: None,
        position: false,
    };
    json_object::walk(json_object::text(message)?, |json, name| match name {
        "position" => {
            found.position = json.object(|json, name| match name {
                "deviceTime" => found.device_time = json.raw(),
                "fixTime" => found.fix_time = json.raw(),
                "attributes" => {
                    json.object(|json, name| {
                        if name == "archive" {
                            found.archive = json.boolean() == Some(true);
                        } else if let Some(field) = find_field(ATTRIBUTES, name)
                            && let Some(text) = json.raw()
                        {
                            found.attributes.offer(field, text);
                        }
                    });
                }
                _ => {
                    found.position_fields.parse_field(json, name);
                }
            });
        }
        "event" => {
            let mut event = Event::default();
            let is_object = json.object(|json, name| match name {
                "type" => event.kind = json.raw(),
                "eventTime" => event.time = json.raw(),
                _ => {}
            });
            found.event = is_object.then_some(event);
        }
        "device" => {
            json.object(|json, name| {
                if name == "uniqueId" {
                    found.unique_id = json.text();
                }
            });
        }
        _ => {}
    })?;
    Ok(found)
}

/// The position in an event was already forwarded on its own, so only the change of the ignition is used.
fn emit_ignition(message: &Message<'_>, asset: &AssetId, event: &Event<'_>, sink: &mut dyn Sink) {
    let ignition = match event.kind.as_deref() {
        Some("ignitionOn") => true,
        Some("ignitionOff") => false,
        _ => return,
    };
    let at = time::parse_field("eventTime", event.time.as_deref(), time::rfc3339, sink);
    let entry = [ReadingEntry {
        quantity: Quantity::Ignition,
        value: Value::Bool(ignition),
    }];
    sink.reading(message.reading(FORMAT, AssetKind::Vehicle, asset.as_str(), at, &entry));
}

/// Position and speed belong to the fix, which may be older than the message: without a new fix Traccar repeats the last one with
/// its `fixTime` (`BaseProtocolDecoder.getLastLocation`). Everything else belongs to `deviceTime`.
fn position(message: &Message<'_>, asset: &AssetId, found: &Found<'_>, sink: &mut dyn Sink) {
    let mut values = Entries::new();
    found.attributes.parse_into(&mut values, sink, |_| true);
    let mut fix = Entries::new();
    found.position_fields.add_to(SPEED, &mut fix, sink);
    if fix.is_empty() && values.is_empty() {
        return;
    }
    let device_time = time::parse_field(
        "deviceTime",
        found.device_time.as_deref(),
        time::rfc3339,
        sink,
    );
    let fix_time = if fix.is_empty() || found.fix_time == found.device_time {
        device_time
    } else {
        time::parse_field("fixTime", found.fix_time.as_deref(), time::rfc3339, sink).or(device_time)
    };
    let mut emit = |at: Option<UtcMs>, entries: &Entries<'_>| {
        if !entries.is_empty() {
            let reading = message.reading(
                FORMAT,
                AssetKind::Vehicle,
                asset.as_str(),
                at,
                entries.as_slice(),
            );
            sink.reading(Reading {
                historical: found.archive,
                ..reading
            });
        }
    };
    if fix_time == device_time {
        for entry in fix.as_slice() {
            values.insert(entry.quantity, entry.value.clone());
        }
        emit(device_time, &values);
    } else {
        emit(fix_time, &fix);
        emit(device_time, &values);
    }
}

#[cfg(test)]
mod tests;
