//! Writes rows of past days again when late data have changed a day: fuel cards, mileage claims, what vehicles kept in their memory, a
//! corrected register or factor.
//!
//! All measurements that rest on activity come from one inventory, so that they agree. The store keeps a digest of each row that was written
//! last, so that only changed rows are written, after a restart too. A row that a day no longer has is overwritten with zeros.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::writer::CommitJob;
use crate::ledger::air::{AirConfig, air};
use crate::ledger::emissions::{InventoryContext, avoided_rows, day_rows, inventory, site_rows};
use crate::ledger::series_tombstones::{RowTags, WrittenRows};
use crate::model::{ActivityData, ActivityKey, Fact};
use crate::series;
use crate::store::{DayRow, ReadError, Reader};
use crate::units::{Day, UtcMs};

/// Days that are compared: late data of two months, because a fuel card's statement comes within one.
pub(super) const DAYS_BACK: i32 = 62;
/// Days from today to the newest that is compared. Younger ones may not be in the store as a whole before the next checkpoint, and the engine
/// writes their rows.
const NEWEST_DAYS_BACK: i32 = 2;
/// Rows in one commit: a first start has tens of thousands, and a message must not wait for them.
const MAX_ROWS_OF_COMMIT: usize = 2_000;

/// A row to write, and the digest that the store keeps once the row is on the disk.
#[derive(Debug)]
pub(super) struct PastRow {
    line: Vec<u8>,
    digest: DayRow,
}

/// Rows on their way into the outbox.
#[derive(Debug, Default)]
pub(super) struct PastRows {
    waiting: VecDeque<PastRow>,
    is_committing: bool,
}

impl PastRows {
    /// Replaces the rows that wait.
    pub(super) fn replace(&mut self, rows: Vec<PastRow>) {
        self.waiting = rows.into();
    }

    /// Drops rows of a register that is no longer in force. The store has no digests of them, so they are found again.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// True if every row that was found is in the store, so that a new comparison finds only new differences.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && !self.is_committing
    }

    /// Moves some rows into a commit, unless those of the last one are still on their way.
    pub(super) fn move_to(&mut self, batch: &mut CommitJob) {
        if self.is_committing {
            return;
        }
        let count = MAX_ROWS_OF_COMMIT.min(self.waiting.len());
        for row in self.waiting.drain(..count) {
            batch.lines.extend_from_slice(&row.line);
            batch.points += 1;
            batch.day_rows.push(row.digest);
        }
        self.is_committing = !batch.day_rows.is_empty();
    }

    /// The store has the digests of the last commit's rows, or could not write them; then the rows are found again.
    pub(super) fn committed(&mut self) {
        self.is_committing = false;
    }
}

/// The first day that is compared; the store may drop digests of older ones.
pub(super) fn oldest(today: Day) -> Day {
    Day(today.0 - DAYS_BACK)
}

/// Rows of past days that differ from what was written. `written` has what the engine wrote of the last days.
pub(super) fn changed_rows(
    reader: &Reader,
    (setting, air_config, today): (&InventoryContext<'_>, &AirConfig, Day),
    activity: &BTreeMap<ActivityKey, ActivityData>,
    written: &WrittenRows,
) -> Result<Vec<PastRow>, String> {
    let days = (oldest(today), Day(today.0 - NEWEST_DAYS_BACK));
    let mut digests = stored_digests(reader, days).map_err(|error| error.to_string())?;
    let mut activity = activity_by_day(activity, days);
    // A day that has lost all of its activity still has its rows.
    for day in (days.0.0..=days.1.0)
        .map(Day)
        .filter(|day| digests.contains_key(day) || written.of_day(*day).next().is_some())
    {
        activity.entry(day).or_default();
    }
    let mut changed = Vec::new();
    for (day, activity) in activity {
        let digests = digests.remove(&day).unwrap_or_default();
        let at = day.start(setting.register.zone());
        let mut rows = rows_of_day(&activity, at, setting, air_config);
        let current: BTreeSet<RowTags> = rows.iter().filter_map(RowTags::from_fact).collect();
        let known: BTreeSet<&RowTags> = digests
            .keys()
            .chain(written.of_day(day))
            .filter(|tags| tags.is_from_activity() && !current.contains(tags))
            .collect();
        rows.extend(known.into_iter().filter_map(|tags| tags.zero_row(at)));
        for fact in rows {
            changed.extend(changed_row(&fact, day, &digests)?);
        }
    }
    Ok(changed)
}

type Digests = BTreeMap<RowTags, i64>;

fn stored_digests(
    reader: &Reader,
    (first, last): (Day, Day),
) -> Result<BTreeMap<Day, Digests>, ReadError> {
    let mut digests: BTreeMap<Day, Digests> = BTreeMap::new();
    for row in reader.day_rows(first, last)? {
        if let Ok(tags) = serde_json::from_str(&row.tags) {
            digests.entry(row.day).or_default().insert(tags, row.digest);
        }
    }
    Ok(digests)
}

fn activity_by_day(
    activity: &BTreeMap<ActivityKey, ActivityData>,
    (first, last): (Day, Day),
) -> BTreeMap<Day, BTreeMap<ActivityKey, ActivityData>> {
    let mut days: BTreeMap<Day, BTreeMap<ActivityKey, ActivityData>> = BTreeMap::new();
    for (key, sums) in activity
        .iter()
        .filter(|(key, _)| (first..=last).contains(&key.day))
    {
        days.entry(key.day).or_default().insert(key.clone(), *sums);
    }
    days
}

/// The row of a fact if its digest is not the stored one.
fn changed_row(fact: &Fact, day: Day, digests: &Digests) -> Result<Option<PastRow>, String> {
    let (Some(tags), mut line) = (RowTags::from_fact(fact), Vec::new()) else {
        return Ok(None);
    };
    if !series::encode(fact, &mut line) {
        return Ok(None);
    }
    let digest = digest(&line);
    if digests.get(&tags) == Some(&digest) {
        return Ok(None);
    }
    let tags = serde_json::to_string(&tags).map_err(|error| error.to_string())?;
    Ok(Some(PastRow {
        line,
        digest: DayRow { day, tags, digest },
    }))
}

fn rows_of_day(
    activity: &BTreeMap<ActivityKey, ActivityData>,
    at: UtcMs,
    setting: &InventoryContext<'_>,
    config: &AirConfig,
) -> Vec<Fact> {
    if activity.is_empty() {
        return Vec::new();
    }
    let register = setting.register;
    let whole = inventory(
        activity,
        &InventoryContext {
            per_vehicle: true,
            ..*setting
        },
    );
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

/// A new version of the standard library may hash in another way; then every row is written once more.
fn digest(line: &[u8]) -> i64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish() as i64
}
