//! Writes rows of `fleet_emissions` of past days anew when late data have changed a day: fuel cards, mileage claims, what vehicles kept in their
//! memory, a corrected register or factor. What was handed over last is kept in the store, so that only differences are written, over restarts
//! too; and what a day no longer has is written as nothing.

use std::collections::BTreeMap;
use std::path::Path;

use crate::ledger::emissions::{
    ROW_METHODS, RowKey, Scope, Setting, day_rows, inventory, row_key, with_every_method, with_vanished,
};
use crate::model::{Activity, ActivityKey, EmissionsFact};
use crate::store::{DayRow, Reader, keep_day_rows};
use crate::units::Day;

/// Late data of two months: a fuel card's statement comes within one.
pub(super) const DAYS_BACK: i32 = 62;
/// The newest day that is looked at: younger ones may not be in the store as a whole before the next checkpoint, and their rows are the engine's.
const NEWEST: i32 = 2;

/// The rows to write. `all`: everything that stands, not only what is new; at a start, since what was handed
/// over last may not have reached the disk.
pub fn news(
    reader: &Reader,
    directory: &Path,
    (setting, today): (&Setting<'_>, Day),
    activity: &BTreeMap<ActivityKey, Activity>,
    all: bool,
) -> Result<Vec<EmissionsFact>, String> {
    let (first, last) = (Day(today.0 - DAYS_BACK), Day(today.0 - NEWEST));
    let mut kept: BTreeMap<Day, BTreeMap<RowKey, EmissionsFact>> = BTreeMap::new();
    for row in reader.day_rows(first, last).map_err(|error| error.to_string())? {
        let day = row.day;
        if let Some(fact) = fact(row) {
            kept.entry(day).or_default().insert(row_key(&fact), fact);
        }
    }
    let mut days: BTreeMap<Day, BTreeMap<ActivityKey, Activity>> = BTreeMap::new();
    for (key, sums) in activity.iter().filter(|(key, _)| (first..=last).contains(&key.day)) {
        days.entry(key.day).or_default().insert(key.clone(), *sums);
    }
    // A day that has lost all of its activity still has its rows.
    for day in kept.keys() {
        days.entry(*day).or_default();
    }
    let (mut news, mut changed) = (Vec::new(), Vec::new());
    for (day, activity) in days {
        let now = if activity.is_empty() { Vec::new() } else { day_rows(&inventory(&activity, setting), day) };
        let before = kept.remove(&day);
        let rows = match &before {
            Some(before) => with_vanished(now, before),
            None => with_every_method(now),
        };
        let before = before.unwrap_or_default();
        let differs = |row: &&EmissionsFact| before.get(&row_key(row)) != Some(*row);
        changed.extend(rows.iter().filter(differs).map(|row| stored(day, row)));
        news.extend(rows.into_iter().filter(|row| all || before.get(&row_key(row)) != Some(row)));
    }
    if !changed.is_empty() {
        keep_day_rows(directory, &changed, first).map_err(|error| error.to_string())?;
    }
    Ok(news)
}

fn stored(day: Day, row: &EmissionsFact) -> DayRow {
    DayRow {
        day,
        fleet: row.fleet.clone(),
        vehicle_class: row.vehicle_class.clone(),
        scope: row.scope.to_owned(),
        method: row.method.to_owned(),
        kgco2e: row.kgco2e,
        sd_kgco2e: row.sd_kgco2e,
        distance_m: row.distance_m,
        energy_dwh: row.energy_dwh,
        fuel_ml: row.fuel_ml,
        factor_set: row.factor_set.clone(),
    }
}

/// `None` for words of another version of the program.
fn fact(row: DayRow) -> Option<EmissionsFact> {
    let scope = Scope::ALL.into_iter().map(Scope::name).find(|name| *name == row.scope)?;
    let (method, tier) = ROW_METHODS.iter().find(|(name, _)| *name == row.method)?;
    Some(EmissionsFact {
        fleet: row.fleet,
        vehicle_class: row.vehicle_class,
        scope,
        method,
        at: row.day.start(),
        kgco2e: row.kgco2e,
        sd_kgco2e: row.sd_kgco2e,
        tier: *tier,
        distance_m: row.distance_m,
        energy_dwh: row.energy_dwh,
        fuel_ml: row.fuel_ml,
        factor_set: row.factor_set,
    })
}
