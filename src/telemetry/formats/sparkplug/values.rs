//! Values: the metrics of a message become readings, one for each timestamp, in order of time. An invalid value does not affect the others.

use super::payload::{Digits, Metric, MetricValue};
use super::state::{Found, KnownMetric};
use super::{NodeMessage, ONLINE, ReadingHeader, Sparkplug, metric_names, time};
use crate::model::{AssetKind, RejectReason, Value};
use crate::telemetry::Sink;
use crate::telemetry::kit::reading_entries::Entries;
use crate::telemetry::kit::rule::{Rule, ValueError};
use crate::units::UtcMs;

const COMPOUND: ValueError = (
    RejectReason::Type,
    "is bytes, a data set or a template where a single value is expected",
);
const NOT_UTF8: ValueError = (RejectReason::Utf8, "is not UTF-8");
const NOT_TEXT: ValueError = (RejectReason::Type, "is not a text where one is expected");
const BAD_UNIT: ValueError = (
    RejectReason::Unit,
    "has an `engUnit` that its quantity does not have",
);
const NO_TIME: ValueError = (RejectReason::Time, "is historical but has no timestamp");
const NO_BIRTH: ValueError = (
    RejectReason::UnknownKey,
    "was in no birth received here; have the edge node send one: NCMD with `Node Control/Rebirth` true",
);

/// A metric to be emitted. Sorts by time, then by its position in the message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct PendingMetric {
    /// Milliseconds since 1970, or [`PendingMetric::NOW`] without a timestamp, which sorts last.
    at: i64,
    historical: bool,
    from: u32,
    to: u32,
    known: u8,
}

impl PendingMetric {
    const NOW: i64 = i64::MAX;

    fn time(self) -> Option<UtcMs> {
        (self.at != Self::NOW).then_some(UtcMs(self.at))
    }
}

impl Sparkplug {
    /// The data of a node or a device.
    pub(super) fn data(&mut self, incoming: &NodeMessage<'_>, sink: &mut dyn Sink) {
        if let Some(edge) = self.edges.get(incoming.node) {
            edge.dead = false;
            incoming
                .seq
                .into_iter()
                .for_each(|seq| edge.observe_sequence(seq));
        }
        self.values(incoming, false, sink);
    }

    /// Emits all values, and with a birth that the asset is online.
    pub(super) fn values(&mut self, incoming: &NodeMessage<'_>, birth: bool, sink: &mut dyn Sink) {
        self.order.clear();
        let Self {
            edges,
            metrics,
            order,
            changed,
            table: unborn,
            ..
        } = self;
        // A node or device without a birth has an empty table.
        unborn.born = false;
        let mut none_lost = 0;
        let (table, lost) = match edges.get(incoming.node) {
            None => (unborn, &mut none_lost),
            Some(edge) => match incoming.device {
                None => (&mut edge.node, &mut edge.lost),
                Some(device) => (
                    edge.devices.get_mut(device).unwrap_or(unborn),
                    &mut edge.lost,
                ),
            },
        };
        for &(from, to) in metrics.iter() {
            let Some(metric) = incoming.metric((from, to)) else {
                continue;
            };
            let index = match table.find(metric.name, metric.alias) {
                Found::Known(index) => index,
                Found::Foreign => continue,
                Found::Unknown => {
                    report(&metric, NO_BIRTH, sink);
                    continue;
                }
            };
            let known = &mut table.metrics[index];
            *changed |= !birth && update_unit(known, &metric);
            if metric.null {
                continue;
            }
            let at = time(metric.timestamp, sink).or(incoming.at);
            if metric.historical && at.is_none() {
                report(&metric, NO_TIME, sink);
                continue;
            }
            let at = at.map_or(PendingMetric::NOW, |at| at.0);
            // A table has each quantity once, so its indexes fit.
            order.push(PendingMetric {
                at,
                historical: metric.historical,
                from,
                to,
                known: index as u8,
            });
        }
        order.sort_unstable();
        let emitter = ReadingEmitter {
            incoming,
            kind: table.kind,
            lost,
            online: birth,
        };
        emitter.readings(order, &table.metrics, sink);
    }
}

