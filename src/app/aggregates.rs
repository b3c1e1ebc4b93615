//! Reads from the store, once a day and beside the engine's thread, what the running day leans on: the months before it, the figures of
//! whole years, and the month that has just ended beside the same month of the year before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use crate::app::backfill;
use crate::app::backfill::PastRow;
use crate::engine::Engine;
use crate::ledger::air::{AirConfig, Pollutant, air};
use crate::ledger::emissions::{
    Inventory, InventoryContext, Months, inventory, year_changed, year_version,
};
use crate::ledger::factors::FactorSets;
use crate::ledger::series_tombstones::WrittenRows;
use crate::ledger::targets::{AirFigure, YearFigure, last_full_month};
use crate::model::register::{Register, Vehicle};
use crate::model::{ActivityData, ActivityKey, EmissionsSample, Subject, YearVersion};
use crate::store::{ReadError, Reader, keep_years};
use crate::units::{Calendar, Day, FinancialYear, KgCo2e, KgCo2ePerKwh, Km, Month, UtcMs};

/// So many whole months before the running one: a year, one more for the same season of the year before, and three for the past days that are
/// written anew.
const MONTHS_BEFORE: i32 = 13 + 3;
/// A month's emissions per kilometre are judged this many days after its end: fuel cards and what vehicles kept in their memory come late,
/// and until then its kilometres go by other tiers (an assumption; what comes later still is judged as a correction).
const SETTLED_DAYS: i32 = 7;
/// A pause before the store is read again when it could not be.
const RETRY_MS: i64 = 60_000;

/// The figures read from the store.
#[derive(Debug)]
pub(super) struct History {
    /// The months before today.
    pub months: Months,
    /// Figures of the fiscal years that the store covers from end to end.
    pub years: Years,
    /// The last month that ended a week ago or earlier, by organisation.
    pub ended: Vec<EmissionsSample>,
    /// Rows of past days that are to be written anew.
    pub rows: Vec<PastRow>,
}

/// Figures of the April-March years that the store covers from end to end.
#[derive(Debug, Default)]
pub(super) struct Years {
    /// First and last day with activity; `None` if there is none.
    pub covered: Option<(Day, Day)>,
    /// Emissions of each year, in t CO2e.
    pub yearly: Vec<YearFigure>,
    /// Air pollutants of each year, in kg.
    pub air: Vec<AirFigure>,
    /// The same years as they are today, to be kept when they are frozen.
    pub versions: Vec<YearVersion>,
}

/// What figures are computed with.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    /// The vehicles and organisations.
    pub register: Arc<Register>,
    /// Emission factors in force: those compiled in, with the site's own laid over them.
    pub factors: Arc<FactorSets>,
    /// How pollutants are computed.
    pub air: AirConfig,
    /// Factor of electricity without a contract.
    pub residual_factor: Option<KgCo2ePerKwh>,
}

/// Reads the history on a thread of its own, one at a time: a second one could be overtaken by the first.
#[derive(Debug, Default)]
pub(super) struct HistoryReader {
    /// The day that was read, or is being read.
    day: Option<Day>,
    coming: Option<Receiver<Result<History, String>>>,
    /// Not before: the last time failed.
    again: Option<UtcMs>,
}

impl HistoryReader {
    /// Starts reading when the day is a new one and `may_read`; returns what was read since, or why it cannot be.
    pub(super) fn poll(
        &mut self,
        now: UtcMs,
        may_read: bool,
        directory: &Path,
        engine: &Engine,
    ) -> Option<Result<History, String>> {
        let today = Day::of(now, engine.register().zone());
        let read = self
            .coming
            .as_ref()
            .and_then(|coming| match coming.try_recv() {
                Ok(read) => Some(read),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => {
                    Some(Err("the thread that reads it ended with a fault".to_owned()))
                }
            });
        let wanted = self.day.is_some();
        if let Some(read) = &read {
            self.coming = None;
            if read.is_err() {
                self.day = None;
                self.again = Some(now.plus(RETRY_MS));
            }
        }
        let paused = self
            .again
            .is_some_and(|again| (1..=RETRY_MS).contains(&again.since(now)));
        if self.coming.is_none() && read.is_none() && self.day != Some(today) && may_read && !paused
        {
            self.again = None;
            match start(today, directory, engine) {
                Ok(coming) => (self.coming, self.day) = (Some(coming), Some(today)),
                Err(reason) => {
                    self.again = Some(now.plus(RETRY_MS));
                    return Some(Err(reason));
                }
            }
        }
        // Of a register that is no longer in force: it is read again.
        read.filter(|_| wanted)
    }

    /// A new register: read again.
    pub(super) fn forget(&mut self) {
        (self.day, self.again) = (None, None);
    }
}

