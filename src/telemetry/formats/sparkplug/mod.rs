//! Eclipse Sparkplug B: protobuf payloads of edge nodes and their devices, whose metrics are named in a birth and numbered later.
//! Listens only: it asks for no rebirth, and says where one is needed.
//! Sources: mqtt-telemetry section 4; eclipse-sparkplug specification 3.0, chapters 5 and 6.

mod birth;
mod names;
mod payload;
mod state;
mod values;
mod wire;

use crate::model::{
    AssetKind, FeedFormat, Quantity, Reading, ReadingEntry, RejectReason, Sequence, Value,
};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use crate::units::UtcMs;
use payload::{Metric, Payload, Reported};
use state::{Edges, Table};
use values::Place;

/// The format's line in the table. Each node and device types its numbers itself, so no digits can be said of all.
pub const DECODER: Decoder = Decoder {
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
/// Unix milliseconds have 13 digits since 2001; smaller numbers are seconds, or a clock never set.
const FIRST_MS: u64 = 1_000_000_000_000;
/// And so they have until 2286.
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

/// `spBv1.0/<group>/<N|D><BIRTH|DATA|DEATH>/<edge>[/<device>]`. `Ok(None)` is for others: commands and states of hosts.
fn split(topic: &str) -> Result<Option<Topic<'_>>, Refused> {
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

/// The decoder with what births told it.
#[derive(Default)]
struct Sparkplug {
    edges: Edges,
    news: bool,
    /// Where the metrics of this message are. These buffers are kept, so that a message needs no new memory.
    metrics: Vec<(u32, u32)>,
    order: Vec<Place>,
    aliases: Vec<u64>,
    table: Table,
}

impl Decode for Sparkplug {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let Some(topic) = split(message.topic)? else {
            return Ok(());
        };
        let node = AssetId::new("sparkplug", &[topic.group, topic.edge])?;
        let device = topic
            .device
            .map(|device| AssetId::new("sparkplug", &[topic.group, topic.edge, device]))
            .transpose()?;
        let payload = self.read(message)?;
        let at = time(payload.timestamp, sink);
        let seq = payload.seq.and_then(|seq| u8::try_from(seq).ok());
        if payload.seq.is_some() && seq.is_none() {
            sink.ignored(RejectReason::Number, "seq", "is more than 255");
        }
        let heard = Heard {
            message,
            node: node.as_str(),
            device: device.as_ref().map(AssetId::as_str),
            at,
            seq,
        };
        match topic.verb {
            Verb::Birth => self.birth(&heard, sink)?,
            Verb::Data => self.data(&heard, sink),
            Verb::Death if device.is_some() => self.device_death(&heard, sink),
            Verb::Death => self.node_death(&heard, sink),
        }
        Ok(())
    }

    fn has_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    fn save(&self) -> Vec<u8> {
        self.edges.save()
    }

    fn restore(&mut self, saved: &[u8]) {
        self.edges.restore(saved);
    }
}

/// A message, read as far as all kinds have it in common.
#[derive(Clone, Copy)]
struct Heard<'a> {
    message: &'a Message<'a>,
    node: &'a str,
    device: Option<&'a str>,
    at: Option<UtcMs>,
    seq: Option<u8>,
}

/// Whose reading, and of when.
#[derive(Clone, Copy)]
struct Of<'a> {
    asset: &'a str,
    kind: AssetKind,
    at: Option<UtcMs>,
    historical: bool,
}

impl<'a> Of<'a> {
    fn now(asset: &'a str, kind: AssetKind, at: Option<UtcMs>) -> Self {
        Self {
            asset,
            kind,
            at,
            historical: false,
        }
    }
}

impl<'a> Heard<'a> {
    fn asset(&self) -> &'a str {
        self.device.unwrap_or(self.node)
    }

    fn metric(&self, (from, to): (u32, u32)) -> Option<Metric<'a>> {
        // It was read when the message was, so there is always one.
        Metric::read(self.message.payload.get(from as usize..to as usize)?).ok()
    }

    /// Gives out a reading; the first one tells what was lost before it.
    fn emit(&self, of: Of<'_>, lost: &mut u32, entries: &[ReadingEntry<'_>], sink: &mut dyn Sink) {
        let sequence = (*lost > 0).then(|| Sequence::Lost(std::mem::take(lost)));
        let reading = self
            .message
            .reading(FORMAT, of.kind, of.asset, of.at, entries);
        sink.reading(Reading {
            sequence,
            historical: of.historical,
            ..reading
        });
    }
}

