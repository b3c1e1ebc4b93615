//! Eclipse Sparkplug B: protobuf payloads of edge nodes and their devices. A birth names the metrics and assigns aliases; later messages
//! carry the aliases only, so the decoder keeps each birth. It never publishes: where a rebirth is needed, the log names the node.
//! Source: Eclipse Sparkplug specification 3.0, chapters 5 (operational behavior) and 6 (payloads).

mod birth;
mod metric_names;
mod payload;
mod protobuf;
mod state;
mod values;

use crate::model::{
    AssetKind, FeedFormat, Quantity, Reading, ReadingEntry, RejectReason, Sequence, Value,
};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use crate::units::UtcMs;
use payload::{Metric, MetricValue, Payload};
use state::{Edges, MetricTable};
use values::PendingMetric;

/// The entry in the table of formats. Each node and device types its numbers itself, so the format has no fixed number of digits.
pub(super) const DECODER: Decoder = Decoder {
    name: "sparkplug",
    format: FORMAT,
    filters: &[
        "spBv1.0/+/NBIRTH/+",
        "spBv1.0/+/NDATA/+",
        "spBv1.0/+/NDEATH/+",
        "spBv1.0/+/DBIRTH/+/+",
        "spBv1.0/+/DDATA/+/+",
        "spBv1.0/+/DDEATH/+/+",
    ],
    claims,
    start: || Box::new(Sparkplug::default()),
};
const FORMAT: FeedFormat = FeedFormat::new(40);

/// Bytes of one message: a birth of 4096 metrics with names and properties has half of it.
const MAX_PAYLOAD: usize = 512 * 1024;
/// Metrics of one message.
const MAX_METRICS: usize = 4_096;
/// Unix milliseconds have 13 digits until 2286.
const LAST_MS: u64 = 9_999_999_999_999;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verb {
    Birth,
    Data,
    Death,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Topic<'a> {
    group: &'a str,
    edge: &'a str,
    device: Option<&'a str>,
    verb: Verb,
}

fn claims(topic: &str) -> bool {
    topic.starts_with("spBv1.0/")
}

/// `spBv1.0/<group>/<N|D><BIRTH|DATA|DEATH>/<edge>[/<device>]`. `Ok(None)` for commands and host states, which are ignored.
fn parse_topic(topic: &str) -> Result<Option<Topic<'_>>, Refused> {
    let unknown = || {
        let expected = "spBv1.0/<group>/<NBIRTH|NDATA|NDEATH>/<edge> or spBv1.0/<group>/<DBIRTH|DDATA|DDEATH>/<edge>/<device>";
        Refused::new(
            RejectReason::UnknownTopic,
            format!("the topic is not {expected}"),
        )
    };
    let mut levels = topic
        .strip_prefix("spBv1.0/")
        .ok_or_else(unknown)?
        .split('/');
    let (Some(group), Some(kind)) = (levels.next(), levels.next()) else {
        return Err(unknown());
    };
    if group == "STATE" || matches!(kind, "NCMD" | "DCMD") {
        return Ok(None);
    }
    let (edge, device) = (levels.next().ok_or_else(unknown)?, levels.next());
    let (level, verb) = kind.split_at_checked(1).ok_or_else(unknown)?;
    let verb = match verb {
        "BIRTH" => Verb::Birth,
        "DATA" => Verb::Data,
        "DEATH" => Verb::Death,
        _ => return Err(unknown()),
    };
    if levels.next().is_some()
        || (level, device.is_some()) != ("N", false) && (level, device.is_some()) != ("D", true)
    {
        return Err(unknown());
    }
    Ok(Some(Topic {
        group,
        edge,
        device,
        verb,
    }))
}

/// The decoder with the metrics of all births.
#[derive(Default)]
struct Sparkplug {
    edges: Edges,
    changed: bool,
    /// Byte ranges of this message's metrics. The buffers are kept between messages, so that a message allocates nothing.
    metrics: Vec<(u32, u32)>,
    order: Vec<PendingMetric>,
    aliases: Vec<u64>,
    table: MetricTable,
}

