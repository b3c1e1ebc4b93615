//! The fleet month by month, by the in- and out-of-service dates of a register: the vehicles that are counted, and their classes at each month's end.
//!
//! Intervals are half-open, a month's figure is that of its last instant, and every denominator is counted anew from the register, never
//! carried forward. A vehicle without a date in service is counted in every month, and reported as undated.

use std::sync::Arc;

use super::{Counts, Profile, classify, in_scope};
use crate::model::register::{Ownership, Register, Role, Vehicle};
use crate::units::{Day, Month};

/// Which vehicles of the fleet are meant. An empty list excludes no vehicle.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Population {
    /// Only of this organisation.
    pub organisation: Option<Arc<str>>,
    /// Only of these roles.
    pub roles: Vec<Role>,
    /// Not of these roles.
    pub exclude_roles: Vec<Role>,
    /// Only of these owners; empty is owned, leased, hired and not stated.
    pub ownership: Vec<Ownership>,
    /// Only those that came into service in so many months up to the day.
    pub new_in_months: Option<i32>,
}

impl Population {
    /// The vehicle is counted on the day; `None` where a blank cell of the register leaves that open.
    pub fn holds(&self, vehicle: &Vehicle, day: Day) -> Option<bool> {
        if !in_scope(vehicle, day)
            || self
                .organisation
                .as_ref()
                .is_some_and(|wanted| vehicle.organisation.as_ref() != Some(wanted))
        {
            return Some(false);
        }
        if !self.ownership.is_empty() && !self.ownership.contains(&vehicle.ownership?) {
            return Some(false);
        }
        if !self.roles.is_empty() || !self.exclude_roles.is_empty() {
            let role = vehicle.role?;
            if self.exclude_roles.contains(&role)
                || !(self.roles.is_empty() || self.roles.contains(&role))
            {
                return Some(false);
            }
        }
        Some(match self.new_in_months {
            None => true,
            Some(months) => vehicle.in_service_from? >= months_before(day, months),
        })
    }

    /// The vehicles counted on a day.
    pub fn vehicles<'a>(
        &'a self,
        register: &'a Register,
        day: Day,
    ) -> impl Iterator<Item = &'a Vehicle> {
        register
            .vehicles
            .iter()
            .filter(move |vehicle| self.holds(vehicle, day) == Some(true))
    }

    /// Classes on a day.
    pub fn counts(&self, register: &Register, profile: &Profile, day: Day) -> Counts {
        let mut counts = Counts::default();
        for vehicle in self.vehicles(register, day) {
            counts.add(classify(vehicle, profile, day).class);
        }
        counts
    }

    /// What the register leaves open.
    pub fn undated(&self, register: &Register, day: Day) -> Undated {
        let without = |vehicle: &&Vehicle| vehicle.in_service_from.is_none();
        Undated {
            without_start: self.vehicles(register, day).filter(without).count() as u32,
            not_placed: register
                .vehicles
                .iter()
                .filter(|vehicle| self.holds(vehicle, day).is_none())
                .count() as u32,
        }
    }
}

/// Vehicles that lack data in the register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Undated {
    /// No `in_service_from`: counted as if they had always been there.
    pub without_start: u32,
    /// A blank role, ownership or date leaves open whether they are counted: they are not.
    pub not_placed: u32,
}

/// The first day of the stretch of so many months that ends with the day.
fn months_before(day: Day, months: i32) -> Day {
    let month = Month::of_day(day).plus(-months);
    let (_, _, of_month) = day.ymd();
    Day((month.plus(-1).last_day().0 + i32::from(of_month)).min(month.last_day().0) + 1)
}

/// The classes at the end of a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MonthEnd {
    /// The month that ends.
    pub month: Month,
    /// On its last instant.
    pub counts: Counts,
}

/// The classes at the end of each month from `from` to `to`, both included.
pub fn month_end_counts(
    register: &Register,
    profile: &Profile,
    population: &Population,
    from: Month,
    to: Month,
) -> Vec<MonthEnd> {
    (0..=to.since(from))
        .map(|offset| from.plus(offset))
        .map(|month| MonthEnd {
            month,
            counts: population.counts(register, profile, month.last_day()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::ledger::transition::month_ends::*;

    #[test]
    fn twelve_months_up_to_a_day_are_a_year() {
        for (day, want) in [
            ("2028-03-31", "2027-04-01"),
            ("2028-02-29", "2027-03-01"),
            ("2027-02-28", "2026-03-01"),
            ("2027-05-10", "2026-05-11"),
        ] {
            let day: Day = day.parse().expect("a day");
            assert_eq!(months_before(day, 12).to_string(), want, "{day}");
        }
    }
}
