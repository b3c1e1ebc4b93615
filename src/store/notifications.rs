//! Notices on their way: a row per notifier, written with what they followed from, gone when that notifier has taken it. Bounded.

use std::sync::Arc;

use rusqlite::{Transaction, params};

use super::{CommitError, ReadError, Reader, Store};
use crate::units::UtcMs;

/// Rows kept for one notifier; the oldest go first, and are counted. A notifier that was away for weeks is not to flood people.
const MAX_WAITING: i64 = 1_000;

/// A notice for a notifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// `name` of the notifier in its `[[notify]]` section.
    pub notifier: Arc<str>,
    /// The notice, JSON.
    pub body: Arc<str>,
}

/// A row that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Number of the row, rising in the order of commits.
    pub id: i64,
    /// When it was committed.
    pub at: UtcMs,
    /// The notice, JSON.
    pub body: String,
}

/// What waits in all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Undelivered {
    /// Rows that wait, of all notifiers.
    pub rows: u64,
    /// Time of the commit of the oldest row; `None` if no row waits.
    pub oldest: Option<UtcMs>,
    /// Rows dropped since the start, because there were too many for a notifier.
    pub dropped: u64,
}

impl Store {
    /// Notifiers that are configured; what waits for others goes.
    pub fn set_notifiers(&mut self, names: &[&str]) -> Result<(), CommitError> {
        let known: Vec<String> = self
            .connection
            .prepare("SELECT DISTINCT notifier FROM notification")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for gone in known.iter().filter(|name| !names.contains(&name.as_str())) {
            self.connection
                .execute("DELETE FROM notification WHERE notifier = ?1", [gone])?;
        }
        self.count_undelivered()?;
        Ok(())
    }

    /// Counts of the notifications that wait for delivery, kept up to date by every commit.
    pub fn undelivered(&self) -> Undelivered {
        self.undelivered
    }

    /// A notifier has taken these.
    pub fn delivered(&mut self, ids: &[i64]) -> Result<(), CommitError> {
        let transaction = self.connection.transaction()?;
        for id in ids {
            transaction
                .prepare_cached("DELETE FROM notification WHERE id = ?1")?
                .execute([id])?;
        }
        transaction.commit()?;
        self.count_undelivered()?;
        Ok(())
    }

    pub(super) fn count_undelivered(&mut self) -> rusqlite::Result<()> {
        let (rows, oldest): (i64, Option<i64>) = self
            .connection
            .prepare_cached("SELECT count(*), min(at) FROM notification")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.undelivered = Undelivered {
            rows: rows as u64,
            oldest: oldest.map(UtcMs),
            ..self.undelivered
        };
        Ok(())
    }
}

/// Puts rows into a commit; returns how many had to go for them.
pub(super) fn put(
    transaction: &Transaction<'_>,
    rows: &[Notification],
    at: UtcMs,
) -> rusqlite::Result<u64> {
    let mut dropped = 0;
    for row in rows {
        transaction
            .prepare_cached("INSERT INTO notification (notifier, at, body) VALUES (?1, ?2, ?3)")?
            .execute(params![&*row.notifier, at.0, &*row.body])?;
        dropped += transaction
            .prepare_cached(
                "DELETE FROM notification WHERE notifier = ?1 AND id <=
                 (SELECT id FROM notification WHERE notifier = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            )?
            .execute(params![&*row.notifier, MAX_WAITING])?;
    }
    Ok(dropped as u64)
}

impl Reader {
    /// What waits for a notifier, the oldest first.
    pub fn notifications(&self, notifier: &str, limit: usize) -> Result<Vec<Waiting>, ReadError> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, at, body FROM notification WHERE notifier = ?1 ORDER BY id LIMIT ?2",
        )?;
        let rows = statement.query_map(params![notifier, limit as i64], |row| {
            Ok(Waiting {
                id: row.get(0)?,
                at: UtcMs(row.get(1)?),
                body: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
