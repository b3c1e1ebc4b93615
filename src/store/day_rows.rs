//! Rows of past days as they were handed over last: their tags, and a digest of the line.

use rusqlite::params;

use super::commit::{CommitError, Store};
use super::read::{ReadError, Reader};
use crate::units::Day;

/// A row of a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayRow {
    /// The day, by the clocks of the jurisdiction.
    pub day: Day,
    /// Measurement and tags, as text.
    pub tags: String,
    /// Of the whole line.
    pub digest: i64,
}

impl Store {
    /// Puts rows in the place of those with the same tags; days before `oldest` are forgotten.
    pub fn keep_day_rows(&mut self, rows: &[DayRow], oldest: Day) -> Result<(), CommitError> {
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM emission_row WHERE day < ?1", params![oldest.0])?;
        {
            let mut put = transaction
                .prepare_cached("INSERT OR REPLACE INTO emission_row VALUES (?1, ?2, ?3)")?;
            for row in rows {
                put.execute(params![row.day.0, row.tags, row.digest])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

impl Reader {
    /// What is kept of days.
    pub fn day_rows(&self, from: Day, to: Day) -> Result<Vec<DayRow>, ReadError> {
        let mut statement = self.0.prepare_cached(
            "SELECT day, tags, digest FROM emission_row WHERE day BETWEEN ?1 AND ?2",
        )?;
        let rows = statement.query_map(params![from.0, to.0], |row| {
            Ok(DayRow {
                day: Day(row.get(0)?),
                tags: row.get(1)?,
                digest: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
