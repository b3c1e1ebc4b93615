//! What stands behind a day: each vehicle's months, from which the source of its fuel, its own consumption and gaps are told.
//!
//! Choices are made per vehicle and calendar month, never per question: so a day has the same figure whatever stretch it is asked in, and
//! the days add up. A card's litres are of the kilometres since the last fill, which is why a day alone cannot choose.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::class::factor_class;
use crate::ledger::transition::in_scope;
use crate::model::register::{Register, Vehicle};
use crate::model::{Activity, ActivityKey, Subject};
use crate::units::{Calendar, Day, Month};

/// A ratio of fewer kilometres is noise (an assumption).
const LEAST_M: i64 = 500_000;
/// An April-March year with so many measured months gives its own ratio (an assumption; G16 has ten of twelve).
const LEAST_MONTHS: usize = 6;

/// A vehicle's month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MonthSums {
    /// By odometer, m.
    pub distance_m: i64,
    /// Claimed or read by hand, m.
    pub claimed_m: i64,
    /// Bought by card or from a bunker, ml.
    pub card_ml: i64,
    /// Some of it is neither HVO nor of a product that the card names.
    pub card_unnamed: bool,
    /// By the vehicle's own total, ml.
    pub can_ml: i64,
    /// By odometer on days on which that total was heard, m.
    pub can_m: i64,
    /// Some meter saw it take energy.
    pub energy: bool,
}

impl MonthSums {
    /// Adds another's sums.
    pub(super) fn add(&mut self, other: &Self) {
        self.distance_m += other.distance_m;
        self.claimed_m += other.claimed_m;
        self.card_ml += other.card_ml;
        self.card_unnamed |= other.card_unnamed;
        self.can_ml += other.can_ml;
        self.can_m += other.can_m;
        self.energy |= other.energy;
    }

    /// Its kilometres by the better source: never both.
    pub fn metres(&self) -> i64 {
        if self.distance_m != 0 {
            self.distance_m
        } else {
            self.claimed_m
        }
    }

    /// Fuel in ml and the metres it was measured over, by the better source.
    fn measured(&self) -> Option<(i64, i64)> {
        let (ml, metres) = if self.card_ml > 0 {
            (self.card_ml, self.metres())
        } else {
            (self.can_ml, self.can_m)
        };
        (ml > 0 && metres > 0).then_some((ml, metres))
    }
}

/// Months of vehicles, by vehicle.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Months(BTreeMap<Arc<str>, BTreeMap<Month, MonthSums>>);

impl Months {
    /// The months of activity sums.
    pub fn of<'a>(activity: impl IntoIterator<Item = (&'a ActivityKey, &'a Activity)>) -> Self {
        let mut months = Self::default();
        for (key, sums) in activity {
            months.add(key, sums);
        }
        months
    }

    /// Adds a day.
    pub fn add(&mut self, key: &ActivityKey, sums: &Activity) {
        let (id, charged) = match &key.subject {
            Subject::Vehicle(id) => (id, 0),
            Subject::Charging { user, .. } => match user.vehicle() {
                Some(id) => (id, sums.charged_dwh),
                None => return,
            },
            Subject::GreyFleet { .. } => return,
        };
        let month = self
            .0
            .entry(id.clone())
            .or_default()
            .entry(Month::of_day(key.day))
            .or_default();
        month.distance_m += sums.distance_m;
        month.claimed_m += sums.claimed_m;
        month.card_ml += sums.fuel_card_ml;
        month.card_unnamed |= sums.card_unnamed();
        month.energy |= charged != 0 || sums.vehicle_grid_dwh != 0;
        if sums.metered & Activity::FUEL_METERED != 0 {
            month.can_ml += sums.fuel_ml;
            month.can_m += sums.distance_m;
        }
    }

    /// A vehicle's month, if anything is known of it.
    pub fn get(&self, vehicle: &str, month: Month) -> Option<&MonthSums> {
        self.0.get(vehicle)?.get(&month)
    }

    /// All months of all vehicles.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, Month, &MonthSums)> {
        self.0
            .iter()
            .flat_map(|(id, months)| months.iter().map(move |(month, sums)| (id, *month, sums)))
    }

    /// Litres per kilometre of the vehicle itself for a month without litres: of the same season a year before, else of the month's
    /// own fiscal year, else of the twelve months before or after.
    pub fn own_ratio(&self, vehicle: &str, month: Month, calendar: &Calendar) -> Option<f64> {
        let months = self.0.get(vehicle)?;
        let of = |from: i32, to: i32, least: usize| {
            let (mut ml, mut metres, mut count) = (0, 0, 0);
            for sums in months
                .range(month.plus(from)..=month.plus(to))
                .filter_map(|(_, sums)| sums.measured())
            {
                ml += sums.0;
                metres += sums.1;
                count += 1;
            }
            // ml per m are litres per km.
            (metres >= LEAST_M && count >= least).then(|| ml as f64 / metres as f64)
        };
        let year = month.first_day().financial_year(calendar);
        let since_start = month.since(Month::of_day(year.first_day(calendar)));
        of(-13, -11, 1)
            .or_else(|| of(-since_start, 11 - since_start, LEAST_MONTHS))
            .or_else(|| of(-12, -1, 1))
            .or_else(|| of(1, 12, 1))
    }

    /// Litres per kilometre over everything known of a vehicle: of one that is gone and was replaced.
    pub fn lifetime_ratio(&self, vehicle: &str) -> Option<f64> {
        let measured = self
            .0
            .get(vehicle)?
            .values()
            .filter_map(MonthSums::measured);
        let (ml, metres) = measured.fold((0, 0), |sum, (ml, metres)| (sum.0 + ml, sum.1 + metres));
        (metres >= LEAST_M).then(|| ml as f64 / metres as f64)
    }

    /// Metres per in-service day of the fleet's vehicles of a class, over the twelve months up to a month (tier 5).
    pub fn mean_m_per_day(&self, register: &Register, class: &str, month: Month) -> Option<f64> {
        let (mut metres, mut days) = (0, 0);
        for vehicle in register
            .vehicles
            .iter()
            .filter(|vehicle| factor_class(vehicle) == Some(class))
        {
            let Some(months) = self.0.get(&vehicle.id) else {
                continue;
            };
            for (month, sums) in months
                .range(month.plus(-11)..=month)
                .filter(|(_, sums)| sums.metres() > 0)
            {
                metres += sums.metres();
                days += service_days(vehicle, month.first_day(), month.last_day());
            }
        }
        (days > 0).then(|| metres as f64 / f64::from(days))
    }
}

/// Days of `from..=to` on which the vehicle is in service and in scope.
pub(super) fn service_days(vehicle: &Vehicle, from: Day, to: Day) -> i32 {
    let from = vehicle
        .in_service_from
        .map_or(from, |first| first.max(from));
    let to = vehicle
        .in_service_to
        .map_or(to, |first_out| Day(first_out.0 - 1).min(to));
    if to < from || !in_scope(vehicle, from) {
        0
    } else {
        to.0 - from.0 + 1
    }
}
