//! Shelly meters: Gen1 (`shellies/<id>/...`, bare values) and Gen2 and later (`<prefix>/status/<component>:<id>`, objects, and
//! `<prefix>/events/rpc`, notifications with a time). Only what meters measure is used; the minute's energy (`by_minute`) is left out.
//! Source: shelly-api-docs.shelly.cloud (Gen1; Gen2+, "Components and Services").

mod gen1;
mod gen2;

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{ReadingSource, emit_value};
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The entry in the table of formats. The prefix of Gen2 is configurable and begins with the device's model by default, which no filter
/// can express.
pub(super) const DECODER: Decoder = Decoder {
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

/// First level of Gen1; sites with both generations also use it for Gen2. It is not part of the id.
const GEN1: &str = "shellies/";

/// What a topic is about, below its device.
enum Topic<'a> {
    /// `online`: the will, in both generations.
    Online,
    /// `status/<component>` of generation 2: the component, such as `switch:0`.
    Status(&'a str),
    /// `events/rpc` of generation 2: notifications of changes.
    Rpc,
    /// Everything that follows `shellies/<id>/`.
    Gen1(&'a str),
}

fn parse_topic(topic: &str) -> Option<(&str, Topic<'_>)> {
    let below_gen1 = topic.strip_prefix(GEN1);
    let path = below_gen1.unwrap_or(topic);
    if let Some(device) = path.strip_suffix("/online") {
        return Some((device, Topic::Online));
    }
    if let Some(device) = path.strip_suffix("/events/rpc") {
        return Some((device, Topic::Rpc));
    }
    if let Some((device, component)) = path
        .rsplit_once('/')
        .and_then(|(rest, last)| Some((rest.strip_suffix("/status")?, last)))
    {
        return Some((device, Topic::Status(component)));
    }
    match below_gen1 {
        Some(path) => path
            .split_once('/')
            .map(|(device, rest)| (device, Topic::Gen1(rest)))
            .or(Some(("", Topic::Gen1("")))),
        None => None,
    }
}

/// A renamed prefix does not identify a Shelly; then only a metering component's status is certain.
fn claims(topic: &str) -> bool {
    if topic.starts_with(GEN1) {
        return true;
    }
    match parse_topic(topic) {
        Some((device, _)) if device.contains('/') => false,
        Some((device, kind)) => {
            let metering = matches!(kind, Topic::Status(component) if gen2::component_number(component).is_some());
            metering || device.starts_with("shelly")
        }
        None => false,
    }
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (device, kind) = parse_topic(message.topic).ok_or_else(|| {
        let what =
            "the topic is none of shellies/<id>/..., <prefix>/status/<component>:<id>, <prefix>/events/rpc, <prefix>/online";
        Refused::new(RejectReason::UnknownTopic, what)
    })?;
    match kind {
        Topic::Online => {
            let asset = AssetId::from_paths("shelly", &[device])?;
            let source = ReadingSource {
                format: FORMAT,
                kind: AssetKind::Meter,
                asset: &asset,
            };
            emit_value(
                message,
                source,
                "online",
                Rule::Bool(Quantity::Online),
                sink,
            )
        }
        Topic::Status(component) => gen2::status(message, device, component, sink),
        Topic::Rpc => gen2::notification(message, device, sink),
        Topic::Gen1(rest) => gen1::decode(message, device, rest, sink),
    }
}
