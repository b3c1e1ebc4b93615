//! Shelly meters: Gen1 (`shellies/<id>/...`, bare values) and Gen2 and later (`<prefix>/status/<component>:<id>`, objects, and
//! `<prefix>/events/rpc`, notifications with a time). Only what meters measure is read; the minute's energy (`by_minute`) is left out.
//! Sources: shelly-api-docs.shelly.cloud (gen1, gen2), `mqtt-telemetry` section 3.

mod gen1;
mod gen2;

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::plain::{Of, give};
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The format's line in the table. The prefix of Gen2 is free and begins with the device's model by default, which no filter can say.
pub const DECODER: Decoder = Decoder {
    name: "shelly",
    format: FORMAT,
    filters: &[
        "shellies/+/relay/+/+",
        "shellies/+/emeter/+/+",
        "shellies/+/online",
        "shellies/+/status/+",
        "shellies/+/events/rpc",
        "+/status/+",
        "+/events/rpc",
        "+/online",
    ],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(23);

/// First level of Gen1, and used as one by people with both generations. It is no part of the id.
const GEN1: &str = "shellies/";

/// What a topic says below its device.
enum Place<'a> {
    /// `online`: the will, in both generations.
    Online,
    /// `status/<component>`.
    Status(&'a str),
    /// `events/rpc`.
    Rpc,
    /// Whatever follows `shellies/<id>/`.
    Gen1(&'a str),
}

fn split(topic: &str) -> Option<(&str, Place<'_>)> {
    let below_gen1 = topic.strip_prefix(GEN1);
    let path = below_gen1.unwrap_or(topic);
    if let Some(device) = path.strip_suffix("/online") {
        return Some((device, Place::Online));
    }
    if let Some(device) = path.strip_suffix("/events/rpc") {
        return Some((device, Place::Rpc));
    }
    if let Some((device, component)) = path
        .rsplit_once('/')
        .and_then(|(rest, last)| Some((rest.strip_suffix("/status")?, last)))
    {
        return Some((device, Place::Status(component)));
    }
    match below_gen1 {
        Some(path) => path
            .split_once('/')
            .map(|(device, rest)| (device, Place::Gen1(rest)))
            .or(Some(("", Place::Gen1("")))),
        None => None,
    }
}

/// A prefix that was renamed tells nothing: then only a metering component's status is certain.
fn claims(topic: &str) -> bool {
    if topic.starts_with(GEN1) {
        return true;
    }
    match split(topic) {
        Some((device, _)) if device.contains('/') => false,
        Some((device, place)) => {
            let metering =
                matches!(place, Place::Status(component) if gen2::number_of(component).is_some());
            metering || device.starts_with("shelly")
        }
        None => false,
    }
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (device, place) = split(message.topic).ok_or_else(|| {
        let what =
            "the topic is none of shellies/<id>/..., <prefix>/status/<component>:<id>, <prefix>/events/rpc, <prefix>/online";
        Refused::new(RejectReason::UnknownTopic, what)
    })?;
    match place {
        Place::Online => {
            let asset = AssetId::of_paths("shelly", &[device])?;
            let of = Of {
                format: FORMAT,
                kind: AssetKind::Meter,
                asset: &asset,
            };
            give(message, of, "online", Rule::Bool(Quantity::Online), sink)
        }
        Place::Status(component) => gen2::status(message, device, component, sink),
        Place::Rpc => gen2::notification(message, device, sink),
        Place::Gen1(rest) => gen1::decode(message, device, rest, sink),
    }
}
