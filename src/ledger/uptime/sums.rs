//! Sums of a connector by month: the newest month unpacked, earlier ones packed, the oldest added up in one.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::calendar::TAGS;
use super::class::Class;
use crate::units::Month;

/// Months kept apart: three years and the running month. Earlier ones are one sum.
pub const MONTHS_KEPT: i32 = 37;

/// Sums of one connector over some time. All but `time` and `faults` come from its closed sessions.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sums {
    /// ms by class and tag (counted, maintenance, closed).
    pub time: [[i64; TAGS]; 7],
    /// ms with energy flowing, by tag; the last is while we were away.
    pub charging: [i64; TAGS + 1],
    /// Tenths of Wh likewise.
    pub energy: [i64; TAGS + 1],
    /// ms plugged in longer than needed, within opening hours.
    pub overstay_ms: i64,
    /// Sessions that ended, in the month in which they began.
    pub sessions: i64,
    /// Those of them in which the vehicle was charged.
    pub sessions_successful: i64,
    /// Faults reported, repetitions not counted.
    pub faults: i64,
}

impl Sums {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        for (to, from) in self
            .time
            .as_flattened_mut()
            .iter_mut()
            .zip(other.time.as_flattened())
        {
            *to += from;
        }
        for (to, from) in self
            .charging
            .iter_mut()
            .zip(&other.charging)
            .chain(self.energy.iter_mut().zip(&other.energy))
        {
            *to += from;
        }
        self.overstay_ms += other.overstay_ms;
        self.sessions += other.sessions;
        self.sessions_successful += other.sessions_successful;
        self.faults += other.faults;
    }

    /// ms of a class, exempt or not.
    pub fn class_ms(&self, class: Class) -> i64 {
        self.time[class as usize].iter().sum()
    }

    /// ms of some classes under some tags.
    pub fn ms(&self, classes: &[Class], tags: &[usize]) -> i64 {
        classes
            .iter()
            .map(|class| {
                tags.iter()
                    .map(|tag| self.time[*class as usize][*tag])
                    .sum::<i64>()
            })
            .sum()
    }

    /// All of it: wall time since first observed.
    pub fn wall_ms(&self) -> i64 {
        self.time.as_flattened().iter().sum()
    }
}

/// The months of a connector.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Months {
    newest: Month,
    open: Sums,
    /// Earlier months, rising, as `(Month, Sums)` in postcard: zeros cost a byte, so a month costs about 60.
    #[serde(deserialize_with = "checked")]
    packed: Vec<u8>,
    /// Months before those kept.
    older: Option<Box<Sums>>,
}

impl Months {
    pub(super) fn new(month: Month) -> Self {
        Self {
            newest: month,
            open: Sums::default(),
            packed: Vec::new(),
            older: None,
        }
    }

    /// Changes a month.
    pub(super) fn edit(&mut self, month: Month, change: impl FnOnce(&mut Sums)) {
        if month > self.newest {
            let mut closed = self.unpack();
            closed.push((self.newest, std::mem::take(&mut self.open)));
            self.newest = month;
            self.pack(closed);
        }
        if month == self.newest {
            return change(&mut self.open);
        }
        if month <= self.newest.plus(-MONTHS_KEPT) {
            return change(self.older.get_or_insert_default());
        }
        // Late energy and corrections of sessions: seldom enough to read and write all of it.
        let mut closed = self.unpack();
        let index = closed
            .binary_search_by_key(&month, |(month, _)| *month)
            .unwrap_or_else(|index| {
                closed.insert(index, (month, Sums::default()));
                index
            });
        change(&mut closed[index].1);
        self.pack(closed);
    }

    /// Everything kept apart, rising.
    pub(super) fn list(&self) -> Vec<(Month, Sums)> {
        let mut all = self.unpack();
        all.push((self.newest, self.open.clone()));
        all
    }

    /// All of it.
    pub(super) fn total(&self) -> Sums {
        let mut total = self.open.clone();
        self.unpack()
            .iter()
            .map(|(_, sums)| sums)
            .chain(self.older.as_deref())
            .for_each(|sums| total.add(sums));
        total
    }

    fn unpack(&self) -> Vec<(Month, Sums)> {
        unpacked(&self.packed).expect("pack wrote it, or a snapshot that was checked")
    }

    fn pack(&mut self, closed: Vec<(Month, Sums)>) {
        let mut bytes = Vec::new();
        for (month, sums) in closed {
            if month <= self.newest.plus(-MONTHS_KEPT) {
                self.older.get_or_insert_default().add(&sums);
            } else if sums != Sums::default() {
                bytes = postcard::to_extend(&(month, sums), bytes)
                    .expect("writing to memory does not fail");
            }
        }
        bytes.shrink_to_fit();
        self.packed = bytes;
    }
}

fn unpacked(mut packed: &[u8]) -> Result<Vec<(Month, Sums)>, postcard::Error> {
    let mut closed = Vec::new();
    while !packed.is_empty() {
        let (entry, rest) = postcard::take_from_bytes(packed)?;
        closed.push(entry);
        packed = rest;
    }
    Ok(closed)
}

/// A damaged snapshot is refused when it is loaded, not when a month is requested.
fn checked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let packed = Vec::<u8>::deserialize(deserializer)?;
    unpacked(&packed).map_err(D::Error::custom)?;
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use crate::ledger::uptime::sums::*;

    #[test]
    fn damaged_months_are_refused() {
        let mut months = Months::new(Month::default());
        months.edit(Month::default(), |sums| sums.faults = 1);
        months.edit(Month::default().plus(1), |sums| sums.faults = 2);
        let bytes = postcard::to_allocvec(&months).expect("bytes");
        assert_eq!(postcard::from_bytes::<Months>(&bytes).as_ref(), Ok(&months));
        months.packed.pop();
        let bytes = postcard::to_allocvec(&months).expect("bytes");
        assert!(postcard::from_bytes::<Months>(&bytes).is_err());
    }

    #[test]
    fn months_are_kept_apart_for_three_years_and_lost_never() {
        let first: Month = "2020-01".parse().expect("a month");
        let mut months = Months::new(first);
        for step in 0..100 {
            months.edit(first.plus(step), |sums| sums.time[0][0] += 2_592_000_000);
        }
        months.edit(first.plus(90), |sums| sums.energy[0] += 5);
        months.edit(first, |sums| sums.energy[0] += 7);
        let list = months.list();
        assert_eq!(
            (list.len(), list[0].0, list[36].0),
            (37, first.plus(63), first.plus(99))
        );
        assert_eq!((list[27].1.energy[0], months.total().energy[0]), (5, 12));
        assert_eq!(months.total().wall_ms(), 100 * 2_592_000_000);
        assert!(
            months.packed.len() < 36 * 60,
            "{} bytes",
            months.packed.len()
        );
    }
}
