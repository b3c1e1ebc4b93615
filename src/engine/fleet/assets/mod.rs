//! State of every vehicle, charger and meter that sends readings over MQTT.

mod asset;
mod booking;
mod measure;
mod presence;
mod row;

pub(in crate::engine) use asset::Asset;
pub(in crate::engine) use measure::Measure;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ledger::audit::Occurrence;
use crate::ledger::clock::FeedClock;
use crate::ledger::counters::{CounterEvent, CounterOverride, CounterRates};
use crate::model::register::Register;
use crate::model::{
    ActivityData, AssetKind, MeterValuesFact, Reading, ReadingEntry, TelemetryFact, Value,
};
use crate::units::{Thousandths, UtcMs};

/// How a reading is applied.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct ReadingRules<'a> {
    /// At most one row in this time; 0 is no limit.
    pub row_interval_ms: i64,
    /// Positions may be written.
    pub positions: bool,
    /// What the counters gain is booked.
    pub books: bool,
    /// A register silent for longer lets another one book.
    pub silent_ms: i64,
    /// The fastest believable growth.
    pub rates: CounterRates,
    /// Limits that the configuration sets for single registers.
    pub overrides: &'a [CounterOverride],
}

/// What follows from one reading.
#[derive(Debug, Default)]
pub(in crate::engine) struct ReadingEffect {
    /// Gains to book over a stretch of time, beyond what went straight to the asset's running day.
    pub gains: Vec<(UtcMs, UtcMs, ActivityData)>,
    /// The reading is older than what some counter has booked.
    pub late: bool,
    /// For the audit log.
    pub occurrences: Vec<Occurrence>,
    /// A `vehicle_telemetry` row.
    pub telemetry: Option<TelemetryFact>,
    /// A `meter_values` row (chargers and meters).
    pub meter: Option<MeterValuesFact>,
}

/// All assets, in the order of their first reading.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(in crate::engine) struct Assets {
    list: Vec<Asset>,
    /// By the number of the format, then by id: two formats may use one id, and are never differenced.
    #[serde(skip)]
    index: Vec<HashMap<Arc<str>, u32>>,
    /// Assets that are one vehicle or charger.
    #[serde(skip)]
    groups: Vec<Vec<u32>>,
}

impl Assets {
    /// The position of an asset, made if new and `limit` allows.
    pub(crate) fn position(
        &mut self,
        reading: &Reading<'_>,
        limit: usize,
        register: &Register,
    ) -> Option<usize> {
        let format = usize::from(reading.format.number);
        if let Some(&position) = self
            .index
            .get(format)
            .and_then(|index| index.get(reading.asset.as_ref()))
        {
            return Some(position as usize);
        }
        if self.list.len() >= limit {
            return None;
        }
        let position = u32::try_from(self.list.len()).ok()?;
        let asset = Asset::new(reading, register);
        self.enter(&asset, position);
        self.list.push(asset);
        self.join(position, register);
        Some(position as usize)
    }

    fn enter(&mut self, asset: &Asset, position: u32) {
        let format = usize::from(asset.format.number);
        if self.index.len() <= format {
            self.index.resize_with(format + 1, HashMap::new);
        }
        self.index[format].insert(asset.id.clone(), position);
    }

    /// Puts a new asset to those that are the same vehicle or charger.
    fn join(&mut self, position: u32, register: &Register) {
        let asset = &self.list[position as usize];
        let name = asset.tags().vehicle.clone();
        let feeds: &[Arc<str>] = match asset.kind {
            AssetKind::Vehicle => register
                .vehicle(&name)
                .map_or(&[], |vehicle| &vehicle.feed_ids),
            AssetKind::Charger | AssetKind::Meter => register
                .charger(&name)
                .map_or(&[], |charger| &charger.feed_ids),
        };
        let kind = asset.kind;
        let sibling = std::iter::once(&name)
            .chain(feeds)
            .flat_map(|id| self.index.iter().filter_map(move |index| index.get(id)));
        let sibling = sibling.copied().find(|other| {
            let other_asset = &self.list[*other as usize];
            *other != position && other_asset.kind == kind && other_asset.tags().vehicle == name
        });
        let Some(sibling) = sibling else { return };
        let group = match self.list[sibling as usize].group {
            Some(group) => group,
            None => {
                self.groups.push(vec![sibling]);
                let group = u32::try_from(self.groups.len() - 1)
                    .expect("there are fewer groups than assets");
                self.list[sibling as usize].group = Some(group);
                group
            }
        };
        self.groups[group as usize].push(position);
        self.list[position as usize].group = Some(group);
    }

