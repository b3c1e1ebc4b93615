//! Annual figures as they were at their freeze and after each change: written beside the daemon's own connection, never changed.

use std::path::Path;

use rusqlite::{TransactionBehavior, params};

use super::read::{ReadError, Reader};
use super::{CommitError, OpenError, open};
use crate::model::YearVersion;
use crate::units::{Calendar, Day, FinancialYear, KgCo2e};

/// A version of a year could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] CommitError),
}

impl From<rusqlite::Error> for KeepError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Write(error.into())
    }
}

/// Keeps versions in the store of a folder. One that is there already stays as it is.
pub fn keep_years(directory: &Path, versions: &[YearVersion]) -> Result<(), KeepError> {
    let (mut connection, _) = open::connect_beside(directory)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for version in versions {
        let sql = "SELECT count(*) FROM year_figure WHERE year = ?1 AND as_of = ?2";
        let there: i64 =
            transaction.query_row(sql, params![version.year.0, version.as_of.0], |row| {
                row.get(0)
            })?;
        for ((organisation, scope), kgco2e) in version.kgco2e.iter().filter(|_| there == 0) {
            transaction
                .prepare_cached("INSERT INTO year_figure VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                .execute(params![
                    version.year.0,
                    version.as_of.0,
                    organisation,
                    scope,
                    kgco2e.get(),
                    version.factor_sets,
                    version.method_version
                ])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

impl Reader {
    /// Every version of the years that lie in `from..=to`, by year, the freeze first.
    pub fn year_versions(
        &self,
        from: Day,
        to: Day,
        calendar: &Calendar,
    ) -> Result<Vec<YearVersion>, ReadError> {
        let mut statement = self.0.prepare_cached(
            "SELECT year, as_of, organisation, scope, kgco2e, factor_sets, method_version FROM year_figure
             WHERE year BETWEEN ?1 AND ?2 ORDER BY year, as_of",
        )?;
        let mut rows = statement.query(params![
            from.financial_year(calendar).0,
            to.financial_year(calendar).0
        ])?;
        let mut versions: Vec<YearVersion> = Vec::new();
        while let Some(row) = rows.next()? {
            let (year, as_of) = (FinancialYear(row.get(0)?), Day(row.get(1)?));
            if year.first_day(calendar) < from || year.last_day(calendar) > to {
                continue;
            }
            if versions
                .last()
                .is_none_or(|last| (last.year, last.as_of) != (year, as_of))
            {
                let (factor_sets, method_version) = (row.get(5)?, row.get(6)?);
                versions.push(YearVersion {
                    year,
                    as_of,
                    kgco2e: std::collections::BTreeMap::new(),
                    factor_sets,
                    method_version,
                });
            }
            if let Some(version) = versions.last_mut() {
                let kgco2e = KgCo2e::new(row.get(4)?).unwrap_or_default();
                version.kgco2e.insert((row.get(2)?, row.get(3)?), kgco2e);
            }
        }
        Ok(versions)
    }
}
