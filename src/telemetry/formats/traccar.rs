//! Traccar's position and event forwarder: `{"position", "device"}` and `{"event", "position", "device"}` for a whole fleet on one
//! configurable topic; the payload says which of the two it is. Sources: Traccar `model/Position.java`, `forward/PositionData.java`,
//! `BaseProtocolDecoder.java`; `mqtt-telemetry` section 2.4.

use std::borrow::Cow;

use crate::model::{AssetKind, FeedFormat, Quantity, Reading, ReadingEntry, RejectReason, Value};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::entries::Entries;
use crate::telemetry::kit::fields::{Field, Fields, best, field_of, lesser};
use crate::telemetry::kit::object;
use crate::telemetry::kit::object::Place;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::time;
use crate::telemetry::{Decoder, Message, Refused, Sink};
use crate::units::UtcMs;

/// The format's line in the table. Another topic than below `traccar/` has to be configured together with the format.
pub const DECODER: Decoder = Decoder {
    name: "traccar",
    format: FORMAT,
    filters: &["traccar/#"],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(4);

/// Attributes with a place in the vocabulary. `batteryLevel` and `battery` are the tracker's own cell; `obdOdometer` is the
/// vehicle's dash, `odometer` the tracker's own sum.
const ATTRIBUTES: &[Field] = &[
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

/// What a message holds.
struct Found<'a> {
    unique_id: Option<Cow<'a, str>>,
    device_time: Option<Cow<'a, str>>,
    fix_time: Option<Cow<'a, str>>,
    place: Place<'a>,
    archive: bool,
    attributes: Fields<'a>,
    event: Option<Event<'a>>,
    position: bool,
}

#[derive(Default)]
struct Event<'a> {
    kind: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let found = match read(message) {
        // On a topic that is not certainly Traccar's another format may know better.
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
        Some(event) => edge(message, &asset, event, sink),
        None => position(message, &asset, &found, sink),
    }
    Ok(())
}

fn read<'a>(message: &Message<'a>) -> Result<Found<'a>, Refused> {
    let mut found = Found {
        unique_id: None,
        device_time: None,
        fix_time: None,
        place: Place::default(),
        archive: false,
        attributes: Fields::new(),
        event: None,
        position: false,
    };
    object::walk(object::text(message)?, |json, name| match name {
        "position" => {
            found.position = json.object(|json, name| match name {
                "deviceTime" => found.device_time = json.raw(),
                "fixTime" => found.fix_time = json.raw(),
                "attributes" => {
                    json.object(|json, name| {
                        if name == "archive" {
                            found.archive = json.boolean() == Some(true);
                        } else if let Some(field) = field_of(ATTRIBUTES, name)
                            && let Some(text) = json.raw()
                        {
                            found.attributes.offer(field, text);
                        }
                    });
                }
                _ => {
                    found.place.take(json, name);
                }
            });
        }
        "event" => {
            let mut event = Event::default();
            let there = json.object(|json, name| match name {
                "type" => event.kind = json.raw(),
                "eventTime" => event.time = json.raw(),
                _ => {}
            });
            found.event = there.then_some(event);
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

/// The position in an event was forwarded before, on its own: only the edge itself is news.
fn edge(message: &Message<'_>, asset: &AssetId, event: &Event<'_>, sink: &mut dyn Sink) {
    let ignition = match event.kind.as_deref() {
        Some("ignitionOn") => true,
        Some("ignitionOff") => false,
        _ => return,
    };
    let at = time::read("eventTime", event.time.as_deref(), time::rfc3339, sink);
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
    found.attributes.read(&mut values, sink, |_| true);
    let mut fix = Entries::new();
    found.place.put(SPEED, &mut fix, sink);
    if fix.is_empty() && values.is_empty() {
        return;
    }
    let device_time = time::read(
        "deviceTime",
        found.device_time.as_deref(),
        time::rfc3339,
        sink,
    );
    let fix_time = if fix.is_empty() || found.fix_time == found.device_time {
        device_time
    } else {
        time::read("fixTime", found.fix_time.as_deref(), time::rfc3339, sink).or(device_time)
    };
    let mut give = |at: Option<UtcMs>, entries: &Entries<'_>| {
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
            values.put(entry.quantity, entry.value.clone());
        }
        give(device_time, &values);
    } else {
        give(fix_time, &fix);
        give(device_time, &values);
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::traccar::*;

    #[test]
    fn an_archived_position_is_history() {
        struct Historical(Vec<bool>);
        impl Sink for Historical {
            fn reading(&mut self, reading: Reading<'_>) {
                self.0.push(reading.historical);
            }
            fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
                panic!("{reason:?} {field} {detail}");
            }
        }
        let mut got = Historical(Vec::new());
        for archive in ["", r#","archive":true"#, r#","archive":false"#] {
            let payload = format!(
                r#"{{"position":{{"valid":true,"latitude":52.5,"longitude":-1.9,"fixTime":"2026-08-21T09:10:00.000+00:00",
                "deviceTime":"2026-08-21T09:15:02.000+00:00","attributes":{{"ignition":true{archive}}}}},"device":{{"uniqueId":"1"}}}}"#
            );
            let message = Message {
                topic: "traccar/positions",
                payload: payload.as_bytes(),
                retained: false,
                zone: crate::jurisdiction::UK.zone(),
                received_at: UtcMs(1_787_390_000_000),
                properties: &[],
            };
            decode(&message, &mut got).unwrap();
        }
        // A fix and a message each.
        assert_eq!(got.0, [false, false, true, true, false, false]);
    }
}