fn start(
    today: Day,
    directory: &Path,
    engine: &Engine,
) -> Result<Receiver<Result<History, String>>, String> {
    let (sender, receiver) = channel();
    let (directory, freeze_after) = (directory.to_owned(), engine.freeze_after_days());
    let written = engine.written_rows().clone();
    let basis = Basis {
        register: engine.register().clone(),
        factors: engine.factors().clone(),
        air: engine.air_config().clone(),
        residual_factor: engine.residual_factor(),
    };
    let work = move || drop(sender.send(read(&directory, today, &basis, (freeze_after, &written))));
    std::thread::Builder::new()
        .name("history".into())
        .spawn(work)
        .map(|_| receiver)
        .map_err(|error| error.to_string())
}

fn read(
    directory: &Path,
    today: Day,
    basis: &Basis,
    (freeze_after, written): (i32, &WrittenRows),
) -> Result<History, String> {
    let reader = Reader::open(directory).map_err(|error| error.to_string())?;
    let text = |error: ReadError| error.to_string();
    let months = months_before(&reader, today, &basis.register).map_err(text)?;
    let ended = ended_month(&reader, today, basis, &months).map_err(text)?;
    let years = years(&reader, basis, today).map_err(text)?;
    let calendar = &basis.register.jurisdiction.calendar;
    if let Err(error) = freeze(
        &reader,
        directory,
        (today, calendar),
        freeze_after,
        &years.versions,
    ) {
        tracing::warn!("figures of frozen years are not kept this time: {error}");
    }
    let rows = past_days(&reader, today, basis, (&months, written)).unwrap_or_else(|error| {
        tracing::warn!("rows of past days are not looked at this time: {error}");
        Vec::new()
    });
    Ok(History {
        ended,
        years,
        months,
        rows,
    })
}

fn past_days(
    reader: &Reader,
    today: Day,
    basis: &Basis,
    (months, written): (&Months, &WrittenRows),
) -> Result<Vec<PastRow>, String> {
    let activity =
        activity(reader, backfill::oldest(today), today).map_err(|error| error.to_string())?;
    let setting = InventoryContext {
        residual_factor: basis.residual_factor,
        ..InventoryContext::new(&basis.register, &basis.factors, months)
    };
    backfill::changed_rows(reader, (&setting, &basis.air, today), &activity, written)
}

/// Keeps the years that are due to be frozen, and new versions of those that have changed since.
fn freeze(
    reader: &Reader,
    directory: &Path,
    (today, calendar): (Day, &Calendar),
    after: i32,
    years: &[YearVersion],
) -> Result<(), String> {
    let kept = reader
        .year_versions(Day(0), today, calendar)
        .map_err(|error| error.to_string())?;
    let changed = |version: &&YearVersion| {
        let newest = kept.iter().rfind(|kept| kept.year == version.year);
        version.year.last_day(calendar).0 + after <= today.0
            && newest.is_none_or(|newest| year_changed(newest, version))
    };
    let changed: Vec<YearVersion> = years.iter().filter(changed).cloned().collect();
    if changed.is_empty() {
        Ok(())
    } else {
        keep_years(directory, &changed).map_err(|error| error.to_string())
    }
}

fn months_before(reader: &Reader, today: Day, register: &Register) -> Result<Months, ReadError> {
    let mut months = Months::default();
    let first = Month::of_day(today).plus(-MONTHS_BEFORE).first_day();
    reader.each_activity(first, today, |row| {
        let vehicle = match &row.key.subject {
            Subject::Vehicle(id) => Some(id),
            Subject::Charging { user, .. } => user.vehicle(),
            Subject::GreyFleet { .. } => None,
        };
        // Others have no emissions.
        if vehicle.is_some_and(|id| register.vehicle(id).is_some()) {
            months.add(&row.key, &row.activity);
        }
    })?;
    Ok(months)
}

/// A subject may have several rows for a day: what was imported stands in rows of its own.
fn activity(
    reader: &Reader,
    first: Day,
    last: Day,
) -> Result<BTreeMap<ActivityKey, ActivityData>, ReadError> {
    let mut activity: BTreeMap<ActivityKey, ActivityData> = BTreeMap::new();
    reader.each_activity(first, last, |row| {
        activity.entry(row.key).or_default().add(&row.activity)
    })?;
    Ok(activity)
}

/// kgCO2e per km of the fleet's vehicles in the last full month that has settled and a year before, where both are known. It is read again
/// every day, so that data which come late are seen.
fn ended_month(
    reader: &Reader,
    today: Day,
    basis: &Basis,
    months: &Months,
) -> Result<Vec<EmissionsSample>, ReadError> {
    let month = Month::of_day(Day(today.0 - SETTLED_DAYS)).plus(-1);
    let per_km = |month: Month| -> Result<BTreeMap<Arc<str>, f64>, ReadError> {
        let activity = activity(reader, month.first_day(), month.last_day())?;
        let found = inventory(
            &activity,
            &InventoryContext::new(&basis.register, &basis.factors, months),
        );
        let mut sums: BTreeMap<Arc<str>, (KgCo2e, Km)> = BTreeMap::new();
        for (key, figures) in found
            .lines
            .iter()
            .filter(|(key, _)| key.method != "grey_fleet")
        {
            let (emissions, distance) = sums.entry(key.organisation.clone()).or_default();
            *emissions += figures.in_use();
            *distance += figures.distance.km();
        }
        Ok(sums
            .into_iter()
            .filter(|(_, (_, distance))| *distance > Km::ZERO)
            .map(|(fleet, (emissions, distance))| (fleet, (emissions / distance).get()))
            .collect())
    };
    let before = per_km(month.plus(-12))?;
    let samples = per_km(month)?
        .into_iter()
        .filter_map(|(fleet, kgco2e_per_km)| {
            let last_year = *before.get(&fleet)?;
            Some(EmissionsSample {
                fleet,
                month,
                kgco2e_per_km,
                last_year,
            })
        });
    Ok(samples.collect())
}

