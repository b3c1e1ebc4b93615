//! A target as data: what is measured, where it is to be, by when, from where, along which path. No figure of it is ever guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calendar::month_scale;
use super::plan::Plan;
use crate::ledger::transition::{Population, Profile};
use crate::model::register::{Category, Role, Vehicle};
use crate::units::Day;

/// What kind of figure is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A share, 0 to 1.
    Share,
    /// The change since the baseline, as a share of it: -0.2 is a fifth less.
    Relative,
    /// A figure in its own unit.
    Level,
    /// A number of charge points or other countable items.
    Count,
    /// A monthly figure from elsewhere.
    Indicator,
}

/// On which side of the goal it is met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// At or above it.
    NotBelow,
    /// At or below it.
    NotAbove,
    /// A figure to start from: nothing to meet.
    Reference,
}

impl Comparison {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::NotBelow => ">=",
            Self::NotAbove => "<=",
            Self::Reference => "=",
        }
    }

    /// How much is missing; 0 or less is met.
    pub fn missing(self, value: f64, goal: f64) -> f64 {
        match self {
            Self::NotBelow | Self::Reference => goal - value,
            Self::NotAbove => value - goal,
        }
    }
}

/// Where the figure comes from.
#[derive(Clone, PartialEq, Debug)]
pub enum Measure {
    /// Vehicles of the register: how many of a population count under a profile.
    Fleet {
        /// `None` is the one in force.
        profile: Option<Profile>,
        /// The vehicles that the share is of.
        population: Population,
        /// Chance that a successor counts, where it is not certain.
        successor: Successor,
        /// Size of the fleet that is planned for the due date; `None` is the number by the register's dates.
        vehicles_at_due: Option<u32>,
    },
    /// A figure of April-March years.
    Yearly(Arc<str>),
    /// Yearly kilograms of these pollutants; all must meet it.
    Air(Vec<Arc<str>>),
    /// A monthly figure from elsewhere.
    Indicator {
        /// The organisation; `None` where only one has the indicator.
        organisation: Option<Arc<str>>,
        /// Name of the indicator.
        name: Arc<str>,
    },
    /// Charge points of the register in service.
    ChargePoints {
        /// The organisation; `None` is all of them.
        organisation: Option<Arc<str>>,
    },
}

/// Chance that a vehicle's successor counts, by role; `None` is not known.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Successor {
    /// Chance for blue-light vehicles.
    pub emergency: Option<f64>,
    /// Patient transport and other operational vehicles.
    pub non_emergency: Option<f64>,
    /// Chance for support vehicles.
    pub support: Option<f64>,
}

impl Successor {
    /// Every new vehicle counts: true of "low", since Euro 6 and VI have been law for new vehicles from 2016 on.
    pub const ALWAYS: Self = Self {
        emergency: Some(1.0),
        non_emergency: Some(1.0),
        support: Some(1.0),
    };

    /// That of a vehicle; one without a role has a chance only if it is the same for all.
    pub fn of(&self, vehicle: &Vehicle) -> Option<f64> {
        match vehicle.role {
            Some(Role::Emergency) => self.emergency,
            Some(Role::NonEmergency) => self.non_emergency,
            Some(Role::Support) => self.support,
            None => self.of_new(&Population::default()),
        }
    }

    /// The chance of a new vehicle of a population. Its role is not known, so there is one only if it is the same for all possible roles.
    pub(super) fn of_new(&self, population: &Population) -> Option<f64> {
        let roles = [
            (Role::Emergency, self.emergency),
            (Role::NonEmergency, self.non_emergency),
            (Role::Support, self.support),
        ];
        let holds = |role| {
            !population.exclude_roles.contains(&role)
                && (population.roles.is_empty() || population.roles.contains(&role))
        };
        let mut chances = roles
            .into_iter()
            .filter(|(role, _)| holds(*role))
            .map(|(_, chance)| chance);
        let first = chances.next()??;
        chances.all(|chance| chance == Some(first)).then_some(first)
    }
}

/// Where a path begins.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Baseline {
    /// Its figure is that at the end of this day.
    pub date: Option<Day>,
    /// Share, or figure in its own unit.
    pub value: Option<f64>,
    /// For a share of vehicles under a schedule: how many counted.
    pub vehicles: Option<u32>,
    /// By pollutant, kg.
    pub pollutants: BTreeMap<Arc<str>, f64>,
    /// Not the organisation's own figure.
    pub proxy: bool,
}

/// A goal, the way to it, and what is measured against it.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// Its name in rows, API and alerts.
    pub id: Arc<str>,
    /// What kind of figure.
    pub kind: Kind,
    /// What is measured, in words.
    pub metric: String,
    /// Where the figure comes from.
    pub measure: Measure,
    /// Share, change, or figure in its own unit.
    pub goal: f64,
    /// Which side is good.
    pub comparison: Comparison,
    /// The last day: met at its end. `None` is not stated.
    pub due: Option<Day>,
    /// Where it began.
    pub baseline: Baseline,
    /// The path from the baseline to the goal.
    pub plan: Plan,
    /// Remarks for the reader.
    pub note: String,
    /// Where it is written.
    pub source: String,
    /// How sure that is.
    pub confidence: String,
    /// Goal, due date and baseline are those of `[target]`.
    pub from_settings: bool,
    /// The same target under the name that stands first.
    pub alias_of: Option<Arc<str>>,
}

impl Target {
    /// The goal in the figure's own unit; a relative one needs the baseline.
    pub fn goal_level(&self) -> Option<f64> {
        match self.kind {
            Kind::Relative => self.baseline.value.map(|base| base * (1.0 + self.goal)),
            _ => Some(self.goal),
        }
    }

    /// The size of the fleet that the configuration plans for the due date.
    pub(super) fn vehicles_at_due(&self) -> Option<u32> {
        match self.measure {
            Measure::Fleet {
                vehicles_at_due, ..
            } => vehicles_at_due,
            _ => None,
        }
    }
}

/// The usual age of replacement, mean and standard deviation in years: emergency 7 and 1, non-emergency and cars 5 and 1, support 6 and
/// 1.5: assumptions, near the guideline for ambulances in Northern Ireland of 1997 (7 and 5). The age of the register goes first.
pub fn replacement_age(vehicle: &Vehicle) -> Option<super::forecast::ReplacementAge> {
    let usual = match (vehicle.category, vehicle.role) {
        (Some(Category::Car), _) | (_, Some(Role::NonEmergency)) => Some((5.0, 1.0)),
        (_, Some(Role::Emergency)) => Some((7.0, 1.0)),
        (_, Some(Role::Support)) => Some((6.0, 1.5)),
        (_, None) => None,
    };
    let (mu, sigma) = match (vehicle.replacement_age_years, usual) {
        (Some(own), usual) => (own, usual.map_or(1.0, |(_, sigma)| sigma)),
        (None, usual) => usual?,
    };
    Some(super::forecast::ReplacementAge { mu, sigma })
}

/// Years from a day to another by the calendar, as everything here counts months: two Marches are two years, leap day or not.
pub(super) fn years(from: Day, to: Day) -> f64 {
    (month_scale(to) - month_scale(from)) / 12.0
}

/// Age in years on a day, by first registration, else by the day it came into service.
pub fn age(vehicle: &Vehicle, day: Day) -> Option<f64> {
    let from = vehicle.first_registered.or(vehicle.in_service_from)?;
    Some(years(from, day).max(0.0))
}
