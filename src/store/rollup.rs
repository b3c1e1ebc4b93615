//! Quarter hours and days of sites and charge points: many in one row, because a row for each wrote 6.2 GB per million, chunks 19 MB.
//!
//! Every chunk is additive, and none is in another: a series' quarters are those of its day and month chunks, its days those of its year
//! chunks and day chunks. So late data are a day chunk again, and moving day chunks into a month is a matter of tidiness.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::StoreConfig;
use super::commit::CommitError;
use super::read::{ReadError, Reader};
use crate::model::{RollupRow, RollupSums, SLOTS_A_DAY, Series, Slots, day_of_slot};
use crate::units::{Day, Month, UtcMs, Zone};

/// What a chunk holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// A UTC day's quarters: written at checkpoints.
    Day = 0,
    /// A UTC month's quarters: written once, when the month is over.
    Month = 1,
    /// A year's London days, likewise.
    Year = 2,
}

/// First byte of a body.
const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;
/// Series whose month is put together at one checkpoint: 31 rows each, so that a commit waits for some tens of milliseconds at most.
const TIDIED_AT_ONCE: usize = 128;
/// A month is put together so long after its end, when most of what comes late is there.
pub(super) const LATE_MS: i64 = 2 * 86_400_000;
/// Longer than any body: more is damage.
const LARGEST: u64 = 4 << 20;

/// How long what is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    quarters_ms: i64,
    days_ms: i64,
    zone: &'static Zone,
}

impl Keep {
    pub(super) fn of(config: &StoreConfig) -> Self {
        let ms =
            |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self {
            quarters_ms: ms(config.keep_15min),
            days_ms: ms(config.keep_daily),
            zone: config.jurisdiction.zone(),
        }
    }
}

/// Adds to the chunks of days.
pub(super) fn add(transaction: &Transaction<'_>, rows: &[RollupRow]) -> Result<(), CommitError> {
    for row in rows {
        let mut days: BTreeMap<i32, Slots> = BTreeMap::new();
        row.slots.iter().for_each(|(slot, sums)| {
            days.entry(slot.div_euclid(SLOTS_A_DAY))
                .or_default()
                .entry(slot)
                .add(sums)
        });
        let series = row.series.key();
        for (day, slots) in days {
            add_to(transaction, Form::Day, day, &series, &slots)?;
        }
    }
    Ok(())
}

/// The end of the newest day that is in the store; a clock that is far ahead for a while must not make all of it too old at once.
pub(super) fn newest(transaction: &Transaction<'_>) -> Result<Option<UtcMs>, CommitError> {
    let newest = |form: Form| -> rusqlite::Result<Option<i32>> {
        transaction
            .prepare_cached("SELECT max(period) FROM rollup WHERE form = ?1")?
            .query_row([form as i64], |row| row.get(0))
    };
    let day = match newest(Form::Day)? {
        Some(day) => Some(day + 1),
        None => newest(Form::Month)?.map(|month| first_day(month + 1)),
    };
    Ok(day.map(|day| UtcMs(i64::from(day) * 86_400_000)))
}

/// Puts months together that are over, some series at a time, and deletes what is too old.
pub(super) fn compact(
    transaction: &Transaction<'_>,
    keep: &Keep,
    now: UtcMs,
) -> Result<(), CommitError> {
    let open_from = first_day(utc_month(utc_day(now.plus(-LATE_MS))));
    let oldest: Option<i32> = transaction
        .prepare_cached(
            "SELECT period FROM rollup WHERE form = 0 AND period < ?1 ORDER BY period LIMIT 1",
        )?
        .query_row([open_from], |row| row.get(0))
        .optional()?;
    if let Some(oldest) = oldest {
        let month = utc_month(oldest);
        for series in series_of(transaction, month)? {
            put_together(transaction, month, &series, keep.zone)?;
        }
    }
    let quarters_from = utc_month(utc_day(now.plus(-keep.quarters_ms)));
    let days_from = utc_day(now.plus(-keep.days_ms));
    transaction
        .prepare_cached("DELETE FROM rollup WHERE form = 1 AND period < ?1")?
        .execute([quarters_from])?;
    transaction
        .prepare_cached("DELETE FROM rollup WHERE form = 2 AND period < ?1")?
        .execute([Day(days_from).ymd().0])?;
    Ok(())
}

fn series_of(transaction: &Transaction<'_>, month: i32) -> Result<Vec<String>, CommitError> {
    let mut statement = transaction
        .prepare_cached("SELECT DISTINCT series FROM rollup WHERE form = 0 AND period >= ?1 AND period < ?2 LIMIT ?3")?;
    let rows = statement.query_map(
        params![
            first_day(month),
            first_day(month + 1),
            TIDIED_AT_ONCE as i64
        ],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The day chunks of a month become part of the month's, and their days part of the year's.
fn put_together(
    transaction: &Transaction<'_>,
    month: i32,
    series: &str,
    zone: &Zone,
) -> Result<(), CommitError> {
    let mut quarters = Slots::default();
    let mut remove = transaction
        .prepare_cached("DELETE FROM rollup WHERE form = 0 AND period = ?1 AND series = ?2")?;
    for day in first_day(month)..first_day(month + 1) {
        if chunk(transaction, Form::Day, day, series, &mut |slot, sums| {
            quarters.entry(slot).add(&sums)
        })? {
            remove.execute(params![day, series])?;
        }
    }
    let mut years: BTreeMap<i32, Slots> = BTreeMap::new();
    for (slot, sums) in quarters.iter() {
        let day = day_of_slot(slot, zone);
        years.entry(day.ymd().0).or_default().entry(day.0).add(sums);
    }
    add_to(transaction, Form::Month, month, series, &quarters)?;
    for (year, days) in years {
        add_to(transaction, Form::Year, year, series, &days)?;
    }
    Ok(())
}

fn add_to(
    transaction: &Transaction<'_>,
    form: Form,
    period: i32,
    series: &str,
    more: &Slots,
) -> Result<(), CommitError> {
    let mut slots = Slots::default();
    chunk(transaction, form, period, series, &mut |slot, sums| {
        slots.entry(slot).add(&sums)
    })?;
    slots.add(more);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO rollup (form, period, series, body) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![form as i64, period, series, body(form, &slots)?])?;
    Ok(())
}

/// Months are written once and read seldom: worth the effort of packing. Days are written ninety times.
fn body(form: Form, slots: &Slots) -> std::io::Result<Vec<u8>> {
    let packed = slots.pack();
    if form != Form::Month {
        return Ok([&[PLAIN], packed.as_slice()].concat());
    }
    let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::default());
    encoder.write_all(&packed)?;
    encoder.finish()
}

