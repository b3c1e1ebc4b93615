//! The cache of half-hourly carbon intensities: the newest values of each half-hour with their vintage, as long as configured.

use rusqlite::{OptionalExtension, params};

use super::{CommitError, ReadError, Reader, Store};
use crate::model::{GridArea, IntensitySlot};
use crate::units::{GramsCo2PerKwh, UtcMs};

impl Store {
    /// Takes slots in, in one transaction, and drops those of the same areas before `oldest`. A value that is fetched again unchanged keeps its vintage;
    /// one that the source no longer has stays.
    pub fn put_intensity(
        &mut self,
        slots: &[IntensitySlot],
        oldest: UtcMs,
    ) -> Result<(), CommitError> {
        let transaction = self.connection.transaction()?;
        for slot in slots {
            transaction
                .prepare_cached(
                    "INSERT INTO intensity (area, start, forecast, actual, vintage) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (area, start) DO UPDATE SET
                     forecast = coalesce(excluded.forecast, forecast), actual = coalesce(excluded.actual, actual), vintage = excluded.vintage
                     WHERE (excluded.forecast IS NOT NULL AND excluded.forecast IS NOT forecast)
                     OR (excluded.actual IS NOT NULL AND excluded.actual IS NOT actual)",
                )?
                .execute(params![slot.area.0, slot.start.0, slot.forecast.map(GramsCo2PerKwh::get), slot.actual.map(GramsCo2PerKwh::get), slot.vintage.0])?;
        }
        let mut areas: Vec<GridArea> = slots.iter().map(|slot| slot.area).collect();
        areas.sort_unstable();
        areas.dedup();
        for area in areas {
            transaction
                .prepare_cached("DELETE FROM intensity WHERE area = ?1 AND start < ?2")?
                .execute(params![area.0, oldest.0])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

impl Reader {
    /// What is known of the half-hours that begin in `[from, to)`.
    pub fn intensity(&self, from: UtcMs, to: UtcMs) -> Result<Vec<IntensitySlot>, ReadError> {
        let mut statement = self.0.prepare_cached(
            "SELECT area, start, forecast, actual, vintage FROM intensity
             WHERE start >= ?1 AND start < ?2 ORDER BY area, start",
        )?;
        let rows = statement.query_map(params![from.0, to.0], |row| {
            Ok(IntensitySlot {
                area: GridArea(row.get(0)?),
                start: UtcMs(row.get(1)?),
                forecast: row.get::<_, Option<f64>>(2)?.and_then(GramsCo2PerKwh::new),
                actual: row.get::<_, Option<f64>>(3)?.and_then(GramsCo2PerKwh::new),
                vintage: UtcMs(row.get(4)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The newest half-hour known of an area.
    pub fn newest_intensity(&self, area: GridArea) -> Result<Option<UtcMs>, ReadError> {
        let newest = self.0.query_row(
            "SELECT max(start) FROM intensity WHERE area = ?1",
            [area.0],
            |row| row.get(0),
        );
        Ok(newest.optional()?.flatten().map(UtcMs))
    }
}
