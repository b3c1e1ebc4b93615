//! Rows of `fleet_emissions` of past days as they were handed over last: written beside the daemon's own connection, once a day.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{TransactionBehavior, params};

use super::read::{ReadError, Reader};
use super::{KeepError, open};
use crate::units::Day;

/// A row of a day.
#[derive(Clone, PartialEq, Debug)]
pub struct DayRow {
    /// The London day.
    pub day: Day,
    /// Tag.
    pub fleet: Arc<str>,
    /// Tag.
    pub vehicle_class: Arc<str>,
    /// Tag.
    pub scope: String,
    /// Tag.
    pub method: String,
    /// kgCO2e.
    pub kgco2e: f64,
    /// One standard deviation.
    pub sd_kgco2e: f64,
    /// m.
    pub distance_m: i64,
    /// Tenths of Wh.
    pub energy_dwh: i64,
    /// ml.
    pub fuel_ml: i64,
    /// Factors behind it.
    pub factor_set: String,
}

/// Puts rows in the place of those with the same tags; days before `oldest` are forgotten.
pub fn keep_day_rows(directory: &Path, rows: &[DayRow], oldest: Day) -> Result<(), KeepError> {
    let (mut connection, _) = open::connect_beside(directory)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM emission_row WHERE day < ?1", params![oldest.0])?;
    for row in rows {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO emission_row VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?
            .execute(params![
                row.day.0,
                row.fleet,
                row.vehicle_class,
                row.scope,
                row.method,
                row.kgco2e,
                row.sd_kgco2e,
                row.distance_m,
                row.energy_dwh,
                row.fuel_ml,
                row.factor_set
            ])?;
    }
    transaction.commit()?;
    Ok(())
}

impl Reader {
    /// What is kept of days.
    pub fn day_rows(&self, from: Day, to: Day) -> Result<Vec<DayRow>, ReadError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM emission_row WHERE day BETWEEN ?1 AND ?2")?;
        let mut rows = statement.query(params![from.0, to.0])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(DayRow {
                day: Day(row.get(0)?),
                fleet: row.get(1)?,
                vehicle_class: row.get(2)?,
                scope: row.get(3)?,
                method: row.get(4)?,
                kgco2e: row.get(5)?,
                sd_kgco2e: row.get(6)?,
                distance_m: row.get(7)?,
                energy_dwh: row.get(8)?,
                fuel_ml: row.get(9)?,
                factor_set: row.get(10)?,
            });
        }
        Ok(found)
    }
}
