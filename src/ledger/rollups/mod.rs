//! The rollup book: energy, power and the use of connectors by quarter hour, per charge point, site and for all.
//!
//! It keeps what the store does not have yet. A checkpoint takes the quarters that have ended; late data go into their own quarter, whenever
//! that was. The connectors of a charge point are added up.

mod heat;
mod spread;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use heat::{Cell, HeatMap};

use self::spread::{cut, spread};
use crate::ledger::uptime::{BookedTime, Class};
use crate::model::register::Register;
use crate::model::{RollupRow, RollupSums, Series, Slots, slot_of};
use crate::units::{UtcMs, Zone};

/// A gigawatt and more is a broken message, and sums of it must not run over.
const MAX_W: i64 = 1 << 30;

/// What a stretch of a connector's time is counted as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spent {
    /// In one of the classes of uptime.
    As(Class),
    /// With energy flowing.
    Charging,
}

/// A connector's time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Its charge point.
    pub charge_point: Arc<str>,
    /// What the time is counted as.
    pub spent: Spent,
    /// Begin of the stretch.
    pub from: UtcMs,
    /// End of the stretch.
    pub to: UtcMs,
}

impl From<BookedTime> for Stretch {
    fn from(time: BookedTime) -> Self {
        let BookedTime {
            charge_point,
            class,
            from,
            to,
        } = time;
        Self {
            charge_point,
            spent: Spent::As(class),
            from,
            to,
        }
    }
}

impl Stretch {
    /// Adds it to slots, as far as it lies before now.
    pub fn book(&self, now: UtcMs, slots: &mut Slots) {
        if self.spent == Spent::As(Class::NotObserved) {
            return;
        }
        cut(self.from, self.to, now, |slot, ms| {
            let sums = slots.entry(slot);
            match self.spent {
                Spent::Charging => sums.charging_ms += ms,
                // Without a link it is not known whether a vehicle is there.
                Spent::As(Class::Offline | Class::NotObserved) => sums.offline_ms += ms,
                Spent::As(class) => {
                    sums.observed_ms += ms;
                    sums.occupied_ms += if class == Class::Occupied { ms } else { 0 };
                    sums.faulted_ms += if class == Class::Faulted { ms } else { 0 };
                }
            }
        });
    }
}

/// One charge point's open quarters.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Point {
    site: Option<Arc<str>>,
    /// Last reported, all connectors.
    power_w: i64,
    /// The part of each connector, as last reported.
    connectors: BTreeMap<u32, i64>,
    /// When the power lapses unless the charger reports again; `None` where a lost link ends it.
    holds_until: Option<UtcMs>,
    open: Slots,
}

/// Several charge points' power at once, and its peaks by open quarter; the rest of theirs is the sum of the charge points'.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Group {
    power_w: i64,
    peaks: Slots,
}

impl Group {
    fn change(&mut self, by_w: i64, slot: Option<i32>) {
        self.power_w += by_w;
        if let Some(slot) = slot {
            peak(&mut self.peaks, slot, self.power_w);
        }
    }
}

fn peak(slots: &mut Slots, slot: i32, watts: i64) {
    // Not reported and zero are the same for a charge point that reports its power only while it charges.
    if watts > 0 {
        let sums = slots.entry(slot);
        sums.peak_w = sums
            .peak_w
            .max(Some(u32::try_from(watts).unwrap_or(u32::MAX)));
    }
}

/// All of it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HistoryBook {
    points: BTreeMap<Arc<str>, Point>,
    sites: BTreeMap<Arc<str>, Group>,
    fleet: Group,
    /// No power lapses before.
    next_lapse: Option<UtcMs>,
    /// The checkpoint that the open quarters come after.
    generation: u64,
    /// Handed to a checkpoint that is not confirmed yet; it will be `generation`. That one's snapshot must not have it again.
    #[serde(skip)]
    frozen: BTreeMap<Series, Slots>,
    /// `history.max_series`; configuration, not state.
    #[serde(skip)]
    limit: usize,
    #[serde(skip)]
    refused: u64,
}

impl HistoryBook {
    /// Empty, for so many charge points and sites.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// The limit in force, after a restart.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Clears and returns how many reports were dropped because their charge point is beyond the limit.
    pub fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    fn point(&mut self, id: &Arc<str>, register: &Register) -> Option<&mut Point> {
        if !self.points.contains_key(id) {
            let site = site_of(id, register);
            let new_site = site
                .as_ref()
                .is_some_and(|site| !self.sites.contains_key(site));
            if self.points.len() + self.sites.len() + 1 + usize::from(new_site) > self.limit {
                self.refused += 1;
                return None;
            }
            if let Some(site) = &site {
                self.sites.entry(site.clone()).or_default();
            }
            self.points.insert(
                id.clone(),
                Point {
                    site,
                    ..Point::default()
                },
            );
        }
        self.points.get_mut(id)
    }

