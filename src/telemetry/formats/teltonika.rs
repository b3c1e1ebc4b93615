//! Teltonika trackers' own JSON on `<IMEI>/data`: raw values by AVL id, scaled here. Answers to commands come on the same topic.
//! Sources: Traccar `TeltonikaProtocolDecoder.java` for scales, one public FMC130 capture for the envelope; `mqtt-telemetry` section
//! 2.6. The scale of an id may differ between device families: these are the FMx ones.

use std::borrow::Cow;

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::entries::Entries;
use crate::telemetry::kit::fields::{Field, Fields, best, field_of, lesser};
use crate::telemetry::kit::object;
use crate::telemetry::kit::rule::{Rule, position};
use crate::telemetry::kit::{scalar, time};
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The format's line in the table. Its topics begin with the device's own number, so they are only subscribed to where the format
/// is named.
pub const DECODER: Decoder = Decoder {
    name: "teltonika",
    format: FORMAT,
    filters: &["+/data"],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(6);

/// 3GPP TS 23.003, section 6.2.1.
const IMEI_LENGTH: usize = 15;

/// AVL ids. 12 is the fuel computed over OBD, 83 and 107 count over CAN and LVCAN: three counters of one thing, never mixed; 87 is the
/// vehicle's own odometer, 16 the tracker's sum. 67 is the tracker's own cell. 89, 113: per cent as they stand.
const AVL: &[Field] = &[
    best("87", Rule::Number(Quantity::Odometer, "m")),
    lesser(1, "16", Rule::Number(Quantity::Odometer, "m")),
    best("83", Rule::Number(Quantity::FuelUsedTotal, "dl")),
    lesser(1, "107", Rule::Number(Quantity::FuelUsedTotal, "dl")),
    lesser(2, "12", Rule::Number(Quantity::FuelUsedTotal, "ml")),
    best("84", Rule::Number(Quantity::FuelVolume, "dl")),
    best("89", Rule::Number(Quantity::FuelLevel, "%")),
    best("113", Rule::Number(Quantity::Soc, "%")),
    best("66", Rule::Number(Quantity::AuxVoltage, "mV")),
    best("239", Rule::Bool(Quantity::Ignition)),
    best("240", Rule::Bool(Quantity::Moving)),
];
const SPEED: Rule = Rule::Number(Quantity::Speed, "km/h");

/// All bits set, at the ids' widths: the tracker has no value. Those of one byte are no percentage anyway.
fn is_all_ones(id: &str, text: &str) -> bool {
    match id {
        "66" | "84" => text == "65535",
        "12" | "16" | "83" | "87" | "107" => text == "4294967295",
        _ => false,
    }
}

fn claims(topic: &str) -> bool {
    imei(topic).is_some_and(|imei| topic.starts_with(imei))
}

/// The level before `data`. Whoever puts a base before it has to name the format.
fn imei(topic: &str) -> Option<&str> {
    let imei = topic.strip_suffix("/data")?.rsplit('/').next()?;
    (imei.len() == IMEI_LENGTH && imei.bytes().all(|byte| byte.is_ascii_digit())).then_some(imei)
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let imei = imei(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not <IMEI>/data with an IMEI of 15 digits",
        )
    })?;
    let (mut at, mut place, mut satellites, mut speed): (Option<Cow<'_, str>>, _, _, _) =
        (None, None, None, None);
    let mut values = Fields::new();
    // Without `state` it is the answer to a command (`{"RSP": ...}`).
    object::walk(object::text(message)?, |json, name| {
        if name != "state" {
            return;
        }
        json.object(|json, name| {
            if name != "reported" {
                return;
            }
            json.object(|json, name| match name {
                "ts" => at = json.raw(),
                "latlng" => place = json.raw(),
                "sat" => satellites = json.raw(),
                "sp" => speed = json.raw(),
                _ => {
                    if let Some(field) = field_of(AVL, name)
                        && let Some(text) = json.raw().filter(|text| !is_all_ones(name, text))
                    {
                        values.offer(field, text);
                    }
                }
            });
        });
    })?;
    let asset = AssetId::new("teltonika", &[imei])?;
    let mut entries = Entries::new();
    let at = time::read("ts", at.as_deref(), time::unix_ms, sink);
    // Without a satellite the tracker repeats an old place, or 0, 0.
    if satellites.as_deref() != Some("0") {
        match place.as_deref().and_then(scalar::known).map(latlng) {
            Some(Ok(Some(value))) => {
                entries.put(Quantity::Position, value);
            }
            Some(Err((reason, detail))) => sink.ignored(reason, "latlng", detail),
            Some(Ok(None)) | None => {}
        }
        match speed.as_deref().map(|speed| SPEED.read(speed)) {
            Some(Ok(Some(value))) => {
                entries.put(Quantity::Speed, value);
            }
            Some(Err((reason, detail))) => sink.ignored(reason, "sp", detail),
            Some(Ok(None)) | None => {}
        }
    }
    values.read(&mut entries, sink, |_| true);
    if !entries.is_empty() {
        sink.reading(message.reading(
            FORMAT,
            AssetKind::Vehicle,
            asset.as_str(),
            at,
            entries.as_slice(),
        ));
    }
    Ok(())
}

/// `<latitude>,<longitude>`.
fn latlng(
    text: &str,
) -> Result<Option<crate::model::Value<'static>>, crate::telemetry::kit::rule::Trouble> {
    match text.split_once(',') {
        Some((latitude, longitude)) => position(latitude.trim(), longitude.trim()),
        None => Err((RejectReason::Type, "is not `<latitude>,<longitude>`")),
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::teltonika::*;

    #[test]
    fn the_topic_is_an_imei() {
        for (topic, claimed, want) in [
            ("352093081452251/data", true, Some("352093081452251")),
            ("depot/352093081452251/data", false, Some("352093081452251")),
            ("35209308145225/data", false, None),
            ("352093081452251/commands", false, None),
            ("35209308145225A/data", false, None),
            ("/data", false, None),
        ] {
            assert_eq!((claims(topic), imei(topic)), (claimed, want), "{topic}");
        }
    }
}
