//! The values of a message to readings: one for each time, in the order of time. A value that cannot be read costs only itself.

use super::payload::{Digits, Metric, Reported};
use super::state::{Found, Known};
use super::{Heard, ONLINE, Of, Sparkplug, names, time};
use crate::model::{AssetKind, RejectReason, Value};
use crate::telemetry::Sink;
use crate::telemetry::kit::entries::Entries;
use crate::telemetry::kit::rule::{Rule, Trouble};
use crate::units::UtcMs;

const COMPOUND: Trouble = (
    RejectReason::Type,
    "is bytes, a data set or a template where a single value is expected",
);
const NO_TEXT: Trouble = (RejectReason::Utf8, "is not UTF-8");
const NO_WORD: Trouble = (RejectReason::Type, "is not a text where one is expected");
const BAD_UNIT: Trouble = (
    RejectReason::Unit,
    "has an `engUnit` that its quantity does not have",
);
const NO_TIME: Trouble = (
    RejectReason::Time,
    "is from the past, but nobody knows when",
);
const NO_BIRTH: Trouble = (
    RejectReason::UnknownKey,
    "was in no birth that we heard; have the edge node send one: NCMD with `Node Control/Rebirth` true",
);

/// A metric to be told: sorted, they are in the order of time, and then as they stand in the message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Without any time it is of now, which is later than every other.
    at: i64,
    historical: bool,
    from: u32,
    to: u32,
    known: u8,
}

impl Place {
    const NOW: i64 = i64::MAX;

    fn time(self) -> Option<UtcMs> {
        (self.at != Self::NOW).then_some(UtcMs(self.at))
    }
}

impl Sparkplug {
    /// The data of a node or a device.
    pub(super) fn data(&mut self, heard: &Heard<'_>, sink: &mut dyn Sink) {
        if let Some(edge) = self.edges.get(heard.node) {
            edge.dead = false;
            heard.seq.into_iter().for_each(|seq| edge.count(seq));
        }
        self.values(heard, false, sink);
    }

    /// Tells all values, and with a birth that the asset is online.
    pub(super) fn values(&mut self, heard: &Heard<'_>, birth: bool, sink: &mut dyn Sink) {
        self.order.clear();
        let Self {
            edges,
            metrics,
            order,
            news,
            table: unborn,
            ..
        } = self;
        // Whoever was never born has an empty table of its own.
        unborn.born = false;
        let mut nothing_lost = 0;
        let (table, lost) = match edges.get(heard.node) {
            None => (unborn, &mut nothing_lost),
            Some(edge) => match heard.device {
                None => (&mut edge.node, &mut edge.lost),
                Some(device) => (
                    edge.devices.get_mut(device).unwrap_or(unborn),
                    &mut edge.lost,
                ),
            },
        };
        for &(from, to) in metrics.iter() {
            let Some(metric) = heard.metric((from, to)) else {
                continue;
            };
            let place = match table.find(metric.name, metric.alias) {
                Found::Known(place) => place,
                Found::Foreign => continue,
                Found::Unknown => {
                    report(&metric, NO_BIRTH, sink);
                    continue;
                }
            };
            let known = &mut table.metrics[place];
            *news |= !birth && learn_unit(known, &metric);
            if metric.null {
                continue;
            }
            let at = time(metric.timestamp, sink).or(heard.at);
            if metric.historical && at.is_none() {
                report(&metric, NO_TIME, sink);
                continue;
            }
            let at = at.map_or(Place::NOW, |at| at.0);
            // A table has each quantity once, so its places fit.
            order.push(Place {
                at,
                historical: metric.historical,
                from,
                to,
                known: place as u8,
            });
        }
        order.sort_unstable();
        let mut telling = Telling {
            heard,
            kind: table.kind,
            lost,
            online: birth,
        };
        for group in order.chunk_by(|a, b| (a.at, a.historical) == (b.at, b.historical)) {
            telling.group(group, &table.metrics, sink);
        }
        telling.online(sink);
    }
}

/// The unit may change without a birth (chapter 6, properties in DATA). True if it did.
fn learn_unit(known: &mut Known, metric: &Metric<'_>) -> bool {
    let Some(unit) = metric.unit else {
        return false;
    };
    let rule = names::rule(known.quantity, known.path).and_then(|rule| names::in_unit(rule, unit));
    let changed = rule != known.rule;
    known.rule = rule;
    changed
}

struct Telling<'a> {
    heard: &'a Heard<'a>,
    kind: AssetKind,
    lost: &'a mut u32,
    /// It still has to be said that the asset is online.
    online: bool,
}

impl Telling<'_> {
    fn group(&mut self, group: &[Place], metrics: &[Known], sink: &mut dyn Sink) {
        let Some(first) = group.first() else { return };
        let at = first.time();
        let mut entries = Entries::new();
        if self.online && !first.historical && at == self.heard.at {
            entries.put(ONLINE.quantity, ONLINE.value);
            self.online = false;
        }
        for place in group {
            let Some(metric) = self.heard.metric((place.from, place.to)) else {
                continue;
            };
            let Some(known) = metrics.get(usize::from(place.known)) else {
                continue;
            };
            match value(&metric, known) {
                Ok(Some(value)) => drop(entries.put(known.quantity, value)),
                Ok(None) => {}
                Err(trouble) => sink.ignored(trouble.0, known.quantity.name(), trouble.1),
            }
        }
        if entries.is_empty() {
            return;
        }
        let of = Of {
            historical: first.historical,
            ..Of::now(self.heard.asset(), self.kind, at)
        };
        self.heard.emit(of, self.lost, entries.as_slice(), sink);
    }

    /// Says that the asset is online, unless it was said with its values.
    fn online(&mut self, sink: &mut dyn Sink) {
        if std::mem::take(&mut self.online) {
            self.heard.emit(
                Of::now(self.heard.asset(), self.kind, self.heard.at),
                self.lost,
                &[ONLINE],
                sink,
            );
        }
    }
}

