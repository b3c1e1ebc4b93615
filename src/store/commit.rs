//! The writing side: commits, checkpoints, acknowledgements of outputs, the outbox's limit.

use std::collections::BTreeMap;
use std::fs::File;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, params};

use super::notifications::{self, Notification, Undelivered};
use super::schema::INBOX_FORMAT;
use super::{StoreConfig, gzip, rollup};
use crate::model::{ActivityRow, ClosedSession, RollupRow};
use crate::units::UtcMs;

/// The facts of one transaction; all of them are durable when it has been written, or none.
#[derive(Debug)]
pub struct Commit<'a> {
    /// Time of the commit; outbox rows and notifications carry it.
    pub at: UtcMs,
    /// Entries of `app::inbox`: the engine's inputs, which a start replays.
    pub inbox: &'a [u8],
    /// Rows for the outbox, as line protocol; empty if there are none.
    pub lines: &'a [u8],
    /// Number of lines in `lines`.
    pub points: u64,
    /// Closed or corrected sessions.
    pub sessions: &'a [ClosedSession],
    /// Alerts for the notifiers, kept until they are delivered.
    pub notifications: &'a [Notification],
}

/// One checkpoint. Covers everything committed before it.
#[derive(Debug)]
pub struct Checkpoint<'a> {
    /// The engine's state, stored compressed.
    pub snapshot: &'a [u8],
    /// Number of the checkpoint, one more than the last one's.
    pub generation: u64,
    /// Activity since the last one; added to what is there.
    pub activity: &'a [ActivityRow],
    /// Quarter hours that have ended since the last one; added likewise.
    pub rollups: &'a [RollupRow],
    /// Now: what is old enough is packed by the month, and what is too old goes.
    pub at: UtcMs,
}

/// A write did not happen; the store is as before, and the same write may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The disk is full (SQLITE_FULL).
    #[error("the disk that holds the store is full: make room, or lower `store.outbox_max`")]
    Full,
    /// Anything else SQLite reports.
    #[error("the store refuses a write: {0}")]
    Sqlite(rusqlite::Error),
    /// A value could not be put into the form it is stored in.
    #[error("a row could not be written: {0}")]
    Encode(String),
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<std::io::Error> for CommitError {
    fn from(error: std::io::Error) -> Self {
        Self::Encode(error.to_string())
    }
}

/// What the outbox holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outbox {
    /// Compressed bytes written since the start.
    pub written: u64,
    /// Rows that at least one output has not acknowledged.
    pub rows: u64,
    /// Compressed bytes of those rows; `store.outbox_max` limits them.
    pub bytes: u64,
    /// Time of the commit of the oldest of them; `None` if no row waits.
    pub oldest: Option<UtcMs>,
    /// Rows dropped since the start because the limit was reached.
    pub dropped: u64,
}

/// The store's writing side.
pub struct Store {
    pub(super) connection: Connection,
    outbox: Outbox,
    pub(super) undelivered: Undelivered,
    outbox_max_bytes: u64,
    keep: rollup::Keep,
    positions: BTreeMap<String, i64>,
    _lock: File,
}

impl Store {
    pub(super) fn new(
        connection: Connection,
        lock: File,
        config: &StoreConfig,
    ) -> rusqlite::Result<Self> {
        let mut store = Self {
            connection,
            outbox: Outbox::default(),
            undelivered: Undelivered::default(),
            outbox_max_bytes: config.outbox_max_bytes,
            keep: rollup::Keep::of(config),
            positions: BTreeMap::new(),
            _lock: lock,
        };
        store.count_outbox()?;
        store.count_undelivered()?;
        Ok(store)
    }

