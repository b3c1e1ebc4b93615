//! fleetgauge's own schema: one JSON object of vocabulary names on `fleet/<class>/<id>/telemetry`, and the state of the
//! link on `.../status`; monthly figures on `fleet/indicators/<organisation>/<name>`. A bad field never costs the others; a message over a limit is refused as a whole.

mod field;
mod indicator;
mod sample;

use crate::model::{
    AssetKind, FeedFormat, Quantity, Reading, ReadingEntry, RejectReason, Sequence, Value, check_id,
};
use crate::telemetry::kit::strict_json;
use crate::telemetry::{Decoder, Message, Refused, Sink};
use crate::units::UtcMs;
use sample::Sample;
use strict_json::NotJson;

/// The entry in the table of formats.
pub(super) const DECODER: Decoder = Decoder {
    name: "native",
    format: FORMAT,
    filters: &[
        "fleet/vehicles/+/telemetry",
        "fleet/chargers/+/telemetry",
        "fleet/meters/+/telemetry",
        "fleet/vehicles/+/status",
        "fleet/chargers/+/status",
        "fleet/meters/+/status",
        "fleet/indicators/+/+",
    ],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(0);

/// Bytes of one message.
const MAX_PAYLOAD: usize = 64 * 1024;
/// Elements of `samples` in one message.
const MAX_SAMPLES: usize = 1024;
/// Nesting, the message's own object included: object, `samples`, sample, `{"value","unit"}`.
const MAX_DEPTH: usize = 4;
/// The schema's version, key `v`.
const VERSION: &str = "1";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Leaf {
    Telemetry,
    Status,
}

fn claims(topic: &str) -> bool {
    parse_topic(topic).is_some() || indicator::parse_topic(topic).is_some()
}

/// Parses `fleet/<class>/<id>/<leaf>`; `None` for other classes and leaves.
fn parse_topic(topic: &str) -> Option<(AssetKind, &str, Leaf)> {
    let (class, rest) = topic.strip_prefix("fleet/")?.split_once('/')?;
    let kind = match class {
        "vehicles" => AssetKind::Vehicle,
        "chargers" => AssetKind::Charger,
        "meters" => AssetKind::Meter,
        _ => return None,
    };
    let (id, leaf) = rest.split_once('/')?;
    match leaf {
        "telemetry" => Some((kind, id, Leaf::Telemetry)),
        "status" => Some((kind, id, Leaf::Status)),
        _ => None,
    }
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    if let Some(topic) = indicator::parse_topic(message.topic) {
        return indicator::decode(message, topic, sink);
    }
    let (kind, id, leaf) = parse_topic(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not fleet/<vehicles|chargers|meters>/<id>/<telemetry|status>",
        )
    })?;
    check_id(id)
        .map_err(|error| Refused::new(RejectReason::Id, format!("the id in the topic {error}")))?;
    if message.payload.len() > MAX_PAYLOAD {
        let detail = format!(
            "the message has {} bytes; at most {MAX_PAYLOAD} are allowed",
            message.payload.len()
        );
        return Err(Refused::new(RejectReason::TooLarge, detail));
    }
    let text = std::str::from_utf8(message.payload).map_err(|error| {
        Refused::new(
            RejectReason::Utf8,
            format!("the message is not UTF-8: {error}"),
        )
    })?;
    let output = Output {
        asset: id,
        kind,
        message,
    };
    match leaf {
        Leaf::Status => status(&output, text.trim(), sink),
        Leaf::Telemetry => telemetry(&output, text.trim(), sink),
    }
}

/// What every reading of a message has in common.
struct Output<'a> {
    asset: &'a str,
    kind: AssetKind,
    message: &'a Message<'a>,
}

impl Output<'_> {
    fn emit(
        &self,
        at: Option<UtcMs>,
        sequence: Option<u64>,
        entries: &[ReadingEntry<'_>],
        sink: &mut dyn Sink,
    ) {
        if entries.is_empty() {
            return;
        }
        let reading = self
            .message
            .reading(FORMAT, self.kind, self.asset, at, entries);
        sink.reading(Reading {
            sequence: sequence.map(Sequence::Number),
            ..reading
        });
    }
}

