//! What a replacement plan would do: the share of vehicles month by month under it, and the tonnes that it would avoid.
//!
//! A replaced vehicle stays one vehicle of the fleet, of the successor's class from its date on. Nothing else changes: no growth, no other
//! replacement. Tonnes need a factor from outside; a class without one is named and not counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::calendar::last_full_month;
use super::fleet::{FleetShare, vehicles_needed};
use crate::ledger::emissions::factor_class;
use crate::ledger::transition::{Counts, Profile, classify, in_scope};
use crate::model::register::{EmissionClass, Register, Role, Vehicle};
use crate::units::{Day, Month};

/// No path is drawn further.
const MAX_MONTHS: i32 = 600;

/// A vehicle to be replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// Id of the vehicle.
    pub vehicle: Arc<str>,
    /// From this day on the successor is there.
    pub date: Day,
    /// Class of the successor.
    pub successor: EmissionClass,
}

/// So many vehicles of a kind a month.
#[derive(Clone, PartialEq, Debug)]
pub struct Conversion {
    /// The vehicles that are converted.
    pub which: Selector,
    /// Vehicles a month; parts of one add up.
    pub per_month: f64,
    /// Class of the successors.
    pub successor: EmissionClass,
}

/// Which vehicles are converted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// Every vehicle in scope.
    All,
    /// Of a role.
    Role(Role),
    /// By category (`van`) or DESNZ's class (`van_n1_iii`).
    Class(String),
}

impl Selector {
    fn takes(&self, vehicle: &Vehicle) -> bool {
        match self {
            Self::All => true,
            Self::Role(role) => vehicle.role == Some(*role),
            Self::Class(class) => {
                vehicle
                    .category
                    .is_some_and(|category| category.name() == class)
                    || factor_class(vehicle) == Some(class)
            }
        }
    }
}

/// The class of a new vehicle of a fuel in the place of another, registered on a day.
pub fn successor_class(
    replaced: &Vehicle,
    fuel: &str,
    profile: &Profile,
    date: Day,
) -> EmissionClass {
    let successor = Vehicle {
        fuel: Some(fuel.to_uppercase()),
        first_registered: Some(date),
        plug_in: None,
        co2_g_per_km: None,
        euro: None,
        euro_text: None,
        real_driving_emissions: None,
        engine_cc: None,
        retrofit: false,
        class_override: None,
        ..replaced.clone()
    };
    classify(&successor, profile, date).class
}

/// Which vehicles conversions take: at the end of each whole month after `as_of`, the oldest first, none that is as good already.
pub fn convert(
    register: &Register,
    profile: &Profile,
    conversions: &[Conversion],
    planned: &[Replacement],
    as_of: Day,
) -> Vec<Replacement> {
    let mut taken: BTreeSet<&str> = planned
        .iter()
        .map(|replacement| &*replacement.vehicle)
        .collect();
    let mut found = Vec::new();
    for conversion in conversions
        .iter()
        .filter(|conversion| conversion.per_month > 0.0)
    {
        let mut open: Vec<&Vehicle> = register
            .vehicles
            .iter()
            .filter(|vehicle| {
                in_scope(vehicle, as_of)
                    && conversion.which.takes(vehicle)
                    && !taken.contains(&*vehicle.id)
            })
            .filter(|vehicle| classify(vehicle, profile, as_of).class > conversion.successor)
            .collect();
        let built = |vehicle: &&Vehicle| {
            vehicle
                .first_registered
                .or(vehicle.in_service_from)
                .unwrap_or(Day(i32::MAX))
        };
        open.sort_by(|a, b| built(a).cmp(&built(b)).then_with(|| a.id.cmp(&b.id)));
        // The running month is not whole: five a month are not five in its last days.
        let first = Month::of_day(as_of).plus(1);
        for (index, vehicle) in open.into_iter().enumerate() {
            // The n-th vehicle comes in the month in which n are due; the epsilon keeps 3 x (1/3) in the third.
            let month = ((index as f64 + 1.0) / conversion.per_month - 1e-9).ceil() as i32;
            if month > MAX_MONTHS {
                break;
            }
            taken.insert(&vehicle.id);
            let date = first.plus(month - 1).last_day();
            found.push(Replacement {
                vehicle: vehicle.id.clone(),
                date,
                successor: conversion.successor,
            });
        }
    }
    found
}

/// The fleet at the end of a month under the plan.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct PathPoint {
    /// The month's last day.
    pub day: String,
    /// Vehicles in scope.
    pub in_scope: u32,
    /// Vehicles that count.
    pub counted: u32,
    /// `counted` over `in_scope`; `None` without vehicles.
    pub share: Option<f64>,
    /// The target's path.
    pub plan: Option<f64>,
}

/// What the plan does for a target.
#[derive(Clone, PartialEq, Debug, Serialize, schemars::JsonSchema)]
pub struct Outcome {
    /// Id of the target.
    pub id: Arc<str>,
    /// Definition of "low emission".
    pub profile: &'static str,
    /// Share of vehicles that the target is to reach.
    pub goal: f64,
    /// The last day.
    pub due: Option<String>,
    /// Share when it is due.
    pub share_at_due: Option<f64>,
    /// Vehicles missing then.
    pub gap_at_due: Option<u32>,
    /// The first end of a month at which the goal is reached, within the path; the day itself where it is met already.
    pub reached: Option<String>,
    /// Month by month.
    pub path: Vec<PathPoint>,
}

