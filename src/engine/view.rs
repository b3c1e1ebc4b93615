//! What one can ask the engine. Answers are JSON; the web room passes them on as they are, the publisher takes values out of them.

use std::sync::Arc;

use crate::model::Series;
use crate::units::{Day, Month, UtcMs};

/// How emissions are broken down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dimension {
    /// `scope`.
    Scope,
    /// `organisation`.
    Organisation,
    /// `site`.
    Site,
    /// `vehicle_class`.
    VehicleClass,
    /// `tier`.
    Tier,
    /// `role`.
    Role,
    /// `vehicle`.
    Vehicle,
}

/// Days of one question about emissions, five years: each frozen year in them is computed once more, on the engine's thread.
pub const MAX_EMISSION_DAYS: i32 = 5 * 365 + 2;

/// Over what a history adds up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// `15m`.
    Quarter,
    /// `1d`.
    Day,
}

impl Step {
    /// More days at once would be an answer of more than a few MB.
    pub fn max_days(self) -> i32 {
        match self {
            Self::Quarter => 400,
            Self::Day => 3_660,
        }
    }
}

/// A column of a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// `energy_wh`.
    Energy,
    /// `power_w`: the mean.
    Power,
    /// `peak_power_w`.
    PeakPower,
    /// `occupied_s`.
    Occupied,
    /// `charging_s`.
    Charging,
    /// `observed_s`.
    Observed,
    /// `faulted_s`.
    Faulted,
    /// `offline_s`.
    Offline,
}

impl Field {
    /// All, in the order in which they are given out.
    pub const ALL: [Self; 8] = [
        Self::Energy,
        Self::Power,
        Self::PeakPower,
        Self::Occupied,
        Self::Charging,
        Self::Observed,
        Self::Faulted,
        Self::Offline,
    ];

    /// The word in questions and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Energy => "energy_wh",
            Self::Power => "power_w",
            Self::PeakPower => "peak_power_w",
            Self::Occupied => "occupied_s",
            Self::Charging => "charging_s",
            Self::Observed => "observed_s",
            Self::Faulted => "faulted_s",
            Self::Offline => "offline_s",
        }
    }
}

/// A question.
#[derive(Clone, PartialEq, Debug)]
pub enum View {
    /// `/api/v1/overview`.
    Overview,
    /// `/api/v1/vehicles`.
    Vehicles,
    /// `/api/v1/charge-points`.
    ChargePoints,
    /// `/api/v1/sessions`: those that overlap `[from, to)`.
    Sessions {
        /// From; `None` is the beginning.
        from: Option<UtcMs>,
        /// To; `None` is now.
        to: Option<UtcMs>,
        /// Only this charge point.
        charge_point: Option<Arc<str>>,
        /// Only this vehicle.
        vehicle: Option<Arc<str>>,
    },
    /// `/api/v1/emissions`: days `from..=to`.
    Emissions {
        /// First day; default 1 April of the running year.
        from: Option<Day>,
        /// Last day; default today.
        to: Option<Day>,
        /// Breakdown; empty is the total by scope.
        by: Vec<Dimension>,
    },
    /// `/api/v1/air`: days `from..=to`.
    Air {
        /// First day; default 1 April of the running year.
        from: Option<Day>,
        /// Last day; default today.
        to: Option<Day>,
    },
    /// `/api/v1/activity`: days `from..=to`.
    Activity {
        /// First day; default 1 April of the running year.
        from: Option<Day>,
        /// Last day; default today.
        to: Option<Day>,
    },
    /// `/api/v1/uptime`: months `from..=to`.
    Uptime {
        /// First month; default January of `to`'s year.
        from: Option<Month>,
        /// Last month; default the running one.
        to: Option<Month>,
    },
    /// `/api/v1/counters`.
    Counters {
        /// With the registers of this vehicle, charger or feed.
        asset: Option<Arc<str>>,
    },
    /// `/api/v1/intensity`: days `from..=to`.
    Intensity {
        /// First day; default six days before `to`.
        from: Option<Day>,
        /// Last day; default today.
        to: Option<Day>,
    },
    /// `/api/v1/history`: quarter hours that overlap `[from, to)`, or the London days that hold them. Read beside the engine.
    History {
        /// From; default seven days before `to`, 365 with days.
        from: Option<UtcMs>,
        /// To; default now, or as far from `from` as is allowed.
        to: Option<UtcMs>,
        /// Quarter hours or days.
        step: Step,
        /// Whose.
        series: Series,
        /// Columns, in this order.
        fields: Vec<Field>,
    },
    /// `/api/v1/utilisation`: days `from..=to` by weekday and hour. Read beside the engine.
    Utilisation {
        /// First day; default 27 days before `to`.
        from: Option<Day>,
        /// Last day; default today, or as far from `from` as is allowed.
        to: Option<Day>,
        /// Whose.
        series: Series,
    },
    /// `/api/v1/indicators`.
    Indicators,
    /// `/api/v1/feeds`.
    Feeds,
    /// Vehicles that are shown elsewhere: those of these fleet ids, then those of these organisations, at most `limit`.
    Chosen {
        /// Fleet ids.
        vehicles: Arc<[String]>,
        /// Organisations.
        organisations: Arc<[String]>,
        /// More are counted and left out.
        limit: usize,
    },
    /// `/api/v1/targets`.
    Targets,
    /// `/api/v1/transition`: the ends of months `from..=to`.
    Transition {
        /// First month; default twelve before `to`.
        from: Option<Month>,
        /// Last month; default the last that has ended.
        to: Option<Month>,
    },
    /// `/api/v1/what-if`.
    WhatIf {
        /// Vehicles a month that give way to zero-emission ones.
        per_month: f64,
    },
    /// `/api/v1/alerts`.
    Alerts,
}