/// Figures of the years that are over at a day, from the store's activity. Years that the store covers in part have no figures.
pub(super) fn years(reader: &Reader, basis: &Basis, as_of: Day) -> Result<Years, ReadError> {
    let mut years = Years::default();
    let mut months = Months::default();
    reader.each_activity(Day(0), as_of, |row| {
        let day = row.key.day;
        let (first, last) = years.covered.unwrap_or((day, day));
        years.covered = Some((first.min(day), last.max(day)));
        months.add(&row.key, &row.activity);
    })?;
    let Some((first, last)) = years.covered else {
        return Ok(years);
    };
    let calendar = &basis.register.jurisdiction.calendar;
    let of = |day: Day| day.financial_year(calendar).0;
    for year in (of(first)..=of(last)).map(FinancialYear) {
        let (from, to) = (year.first_day(calendar), year.last_day(calendar));
        if from < first || to > last || last_full_month(as_of).last_day() < to {
            continue;
        }
        let activity = activity(reader, from, to)?;
        // Silence is filled as in the report and /api/v1/emissions: one year has one figure.
        let fill = Some((from, to));
        let found = inventory(
            &activity,
            &InventoryContext {
                fill,
                ..InventoryContext::new(&basis.register, &basis.factors, &months)
            },
        );
        years.versions.push(year_version(year, as_of, &found));
        years
            .yearly
            .extend(staff_travel(&activity, &found, basis, year));
        years.yearly.push(fleet_tonnes(&found, year));
        years
            .air
            .extend(pollutants(&activity, basis, &months, year));
    }
    Ok(years)
}

/// Scope 1 and location-based scope 2 of the fleet; the market-based view is never added to it.
fn fleet_tonnes(found: &Inventory, year: FinancialYear) -> YearFigure {
    let sets: BTreeSet<String> = found
        .lines
        .keys()
        .map(|key| key.factor_set.to_string())
        .collect();
    YearFigure {
        name: "fleet_tco2e".into(),
        year,
        value: found.total().in_use().get() / 1000.0,
        complete: found.not_computed.is_empty(),
        factor_set: Some(sets.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

fn pollutants(
    activity: &BTreeMap<ActivityKey, ActivityData>,
    basis: &Basis,
    months: &Months,
    year: FinancialYear,
) -> [AirFigure; 3] {
    let found = air(
        activity,
        &basis.register,
        &basis.factors,
        months,
        &basis.air,
    );
    let total = found.total();
    Pollutant::ALL.map(|pollutant| AirFigure {
        pollutant: Arc::from(pollutant.name()),
        year,
        kg: total
            .pollutant(pollutant, basis.air.include_non_exhaust)
            .kilograms()
            .get(),
        complete: found.not_computed_distance.is_zero(),
    })
}

/// Business travel in other people's cars, scope 3.6: what staff claimed and what was hired for a few days. Without a word in some month
/// the year is not complete, and without any there is no figure.
fn staff_travel(
    activity: &BTreeMap<ActivityKey, ActivityData>,
    found: &Inventory,
    basis: &Basis,
    year: FinancialYear,
) -> Option<YearFigure> {
    let travel = |subject: &Subject| match subject {
        Subject::GreyFleet { .. } => true,
        Subject::Vehicle(id) => basis
            .register
            .vehicle(id)
            .is_some_and(Vehicle::is_business_travel),
        Subject::Charging { .. } => false,
    };
    let driven = activity.iter().filter(|(key, sums)| {
        (!sums.claimed.is_zero() || !sums.distance.is_zero()) && travel(&key.subject)
    });
    let months: BTreeSet<Month> = driven.map(|(key, _)| Month::of_day(key.day)).collect();
    let lines = || {
        found
            .lines
            .iter()
            .filter(|(key, _)| key.method == "grey_fleet")
    };
    let sets: BTreeSet<String> = lines().map(|(key, _)| key.factor_set.to_string()).collect();
    (!sets.is_empty()).then(|| YearFigure {
        name: "staff_travel_tco2e".into(),
        year,
        value: lines()
            .map(|(_, figures)| figures.scope3.grey_fleet)
            .sum::<KgCo2e>()
            .get()
            / 1000.0,
        complete: months.len() == 12
            && found
                .not_computed
                .iter()
                .all(|id| !id.starts_with("grey fleet")),
        factor_set: Some(sets.into_iter().collect::<Vec<_>>().join(", ")),
    })
}