/// A target's fleet with the replacements of a plan made.
struct PlannedFleet<'a> {
    share: FleetShare<'a>,
    register: &'a Register,
    /// By the id of the vehicle.
    replaced: BTreeMap<&'a str, &'a Replacement>,
}

impl PlannedFleet<'_> {
    /// The fleet at the end of a day. A replaced vehicle is judged in scope by its last day.
    fn counts(&self, day: Day) -> Counts {
        let FleetShare {
            profile,
            population,
            ..
        } = self.share;
        let mut counts = Counts::default();
        for vehicle in &self.register.vehicles {
            let (on, class) = match self
                .replaced
                .get(&*vehicle.id)
                .filter(|replacement| replacement.date <= day)
            {
                Some(replacement) => (Day(replacement.date.0 - 1), Some(replacement.successor)),
                None => (day, None),
            };
            if population.holds(vehicle, on) == Some(true) {
                counts.add(class.unwrap_or_else(|| classify(vehicle, profile, day).class));
            }
        }
        counts
    }

    /// An empty fleet reaches no goal.
    fn reaches_goal(&self, counts: &Counts) -> bool {
        let needed = vehicles_needed(self.share.target.goal, counts.total());
        counts.total() > 0 && counts.counted(self.share.profile) >= needed
    }

    fn path_point(&self, day: Day, counts: &Counts) -> PathPoint {
        let FleetShare {
            target, profile, ..
        } = self.share;
        let in_scope = counts.total();
        PathPoint {
            day: day.to_string(),
            in_scope,
            counted: counts.counted(profile),
            share: counts.share(profile),
            plan: target
                .plan
                .at(&target.baseline, target.goal, target.due, day, in_scope),
        }
    }
}

/// The share of a target month by month under the plan, from the last month that has ended to the due date or the last replacement.
pub fn outcome(
    share: FleetShare<'_>,
    register: &Register,
    plan: &[Replacement],
    as_of: Day,
) -> Outcome {
    let (target, profile) = (share.target, share.profile);
    let fleet = PlannedFleet {
        share,
        register,
        replaced: plan
            .iter()
            .map(|replacement| (&*replacement.vehicle, replacement))
            .collect(),
    };
    let mut result = Outcome {
        id: target.id.clone(),
        profile: profile.name,
        goal: target.goal,
        due: target.due.map(|due| due.to_string()),
        share_at_due: None,
        gap_at_due: None,
        reached: fleet
            .reaches_goal(&fleet.counts(as_of))
            .then(|| as_of.to_string()),
        path: Vec::new(),
    };
    for day in month_ends(plan, target.due, as_of) {
        let counts = fleet.counts(day);
        if result.reached.is_none() && day > as_of && fleet.reaches_goal(&counts) {
            result.reached = Some(day.to_string());
        }
        result.path.push(fleet.path_point(day, &counts));
    }
    if let Some(due) = target.due.filter(|due| *due >= as_of) {
        let counts = fleet.counts(due);
        result.share_at_due = counts.share(profile);
        let gap =
            vehicles_needed(target.goal, counts.total()).saturating_sub(counts.counted(profile));
        result.gap_at_due = (counts.total() > 0).then_some(gap);
    }
    result
}

/// The days of a path: from the end of the last full month to the due date or the last replacement, at most [`MAX_MONTHS`].
fn month_ends(plan: &[Replacement], due: Option<Day>, as_of: Day) -> impl Iterator<Item = Day> {
    let first = last_full_month(as_of);
    let last = plan
        .iter()
        .map(|replacement| replacement.date)
        .chain(due)
        .max()
        .map_or(first, Month::of_day);
    (0..=last.since(first).min(MAX_MONTHS)).map(move |offset| first.plus(offset).last_day())
}

/// Tonnes that a plan would avoid.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Avoided {
    /// The last day counted.
    pub until: String,
    /// Vehicles with a factor.
    pub vehicles: u32,
    /// t CO2e up to then.
    pub tonnes: Option<f64>,
    /// t CO2e in a year once all are replaced.
    pub tonnes_per_year: Option<f64>,
    /// Classes without a factor, and how many vehicles they have.
    pub without_factor: BTreeMap<String, u32>,
}

/// `factors`: t CO2e that replacing one vehicle of a class (DESNZ's, or a category) saves in a year.
pub fn avoided(
    register: &Register,
    plan: &[Replacement],
    factors: &BTreeMap<String, f64>,
    until: Day,
) -> Avoided {
    let mut avoided = Avoided {
        until: until.to_string(),
        ..Avoided::default()
    };
    for replacement in plan.iter().filter(|replacement| replacement.date <= until) {
        let Some(vehicle) = register.vehicle(&replacement.vehicle) else {
            continue;
        };
        let category = vehicle
            .category
            .map_or("unknown", |category| category.name());
        let class = factor_class(vehicle).unwrap_or(category);
        let Some(factor) = factors.get(class).or_else(|| factors.get(category)) else {
            *avoided.without_factor.entry(class.to_owned()).or_default() += 1;
            continue;
        };
        avoided.vehicles += 1;
        *avoided.tonnes_per_year.get_or_insert(0.0) += factor;
        // From the day of replacement to the end of the last day.
        *avoided.tonnes.get_or_insert(0.0) +=
            factor * f64::from(until.0 - replacement.date.0 + 1) / 365.25;
    }
    avoided
}