impl Sparkplug {
    /// Reads all of the payload, so that nothing is told of one that is broken.
    fn read(&mut self, message: &Message<'_>) -> Result<Payload, Refused> {
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
        let payload = payload::read(bytes, |from, to| {
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

    fn device_death(&mut self, heard: &Heard<'_>, sink: &mut dyn Sink) {
        let mut nothing_lost = 0;
        let (mut kind, mut lost) = (Table::default().kind, &mut nothing_lost);
        if let Some(edge) = self.edges.get(heard.node) {
            heard.seq.into_iter().for_each(|seq| edge.count(seq));
            lost = &mut edge.lost;
            if let Some(device) = edge.devices.get_mut(heard.asset()) {
                kind = device.kind;
                device.born = false;
                device.online = false;
            }
        }
        heard.emit(
            Of::now(heard.asset(), kind, heard.at),
            lost,
            &[OFFLINE],
            sink,
        );
    }

    /// The node and all its devices are offline. Mostly said by the broker, as the node's will.
    fn node_death(&mut self, heard: &Heard<'_>, sink: &mut dyn Sink) {
        let mut at = heard.at;
        let number = birth_number(heard, &self.metrics);
        let Some(edge) = self.edges.get(heard.node) else {
            return heard.emit(
                Of::now(heard.node, Table::default().kind, at),
                &mut 0,
                &[OFFLINE],
                sink,
            );
        };
        // A will may arrive after the next birth, and after a farewell that said the same: `bdSeq` tells whose it is
        // (tck-id-operational-behavior-edge-node-termination-host-action-ndeath, chapter 5).
        let another =
            matches!((number, edge.birth_number), (Some(death), Some(birth)) if death != birth);
        if another || edge.dead {
            return;
        }
        // A will is written before the birth: its time is not that of the death.
        if edge
            .born_at
            .is_some_and(|born| at.is_some_and(|at| at <= born))
        {
            at = None;
        }
        heard.emit(
            Of::now(heard.node, edge.node.kind, at),
            &mut edge.lost,
            &[OFFLINE],
            sink,
        );
        for (id, device) in edge.devices.iter().filter(|(_, device)| device.online) {
            heard.emit(
                Of::now(id, device.kind, at),
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
fn birth_number(heard: &Heard<'_>, metrics: &[(u32, u32)]) -> Option<u64> {
    metrics
        .iter()
        .filter_map(|place| heard.metric(*place))
        .find_map(|metric| match (metric.name, metric.value) {
            (Some("bdSeq"), Reported::Integer(number)) => Some(number),
            _ => None,
        })
}

/// A time stamp, if it can be one. 0 is how senders without a clock say so.
fn time(timestamp: Option<u64>, sink: &mut dyn Sink) -> Option<UtcMs> {
    match timestamp? {
        0 => None,
        ms @ FIRST_MS..=LAST_MS => i64::try_from(ms).ok().map(UtcMs),
        _ => {
            sink.ignored(
                RejectReason::Time,
                "timestamp",
                "is not Unix milliseconds of 13 digits; another time is used",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::sparkplug::*;

    #[test]
    fn topics_tell_node_from_device() {
        let topic = |group, edge, device, verb| {
            Ok(Some(Topic {
                group,
                edge,
                device,
                verb,
            }))
        };
        assert_eq!(
            split("spBv1.0/Depot/DDATA/gw1/CP07"),
            topic("Depot", "gw1", Some("CP07"), Verb::Data)
        );
        assert_eq!(
            split("spBv1.0/Depot/NDEATH/gw1"),
            topic("Depot", "gw1", None, Verb::Death)
        );
        for other in [
            "spBv1.0/STATE/scada1",
            "spBv1.0/Depot/NCMD/gw1",
            "spBv1.0/Depot/DCMD/gw1/CP07",
        ] {
            assert_eq!(split(other), Ok(None), "{other}");
        }
        for foreign in [
            "",
            "spBv1.0/",
            "spBv1.0/Depot",
            "spBv1.0/g/NDATA",
            "spBv1.0/g/NDATA/e/d",
            "spBv1.0/g/DDATA/e",
            "spAv1.0/g/NDATA/e",
        ] {
            assert_eq!(
                split(foreign).map_err(|refused| refused.reason),
                Err(RejectReason::UnknownTopic),
                "{foreign}"
            );
        }
        assert!(
            split("spBv1.0/g/éDATA/e").is_err()
                && split("spBv1.0/g//e").is_err()
                && split("spBv1.0/g/DDATA/e/d/x").is_err()
        );
    }
}