fn report(metric: &Metric<'_>, (reason, detail): Trouble, sink: &mut dyn Sink) {
    match (metric.name, metric.alias) {
        (Some(name), _) if !name.is_empty() => sink.ignored(reason, name, detail),
        (_, alias) => sink.ignored(reason, &format!("alias {}", alias.unwrap_or(0)), detail),
    }
}

/// A metric's value by the rule of its quantity. `None` where the source does not know it.
fn value<'a>(metric: &Metric<'a>, known: &Known) -> Result<Option<Value<'a>>, Trouble> {
    let rule = known.rule.ok_or(BAD_UNIT)?;
    let datatype = metric.datatype.unwrap_or(u64::from(known.datatype));
    let text = match metric.value {
        Reported::Text(text) => return rule.read(text),
        Reported::NoText => return Err(NO_TEXT),
        // `is_null` belongs with it, and is forgotten.
        Reported::Nothing => return Ok(None),
        Reported::Compound => return Err(COMPOUND),
        number => Digits::of(number, datatype).ok_or(COMPOUND)?,
    };
    if matches!(rule, Rule::Is(..) | Rule::Id(_)) {
        return Err(NO_WORD);
    }
    Ok(match rule.read(text.as_str())? {
        Some(Value::Number(number)) => Some(Value::Number(number)),
        Some(Value::Bool(state)) => Some(Value::Bool(state)),
        Some(Value::Angle(angle)) => Some(Value::Angle(angle)),
        // No rule left makes these out of digits.
        Some(Value::Id(_) | Value::NoId | Value::Position(..)) | None => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::model::{Quantity, Reading, Sequence};
    use crate::telemetry::formats::sparkplug::values::*;
    use crate::telemetry::{Decode, Message};

    /// Kind, sequence, historical, time and quantities of each reading.
    #[derive(Default)]
    struct Readings(Vec<Told>);

    type Told = (
        AssetKind,
        Option<Sequence>,
        bool,
        Option<i64>,
        Vec<Quantity>,
    );

    impl Sink for Readings {
        fn reading(&mut self, r: Reading<'_>) {
            let quantities = r.entries.iter().map(|entry| entry.quantity).collect();
            self.0.push((
                r.kind,
                r.sequence,
                r.historical,
                r.at.map(|at| at.0),
                quantities,
            ));
        }

        fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
            panic!("{reason:?} {field} {detail}");
        }
    }

    fn varint(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value > 127 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    fn payload(at: u64, seq: u64, metrics: &[&[u8]]) -> Vec<u8> {
        let mut bytes = [&[0x08][..], &varint(at), &[0x18], &varint(seq)].concat();
        for metric in metrics {
            bytes.extend([&[0x12][..], &varint(metric.len() as u64), metric].concat());
        }
        bytes
    }

    const AT: u64 = 1_787_303_702_000;

    fn told(decoder: &mut Sparkplug, topic: &str, payload: &[u8]) -> Vec<Told> {
        let message = Message {
            topic,
            payload,
            retained: false,
            zone: crate::jurisdiction::UK.zone(),
            received_at: UtcMs(AT as i64),
            properties: &[],
        };
        let mut readings = Readings::default();
        decoder.decode(&message, &mut readings).unwrap();
        readings.0
    }

    #[test]
    fn readings_say_what_was_lost_and_what_is_old() {
        let mut decoder = Sparkplug::default();
        let (birth, data) = ("spBv1.0/g/DBIRTH/e/d", "spBv1.0/g/DDATA/e/d");
        // `soc` with alias 1, a float of 50.
        let soc = b"\x0a\x03soc\x10\x01\x20\x09\x65\0\0\x48\x42";
        let got = told(&mut decoder, birth, &payload(AT, 1, &[soc]));
        let at = Some(AT as i64);
        assert_eq!(
            got,
            [(
                AssetKind::Vehicle,
                None,
                false,
                at,
                vec![Quantity::Online, Quantity::Soc]
            )]
        );
        assert!(decoder.has_news() && !decoder.has_news());
        assert_eq!(told(&mut decoder, birth, &payload(AT, 2, &[soc])).len(), 1);
        assert!(!decoder.has_news(), "the same birth again is no news");

        // Three lost; the message after them has nothing to tell, the one after that tells it with its older reading.
        assert_eq!(
            told(&mut decoder, data, &payload(AT, 6, &[b"\x10\x01\x38\x01"])),
            []
        );
        let live = b"\x10\x01\x65\0\0\x48\x42";
        let old = [
            &b"\x10\x01\x28\x01\x65\0\0\x48\x42\x18"[..],
            &varint(AT - 5),
        ]
        .concat();
        let soc = || vec![Quantity::Soc];
        assert_eq!(
            told(&mut decoder, data, &payload(AT, 8, &[live, &old])),
            [
                (
                    AssetKind::Vehicle,
                    Some(Sequence::Lost(4)),
                    true,
                    Some(AT as i64 - 5),
                    soc()
                ),
                (AssetKind::Vehicle, None, false, at, soc()),
            ]
        );
        assert!(!decoder.has_news());

        let mut restarted = Sparkplug::default();
        restarted.restore(&decoder.save());
        assert_eq!(
            told(&mut restarted, data, &payload(AT, 99, &[live])),
            [(AssetKind::Vehicle, None, false, at, soc())]
        );
    }
}
