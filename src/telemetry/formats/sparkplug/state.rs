//! The state of edge nodes and devices: the metrics of each birth, with alias, quantity and unit, and the node's sequence number.
//! Bounded. Metrics survive a restart, sequence numbers do not.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::metric_names;
use crate::model::{AssetKind, Quantity, RejectReason};
use crate::telemetry::Refused;
use crate::telemetry::kit::rule::Rule;
use crate::units::UtcMs;

/// Edge nodes: a fleet of 800 vehicles may be one node each.
const MAX_EDGES: usize = 1_024;
/// Devices of all edge nodes together.
const MAX_DEVICES: usize = 4_096;
/// Gaps between the aliases of one birth. Beyond, the rest counts as known: only the hint to send a rebirth is lost.
const MAX_RANGES: usize = 32;

/// A metric with a meaning.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct KnownMetric {
    /// The number that stands for its name in later messages.
    pub alias: Option<u64>,
    pub quantity: Quantity,
    /// The birth named it by its VSS path, not by our name.
    pub path: bool,
    /// The rule of its values; `None` if the quantity does not have its unit.
    pub rule: Option<Rule>,
    /// Sparkplug datatype of its values.
    pub datatype: u8,
}

/// What a metric of a message is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Found {
    /// Index in the table.
    Known(usize),
    /// A metric that is not in our vocabulary.
    Foreign,
    /// Not in any birth received: a birth is missing.
    Unknown,
}

/// The metrics of an edge node itself, or of a device.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct MetricTable {
    pub kind: AssetKind,
    /// Metrics with a meaning; each quantity once, so there are never more than quantities.
    pub metrics: Vec<KnownMetric>,
    /// All aliases there are, first and last of each run, in order.
    pub aliases: Vec<(u64, u64)>,
    /// It had a birth since the last birth of its node.
    pub born: bool,
    /// It had a birth and no death since.
    pub online: bool,
}

impl Default for MetricTable {
    fn default() -> Self {
        Self {
            kind: AssetKind::Meter,
            metrics: Vec::new(),
            aliases: Vec::new(),
            born: false,
            online: false,
        }
    }
}

impl MetricTable {
    /// Finds a metric by its name, else by its alias.
    pub(super) fn find(&self, name: Option<&str>, alias: Option<u64>) -> Found {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            let Some((rule, path)) = metric_names::named(name) else {
                return Found::Foreign;
            };
            // Its unit may be in a birth that was missed: watt-hours must not become kilowatt-hours.
            return match self
                .metrics
                .iter()
                .position(|known| known.quantity == rule.quantity() && known.path == path)
            {
                Some(index) if self.born => Found::Known(index),
                _ if self.born => Found::Foreign,
                _ => Found::Unknown,
            };
        }
        let Some(alias) = alias else {
            return Found::Foreign;
        };
        if !self.born {
            return Found::Unknown;
        }
        match self
            .metrics
            .iter()
            .position(|known| known.alias == Some(alias))
        {
            Some(index) => Found::Known(index),
            None if self
                .aliases
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&alias)) =>
            {
                Found::Foreign
            }
            None => Found::Unknown,
        }
    }

    /// Adds a metric of a birth. Where two names mean one quantity, ours counts, else the first: a counter has one source.
    pub(super) fn add(&mut self, known: KnownMetric) {
        match self
            .metrics
            .iter_mut()
            .find(|other| other.quantity == known.quantity)
        {
            None => self.metrics.push(known),
            Some(other) if other.path && !known.path => *other = known,
            Some(_) => {}
        }
    }

    /// Sets the sorted aliases of a birth. Calls `clash` with each alias of several metrics, which then are found by name only.
    pub(super) fn set_aliases(&mut self, sorted: &[u64], mut clash: impl FnMut(u64)) {
        self.aliases.clear();
        for (index, &alias) in sorted.iter().enumerate() {
            if index > 0 && sorted[index - 1] == alias {
                if index < 2 || sorted[index - 2] != alias {
                    clash(alias);
                }
                self.metrics
                    .iter_mut()
                    .filter(|known| known.alias == Some(alias))
                    .for_each(|known| known.alias = None);
                continue;
            }
            let full = self.aliases.len() == MAX_RANGES;
            match self.aliases.last_mut() {
                Some((_, last)) if full || last.checked_add(1) == Some(alias) => *last = alias,
                _ => self.aliases.push((alias, alias)),
            }
        }
    }

    /// Returns true if the parts that survive a restart are equal.
    pub(super) fn same_saved_state(&self, other: &Self) -> bool {
        (self.kind, &self.metrics, &self.aliases) == (other.kind, &other.metrics, &other.aliases)
    }
}

/// An edge node and its devices.
#[derive(Debug, Default)]
pub(super) struct Edge {
    /// Metrics of the node itself.
    pub node: MetricTable,
    /// Metrics of the devices below it, by asset id.
    pub devices: BTreeMap<Box<str>, MetricTable>,
    /// `bdSeq` of its birth, which its death repeats.
    pub birth_number: Option<u64>,
    /// When it was born, by its own clock.
    pub born_at: Option<UtcMs>,
    /// It died, and no message came since.
    pub dead: bool,
    /// Lost messages that no reading has reported yet.
    pub lost: u32,
    seq: Option<u8>,
}

impl Edge {
    /// Counts the messages lost before this sequence number, of the node or one of its devices.
    pub(super) fn observe_sequence(&mut self, seq: u8) {
        if let Some(last) = self.seq.filter(|last| *last != seq) {
            self.lost = self
                .lost
                .saturating_add(u32::from(seq.wrapping_sub(last).wrapping_sub(1)));
        }
        self.seq = Some(seq);
    }

