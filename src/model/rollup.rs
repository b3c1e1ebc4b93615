//! Rollups: the sums of a site or charge point over a quarter of an hour, the key of their series, and a compact form of many of them.
//!
//! Rollups are additive: what is known later is added to the same slot, and a day is the sum of its quarters.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::units::{Day, UtcMs, Zone};

/// Length of a slot, aligned to UTC. Offsets from UTC are whole quarters of an hour, so every local midnight is a border of slots.
pub const SLOT_MS: i64 = 900_000;
/// Slots of a UTC day.
pub const SLOTS_A_DAY: i32 = 96;
/// A run in a packed chunk is at most so long: more is damage, and must not fill the memory.
const LONGEST_RUN: u64 = 100_000;

/// The slot that holds an instant, counted since 1970.
pub fn slot_of(at: UtcMs) -> i32 {
    at.0.div_euclid(SLOT_MS)
        .clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// When a slot begins.
pub fn slot_start(slot: i32) -> UtcMs {
    UtcMs(i64::from(slot) * SLOT_MS)
}

/// The day a slot belongs to, wholly: every zone's midnight is a border of slots.
pub fn day_of_slot(slot: i32, zone: &Zone) -> Day {
    Day::of(slot_start(slot), zone)
}

/// What the rollups add up: a charge point, a site, or everything.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Series {
    /// All charge points.
    Fleet,
    /// Those of a site.
    Site(Arc<str>),
    /// One of them.
    ChargePoint(Arc<str>),
}

impl Series {
    /// As the store names it.
    pub fn key(&self) -> String {
        match self {
            Self::Fleet => "f".to_owned(),
            Self::Site(id) => format!("s/{id}"),
            Self::ChargePoint(id) => format!("c/{id}"),
        }
    }
}

/// Sums over a slot, or over any number of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RollupSums {
    /// Delivered, tenths of Wh. A correction may make it negative.
    pub energy_tenth_wh: i64,
    /// Largest power reported at once, W; `None` is none reported.
    pub peak_w: Option<u32>,
    /// Connector-ms with a vehicle plugged in.
    pub occupied_ms: i64,
    /// Connector-ms with energy flowing.
    pub charging_ms: i64,
    /// Connector-ms in which the state was known.
    pub observed_ms: i64,
    /// Connector-ms out of order, part of the observed ones.
    pub faulted_ms: i64,
    /// Connector-ms without a link to the charge point.
    pub offline_ms: i64,
}

impl RollupSums {
    /// Adds the sums of another slot.
    pub fn add(&mut self, other: &Self) {
        self.energy_tenth_wh = self.energy_tenth_wh.saturating_add(other.energy_tenth_wh);
        self.peak_w = self.peak_w.max(other.peak_w);
        self.occupied_ms += other.occupied_ms;
        self.charging_ms += other.charging_ms;
        self.observed_ms += other.observed_ms;
        self.faulted_ms += other.faulted_ms;
        self.offline_ms += other.offline_ms;
    }

    fn numbers(&self) -> [i64; 7] {
        let peak = self.peak_w.map_or(0, |watts| i64::from(watts) + 1);
        [
            self.energy_tenth_wh,
            peak,
            self.occupied_ms,
            self.charging_ms,
            self.observed_ms,
            self.faulted_ms,
            self.offline_ms,
        ]
    }

    fn from_numbers(
        [
            energy_tenth_wh,
            peak,
            occupied_ms,
            charging_ms,
            observed_ms,
            faulted_ms,
            offline_ms,
        ]: [i64; 7],
    ) -> Self {
        let peak_w = (peak > 0).then(|| u32::try_from(peak - 1).unwrap_or(u32::MAX));
        Self {
            energy_tenth_wh,
            peak_w,
            occupied_ms,
            charging_ms,
            observed_ms,
            faulted_ms,
            offline_ms,
        }
    }
}

/// Sums by slot (or by day), rising.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Slots(Vec<(i32, RollupSums)>);

impl Slots {
    /// The sums of a slot, made if new.
    pub fn entry(&mut self, slot: i32) -> &mut RollupSums {
        // Nearly always the newest.
        let last = self.0.last().map(|(slot, _)| *slot);
        let index = match last {
            Some(newest) if newest == slot => self.0.len() - 1,
            _ => self
                .0
                .binary_search_by_key(&slot, |(slot, _)| *slot)
                .unwrap_or_else(|index| {
                    self.0.insert(index, (slot, RollupSums::default()));
                    index
                }),
        };
        &mut self.0[index].1
    }

    /// Adds another's, slot by slot.
    pub fn add(&mut self, other: &Self) {
        for (slot, sums) in &other.0 {
            self.entry(*slot).add(sums);
        }
    }

    /// Takes out the slots before one.
    pub fn take_before(&mut self, slot: i32) -> Self {
        let rest = self
            .0
            .split_off(self.0.partition_point(|(of, _)| *of < slot));
        Self(std::mem::replace(&mut self.0, rest))
    }

