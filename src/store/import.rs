//! The import's own writing connection: rows and how far a file came, one transaction a batch, beside a daemon that reads them.
//!
//! WAL has one writer at a time; the daemon's commits wait for a batch (a few ms) and the import for a commit, by SQLite's busy timeout.
//! The daemon never writes these tables, so neither can lose what the other wrote.

use std::path::Path;

use ring::hmac;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{CommitError, OpenError, open};
use crate::model::{ImportKind, ImportedRow, Indicator};
use crate::units::UtcMs;

/// A write of an import did not happen; what was written before stays, and the same file goes on from there.
#[derive(Debug, thiserror::Error)]
#[error("{0}\n  hint: what was imported so far stays; import the same file again to go on")]
pub struct ImportError(#[from] CommitError);

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.into())
    }
}

/// How far a file came, and what came of its rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FileProgress {
    /// Rows gone through, good or bad; an interrupted import goes on behind them.
    pub position: u64,
    /// Rows that were new and have been added.
    pub taken: u64,
    /// Rows that were there and differ now: another vehicle after a correction of the register, another figure.
    pub changed: u64,
    /// Rows that were there.
    pub known: u64,
    /// Rows that this kind of import leaves out, such as AdBlue.
    pub ignored: u64,
    /// Rows that were refused.
    pub bad: u64,
    /// All of it was gone through.
    pub done: bool,
}

/// A file being imported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedFile {
    id: i64,
    kind: ImportKind,
    /// Where it stands, as far as it is written down.
    pub progress: FileProgress,
}

/// The import's own connection to the store, beside a daemon's.
pub struct ImportStore {
    connection: Connection,
    key: hmac::Key,
}

impl ImportStore {
    /// Opens the store of a folder, or makes it.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let (connection, identity) = open::connect_beside(directory)?;
        Ok(Self {
            connection,
            key: hmac::Key::new(hmac::HMAC_SHA256, &identity.token_key),
        })
    }

    /// Begins a file, or goes on with one. One that was gone through before, or had bad rows, is gone through from its first row again:
    /// the register may have entries now that it did not have then.
    pub fn begin(
        &mut self,
        kind: ImportKind,
        fingerprint: &[u8],
        name: &str,
        now: UtcMs,
    ) -> Result<ImportedFile, ImportError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = transaction
            .query_row(
                "SELECT id, position, taken, changed, known, ignored, bad, done FROM import_file WHERE kind = ?1 AND fingerprint = ?2",
                params![kind.name(), fingerprint],
                |row| {
                    let count = |place| row.get::<_, i64>(place).map(|count| count as u64);
                    let (position, taken, changed) = (count(1)?, count(2)?, count(3)?);
                    let (known, ignored, bad, done) = (count(4)?, count(5)?, count(6)?, row.get(7)?);
                    Ok((row.get(0)?, FileProgress { position, taken, changed, known, ignored, bad, done }))
                },
            )
            .optional()?;
        let (id, progress) = match found {
            Some((id, progress)) if !progress.done && progress.bad == 0 => (id, progress),
            Some((id, _)) => {
                let progress = FileProgress::default();
                put_progress(&transaction, id, &progress)?;
                (id, progress)
            }
            None => {
                transaction.execute(
                    "INSERT INTO import_file (kind, fingerprint, name, at, position, taken, changed, known, ignored, bad, done)
                     VALUES (?1, ?2, ?3, ?4, 0, 0, 0, 0, 0, 0, 0)",
                    params![kind.name(), fingerprint, name, now.0],
                )?;
                (transaction.last_insert_rowid(), FileProgress::default())
            }
        };
        transaction.commit()?;
        Ok(ImportedFile { id, kind, progress })
    }

    /// Writes a batch of rows together with how far the file is with them. `passed` is what else was gone through.
    pub fn put_rows(
        &mut self,
        file: &mut ImportedFile,
        rows: &[ImportedRow],
        passed: &FileProgress,
    ) -> Result<(), ImportError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut progress = after(&file.progress, passed);
        for row in rows {
            let key = hmac::sign(
                &self.key,
                format!("{}\n{}", row.kind.name(), row.identity).as_bytes(),
            );
            let was_there = put_row(&transaction, &key.as_ref()[..16], row, file.id)?;
            count(&mut progress, was_there);
        }
        put_progress(&transaction, file.id, &progress)?;
        transaction.commit()?;
        file.progress = progress;
        Ok(())
    }

    /// The same for monthly figures.
    pub fn put_indicators(
        &mut self,
        file: &mut ImportedFile,
        rows: &[Indicator],
        passed: &FileProgress,
    ) -> Result<(), ImportError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut progress = after(&file.progress, passed);
        for row in rows {
            let was_there = put_indicator(&transaction, row)?;
            count(&mut progress, was_there);
        }
        put_progress(&transaction, file.id, &progress)?;
        transaction.commit()?;
        file.progress = progress;
        Ok(())
    }
}

