//! WiCAN: an OBD-II dongle's parameters as one JSON object of its profile's names, or the CAN frames themselves, on one topic.
//! The message has no time of day: `ts` counts from the dongle's start.
//! Sources: meatpiHQ/wican-fw at 5e28f49, `.vehicle_profiles/params.json` and `docs/content/7.MQTT/Usage.md`.

mod frame;

use std::collections::BTreeSet;

use crate::json::Json;
use crate::model::{AssetKind, FeedFormat, Quantity, ReadingEntry, RejectReason, Value};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::can::Grade;
use crate::telemetry::kit::reading_entries::Entries;
use crate::telemetry::kit::rule::{Rule, ValueError};
use crate::telemetry::kit::single_value::find_rule;
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use frame::Frame;

/// The entry in the table of formats.
pub(super) const DECODER: Decoder = Decoder {
    name: "wican",
    format: FORMAT,
    filters: &["wican/+/can/rx", "wican/+/can/status", "wican/+/status"],
    claims,
    start: || Box::new(Wican::default()),
};
/// Parameters are C floats: 24 bits of mantissa are seven digits.
const FORMAT: FeedFormat = FeedFormat {
    number: 41,
    digits: 7,
};
/// Frames are counted in whole steps.
const FRAMES: FeedFormat = FeedFormat {
    digits: 0,
    ..FORMAT
};

/// Bytes of one message: a profile has some hundred parameters, a batch of frames some dozen.
const MAX_PAYLOAD: usize = 64 * 1024;
/// Nesting: message, `frame`, frame, `data`.
const MAX_DEPTH: usize = 8;
/// Vehicles remembered to have the finer fuel total. For any further vehicle each message is decided alone.
const MAX_REMEMBERED: usize = 4_096;

/// Parameters with a place in the vocabulary. `HV_W` and `HV_A` are left out: their sign depends on the profile. So is `FUEL_RATE`: it is
/// in g/s, and litres need a density that depends on fuel and temperature.
const PARAMETERS: &[(&str, Rule)] = &[
    ("SOC", Rule::Number(Quantity::Soc, "%")),
    ("SOC_D", Rule::Number(Quantity::SocUsable, "%")),
    ("ODOMETER", Rule::Number(Quantity::Odometer, "km")),
    ("ODOMETER_MI", Rule::Number(Quantity::Odometer, "mi")),
    ("FUEL", Rule::Number(Quantity::FuelLevel, "%")),
    ("FUEL_L", Rule::Number(Quantity::FuelVolume, "l")),
    (
        "HV_CAPACITY_R",
        Rule::Number(Quantity::BatteryEnergy, "kWh"),
    ),
    // Watt hours, despite its name.
    ("HV_KWH_R", Rule::Number(Quantity::BatteryEnergy, "Wh")),
    (
        "KWH_CHARGED",
        Rule::Number(Quantity::EnergyChargedTotal, "kWh"),
    ),
    (
        "KWH_DISCHARGED",
        Rule::Number(Quantity::EnergyDischargedTotal, "kWh"),
    ),
    ("CHARGER_DC_PWR", Rule::Number(Quantity::ChargePower, "kW")),
    ("RANGE", Rule::Number(Quantity::Range, "km")),
    ("SPEED", Rule::Number(Quantity::Speed, "km/h")),
    ("LV_V", Rule::Number(Quantity::AuxVoltage, "V")),
    ("IGNITION", Rule::Bool(Quantity::Ignition)),
    ("CHARGING", Rule::Bool(Quantity::Charging)),
    ("CHARGER_CONNECTED", Rule::Bool(Quantity::PluggedIn)),
];

/// If a profile has two names for one quantity, these are the less preferred.
const LESS_PREFERRED: [&str; 2] = ["ODOMETER_MI", "HV_KWH_R"];

const COMPOUND: ValueError = (
    RejectReason::Type,
    "is an object or a list where a single value is expected",
);
const BAD_FRAME: ValueError = (
    RejectReason::Type,
    "is no frame with a number `id` and a list `data` of up to 8 bytes",
);

fn claims(topic: &str) -> bool {
    parse_topic(topic).is_some()
}

/// Parses `wican/<device_id>/<rest>` to device and rest.
fn parse_topic(topic: &str) -> Option<(&str, &str)> {
    topic.strip_prefix("wican/")?.split_once('/')
}

/// The decoder, and which vehicles send their fuel total in millilitres: their coarse one is another series.
#[derive(Default)]
struct Wican {
    fine: BTreeSet<Box<str>>,
}

impl Decode for Wican {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let (device, rest) = parse_topic(message.topic).ok_or_else(|| {
            Refused::new(
                RejectReason::UnknownTopic,
                "the topic is not wican/<device>/<can/rx|can/status|status>",
            )
        })?;
        let asset = AssetId::new("wican", &[device])?;
        match rest {
            "can/rx" => self.received(message, &asset, sink),
            "can/status" | "status" => status(message, &asset, sink),
            // Commands (`can/tx`), and what a configuration may add.
            _ => Ok(()),
        }
    }
}