    /// All of them, rising.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i32, &RollupSums)> {
        self.0.iter().map(|(slot, sums)| (*slot, sums))
    }

    /// Whether no slot has sums.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Packs them: neighbours that are equal are one, zeros cost nothing. Slots in which nothing is left are left out.
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 12);
        let mut kept = self
            .0
            .iter()
            .filter(|(_, sums)| *sums != RollupSums::default())
            .peekable();
        let mut next = 0;
        while let Some((first, sums)) = kept.next() {
            let mut end = first.wrapping_add(1);
            while kept
                .next_if(|(slot, of)| *slot == end && of == sums)
                .is_some()
            {
                end = end.wrapping_add(1);
            }
            push_varint(&mut bytes, zigzag(i64::from(*first) - next));
            push_varint(&mut bytes, i64::from(end.wrapping_sub(*first)) as u64);
            let numbers = sums.numbers();
            let mask = (0..7)
                .filter(|index| numbers[*index] != 0)
                .fold(0u8, |mask, index| mask | 1 << index);
            bytes.push(mask);
            numbers
                .iter()
                .filter(|number| **number != 0)
                .for_each(|number| push_varint(&mut bytes, zigzag(*number)));
            next = i64::from(end);
        }
        bytes
    }

    /// Reads what [`Slots::pack`] wrote, slot by slot; `None` if it is damaged.
    pub fn unpack(mut bytes: &[u8], mut each: impl FnMut(i32, RollupSums)) -> Option<()> {
        let mut next = 0i64;
        while !bytes.is_empty() {
            let first = next.checked_add(unzigzag(take_varint(&mut bytes)?))?;
            let run = take_varint(&mut bytes).filter(|run| *run <= LONGEST_RUN)?;
            let (mask, rest) = bytes.split_first()?;
            bytes = rest;
            let mut numbers = [0; 7];
            for (index, number) in numbers.iter_mut().enumerate() {
                if mask & 1 << index != 0 {
                    *number = unzigzag(take_varint(&mut bytes)?);
                }
            }
            let sums = RollupSums::from_numbers(numbers);
            next = first.checked_add(run as i64)?;
            for slot in first..next {
                each(i32::try_from(slot).ok()?, sums);
            }
        }
        Some(())
    }
}

/// Additions to a series.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RollupRow {
    /// The series that the slots are of.
    pub series: Series,
    /// Sums by slot.
    pub slots: Slots,
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Seven bits a byte, the lowest first.
fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::model::rollup::*;

    fn slots(of: &[(i32, RollupSums)]) -> Slots {
        let mut slots = Slots::default();
        of.iter()
            .for_each(|(slot, sums)| slots.entry(*slot).add(sums));
        slots
    }

    #[test]
    fn packed_slots_are_unpacked_again() {
        let idle = RollupSums {
            observed_ms: 1_800_000,
            ..RollupSums::default()
        };
        let busy = RollupSums {
            energy_tenth_wh: -12_345,
            peak_w: Some(0),
            occupied_ms: 900_000,
            charging_ms: 1,
            faulted_ms: i64::MAX,
            offline_ms: i64::MIN,
            ..idle
        };
        let night: Vec<_> = (1_900_000..1_900_050).map(|slot| (slot, idle)).collect();
        let of = [
            &night[..],
            &[(1_900_050, busy), (1_900_052, busy), (1_900_053, idle)],
        ]
        .concat();
        let packed = slots(&of).pack();
        let mut read = Vec::new();
        assert_eq!(
            Slots::unpack(&packed, |slot, sums| read.push((slot, sums))),
            Some(())
        );
        assert_eq!(read, of);
        assert!(
            packed.len() < 110,
            "fifty quiet slots are one entry: {}",
            packed.len()
        );
        let negative = slots(&[(-5, idle), (3, busy)]);
        let mut back = Slots::default();
        assert_eq!(
            Slots::unpack(&negative.pack(), |slot, sums| back.entry(slot).add(&sums)),
            Some(())
        );
        assert_eq!(back, negative);
        assert_eq!(
            slots(&[(7, RollupSums::default())]).pack(),
            Vec::<u8>::new()
        );
    }

    #[test]
    fn damaged_bytes_are_refused_and_fill_no_memory() {
        let busy = RollupSums {
            energy_tenth_wh: 5_000,
            observed_ms: 900_000,
            ..RollupSums::default()
        };
        let packed = slots(&[(1_900_000, busy), (1_900_004, busy)]).pack();
        for cut in 1..packed.len() {
            let mut count = 0;
            let whole = Slots::unpack(&packed[..cut], |_, _| count += 1);
            assert!(whole.is_none() || count == 1, "{cut}");
        }
        let mut endless = Vec::new();
        push_varint(&mut endless, zigzag(0));
        push_varint(&mut endless, u64::MAX);
        endless.push(0);
        assert_eq!(Slots::unpack(&endless, |_, _| ()), None);
        assert_eq!(Slots::unpack(&[0xff; 12], |_, _| ()), None);
    }
}