/// Whether a row was there, and with the same content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Not,
    Other,
    Same,
}

fn count(progress: &mut FileProgress, before: Before) {
    match before {
        Before::Not => progress.taken += 1,
        Before::Other => progress.changed += 1,
        Before::Same => progress.known += 1,
    }
}

fn after(before: &FileProgress, passed: &FileProgress) -> FileProgress {
    FileProgress {
        position: passed.position,
        ignored: before.ignored + passed.ignored,
        bad: before.bad + passed.bad,
        done: passed.done,
        ..*before
    }
}

fn put_progress(
    transaction: &Transaction<'_>,
    id: i64,
    progress: &FileProgress,
) -> rusqlite::Result<()> {
    let FileProgress {
        position,
        taken,
        changed,
        known,
        ignored,
        bad,
        done,
    } = *progress;
    let counts = [position, taken, changed, known, ignored, bad].map(|count| count as i64);
    let [position, taken, changed, known, ignored, bad] = counts;
    transaction
        .prepare_cached(
            "UPDATE import_file SET position = ?2, taken = ?3, changed = ?4, known = ?5, ignored = ?6, bad = ?7, done = ?8 WHERE id = ?1",
        )?
        .execute(params![id, position, taken, changed, known, ignored, bad, done])?;
    Ok(())
}

fn put_row(
    transaction: &Transaction<'_>,
    key: &[u8],
    row: &ImportedRow,
    file: i64,
) -> Result<Before, ImportError> {
    let subject = serde_json::to_string(&row.subject)
        .map_err(|error| CommitError::Encode(error.to_string()))?;
    let sums = &row.activity;
    let same = transaction
        .prepare_cached(
            "SELECT subject = ?2 AND fuel_card_ml = ?3 AND hvo_card_ml = ?4 AND claimed_m = ?5 AND product = ?6 FROM imported WHERE key = ?1",
        )?
        .query_row(params![key, subject, sums.fuel_card.0, sums.hvo_card.0, sums.claimed.0, sums.metered], |row| row.get(0))
        .optional()?;
    if same == Some(true) {
        return Ok(Before::Same);
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO imported
             (key, kind, first_day, last_day, subject, fuel_card_ml, hvo_card_ml, claimed_m, odometer_m, file, line, product)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            key,
            row.kind.name(),
            row.first_day.0,
            row.last_day.0,
            subject,
            sums.fuel_card.0,
            sums.hvo_card.0,
            sums.claimed.0,
            row.odometer_m,
            file,
            row.line as i64,
            sums.metered
        ])?;
    Ok(if same.is_some() {
        Before::Other
    } else {
        Before::Not
    })
}

fn put_indicator(transaction: &Transaction<'_>, row: &Indicator) -> rusqlite::Result<Before> {
    let key = params![
        row.key.organisation,
        row.key.name,
        row.key.month.count(),
        row.value,
        row.unit
    ];
    let same = transaction
        .prepare_cached("SELECT value = ?4 AND unit IS ?5 FROM indicator WHERE organisation = ?1 AND name = ?2 AND month = ?3")?
        .query_row(key, |row| row.get(0))
        .optional()?;
    if same == Some(true) {
        return Ok(Before::Same);
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO indicator (organisation, name, month, value, unit, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![row.key.organisation, row.key.name, row.key.month.count(), row.value, row.unit, row.at.0])?;
    Ok(if same.is_some() {
        Before::Other
    } else {
        Before::Not
    })
}