/// Reads a chunk slot by slot; false if there is none.
fn chunk(
    connection: &Connection,
    form: Form,
    period: i32,
    series: &str,
    each: &mut dyn FnMut(i32, RollupSums),
) -> Result<bool, ChunkError> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM rollup WHERE form = ?1 AND period = ?2 AND series = ?3",
    )?;
    let mut rows = statement.query(params![form as i64, period, series])?;
    let Some(row) = rows.next()? else {
        return Ok(false);
    };
    let body = row.get_ref(0)?.as_blob().map_err(|_| ChunkError::Damaged)?;
    let (how, packed) = body.split_first().ok_or(ChunkError::Damaged)?;
    let whole = match *how {
        PLAIN => Slots::unpack(packed, each),
        DEFLATED => {
            let mut plain = Vec::with_capacity(packed.len() * 3);
            let read = DeflateDecoder::new(packed)
                .take(LARGEST)
                .read_to_end(&mut plain);
            read.ok().and_then(|_| Slots::unpack(&plain, each))
        }
        _ => None,
    };
    whole.map(|()| true).ok_or(ChunkError::Damaged)
}

enum ChunkError {
    Sqlite(rusqlite::Error),
    Damaged,
}

const DAMAGED: &str = "a chunk of rollups is not what was written; restore the store from a backup";

impl From<rusqlite::Error> for ChunkError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<ChunkError> for CommitError {
    fn from(error: ChunkError) -> Self {
        match error {
            ChunkError::Sqlite(error) => error.into(),
            ChunkError::Damaged => Self::Encode(DAMAGED.to_owned()),
        }
    }
}

impl From<ChunkError> for ReadError {
    fn from(error: ChunkError) -> Self {
        match error {
            ChunkError::Sqlite(error) => error.into(),
            ChunkError::Damaged => Self::Damaged(DAMAGED),
        }
    }
}

impl Reader {
    /// Begins to read at one moment: what follows until [`Reader::end`] is as of this checkpoint. Returns its generation.
    pub fn begin(&self) -> Result<u64, ReadError> {
        self.0.execute_batch("BEGIN")?;
        let generation: Option<i64> = self
            .0
            .query_row("SELECT generation FROM checkpoint", [], |row| row.get(0))
            .optional()?;
        Ok(generation.unwrap_or(0) as u64)
    }

    /// Ends what [`Reader::begin`] began.
    pub fn end(&self) -> Result<(), ReadError> {
        Ok(self.0.execute_batch("COMMIT")?)
    }

    /// The quarters of a series in slots `from..to`.
    pub fn quarters(&self, series: &Series, from: i32, to: i32) -> Result<Slots, ReadError> {
        let mut slots = Slots::default();
        if from >= to {
            return Ok(slots);
        }
        let series = series.key();
        let (first, last) = (
            from.div_euclid(SLOTS_A_DAY),
            (to - 1).div_euclid(SLOTS_A_DAY),
        );
        let mut take = |slot: i32, sums: RollupSums| {
            if (from..to).contains(&slot) {
                slots.entry(slot).add(&sums);
            }
        };
        for month in utc_month(first)..=utc_month(last) {
            chunk(&self.0, Form::Month, month, &series, &mut take)?;
        }
        for day in first..=last {
            chunk(&self.0, Form::Day, day, &series, &mut take)?;
        }
        Ok(slots)
    }

    /// The sums of a series by London day, `from..=to`.
    pub fn days(
        &self,
        series: &Series,
        from: Day,
        to: Day,
        zone: &Zone,
    ) -> Result<Slots, ReadError> {
        let mut days = Slots::default();
        let series = series.key();
        for year in from.ymd().0..=to.ymd().0 {
            chunk(&self.0, Form::Year, year, &series, &mut |day, sums| {
                if (from.0..=to.0).contains(&day) {
                    days.entry(day).add(&sums);
                }
            })?;
        }
        // The last hour of a UTC day is the next day's in summer.
        for utc in from.0.saturating_sub(1)..=to.0 {
            chunk(&self.0, Form::Day, utc, &series, &mut |slot, sums| {
                let day = day_of_slot(slot, zone);
                if (from..=to).contains(&day) {
                    days.entry(day.0).add(&sums);
                }
            })?;
        }
        Ok(days)
    }
}

fn utc_day(at: UtcMs) -> i32 {
    at.0.div_euclid(86_400_000).clamp(-700_000, 2_900_000) as i32
}

/// Months since year 0 of a UTC day.
fn utc_month(day: i32) -> i32 {
    Month::of_day(Day(day)).count()
}

fn first_day(month: i32) -> i32 {
    Month::from_count(month).first_day().0
}