    /// A birth of the node restarts the sequence, and all its devices must send a birth again.
    pub(super) fn restart(&mut self, seq: Option<u8>) {
        self.seq = seq;
        self.dead = false;
        self.devices
            .values_mut()
            .for_each(|device| device.born = false);
    }

    /// The node is offline, and with it all its devices.
    pub(super) fn die(&mut self) {
        self.restart(None);
        self.dead = true;
        self.node.born = false;
        self.node.online = false;
        self.devices
            .values_mut()
            .for_each(|device| device.online = false);
    }
}

/// All edge nodes that have sent a message.
#[derive(Debug, Default)]
pub(super) struct Edges {
    by_id: BTreeMap<Box<str>, Edge>,
}

impl Edges {
    /// A known edge node.
    pub(super) fn get(&mut self, node: &str) -> Option<&mut Edge> {
        self.by_id.get_mut(node)
    }

    /// An edge node, inserted if there is room. A dead node is removed to make room.
    pub(super) fn get_or_insert(&mut self, node: &str) -> Result<&mut Edge, Refused> {
        if !self.by_id.contains_key(node) {
            if self.by_id.len() >= MAX_EDGES {
                let dead = self
                    .by_id
                    .iter()
                    .find(|(_, edge)| edge.dead)
                    .map(|(id, _)| id.clone());
                self.by_id
                    .remove(&dead.ok_or_else(|| full(node, MAX_EDGES, "edge nodes"))?);
            }
            self.by_id.insert(node.into(), Edge::default());
        }
        Ok(self
            .by_id
            .get_mut(node)
            .expect("it was there or has just been inserted"))
    }

    /// Makes room for a new device of an edge node by removing one that is offline.
    pub(super) fn make_room(&mut self, node: &str, device: &str) -> Result<(), Refused> {
        let edge = self.get_or_insert(node)?;
        if edge.devices.contains_key(device) {
            return Ok(());
        }
        if self
            .by_id
            .values()
            .map(|edge| edge.devices.len())
            .sum::<usize>()
            >= MAX_DEVICES
        {
            let removed = self.by_id.values_mut().find_map(|edge| {
                let id = edge
                    .devices
                    .iter()
                    .find(|(_, device)| !device.online)
                    .map(|(id, _)| id.clone())?;
                edge.devices.remove(&id)
            });
            removed.ok_or_else(|| full(device, MAX_DEVICES, "devices"))?;
        }
        Ok(())
    }

    /// The state that survives a restart. Sequence numbers do not, because messages during the restart were missed.
    pub(super) fn save(&self) -> Vec<u8> {
        let edges: Vec<SavedEdge<'_>> = self
            .by_id
            .iter()
            .map(|(id, edge)| {
                let devices = edge
                    .devices
                    .iter()
                    .map(|(id, device)| (Cow::Borrowed(&**id), device.save()))
                    .collect();
                (Cow::Borrowed(&**id), edge.node.save(), devices)
            })
            .collect();
        postcard::to_stdvec(&edges).unwrap_or_default()
    }

    /// Restores saved state. Every node and device counts as born, because a missed death is followed by a birth.
    pub(super) fn restore(&mut self, saved: &[u8]) {
        let edges: Vec<SavedEdge<'_>> = postcard::from_bytes(saved).unwrap_or_default();
        self.by_id.clear();
        for (id, node, devices) in edges.into_iter().take(MAX_EDGES) {
            let devices = devices
                .into_iter()
                .take(MAX_DEVICES)
                .map(|(id, table)| (id.into(), MetricTable::restored(table)))
                .collect();
            self.by_id.insert(
                id.into(),
                Edge {
                    node: MetricTable::restored(node),
                    devices,
                    ..Edge::default()
                },
            );
        }
    }
}

fn full(id: &str, max: usize, what: &str) -> Refused {
    Refused::new(
        RejectReason::Limit,
        format!("{id} is one more than {max} {what}; use fewer, or a second instance"),
    )
}

/// Alias, quantity, named by its path, unit (empty if unusable, or where there is only one), datatype.
type SavedMetric<'a> = (Option<u64>, Quantity, bool, Cow<'a, str>, u8);
/// Kind, metrics, runs of aliases.
type SavedTable<'a> = (AssetKind, Vec<SavedMetric<'a>>, Vec<(u64, u64)>);
/// Asset id, the node's own table, the devices' by asset id.
type SavedEdge<'a> = (
    Cow<'a, str>,
    SavedTable<'a>,
    Vec<(Cow<'a, str>, SavedTable<'a>)>,
);

impl MetricTable {
    fn save(&self) -> SavedTable<'_> {
        let metric = |known: &KnownMetric| {
            let unit = match known.rule {
                Some(Rule::Number(_, unit)) => unit,
                _ => "",
            };
            (
                known.alias,
                known.quantity,
                known.path,
                Cow::Borrowed(unit),
                known.datatype,
            )
        };
        (
            self.kind,
            self.metrics.iter().map(metric).collect(),
            self.aliases.clone(),
        )
    }

    fn restored((kind, metrics, aliases): SavedTable<'_>) -> Self {
        let mut table = Self {
            kind,
            metrics: Vec::new(),
            aliases,
            born: true,
            online: true,
        };
        for (alias, quantity, path, unit, datatype) in metrics {
            let rule = metric_names::rule(quantity, path)
                .and_then(|rule| metric_names::in_unit(rule, &unit));
            table.add(KnownMetric {
                alias,
                quantity,
                path,
                rule,
                datatype,
            });
        }
        table
    }
}

#[cfg(test)]
mod tests;