fn status(output: &Output<'_>, text: &str, sink: &mut dyn Sink) -> Result<(), Refused> {
    let online = match text {
        "online" => true,
        "offline" => false,
        // An empty retained message only erases the broker's copy (MQTT 3.1.1, section 3.3.1.3).
        "" => return Ok(()),
        _ => {
            return Err(Refused::new(
                RejectReason::Type,
                "the status is neither `online` nor `offline`",
            ));
        }
    };
    output.emit(
        None,
        None,
        &[ReadingEntry {
            quantity: Quantity::Online,
            value: Value::Bool(online),
        }],
        sink,
    );
    Ok(())
}

fn telemetry(output: &Output<'_>, text: &str, sink: &mut dyn Sink) -> Result<(), Refused> {
    match text.as_bytes().first() {
        Some(b'{') => {}
        None => {
            return Err(Refused::new(
                RejectReason::Empty,
                "the message is empty; an object such as {\"v\":1} is expected",
            ));
        }
        Some(b'[') => {
            return Err(Refused::new(
                RejectReason::Type,
                "the message is an array; an object is expected",
            ));
        }
        Some(_) => {
            return Err(Refused::new(
                RejectReason::Syntax,
                "the message is not a JSON object",
            ));
        }
    }
    let mut sample = Sample::new();
    match sample.parse(text) {
        Ok(()) => publish(output, &sample, sink),
        Err(NotJson::TooDeep) => Err(not_json(NotJson::TooDeep)),
        Err(error) => {
            let fixed = strict_json::quote_non_numbers(text).ok_or_else(|| not_json(error))?;
            let mut sample = Sample::new();
            sample.parse(&fixed).map_err(not_json)?;
            publish(output, &sample, sink)
        }
    }
}

fn not_json(error: NotJson) -> Refused {
    match error {
        NotJson::TooDeep => Refused::new(
            RejectReason::TooDeep,
            format!("the message is {error}; at most {MAX_DEPTH} are allowed"),
        ),
        NotJson::Broken(..) => Refused::new(
            RejectReason::Syntax,
            format!("the message is not JSON: {error}"),
        ),
    }
}

/// Emits the readings of a message that is known to be JSON. Limits are checked first, so that a refused message has no effect.
fn publish(output: &Output<'_>, sample: &Sample<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    if sample.depth > MAX_DEPTH {
        let detail = format!(
            "the message nests {} levels deep; at most {MAX_DEPTH} are allowed",
            sample.depth
        );
        return Err(Refused::new(RejectReason::TooDeep, detail));
    }
    if let Some(version) = sample.version.filter(|version| *version != VERSION) {
        let detail =
            format!("schema version `{version:.20}` is not known here; send `\"v\":{VERSION}`");
        return Err(Refused::new(RejectReason::Syntax, detail));
    }
    let Some(samples) = sample.samples else {
        report(sample, sink);
        output.emit(sample.time, sample.sequence, sample.entries(), sink);
        return Ok(());
    };
    // Two bytes are the shortest element with its comma; most lists are too short to need counting.
    let mut count = 0usize;
    if samples.len() > 2 * MAX_SAMPLES {
        strict_json::each_element(samples, |_| count += 1).map_err(not_json)?;
    }
    if count > MAX_SAMPLES {
        let detail = format!("`samples` has {count} elements; at most {MAX_SAMPLES} are allowed");
        return Err(Refused::new(RejectReason::TooManySamples, detail));
    }
    strict_json::each_element(samples, |raw| {
        publish_element(output, raw, sample.time, sink)
    })
    .map_err(not_json)?;
    report(sample, sink);
    output.emit(sample.time, sample.sequence, sample.entries(), sink);
    Ok(())
}

/// Emits one element of `samples`. Without a time of its own it has the message's time.
fn publish_element(output: &Output<'_>, raw: &str, message_at: Option<UtcMs>, sink: &mut dyn Sink) {
    if !raw.starts_with('{') {
        sink.ignored(RejectReason::Type, "samples", "an element is not an object");
        return;
    }
    let mut element = Sample::new();
    if element.parse(raw).is_err() {
        sink.ignored(RejectReason::Syntax, "samples", "an element is not JSON");
        return;
    }
    if element.samples.is_some() {
        sink.ignored(
            RejectReason::UnknownKey,
            "samples",
            "samples hold no samples",
        );
    }
    report(&element, sink);
    let at = element.time.or(message_at);
    output.emit(at, element.sequence, element.entries(), sink);
}

fn report(sample: &Sample<'_>, sink: &mut dyn Sink) {
    for left in &sample.left_out {
        sink.ignored(left.reason, &left.field, left.detail);
    }
}

#[cfg(test)]
mod tests;
