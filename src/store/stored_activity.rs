//! Reads the activity of a range of days with what the engine needs to judge it: the months around it and the frozen years.

use super::Reader;
use crate::engine::{Engine, StoredActivity};
use crate::units::{Calendar, Day};

/// The store's activity of days, and of the months with an influence on them.
pub fn stored_activity(
    reader: &Reader,
    from: Day,
    to: Day,
    calendar: &Calendar,
) -> Result<StoredActivity, String> {
    let (first, last) = Engine::months_with_influence(from, to);
    let mut stored = StoredActivity::default();
    let generation = reader.each_activity(first, last, |row| {
        stored.months.add(&row.key, &row.activity);
        if (from..=to).contains(&row.key.day) {
            stored.rows.push(row);
        }
    });
    stored.years = reader
        .year_versions(from, to, calendar)
        .map_err(|error| error.to_string())?;
    stored.generation = generation.map_err(|error| error.to_string())?;
    Ok(stored)
}