    /// Names the outputs that are configured. Rows are deleted when all of them have acknowledged; with none, only by the limit.
    pub fn set_outputs<'a>(
        &mut self,
        outputs: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), CommitError> {
        for output in outputs {
            let position = self
                .connection
                .query_row(
                    "SELECT id FROM outbox_position WHERE sink = ?1",
                    [output],
                    |row| row.get(0),
                )
                .optional()?;
            self.positions
                .insert(output.to_owned(), position.unwrap_or(0));
        }
        Ok(())
    }

    /// What the outbox holds.
    pub fn outbox(&self) -> Outbox {
        self.outbox
    }

    /// Writes a commit in one transaction.
    pub fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let body = if commit.lines.is_empty() {
            None
        } else {
            Some(gzip(commit.lines)?)
        };
        let transaction = self.connection.transaction()?;
        if !commit.inbox.is_empty() {
            transaction
                .prepare_cached("INSERT INTO inbox (format, blob, crc32c) VALUES (?1, ?2, ?3)")?
                .execute(params![
                    INBOX_FORMAT,
                    commit.inbox,
                    crc32c::crc32c(commit.inbox)
                ])?;
        }
        if let Some(body) = &body {
            let mut insert = transaction
                .prepare_cached("INSERT INTO outbox (at, points, body) VALUES (?1, ?2, ?3)")?;
            insert.execute(params![commit.at.0, commit.points as i64, body])?;
        }
        for session in commit.sessions {
            put_session(&transaction, session)?;
        }
        let dropped = notifications::put(&transaction, commit.notifications, commit.at)?;
        let added = body.as_ref().map_or(0, |body| body.len() as u64);
        let after = Outbox {
            rows: self.outbox.rows + u64::from(body.is_some()),
            bytes: self.outbox.bytes + added,
            written: self.outbox.written + added,
            ..self.outbox
        };
        let after = keep_within(&transaction, after, self.outbox_max_bytes)?;
        transaction.commit()?;
        self.outbox = after;
        if self.outbox.oldest.is_none() && body.is_some() {
            self.outbox.oldest = Some(commit.at);
        }
        if !commit.notifications.is_empty() {
            self.undelivered.dropped += dropped;
            // The commit is done: failing to count must not repeat it.
            let _ = self.count_undelivered();
        }
        Ok(())
    }

    /// Writes a checkpoint in one transaction.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint<'_>) -> Result<(), CommitError> {
        let snapshot = gzip(checkpoint.snapshot)?;
        let transaction = self.connection.transaction()?;
        {
            let mut add = transaction.prepare_cached(
                "INSERT INTO activity (day, subject, distance_m, fuel_ml, vehicle_grid_dwh, charged_dwh, metered) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (day, subject) DO UPDATE SET distance_m = distance_m + excluded.distance_m, fuel_ml = fuel_ml + excluded.fuel_ml,
                 vehicle_grid_dwh = vehicle_grid_dwh + excluded.vehicle_grid_dwh, charged_dwh = charged_dwh + excluded.charged_dwh,
                 metered = metered | excluded.metered",
            )?;
            for row in checkpoint.activity {
                let subject = serde_json::to_string(&row.key.subject)
                    .map_err(|error| CommitError::Encode(error.to_string()))?;
                let sums = row.activity;
                add.execute(params![
                    row.key.day.0,
                    subject,
                    sums.distance.0,
                    sums.fuel.0,
                    sums.vehicle_grid.0,
                    sums.charged.0,
                    sums.metered
                ])?;
            }
        }
        let newest = rollup::newest(&transaction)?;
        rollup::add(&transaction, checkpoint.rollups)?;
        if let Some(newest) = newest {
            rollup::compact(
                &transaction,
                &self.keep,
                checkpoint.at.min(newest.plus(rollup::LATE_MS)),
            )?;
        }
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO checkpoint (one, generation, snapshot) VALUES (1, ?1, ?2)",
            )?
            .execute(params![checkpoint.generation as i64, snapshot])?;
        transaction
            .prepare_cached("DELETE FROM inbox")?
            .execute([])?;
        transaction.commit()?;
        Ok(())
    }

    /// An output has everything up to `id`; rows that all outputs have are deleted.
    pub fn acknowledge(&mut self, output: &str, id: i64) -> Result<(), CommitError> {
        let mut positions = self.positions.clone();
        let position = positions.entry(output.to_owned()).or_insert(0);
        *position = id.max(*position);
        let everywhere = positions.values().min().copied().unwrap_or(0);
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO outbox_position (sink, id) VALUES (?1, ?2)")?
            .execute(params![output, positions[output]])?;
        let (rows, bytes): (i64, i64) = transaction
            .prepare_cached(
                "SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox WHERE id <= ?1",
            )?
            .query_row([everywhere], |row| Ok((row.get(0)?, row.get(1)?)))?;
        transaction
            .prepare_cached("DELETE FROM outbox WHERE id <= ?1")?
            .execute([everywhere])?;
        let oldest = oldest(&transaction)?;
        transaction.commit()?;
        self.positions = positions;
        self.outbox.rows = self.outbox.rows.saturating_sub(rows as u64);
        self.outbox.bytes = self.outbox.bytes.saturating_sub(bytes as u64);
        self.outbox.oldest = oldest;
        Ok(())
    }

    /// Limits the file to a number of pages: how a test fills the disk.
    #[doc(hidden)]
    pub fn limit_pages(&mut self, pages: u32) -> Result<(), CommitError> {
        self.connection
            .pragma_update(None, "max_page_count", pages)?;
        Ok(())
    }

    fn count_outbox(&mut self) -> rusqlite::Result<()> {
        let (rows, bytes): (i64, i64) = self.connection.query_row(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.outbox = Outbox {
            rows: rows as u64,
            bytes: bytes as u64,
            oldest: oldest(&self.connection)?,
            ..self.outbox
        };
        Ok(())
    }
}

fn oldest(connection: &Connection) -> rusqlite::Result<Option<UtcMs>> {
    let mut statement = connection.prepare_cached("SELECT at FROM outbox ORDER BY id LIMIT 1")?;
    statement
        .query_row([], |row| row.get(0).map(UtcMs))
        .optional()
}

fn put_session(transaction: &Transaction<'_>, session: &ClosedSession) -> Result<(), CommitError> {
    let record = &session.record;
    let json =
        serde_json::to_string(record).map_err(|error| CommitError::Encode(error.to_string()))?;
    let ended = record.ended_at.unwrap_or(record.started_at);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO session (id, started_at, ended_at, charge_point, vehicle, record, kgco2e) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            record.id,
            record.started_at.0,
            ended.0,
            record.charge_point.as_ref(),
            record.user.vehicle().map(AsRef::as_ref),
            json,
            session.kgco2e_location
        ])?;
    Ok(())
}

/// Deletes the oldest rows until the limit is kept.
fn keep_within(
    transaction: &Transaction<'_>,
    mut outbox: Outbox,
    limit: u64,
) -> rusqlite::Result<Outbox> {
    while outbox.bytes > limit && outbox.rows > 1 {
        let (id, bytes): (i64, i64) = transaction
            .prepare_cached("SELECT id, length(body) FROM outbox ORDER BY id LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        transaction
            .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
            .execute([id])?;
        outbox.rows -= 1;
        outbox.bytes = outbox.bytes.saturating_sub(bytes as u64);
        outbox.dropped += 1;
        outbox.oldest = oldest(transaction)?;
    }
    Ok(outbox)
}