    /// Assigns charge points to the sites of the register. Open quarters stay where they were booked; a checkpoint follows a new register.
    pub fn resolve(&mut self, register: &Register) {
        let mut sites: BTreeMap<Arc<str>, Group> = std::mem::take(&mut self.sites);
        sites.values_mut().for_each(|group| group.power_w = 0);
        // Those that still have charge points come back below.
        sites.retain(|_, group| !group.peaks.is_empty());
        for (id, point) in &mut self.points {
            point.site = site_of(id, register);
            if let Some(site) = &point.site {
                sites.entry(site.clone()).or_default().power_w += point.power_w;
            }
        }
        self.sites = sites;
    }

    /// Energy delivered between two instants; corrections are negative.
    pub fn energy(
        &mut self,
        id: &Arc<str>,
        register: &Register,
        (from, to): (UtcMs, UtcMs),
        tenth_wh: i64,
        now: UtcMs,
    ) {
        if let Some(point) = self.point(id, register) {
            spread(from, to, now, tenth_wh, |slot, part| {
                let sums = point.open.entry(slot);
                sums.energy_tenth_wh = sums.energy_tenth_wh.saturating_add(part);
            });
        }
    }

    /// Time of a connector.
    pub fn time(&mut self, stretch: &Stretch, register: &Register, now: UtcMs) {
        if let Some(point) = self.point(&stretch.charge_point, register) {
            stretch.book(now, &mut point.open);
        }
    }

    /// A charge point's power from now on; `reported_at` is `None` where the power is inferred from its silence.
    pub fn power(
        &mut self,
        id: &Arc<str>,
        register: &Register,
        watts: i64,
        reported_at: Option<UtcMs>,
    ) {
        if let Some(now) = reported_at {
            self.lapse(now);
        }
        let Some(point) = self.point(id, register) else {
            return;
        };
        let (watts, slot) = (watts.clamp(0, MAX_W), reported_at.map(slot_of));
        let by = watts - point.power_w;
        point.power_w = watts;
        let site = point.site.clone();
        if let Some(slot) = slot {
            peak(&mut point.open, slot, watts);
        }
        if let Some(group) = site.and_then(|site| self.sites.get_mut(&site)) {
            group.change(by, slot);
        }
        self.fleet.change(by, slot);
    }

    /// The power of some connectors; the others keep their last.
    pub fn connectors_power(
        &mut self,
        id: &Arc<str>,
        register: &Register,
        powers: BTreeMap<u32, i64>,
        reported_at: Option<UtcMs>,
    ) {
        let Some(point) = self.point(id, register) else {
            return;
        };
        point.connectors.extend(powers);
        let watts = point
            .connectors
            .values()
            .copied()
            .fold(0, i64::saturating_add);
        self.power(id, register, watts, reported_at);
    }

    /// The power of a charger without a link that could be lost: it holds until the charger has been silent for too long.
    pub fn power_until(
        &mut self,
        id: &Arc<str>,
        register: &Register,
        watts: i64,
        reported_at: UtcMs,
        until: UtcMs,
    ) {
        self.power(id, register, watts, Some(reported_at));
        if let Some(point) = self.points.get_mut(id) {
            point.holds_until = Some(until);
            self.next_lapse = Some(self.next_lapse.map_or(until, |next| next.min(until)));
        }
    }

    /// A charger of [`Self::power_until`] has reported, so that its power holds for longer.
    pub fn power_holds(&mut self, id: &str, until: UtcMs) {
        if let Some(holds_until) = self
            .points
            .get_mut(id)
            .and_then(|point| point.holds_until.as_mut())
        {
            *holds_until = until;
        }
    }

    /// The link is lost.
    pub fn power_lost(&mut self, id: &str) {
        if let Some(point) = self.points.get_mut(id) {
            forget(point, &mut self.sites, &mut self.fleet);
        }
    }

    /// Drops stale power readings from the totals.
    fn lapse(&mut self, now: UtcMs) {
        if self.next_lapse.is_none_or(|next| now < next) {
            return;
        }
        self.next_lapse = None;
        for point in self.points.values_mut() {
            match point.holds_until {
                Some(until) if until <= now => forget(point, &mut self.sites, &mut self.fleet),
                Some(until) => {
                    self.next_lapse = Some(self.next_lapse.map_or(until, |next| next.min(until)))
                }
                None => {}
            }
        }
    }