/// The unit may change without a birth (chapter 6, properties in DATA). True if it did.
fn update_unit(known: &mut KnownMetric, metric: &Metric<'_>) -> bool {
    let Some(unit) = metric.unit else {
        return false;
    };
    let rule = metric_names::rule(known.quantity, known.path)
        .and_then(|rule| metric_names::in_unit(rule, unit));
    let changed = rule != known.rule;
    known.rule = rule;
    changed
}

struct ReadingEmitter<'a> {
    incoming: &'a NodeMessage<'a>,
    kind: AssetKind,
    lost: &'a mut u32,
    /// That the asset is online is still to be emitted.
    online: bool,
}

impl ReadingEmitter<'_> {
    /// Emits one reading for each instant of `order`, then the online state if no reading carried it.
    fn readings(mut self, order: &[PendingMetric], metrics: &[KnownMetric], sink: &mut dyn Sink) {
        for group in order.chunk_by(|a, b| (a.at, a.historical) == (b.at, b.historical)) {
            self.group(group, metrics, sink);
        }
        self.online(sink);
    }

    fn group(&mut self, group: &[PendingMetric], metrics: &[KnownMetric], sink: &mut dyn Sink) {
        let Some(first) = group.first() else { return };
        let at = first.time();
        let mut entries = Entries::new();
        if self.online && !first.historical && at == self.incoming.at {
            entries.insert(ONLINE.quantity, ONLINE.value);
            self.online = false;
        }
        for pending in group {
            let Some(metric) = self.incoming.metric((pending.from, pending.to)) else {
                continue;
            };
            let Some(known) = metrics.get(usize::from(pending.known)) else {
                continue;
            };
            match value(&metric, known) {
                Ok(Some(value)) => drop(entries.insert(known.quantity, value)),
                Ok(None) => {}
                Err(error) => sink.ignored(error.0, known.quantity.name(), error.1),
            }
        }
        if entries.is_empty() {
            return;
        }
        let header = ReadingHeader {
            historical: first.historical,
            ..ReadingHeader::live(self.incoming.asset(), self.kind, at)
        };
        self.incoming
            .emit(header, self.lost, entries.as_slice(), sink);
    }

    /// Emits that the asset is online, unless that was part of another reading.
    fn online(&mut self, sink: &mut dyn Sink) {
        if std::mem::take(&mut self.online) {
            self.incoming.emit(
                ReadingHeader::live(self.incoming.asset(), self.kind, self.incoming.at),
                self.lost,
                &[ONLINE],
                sink,
            );
        }
    }
}

fn report(metric: &Metric<'_>, (reason, detail): ValueError, sink: &mut dyn Sink) {
    match (metric.name, metric.alias) {
        (Some(name), _) if !name.is_empty() => sink.ignored(reason, name, detail),
        (_, alias) => sink.ignored(reason, &format!("alias {}", alias.unwrap_or(0)), detail),
    }
}

/// Parses a metric's value by the rule of its quantity. `None` if the source reports it as unknown.
fn value<'a>(metric: &Metric<'a>, known: &KnownMetric) -> Result<Option<Value<'a>>, ValueError> {
    let rule = known.rule.ok_or(BAD_UNIT)?;
    let datatype = metric.datatype.unwrap_or(u64::from(known.datatype));
    let text = match metric.value {
        MetricValue::Text(text) => return rule.parse(text),
        MetricValue::InvalidText => return Err(NOT_UTF8),
        // The sender omitted `is_null`.
        MetricValue::Missing => return Ok(None),
        MetricValue::Compound => return Err(COMPOUND),
        number => Digits::new(number, datatype).ok_or(COMPOUND)?,
    };
    if matches!(rule, Rule::Is(..) | Rule::Id(_)) {
        return Err(NOT_TEXT);
    }
    Ok(match rule.parse(text.as_str())? {
        Some(Value::Number(number)) => Some(Value::Number(number)),
        Some(Value::Bool(state)) => Some(Value::Bool(state)),
        Some(Value::Angle(angle)) => Some(Value::Angle(angle)),
        // The rules left never yield these from digits.
        Some(Value::Id(_) | Value::NoId | Value::Position(..)) | None => None,
    })
}

#[cfg(test)]
mod tests;
