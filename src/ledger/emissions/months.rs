//! Activity by vehicle and month, which decides on the source of its fuel, gives its own consumption and shows gaps.
//!
//! The source is chosen per vehicle and calendar month, not per query, so a day has the same figure in every period and the days add up.
//! The litres of a card belong to the kilometres since the last fill, so a single day cannot decide.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::class::factor_class;
use crate::ledger::transition::in_scope;
use crate::model::register::{Register, Vehicle};
use crate::model::{ActivityData, ActivityKey, Subject};
use crate::units::{
    Calendar, Day, LitresPerKm, Metres, MetresPerDay, Millilitres, Month, TenthWattHours,
};

/// A ratio over fewer kilometres is noise (an assumption).
const MIN_DISTANCE: Metres = Metres(500_000);
/// A fiscal year with this many measured months gives its own ratio (an assumption).
const MIN_MONTHS: usize = 6;

/// A vehicle's month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MonthSums {
    /// Distance by the odometer.
    pub distance: Metres,
    /// Distance claimed or read by hand.
    pub claimed: Metres,
    /// Fuel bought by card or drawn from a bunker.
    pub card: Millilitres,
    /// Some of the card's fuel is neither HVO nor of a product that the card names.
    pub card_unnamed: bool,
    /// Fuel by the total of the vehicle itself.
    pub can: Millilitres,
    /// Distance by the odometer on the days on which the vehicle reported that total.
    pub can_distance: Metres,
    /// A meter measured energy for the vehicle.
    pub energy: bool,
}

impl MonthSums {
    /// Adds the sums of another.
    pub(super) fn add(&mut self, other: &Self) {
        self.distance += other.distance;
        self.claimed += other.claimed;
        self.card += other.card;
        self.card_unnamed |= other.card_unnamed;
        self.can += other.can;
        self.can_distance += other.can_distance;
        self.energy |= other.energy;
    }

    /// The distance by the better source: never both.
    pub fn driven(&self) -> Metres {
        if self.distance.is_zero() {
            self.claimed
        } else {
            self.distance
        }
    }

    /// Fuel and the distance it was measured over, by the better source.
    fn measured(&self) -> Option<(Millilitres, Metres)> {
        let (fuel, distance) = if self.card > Millilitres::ZERO {
            (self.card, self.driven())
        } else {
            (self.can, self.can_distance)
        };
        (fuel > Millilitres::ZERO && distance > Metres::ZERO).then_some((fuel, distance))
    }
}

/// The months of every vehicle.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Months(BTreeMap<Arc<str>, BTreeMap<Month, MonthSums>>);

impl Months {
    /// The months of activity data.
    pub fn from_activity<'a>(
        activity: impl IntoIterator<Item = (&'a ActivityKey, &'a ActivityData)>,
    ) -> Self {
        let mut months = Self::default();
        for (key, sums) in activity {
            months.add(key, sums);
        }
        months
    }

    /// Adds a day of a subject.
    pub fn add(&mut self, key: &ActivityKey, sums: &ActivityData) {
        let (id, charged) = match &key.subject {
            Subject::Vehicle(id) => (id, TenthWattHours::ZERO),
            Subject::Charging { user, .. } => match user.vehicle() {
                Some(id) => (id, sums.charged),
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
        month.distance += sums.distance;
        month.claimed += sums.claimed;
        month.card += sums.fuel_card;
        month.card_unnamed |= sums.card_unnamed();
        month.energy |= !charged.is_zero() || !sums.vehicle_grid.is_zero();
        if sums.metered & ActivityData::FUEL_METERED != 0 {
            month.can += sums.fuel;
            month.can_distance += sums.distance;
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

    /// The consumption of the vehicle itself for a month without litres: of the same season a year before, else of the month's own
    /// fiscal year, else of the twelve months before or after.
    pub fn own_ratio(
        &self,
        vehicle: &str,
        month: Month,
        calendar: &Calendar,
    ) -> Option<LitresPerKm> {
        let months = self.0.get(vehicle)?;
        let of = |from: i32, to: i32, min_months: usize| {
            let (mut fuel, mut distance, mut count) = (Millilitres::ZERO, Metres::ZERO, 0);
            for sums in months
                .range(month.plus(from)..=month.plus(to))
                .filter_map(|(_, sums)| sums.measured())
            {
                fuel += sums.0;
                distance += sums.1;
                count += 1;
            }
            (distance >= MIN_DISTANCE && count >= min_months).then(|| fuel / distance)
        };
        let year = month.first_day().financial_year(calendar);
        let since_start = month.since(Month::of_day(year.first_day(calendar)));
        of(-13, -11, 1)
            .or_else(|| of(-since_start, 11 - since_start, MIN_MONTHS))
            .or_else(|| of(-12, -1, 1))
            .or_else(|| of(1, 12, 1))
    }

    /// The consumption of a vehicle over everything known of it, for one that left and was replaced.
    pub fn lifetime_ratio(&self, vehicle: &str) -> Option<LitresPerKm> {
        let measured = self
            .0
            .get(vehicle)?
            .values()
            .filter_map(MonthSums::measured);
        let (fuel, distance) = measured.fold(
            (Millilitres::ZERO, Metres::ZERO),
            |sum, (fuel, distance)| (sum.0 + fuel, sum.1 + distance),
        );
        (distance >= MIN_DISTANCE).then(|| fuel / distance)
    }

    /// Distance per day in service of the fleet's vehicles of a class, over the twelve months up to a month (tier 5).
    pub(super) fn mean_per_day(
        &self,
        register: &Register,
        class: &str,
        month: Month,
    ) -> Option<MetresPerDay> {
        let (mut distance, mut days) = (Metres::ZERO, 0);
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
                .filter(|(_, sums)| sums.driven() > Metres::ZERO)
            {
                distance += sums.driven();
                days += service_days(vehicle, month.first_day(), month.last_day());
            }
        }
        (days > 0).then(|| distance.per_day(days))
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
