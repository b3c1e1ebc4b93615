//! Queries and commands, each tied to the type of its answer, and what the engine needs from the store to answer them.

use super::Engine;
use super::views::{StoredActivity, StoredIntensity, ViewContext};
use crate::model::register::Register;
use crate::model::{ClosedSession, Indicator, Observation, Series, Slots};
use crate::units::{Day, UtcMs};

/// A request for figures. Each view's module has its query beside its answer.
pub trait Query: Send + 'static {
    /// Type of the answer.
    type Response: Send + 'static;

    /// Computes the answer on the engine's thread.
    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        stored: &dyn Stored,
    ) -> Result<Self::Response, String>;
}

/// What the store has beside the engine.
pub trait Stored {
    /// Activity of the days `from..=to` and the months around them.
    fn activity(&self, from: Day, to: Day) -> Result<StoredActivity, String>;
    /// Closed sessions that overlap `[from, to)`, the newest first.
    fn sessions(
        &self,
        from: Option<UtcMs>,
        to: Option<UtcMs>,
        charge_point: Option<&str>,
        vehicle: Option<&str>,
    ) -> Result<Vec<ClosedSession>, String>;
    /// Sessions and carbon intensities of the half-hours that begin in `[from, to)`.
    fn intensity(&self, from: UtcMs, to: UtcMs) -> Result<StoredIntensity, String>;
    /// Imported monthly figures.
    fn indicators(&self) -> Result<Vec<Indicator>, String>;
}

/// A request for quarter hours. It is answered beside the engine's thread: a year of them would keep the engine from its work.
pub trait RollupQuery: Send + 'static {
    /// Type of the answer.
    type Response: Send + 'static;

    /// The series to read.
    fn series(&self) -> &Series;

    /// Computes the answer; `now` is when the engine began the read.
    fn answer(
        self,
        now: UtcMs,
        register: &Register,
        rollups: &dyn Rollups,
    ) -> Result<Self::Response, String>;
}

/// Sums of one series, of the store and the engine together.
pub trait Rollups {
    /// Quarter hours with the numbers `from..to`.
    fn quarters(&self, from: i32, to: i32) -> Result<Slots, String>;
    /// Sums of the days `first..=last`, with the slots that are still open.
    fn days(&self, first: Day, last: Day) -> Result<Slots, String>;
}

/// A change that a person or program orders.
pub trait Command: Send + 'static {
    /// Type of the answer, sent once the change is durable.
    type Response: Send + 'static;

    /// Checks the command against the engine's state: the observation that carries it out, and the answer; or why it is refused.
    fn prepare(
        self,
        engine: &Engine,
        now: UtcMs,
    ) -> Result<(Observation<'static>, Self::Response), String>;
}

/// How emissions are broken down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dimension {
    /// `scope`: scope of the GHG Protocol.
    Scope,
    /// `organisation`: by organisation of the register.
    Organisation,
    /// `site`: by site of the register.
    Site,
    /// `vehicle_class`: by class of vehicle.
    VehicleClass,
    /// `tier`: by quality of the source.
    Tier,
    /// `role`: by what the vehicle is for.
    Role,
    /// `vehicle`: by vehicle.
    Vehicle,
}

impl Dimension {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Scope,
        Self::Organisation,
        Self::Site,
        Self::VehicleClass,
        Self::Tier,
        Self::Role,
        Self::Vehicle,
    ];

    /// The word in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Organisation => "organisation",
            Self::Site => "site",
            Self::VehicleClass => "vehicle_class",
            Self::Tier => "tier",
            Self::Role => "role",
            Self::Vehicle => "vehicle",
        }
    }
}

/// Longest range of a request for emissions, five years: each frozen year in it is computed once more, on the engine's thread.
pub const MAX_EMISSION_DAYS: i32 = 5 * 365 + 2;

/// Length of a row of a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// `15m`: a quarter of an hour.
    Quarter,
    /// `1d`: a local day.
    Day,
}

impl Step {
    /// The word in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Day => "1d",
        }
    }

    /// Longest range; more days at once would be an answer of more than a few MB.
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
    /// `energy_wh`: energy delivered.
    Energy,
    /// `power_w`: the mean.
    Power,
    /// `peak_power_w`: the highest power.
    PeakPower,
    /// `occupied_s`: time with a vehicle plugged in.
    Occupied,
    /// `charging_s`: time in which energy flowed.
    Charging,
    /// `observed_s`: time in which the state was known.
    Observed,
    /// `faulted_s`: time with a fault.
    Faulted,
    /// `offline_s`: time without a link.
    Offline,
}

impl Field {
    /// All, in the order of an answer without `fields`.
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

    /// The word in requests and answers.
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