impl Decode for Sparkplug {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let Some(topic) = parse_topic(message.topic)? else {
            return Ok(());
        };
        let node = AssetId::new("sparkplug", &[topic.group, topic.edge])?;
        let device = topic
            .device
            .map(|device| AssetId::new("sparkplug", &[topic.group, topic.edge, device]))
            .transpose()?;
        let payload = self.decode_payload(message)?;
        let at = time(payload.timestamp, sink);
        let seq = payload.seq.and_then(|seq| u8::try_from(seq).ok());
        if payload.seq.is_some() && seq.is_none() {
            sink.ignored(RejectReason::Number, "seq", "is more than 255");
        }
        let incoming = NodeMessage {
            message,
            node: node.as_str(),
            device: device.as_ref().map(AssetId::as_str),
            at,
            seq,
        };
        match topic.verb {
            Verb::Birth => self.birth(&incoming, sink)?,
            Verb::Data => self.data(&incoming, sink),
            Verb::Death if device.is_some() => self.device_death(&incoming, sink),
            Verb::Death => self.node_death(&incoming, sink),
        }
        Ok(())
    }

    fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn save(&self) -> Vec<u8> {
        self.edges.save()
    }

    fn restore(&mut self, saved: &[u8]) {
        self.edges.restore(saved);
    }
}

/// A message of a node or device, with the parts that all kinds have.
#[derive(Clone, Copy)]
struct NodeMessage<'a> {
    message: &'a Message<'a>,
    node: &'a str,
    device: Option<&'a str>,
    at: Option<UtcMs>,
    seq: Option<u8>,
}

/// The asset and time of a reading.
#[derive(Clone, Copy)]
struct ReadingHeader<'a> {
    asset: &'a str,
    kind: AssetKind,
    at: Option<UtcMs>,
    historical: bool,
}

impl<'a> ReadingHeader<'a> {
    fn live(asset: &'a str, kind: AssetKind, at: Option<UtcMs>) -> Self {
        Self {
            asset,
            kind,
            at,
            historical: false,
        }
    }
}

impl<'a> NodeMessage<'a> {
    fn asset(&self) -> &'a str {
        self.device.unwrap_or(self.node)
    }

    fn metric(&self, (from, to): (u32, u32)) -> Option<Metric<'a>> {
        // The whole payload was decoded before, so this always succeeds.
        Metric::decode(self.message.payload.get(from as usize..to as usize)?).ok()
    }

    /// Emits a reading. The first one after a gap carries the number of lost messages.
    fn emit(
        &self,
        header: ReadingHeader<'_>,
        lost: &mut u32,
        entries: &[ReadingEntry<'_>],
        sink: &mut dyn Sink,
    ) {
        let sequence = (*lost > 0).then(|| Sequence::Lost(std::mem::take(lost)));
        let reading = self
            .message
            .reading(FORMAT, header.kind, header.asset, header.at, entries);
        sink.reading(Reading {
            sequence,
            historical: header.historical,
            ..reading
        });
    }
}

impl Sparkplug {
    /// Decodes the whole payload first, so that a broken one has no effect.
    fn decode_payload(&mut self, message: &Message<'_>) -> Result<Payload, Refused> {
        let bytes = message.payload;
        if bytes.len() > MAX_PAYLOAD {
            let detail = format!(
                "the message has {} bytes; at most {MAX_PAYLOAD} are allowed",
                bytes.len()
            );
            return Err(Refused::new(RejectReason::TooLarge, detail));
        }
        self.metrics.clear();
        let mut count = 0usize;
        let payload = payload::decode(bytes, |from, to| {
            count += 1;
            if count <= MAX_METRICS {
                // At most MAX_PAYLOAD.
                self.metrics.push((from as u32, to as u32));
            }
        });
        let payload = payload.map_err(|what| {
            Refused::new(
                RejectReason::Syntax,
                format!("not a Sparkplug payload: {what}"),
            )
        })?;
        if count > MAX_METRICS {
            let detail =
                format!("the message has {count} metrics; at most {MAX_METRICS} are allowed");
            return Err(Refused::new(RejectReason::Limit, detail));
        }
        if payload.compressed {
            let detail = "the payload is compressed, which is not in the Sparkplug specification; switch compression off in the edge node";
            return Err(Refused::new(RejectReason::Syntax, detail));
        }
        Ok(payload)
    }