    /// Looks every asset up again: after a restart, and when the register changed.
    pub(crate) fn resolve(&mut self, register: &Register) {
        self.index.clear();
        self.groups.clear();
        let mut list = std::mem::take(&mut self.list);
        for (position, asset) in (0u32..).zip(&mut list) {
            asset.resolve(register);
            asset.group = None;
            self.enter(asset, position);
        }
        let mut named: HashMap<(Arc<str>, bool), Vec<u32>> = HashMap::new();
        for (position, asset) in (0u32..).zip(&list) {
            named
                .entry((
                    asset.tags().vehicle.clone(),
                    asset.kind == AssetKind::Vehicle,
                ))
                .or_default()
                .push(position);
        }
        let mut groups: Vec<Vec<u32>> = named
            .into_values()
            .filter(|group| group.len() > 1)
            .collect();
        groups.sort();
        for (number, group) in (0u32..).zip(&groups) {
            group
                .iter()
                .for_each(|position| list[*position as usize].group = Some(number));
        }
        self.groups = groups;
        self.list = list;
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.list.iter()
    }

    /// All of them, to close a day.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Asset> {
        self.list.iter_mut()
    }

    /// The asset of a format and id.
    pub(crate) fn find(&self, format: u8, id: &str) -> Option<usize> {
        self.index
            .get(usize::from(format))?
            .get(id)
            .map(|position| *position as usize)
    }

    /// The clocks that are wrong or in doubt, by position: a snapshot of its own, because the assets' layout has none.
    pub(crate) fn clocks(&self) -> Vec<(u32, FeedClock)> {
        (0u32..)
            .zip(&self.list)
            .filter(|(_, asset)| !asset.clock.is_right())
            .map(|(position, asset)| (position, asset.clock.clone()))
            .collect()
    }

    /// Restores what [`Assets::clocks`] returned.
    pub(crate) fn restore_clocks(&mut self, clocks: Vec<(u32, FeedClock)>) {
        for (position, clock) in clocks {
            if let Some(asset) = self.list.get_mut(position as usize) {
                asset.clock = clock;
            }
        }
    }

    /// One by its position.
    pub(crate) fn get(&self, position: usize) -> Option<&Asset> {
        self.list.get(position)
    }

    /// One by its position.
    pub(crate) fn get_mut(&mut self, position: usize) -> Option<&mut Asset> {
        self.list.get_mut(position)
    }

    /// The value is below the newest believed one.
    fn falls(&self, position: usize, slot: usize, entry: &ReadingEntry<'_>) -> bool {
        let last = self.list[position].counters[slot].counter.last();
        matches!(entry.value, Value::Number(Thousandths(value)) if last.is_some_and(|(last, _)| value < last))
    }

    /// Applies a reading. `in_today` states whether an instant lies in the running day; such gains stay with the asset.
    pub(crate) fn apply(
        &mut self,
        position: usize,
        reading: &Reading<'_>,
        rules: ReadingRules<'_>,
        in_today: impl Fn(UtcMs) -> bool,
    ) -> ReadingEffect {
        let reading = &Reading {
            asset: Cow::Borrowed(&*reading.asset),
            at: self.list[position].judge_time(reading),
            entries: Cow::Borrowed(&*reading.entries),
            ..*reading
        };
        let at = reading.at.unwrap_or(reading.received_at);
        let mut effect = ReadingEffect::default();
        self.list[position].presence.observe(reading);
        let mut doubted = 0u64;
        for entry in reading.entries.iter() {
            let Some((slot, applied)) = self.count(position, reading, entry, at, &rules) else {
                continue;
            };
            effect.late |= applied.event == Some(CounterEvent::Late);
            // A fall that is not believed yet (a glitch zero, mostly) would be a cliff in every graph. A leap is shown as it came:
            // it may be a device under test. A late value has its place in the past.
            if !applied.is_live
                && applied.event != Some(CounterEvent::Late)
                && self.falls(position, slot, entry)
            {
                doubted |= 1 << entry.quantity as u8;
            }
            self.book(position, slot, &applied, &rules, &in_today, &mut effect);
        }
        self.list[position].record(reading, at, doubted, rules, &mut effect);
        effect
    }
}
