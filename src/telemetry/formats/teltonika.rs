//! Teltonika trackers' own JSON on `<IMEI>/data`: raw values by AVL id, scaled here. Responses to commands come on the same topic.
//! Sources: Traccar at 9e5c458ad, `TeltonikaProtocolDecoder.java`, for scales; one public FMC130 capture for the envelope. The scale of an
//! id may differ between device families: these are those of FMx devices.

use std::borrow::Cow;

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::json_object;
use crate::telemetry::kit::ranked_fields::{RankedField, RankedFields, best, find_field, lesser};
use crate::telemetry::kit::reading_entries::Entries;
use crate::telemetry::kit::rule::{Rule, position};
use crate::telemetry::kit::{time, value_text};
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The entry in the table of formats. Its topics begin with the device's own number, so they are only subscribed to if the format
/// is named.
pub(super) const DECODER: Decoder = Decoder {
    name: "teltonika",
    format: FORMAT,
    filters: &["+/data"],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(6);

/// Digits of an IMEI (3GPP TS 23.003, section 6.2.1).
const IMEI_LENGTH: usize = 15;

/// AVL ids. 12 is the fuel computed over OBD, 83 and 107 count over CAN and LVCAN: three counters of one thing, never mixed; 87 is the
/// vehicle's own odometer, 16 the tracker's sum. 67 is the tracker's own cell. 89, 113: per cent as they stand.
const AVL: &[RankedField] = &[
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

/// All bits set, at the ids' widths, means that the tracker has no value. In ids of one byte 255 is out of range anyway.
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

/// The IMEI: the level before `data`. With further levels before it, the configuration must name the format.
fn imei(topic: &str) -> Option<&str> {
    let imei = topic.strip_suffix("/data")?.rsplit('/').next()?;
    (imei.len() == IMEI_LENGTH && imei.bytes().all(|byte| byte.is_ascii_digit())).then_some(imei)
}

/// Position and speed of the satellite receiver.
fn movement<'a>(
    position_text: Option<&'a str>,
    speed: Option<&'a str>,
    entries: &mut Entries<'a>,
    sink: &mut dyn Sink,
) {
    match position_text.and_then(value_text::known).map(latlng) {
        Some(Ok(Some(value))) => {
            entries.insert(Quantity::Position, value);
        }
        Some(Err((reason, detail))) => sink.ignored(reason, "latlng", detail),
        Some(Ok(None)) | None => {}
    }
    match speed.map(|speed| SPEED.parse(speed)) {
        Some(Ok(Some(value))) => {
            entries.insert(Quantity::Speed, value);
        }
        Some(Err((reason, detail))) => sink.ignored(reason, "sp", detail),
        Some(Ok(None)) | None => {}
    }
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let imei = imei(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not <IMEI>/data with an IMEI of 15 digits",
        )
    })?;
    let (mut at, mut position_text, mut satellites, mut speed): (Option<Cow<'_, str>>, _, _, _) =
        (None, None, None, None);
    let mut values = RankedFields::new();
    // Without `state` it is the answer to a command (`{"RSP": ...}`).
    json_object::walk(json_object::text(message)?, |json, name| {
        if name != "state" {
            return;
        }
        json.object(|json, name| {
            if name != "reported" {
                return;
            }
            json.object(|json, name| match name {
                "ts" => at = json.raw(),
                "latlng" => position_text = json.raw(),
                "sat" => satellites = json.raw(),
                "sp" => speed = json.raw(),
                _ => {
                    if let Some(field) = find_field(AVL, name)
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
    let at = time::parse_field("ts", at.as_deref(), time::unix_ms, sink);
    // Without a satellite the tracker repeats an old position, or 0, 0.
    if satellites.as_deref() != Some("0") {
        movement(
            position_text.as_deref(),
            speed.as_deref(),
            &mut entries,
            sink,
        );
    }
    values.parse_into(&mut entries, sink, |_| true);
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

/// Parses `<latitude>,<longitude>` in decimal degrees.
fn latlng(
    text: &str,
) -> Result<Option<crate::model::Value<'static>>, crate::telemetry::kit::rule::ValueError> {
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