    fn device_death(&mut self, incoming: &NodeMessage<'_>, sink: &mut dyn Sink) {
        let mut none_lost = 0;
        let (mut kind, mut lost) = (MetricTable::default().kind, &mut none_lost);
        if let Some(edge) = self.edges.get(incoming.node) {
            incoming
                .seq
                .into_iter()
                .for_each(|seq| edge.observe_sequence(seq));
            lost = &mut edge.lost;
            if let Some(device) = edge.devices.get_mut(incoming.asset()) {
                kind = device.kind;
                device.born = false;
                device.online = false;
            }
        }
        incoming.emit(
            ReadingHeader::live(incoming.asset(), kind, incoming.at),
            lost,
            &[OFFLINE],
            sink,
        );
    }

    /// The node and all its devices are offline. Mostly published by the broker, as the node's will.
    fn node_death(&mut self, incoming: &NodeMessage<'_>, sink: &mut dyn Sink) {
        let mut at = incoming.at;
        let number = birth_number(incoming, &self.metrics);
        let Some(edge) = self.edges.get(incoming.node) else {
            return incoming.emit(
                ReadingHeader::live(incoming.node, MetricTable::default().kind, at),
                &mut 0,
                &[OFFLINE],
                sink,
            );
        };
        // A will may arrive after the next birth, or after an orderly NDEATH: `bdSeq` names the session it ends (chapter 5,
        // tck-id-operational-behavior-edge-node-termination-host-action-ndeath).
        let is_other_session =
            matches!((number, edge.birth_number), (Some(death), Some(birth)) if death != birth);
        if is_other_session || edge.dead {
            return;
        }
        // A will is written before the birth, so its timestamp is not the time of death.
        if edge
            .born_at
            .is_some_and(|born| at.is_some_and(|at| at <= born))
        {
            at = None;
        }
        incoming.emit(
            ReadingHeader::live(incoming.node, edge.node.kind, at),
            &mut edge.lost,
            &[OFFLINE],
            sink,
        );
        for (id, device) in edge.devices.iter().filter(|(_, device)| device.online) {
            incoming.emit(
                ReadingHeader::live(id, device.kind, at),
                &mut edge.lost,
                &[OFFLINE],
                sink,
            );
        }
        edge.die();
    }
}

const ONLINE: ReadingEntry<'static> = ReadingEntry {
    quantity: Quantity::Online,
    value: Value::Bool(true),
};
const OFFLINE: ReadingEntry<'static> = ReadingEntry {
    quantity: Quantity::Online,
    value: Value::Bool(false),
};

/// `bdSeq`, which a node's birth and death share.
fn birth_number(incoming: &NodeMessage<'_>, metrics: &[(u32, u32)]) -> Option<u64> {
    metrics
        .iter()
        .filter_map(|location| incoming.metric(*location))
        .find_map(|metric| match (metric.name, metric.value) {
            (Some("bdSeq"), MetricValue::Integer(number)) => Some(number),
            _ => None,
        })
}

/// The timestamp, or `None`. Senders without a clock send 0.
fn time(timestamp: Option<u64>, sink: &mut dyn Sink) -> Option<UtcMs> {
    match timestamp? {
        0 => None,
        ms @ 1..=LAST_MS => i64::try_from(ms).ok().map(UtcMs),
        _ => {
            sink.ignored(
                RejectReason::Time,
                "timestamp",
                "is more than 13 digits of Unix milliseconds; another time is used",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests;
