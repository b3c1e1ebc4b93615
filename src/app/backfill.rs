//! Writes rows of past days anew when late data have changed a day: fuel cards, mileage claims, what vehicles kept in their memory, a corrected
//! register or factor. All measurements that rest on activity come from one inventory, so that they agree. What was handed over last is kept in
//! the store, so that only differences are written, over restarts too; and what a day no longer has is written as nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::writer::CommitJob;
use crate::ledger::air::{AirConfig, air};
use crate::ledger::emissions::{Setting, avoided_rows, day_rows, inventory, site_rows};
use crate::ledger::series_tombstones::{RowTags, WrittenRows};
use crate::model::{Activity, ActivityKey, Fact};
use crate::series;
use crate::store::{DayRow, Reader};
use crate::units::Day;

/// Late data of two months: a fuel card's statement comes within one.
pub(super) const DAYS_BACK: i32 = 62;
/// The newest day that is looked at: younger ones may not be in the store as a whole before the next checkpoint, and their rows are the engine's.
const NEWEST: i32 = 2;
/// Rows in one commit: the months of a first start are tens of thousands, and a message must not wait for them.
const MAX_AT_ONCE: usize = 2_000;

/// A row to write, and what is kept of it once it is on the disk.
#[derive(Debug)]
pub struct PastRow {
    line: Vec<u8>,
    keep: DayRow,
}

/// Rows on their way into the outbox.
#[derive(Debug, Default)]
pub struct PastRows {
    waiting: VecDeque<PastRow>,
    under_way: bool,
}

impl PastRows {
    /// What was found; in place of what waits.
    pub fn take(&mut self, rows: Vec<PastRow>) {
        self.waiting = rows.into();
    }

    /// They rest on a register that is no longer in force. Nothing is kept of them, so they are found again.
    pub fn forget(&mut self) {
        self.waiting.clear();
    }

    /// All that was found is in the store: what is read now can be compared with what is kept.
    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty() && !self.under_way
    }

    /// Puts some into a commit, if those before are kept.
    pub fn put(&mut self, batch: &mut CommitJob) {
        if self.under_way {
            return;
        }
        for row in self.waiting.drain(..MAX_AT_ONCE.min(self.waiting.len())) {
            batch.lines.extend_from_slice(&row.line);
            batch.points += 1;
            batch.day_rows.push(row.keep);
        }
        self.under_way = !batch.day_rows.is_empty();
    }

    /// Those in the commit are kept, or will be found again.
    pub fn kept(&mut self) {
        self.under_way = false;
    }
}

/// The rows to write. `written`: what the engine wrote of the last days.
pub fn news(
    reader: &Reader,
    (setting, air_config, today): (&Setting<'_>, &AirConfig, Day),
    activity: &BTreeMap<ActivityKey, Activity>,
    written: &WrittenRows,
) -> Result<Vec<PastRow>, String> {
    let (first, last) = (oldest(today), Day(today.0 - NEWEST));
    let mut kept: BTreeMap<Day, BTreeMap<RowTags, i64>> = BTreeMap::new();
    for row in reader
        .day_rows(first, last)
        .map_err(|error| error.to_string())?
    {
        if let Ok(tags) = serde_json::from_str(&row.tags) {
            kept.entry(row.day).or_default().insert(tags, row.digest);
        }
    }
    let mut days: BTreeMap<Day, BTreeMap<ActivityKey, Activity>> = BTreeMap::new();
    for (key, sums) in activity
        .iter()
        .filter(|(key, _)| (first..=last).contains(&key.day))
    {
        days.entry(key.day).or_default().insert(key.clone(), *sums);
    }
    // A day that has lost all of its activity still has its rows.
    for day in (first.0..=last.0)
        .map(Day)
        .filter(|day| kept.contains_key(day) || written.of_day(*day).next().is_some())
    {
        days.entry(day).or_default();
    }
    let mut news = Vec::new();
    for (day, activity) in days {
        let before = kept.remove(&day).unwrap_or_default();
        let mut rows = rows_of(&activity, day, setting, air_config);
        let there: BTreeSet<RowTags> = rows.iter().filter_map(RowTags::of).collect();
        let known: BTreeSet<&RowTags> = before
            .keys()
            .chain(written.of_day(day))
            .filter(|tags| tags.table.of_activity())
            .collect();
        rows.extend(
            known
                .into_iter()
                .filter(|tags| !there.contains(tags))
                .filter_map(|tags| tags.nothing(day.start(setting.register.zone()))),
        );
        for fact in rows {
            let (Some(tags), mut line) = (RowTags::of(&fact), Vec::new()) else {
                continue;
            };
            if !series::encode(&fact, &mut line) {
                continue;
            }
            let digest = digest(&line);
            if before.get(&tags) != Some(&digest) {
                let tags = serde_json::to_string(&tags).map_err(|error| error.to_string())?;
                news.push(PastRow {
                    line,
                    keep: DayRow { day, tags, digest },
                });
            }
        }
    }
    Ok(news)
}

/// The first day that is looked at; what is kept of older ones may go.
pub fn oldest(today: Day) -> Day {
    Day(today.0 - DAYS_BACK)
}

fn rows_of(
    activity: &BTreeMap<ActivityKey, Activity>,
    day: Day,
    setting: &Setting<'_>,
    config: &AirConfig,
) -> Vec<Fact> {
    if activity.is_empty() {
        return Vec::new();
    }
    let (register, whole) = (
        setting.register,
        inventory(
            activity,
            &Setting {
                per_vehicle: true,
                ..*setting
            },
        ),
    );
    let at = day.start(register.zone());
    let mut rows: Vec<Fact> = day_rows(&whole, at)
        .into_iter()
        .map(Fact::Emissions)
        .collect();
    rows.extend(site_rows(&whole, at).into_iter().map(Fact::SiteEmissions));
    rows.extend(
        avoided_rows(&whole, register, at)
            .into_iter()
            .map(Fact::Avoided),
    );
    let pollutants = air(activity, register, setting.factors, setting.months, config);
    rows.extend(pollutants.rows(at, config).into_iter().map(Fact::Air));
    rows
}

/// The same for the same line as long as the standard library hashes in the same way; another one only writes the rows once more.
fn digest(line: &[u8]) -> i64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish() as i64
}
