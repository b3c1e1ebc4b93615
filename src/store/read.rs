//! The reading side: a second connection for other threads, which never blocks the writer (WAL).

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::Recovery;
use super::open::{OpenError, connect_read_only, recovery_beside};
use crate::model::{
    ActivityData, ActivityKey, ActivityRow, ClosedSession, Indicator, IndicatorKey,
    IndicatorSource, Subject, spread_days,
};
use crate::units::{Day, Metres, Millilitres, Month, TenthWattHours, UtcMs};

/// The store could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// SQLite reports an error, such as a locked or damaged file.
    #[error("the store cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row is not what was written.
    #[error("a row of the store cannot be read: {0}")]
    Row(#[from] serde_json::Error),
    /// Likewise, of a form of our own.
    #[error("{0}")]
    Damaged(&'static str),
}

/// One outbox row: the lines of one commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxBatch {
    /// Number of the row, rising in the order of commits; outputs acknowledge by it.
    pub id: i64,
    /// When it was committed.
    pub at: UtcMs,
    /// Number of lines in `gzip`.
    pub points: u64,
    /// gzip of line protocol.
    pub gzip: Vec<u8>,
}

/// A read-only connection, which sees only what is committed.
pub struct Reader(pub(super) Connection);

impl Reader {
    /// Opens the store of a folder; the writer must have opened it before.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        connect_read_only(directory).map(Self)
    }

    /// What a daemon's start would begin with, without the store's lock: for looking at the engine's state, never for going on with it.
    pub fn recovery(&self) -> Result<Recovery, OpenError> {
        let path = self.0.path().unwrap_or_default().to_owned();
        recovery_beside(&self.0, Path::new(&path))
    }

    /// Closed sessions that overlap `[from, to)`, the newest first.
    pub fn sessions(
        &self,
        from: Option<UtcMs>,
        to: Option<UtcMs>,
        charge_point: Option<&str>,
        vehicle: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ClosedSession>, ReadError> {
        let mut statement = self.0.prepare_cached(
            "SELECT record, kgco2e FROM session WHERE ended_at >= ?1 AND started_at < ?2 AND (?3 IS NULL OR charge_point = ?3)
             AND (?4 IS NULL OR vehicle = ?4) ORDER BY ended_at DESC LIMIT ?5",
        )?;
        let from = from.map_or(i64::MIN, |from| from.0);
        let to = to.map_or(i64::MAX, |to| to.0);
        let mut rows = statement.query(params![from, to, charge_point, vehicle, limit as i64])?;
        let mut sessions = Vec::new();
        while let Some(row) = rows.next()? {
            let record: String = row.get(0)?;
            sessions.push(ClosedSession {
                record: serde_json::from_str(&record)?,
                kgco2e_location: row.get(1)?,
            });
        }
        Ok(sessions)
    }

    /// Activity of days `from..=to`, with the generation of the checkpoint it is complete up to. What was imported is in it as rows of
    /// their own, a period spread over its days: a subject may have several rows for one day.
    pub fn activity(&self, from: Day, to: Day) -> Result<(u64, Vec<ActivityRow>), ReadError> {
        let mut activity = Vec::new();
        let generation = self.each_activity(from, to, |row| activity.push(row))?;
        Ok((generation, activity))
    }

    /// Passes each row to `handle` instead of collecting them; returns the generation of the checkpoint it is complete up to.
    pub fn each_activity(
        &self,
        from: Day,
        to: Day,
        mut handle: impl FnMut(ActivityRow),
    ) -> Result<u64, ReadError> {
        // One read transaction: a checkpoint in between must not show up in only one of the two answers.
        let transaction = self.0.unchecked_transaction()?;
        let generation: Option<i64> = transaction
            .query_row("SELECT generation FROM checkpoint", [], |row| row.get(0))
            .optional()?;
        let mut statement = transaction.prepare_cached(
            "SELECT day, subject, distance_m, fuel_ml, vehicle_grid_dwh, charged_dwh, metered FROM activity WHERE day BETWEEN ?1 AND ?2 ORDER BY day, subject",
        )?;
        let mut rows = statement.query(params![from.0, to.0])?;
        // The same few thousand subjects every day: each is read once, and its names are shared.
        let mut subjects: HashMap<String, Subject> = HashMap::new();
        while let Some(row) = rows.next()? {
            let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            let subject = match subjects.get(text) {
                Some(subject) => subject.clone(),
                None => subjects
                    .entry(text.to_owned())
                    .or_insert(serde_json::from_str(text)?)
                    .clone(),
            };
            let key = ActivityKey {
                day: Day(row.get(0)?),
                subject,
            };
            let activity = ActivityData {
                distance: Metres(row.get(2)?),
                fuel: Millilitres(row.get(3)?),
                vehicle_grid: TenthWattHours(row.get(4)?),
                charged: TenthWattHours(row.get(5)?),
                metered: row.get(6)?,
                ..ActivityData::default()
            };
            handle(ActivityRow { key, activity });
        }
        drop(rows);
        drop(statement);
        each_imported(&transaction, (from, to), &mut handle)?;
        Ok(generation.unwrap_or(0) as u64)
    }

    /// All monthly figures that were imported.
    pub fn indicators(&self) -> Result<Vec<Indicator>, ReadError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT organisation, name, month, value, unit, at FROM indicator")?;
        let mut rows = statement.query([])?;
        let mut indicators = Vec::new();
        while let Some(row) = rows.next()? {
            indicators.push(Indicator {
                key: IndicatorKey {
                    organisation: row.get(0)?,
                    name: row.get(1)?,
                    month: Month::from_count(row.get(2)?),
                },
                value: row.get(3)?,
                unit: row.get(4)?,
                at: UtcMs(row.get(5)?),
                source: IndicatorSource::Csv,
            });
        }
        Ok(indicators)
    }

    /// The first outbox row after `id`.
    pub fn outbox_after(&self, id: i64) -> Result<Option<OutboxBatch>, ReadError> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, at, points, body FROM outbox WHERE id > ?1 ORDER BY id LIMIT 1",
        )?;
        let row = statement.query_row([id], |row| {
            Ok(OutboxBatch {
                id: row.get(0)?,
                at: UtcMs(row.get(1)?),
                points: row.get::<_, i64>(2)? as u64,
                gzip: row.get(3)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Up to where an output has acknowledged; 0 at first.
    pub fn position(&self, output: &str) -> Result<i64, ReadError> {
        let position = self
            .0
            .query_row(
                "SELECT id FROM outbox_position WHERE sink = ?1",
                [output],
                |row| row.get(0),
            )
            .optional()?;
        Ok(position.unwrap_or(0))
    }
}

/// The share of imported activity that lies in the days `from..=to`: a figure for a period is spread over its days.
fn each_imported(
    transaction: &rusqlite::Transaction<'_>,
    (from, to): (Day, Day),
    handle: &mut impl FnMut(ActivityRow),
) -> Result<(), ReadError> {
    let mut imported = transaction.prepare_cached(
            "SELECT first_day, last_day, subject, fuel_card_ml, hvo_card_ml, claimed_m, product FROM imported WHERE last_day >= ?1 AND first_day <= ?2",
        )?;
    let mut rows = imported.query(params![from.0, to.0])?;
    while let Some(row) = rows.next()? {
        let (period, subject) = (
            (Day(row.get(0)?), Day(row.get(1)?)),
            row.get::<_, String>(2)?,
        );
        let sums = ActivityData {
            fuel_card: Millilitres(row.get(3)?),
            hvo_card: Millilitres(row.get(4)?),
            claimed: Metres(row.get(5)?),
            metered: row.get(6)?,
            ..ActivityData::default()
        };
        let subject = serde_json::from_str(&subject)?;
        spread_days(period, &sums, (from, to), &subject, &mut *handle);
    }
    Ok(())
}
