//! The history in the store: chunks of quarter-hours and days, put together, kept and deleted.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::TempDir;
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::rollups::{by_day, total};
use fleetgauge::model::{RollupRow, RollupSums, Series, Slots, slot_of};
use fleetgauge::store::{Checkpoint, Reader, Store, StoreConfig};
use fleetgauge::units::{Day, UtcMs};

fn config(folder: &Path) -> StoreConfig {
    StoreConfig {
        directory: folder.to_owned(),
        ..StoreConfig::default()
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn series() -> Series {
    Series::Site("DER".into())
}

/// A store that is given quarter-hours by checkpoints, with what it was given.
struct HistoryStore {
    store: Store,
    reader: Reader,
    generation: u64,
    /// All quarter-hours of the checkpoints.
    all: Slots,
}

impl HistoryStore {
    fn new(config: &StoreConfig) -> Self {
        let store = Store::open(config).unwrap().store;
        Self {
            store,
            reader: Reader::open(&config.directory).unwrap(),
            generation: 0,
            all: Slots::default(),
        }
    }

    fn checkpoint(&mut self, slots: &Slots, at: UtcMs) {
        self.generation += 1;
        self.all.add(slots);
        // Another series with every slot shifted must never show up in this one.
        let mut other = Slots::default();
        slots
            .iter()
            .for_each(|(slot, sums)| other.entry(slot + 1).add(sums));
        let rollups = [
            RollupRow {
                series: series(),
                slots: slots.clone(),
            },
            RollupRow {
                series: Series::Site("DERX".into()),
                slots: other,
            },
        ];
        let rollups = if slots.is_empty() {
            &[][..]
        } else {
            &rollups[..]
        };
        let checkpoint = Checkpoint {
            snapshot: b"not an engine's",
            generation: self.generation,
            activity: &[],
            rollups,
            at,
        };
        self.store.checkpoint(&checkpoint).unwrap();
    }

    /// The store has the quarter-hours and days of the checkpoints.
    fn check(&self, from: Day, to: Day) {
        let (first, last) = (slot_of(from.start(UK.zone())), slot_of(to.end(UK.zone())));
        let mut want = Slots::default();
        self.all
            .iter()
            .filter(|(slot, _)| (first..last).contains(slot))
            .for_each(|(slot, sums)| want.entry(slot).add(sums));
        assert_eq!(self.reader.begin().unwrap(), self.generation);
        assert!(
            self.reader.quarters(&series(), first, last).unwrap() == want,
            "quarters of {from} to {to}"
        );
        assert_eq!(
            self.reader.days(&series(), from, to, UK.zone()).unwrap(),
            by_day(&want, UK.zone()),
            "days of {from} to {to}"
        );
        self.reader.end().unwrap();
    }
}

fn chunks(folder: &Path) -> BTreeMap<i64, i64> {
    let connection = rusqlite::Connection::open(folder.join("fleetgauge.db")).unwrap();
    let mut statement = connection
        .prepare("SELECT form, count(*) FROM rollup WHERE series = 's/DER' GROUP BY form")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

fn quarter(n: i32) -> RollupSums {
    let n = i64::from(n);
    RollupSums {
        energy_tenth_wh: n % 977,
        peak_w: (n % 3 > 0).then_some((n % 50_000) as u32),
        occupied_ms: n % 5 * 180_000,
        observed_ms: 1_800_000,
        ..RollupSums::default()
    }
}

/// From before the end of summer time to after the end of the year, a checkpoint every 40 quarter-hours.
fn store_with_a_winter(folder: &Path) -> HistoryStore {
    let mut history = HistoryStore::new(&config(folder));
    let (from, to) = WINTER.map(day).into();
    let all: Vec<i32> = (slot_of(from.start(UK.zone()))..slot_of(to.end(UK.zone()))).collect();
    for part in all.chunks(40) {
        let mut slots = Slots::default();
        part.iter()
            .filter(|slot| *slot % 7 > 0)
            .for_each(|slot| slots.entry(*slot).add(&quarter(*slot)));
        history.checkpoint(&slots, UtcMs(i64::from(part[part.len() - 1] + 1) * 900_000));
    }
    history
}

const WINTER: [&str; 2] = ["2026-10-20", "2027-01-10"];

/// A charge point empties its queue: October and the year's last hour once more, and one quarter-hour of February.
fn add_late_data(history: &mut HistoryStore) {
    let mut late = Slots::default();
    for text in [
        "2026-10-25T00:45:00Z",
        "2026-10-25T01:00:00Z",
        "2026-12-31T23:45:00Z",
        "2026-02-03T00:00:00Z",
    ] {
        late.entry(slot_of(text.parse().unwrap())).add(&RollupSums {
            energy_tenth_wh: 1_000_000,
            ..RollupSums::default()
        });
    }
    history.checkpoint(&late, day("2027-01-11").start(UK.zone()));
}

/// Checkpoints without new data, in which chunks are put together.
fn empty_checkpoints(history: &mut HistoryStore, count: u32, at: &str) {
    for _ in 0..count {
        history.checkpoint(&Slots::default(), day(at).start(UK.zone()));
    }
}

/// A checkpoint on `at` with one observed millisecond at `text`.
fn lone_checkpoint(history: &mut HistoryStore, text: &str, at: &str) {
    let mut slots = Slots::default();
    slots
        .entry(slot_of(text.parse().unwrap()))
        .add(&RollupSums {
            observed_ms: 1,
            ..RollupSums::default()
        });
    history.checkpoint(&slots, day(at).start(UK.zone()));
}

/// The winter with its late data, eleven months later.
fn store_with_an_old_winter(folder: &Path) -> HistoryStore {
    let mut history = store_with_a_winter(folder);
    add_late_data(&mut history);
    empty_checkpoints(&mut history, 4, "2027-01-11");
    lone_checkpoint(&mut history, "2027-12-19T12:00:00Z", "2027-12-20");
    empty_checkpoints(&mut history, 1, "2027-12-20");
    history
}

#[test]
fn chunks_of_days_become_months_and_years() {
    let folder = TempDir::new("history-chunks");
    let history = store_with_a_winter(folder.path());
    history.check(day(WINTER[0]), day(WINTER[1]));
    // October to December, the days of January, 2026 (January's are not packed yet).
    assert_eq!(
        chunks(folder.path()),
        BTreeMap::from([(0, 10), (1, 3), (2, 1)])
    );
}

#[test]
fn late_data_join_the_chunk_of_their_time() {
    let folder = TempDir::new("history-late");
    let mut history = store_with_a_winter(folder.path());
    add_late_data(&mut history);
    let (from, to) = (day("2026-02-01"), day(WINTER[1]));
    history.check(from, to);
    for _ in 0..4 {
        empty_checkpoints(&mut history, 1, "2027-01-11");
        history.check(from, to);
    }
    assert_eq!(
        chunks(folder.path()),
        BTreeMap::from([(0, 10), (1, 4), (2, 1)]),
        "put together again"
    );
    // Parts of days and of months.
    for (from, to) in [
        ("2026-10-25", "2026-10-25"),
        ("2026-10-31", "2026-11-01"),
        ("2026-12-31", "2027-01-01"),
        ("2027-02-01", "2027-03-01"),
    ] {
        history.check(day(from), day(to));
    }
}

#[test]
fn quarter_hours_are_deleted_in_whole_months_and_days_are_kept() {
    let folder = TempDir::new("history-old");
    let history = store_with_an_old_winter(folder.path());
    assert_eq!(
        chunks(folder.path())[&1],
        3,
        "quarters of October are kept until all of it is 400 days old"
    );
    let winter = history
        .reader
        .days(&series(), day("2026-10-01"), day(WINTER[1]), UK.zone())
        .unwrap();
    assert_eq!(
        total(&winter).energy_tenth_wh,
        total(&history.all).energy_tenth_wh - 1_000_000,
        "all days but February's are there"
    );
}

#[test]
fn one_checkpoint_of_a_clock_years_ahead_deletes_no_history() {
    let folder = TempDir::new("history-clock");
    let mut history = store_with_an_old_winter(folder.path());
    let before = chunks(folder.path());
    lone_checkpoint(&mut history, "2040-01-01T00:00:00Z", "2040-01-01");
    assert_eq!(
        chunks(folder.path()),
        BTreeMap::from([(0, before[&0] + 1), (1, before[&1]), (2, before[&2])])
    );
    empty_checkpoints(&mut history, 2, "2040-01-01");
    assert_eq!(chunks(folder.path()), BTreeMap::from([(0, 1)]));
}

#[test]
fn a_damaged_chunk_is_an_error() {
    let folder = TempDir::new("history-damaged");
    let mut history = HistoryStore::new(&config(folder.path()));
    let mut slots = Slots::default();
    slots.entry(1_980_000).energy_tenth_wh = 5;
    history.checkpoint(&slots, UtcMs(1_980_001 * 900_000));
    let connection = rusqlite::Connection::open(folder.path().join("fleetgauge.db")).unwrap();
    connection
        .execute("UPDATE rollup SET body = x'00ffffffff'", [])
        .unwrap();
    let error = history
        .reader
        .quarters(&series(), 1_980_000, 1_980_001)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("a chunk of rollups is not what was written"),
        "{error}"
    );
}