    /// Power that was reported late: at least so much was drawn then.
    pub fn past_power(&mut self, id: &Arc<str>, register: &Register, watts: i64, at: UtcMs) {
        let slot = slot_of(at);
        let Some(point) = self.point(id, register) else {
            return;
        };
        let site = point.site.clone();
        peak(&mut point.open, slot, watts);
        if let Some(group) = site.and_then(|site| self.sites.get_mut(&site)) {
            peak(&mut group.peaks, slot, watts);
        }
        peak(&mut self.fleet.peaks, slot, watts);
    }

    /// Hands over the quarters that have ended by an instant, for a checkpoint of this generation. An unconfirmed earlier one is taken
    /// along. The running quarter stays, so that a chunk is written once a quarter and not at every checkpoint: gateways have flash.
    pub fn freeze(&mut self, generation: u64, until: UtcMs) {
        let running = slot_of(until);
        for (id, point) in &mut self.points {
            let ended = point.open.take_before(running);
            if ended.is_empty() {
                continue;
            }
            let (site, fleet) = (point.site.clone().map(Series::Site), Some(Series::Fleet));
            for series in [Some(Series::ChargePoint(id.clone())), site, fleet]
                .into_iter()
                .flatten()
            {
                self.frozen.entry(series).or_default().add(&ended);
            }
        }
        let sites = self
            .sites
            .iter_mut()
            .map(|(id, group)| (Series::Site(id.clone()), group));
        for (series, group) in sites.chain([(Series::Fleet, &mut self.fleet)]) {
            let ended = group.peaks.take_before(running);
            if !ended.is_empty() {
                self.frozen.entry(series).or_default().add(&ended);
            }
        }
        self.generation = generation;
    }

    /// What was handed over and is not confirmed.
    pub fn frozen(&self) -> Vec<RollupRow> {
        self.frozen
            .iter()
            .map(|(series, slots)| RollupRow {
                series: series.clone(),
                slots: slots.clone(),
            })
            .collect()
    }

    /// The checkpoint is in the store.
    pub fn confirm(&mut self, generation: u64) {
        if generation == self.generation {
            self.frozen.clear();
        }
    }

    /// What the store does not have yet, given the generation it was read at.
    pub fn since(&self, series: &Series, generation: u64) -> Slots {
        let mut slots = Slots::default();
        if generation < self.generation
            && let Some(frozen) = self.frozen.get(series)
        {
            slots.add(frozen);
        }
        for id in self.points_of(series) {
            slots.add(&self.points[id].open);
        }
        let group = match series {
            Series::Fleet => Some(&self.fleet),
            Series::Site(id) => self.sites.get(id),
            Series::ChargePoint(_) => None,
        };
        // A charge point's own peak is in the sum of all at that moment, so the larger one is the group's.
        if let Some(group) = group {
            slots.add(&group.peaks);
        }
        slots
    }

    /// The charge points of a series.
    pub fn points_of<'a>(&'a self, series: &'a Series) -> impl Iterator<Item = &'a Arc<str>> {
        let of = move |(id, point): &(&Arc<str>, &Point)| match series {
            Series::Fleet => true,
            Series::Site(site) => point.site.as_ref() == Some(site),
            Series::ChargePoint(of) => *id == of,
        };
        self.points.iter().filter(of).map(|(id, _)| id)
    }
}

/// Takes a charge point's power out of the sums when it is no longer known.
fn forget(point: &mut Point, sites: &mut BTreeMap<Arc<str>, Group>, fleet: &mut Group) {
    point.connectors.clear();
    point.holds_until = None;
    let by = -std::mem::take(&mut point.power_w);
    if let Some(group) = point.site.as_ref().and_then(|site| sites.get_mut(site)) {
        group.change(by, None);
    }
    fleet.change(by, None);
}

fn site_of(id: &str, register: &Register) -> Option<Arc<str>> {
    register
        .charge_point(id)
        .and_then(|point| point.site.clone())
}

/// The sums of slots by local day.
pub fn by_day(slots: &Slots, zone: &Zone) -> Slots {
    let mut days = Slots::default();
    slots.iter().for_each(|(slot, sums)| {
        days.entry(crate::model::day_of_slot(slot, zone).0)
            .add(sums)
    });
    days
}

/// The sum of all of them.
pub fn total(slots: &Slots) -> RollupSums {
    let mut total = RollupSums::default();
    slots.iter().for_each(|(_, sums)| total.add(sums));
    total
}

#[cfg(test)]
mod tests;