/// The message as text; `None` if it is empty, which only erases a broker's retained copy.
fn text<'a>(message: &Message<'a>) -> Result<Option<&'a str>, Refused> {
    if message.payload.len() > MAX_PAYLOAD {
        let detail = format!(
            "the message has {} bytes; at most {MAX_PAYLOAD} are allowed",
            message.payload.len()
        );
        return Err(Refused::new(RejectReason::TooLarge, detail));
    }
    let text = std::str::from_utf8(message.payload)
        .map_err(|error| {
            Refused::new(
                RejectReason::Utf8,
                format!("the message is not UTF-8: {error}"),
            )
        })?
        .trim();
    Ok((!text.is_empty()).then_some(text))
}

/// Checks that the walk over an object reached its end, and nothing follows it.
fn check(json: &mut Json<'_>, is_object: bool) -> Result<(), Refused> {
    if json.too_deep() {
        return Err(Refused::new(
            RejectReason::TooDeep,
            "the message nests too deep",
        ));
    }
    if let Some(error) = json.error() {
        return Err(Refused::new(
            RejectReason::Syntax,
            format!("the message is not JSON: {error}"),
        ));
    }
    if !is_object || !json.at_end() {
        return Err(Refused::new(
            RejectReason::Syntax,
            "the message is not one JSON object",
        ));
    }
    Ok(())
}

/// The text of a value, as it is written.
/// A parameter's value; objects and lists are refused.
fn parameter_value(rule: Rule, raw: &str) -> Result<Option<Value<'_>>, ValueError> {
    if raw.starts_with(['{', '[']) {
        return Err(COMPOUND);
    }
    rule.parse(raw)
}

fn raw<'a>(json: &mut Json<'a>) -> &'a str {
    json.peek();
    let from = json.position();
    json.skip();
    json.text_between(from, json.position())
}

impl Wican {
    fn received(
        &mut self,
        message: &Message<'_>,
        asset: &AssetId,
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        let Some(text) = text(message)? else {
            return Ok(());
        };
        let mut entries = Entries::new();
        let mut frames = false;
        let known = self.fine.contains(asset.as_str());
        let mut fine = known;
        let mut json = Json::new(text, MAX_DEPTH);
        let is_object = json.object(|json, name| {
            if name == "frame" {
                frames = true;
                json.one_or_many(|json| match Frame::parse(json) {
                    Ok(frame) => frame.signals(|signal| {
                        fine |= signal.grade == Grade::Fine;
                        match signal.value {
                            Ok(_) if fine && signal.grade == Grade::Coarse => {}
                            Ok(value) => drop(entries.insert(signal.quantity, value)),
                            Err(error) => sink.ignored(error.0, signal.quantity.name(), error.1),
                        }
                    }),
                    Err(()) => sink.ignored(BAD_FRAME.0, "frame", BAD_FRAME.1),
                });
            } else if let Some(rule) = find_rule(PARAMETERS, name) {
                match parameter_value(rule, raw(json)) {
                    Ok(Some(value)) if LESS_PREFERRED.contains(&name) => {
                        entries.insert_if_absent(rule.quantity(), value)
                    }
                    Ok(Some(value)) => drop(entries.insert(rule.quantity(), value)),
                    Ok(None) => {}
                    Err(error) => sink.ignored(error.0, name, error.1),
                }
            }
        });
        check(&mut json, is_object)?;
        if fine && !known && self.fine.len() < MAX_REMEMBERED {
            self.fine.insert(asset.as_str().into());
        }
        if !entries.is_empty() {
            let format = if frames { FRAMES } else { FORMAT };
            sink.reading(message.reading(
                format,
                AssetKind::Vehicle,
                asset.as_str(),
                None,
                entries.as_slice(),
            ));
        }
        Ok(())
    }
}

/// `{"status": "online"}`, the birth and the will of the dongle.
fn status(message: &Message<'_>, asset: &AssetId, sink: &mut dyn Sink) -> Result<(), Refused> {
    let Some(text) = text(message)? else {
        return Ok(());
    };
    let mut online = None;
    let mut json = Json::new(text, MAX_DEPTH);
    let is_object = json.object(|json, name| {
        if name == "status" {
            online = match raw(json) {
                "\"online\"" => Some(true),
                "\"offline\"" => Some(false),
                _ => None,
            };
        }
    });
    check(&mut json, is_object)?;
    let Some(online) = online else {
        return Err(Refused::new(
            RejectReason::Type,
            "`status` is neither `online` nor `offline`",
        ));
    };
    let entry = [ReadingEntry {
        quantity: Quantity::Online,
        value: Value::Bool(online),
    }];
    sink.reading(message.reading(FORMAT, AssetKind::Vehicle, asset.as_str(), None, &entry));
    Ok(())
}

#[cfg(test)]
mod tests;
