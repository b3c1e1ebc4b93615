//! `[air]`: which pollutants count, under which driving conditions, and the base year they are compared with.

use std::collections::BTreeMap;

use crate::ledger::factors::PRINTED_MIX;
use crate::units::{Day, Kilograms, Ratio};

/// An air pollutant of road traffic.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Pollutant {
    /// Nitrogen oxides, NO and NO2 together.
    Nox,
    /// Particles up to 2.5 um.
    Pm25,
    /// Particles up to 10 um.
    Pm10,
}

impl Pollutant {
    /// Every pollutant, in the order of rows.
    pub const ALL: [Self; 3] = [Self::Nox, Self::Pm25, Self::Pm10];

    /// The word in configuration and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nox => "nox",
            Self::Pm25 => "pm25",
            Self::Pm10 => "pm10",
        }
    }
}

/// Settings of the section `[air]`.
#[derive(Clone, PartialEq, Debug)]
pub struct AirConfig {
    /// `speed_mix`: shares of kilometres at 30, 60 and 100 km/h.
    pub speed_mix: [Ratio; 3],
    /// `include_non_exhaust`: wear of brakes, tyres and roads counts too.
    pub include_non_exhaust: bool,
    /// `electric_wear = "regen"`: credits regenerative braking (an assumption); else no credit and no penalty.
    pub credit_regeneration: bool,
    /// `tracked`: the target is met if all of these meet it.
    pub tracked: Vec<Pollutant>,
    /// `target_change`, relative to the base year.
    pub target_change: Ratio,
    /// `base_nox_kg`, `base_pm25_kg`, `base_pm10_kg`: the figures of the base year.
    pub base_kg: BTreeMap<Pollutant, Kilograms>,
    /// `base_from`, `base_to`: a base period with activity in the store, where no figures are given.
    pub base_days: Option<(Day, Day)>,
}

impl Default for AirConfig {
    fn default() -> Self {
        Self {
            speed_mix: PRINTED_MIX,
            include_non_exhaust: true,
            credit_regeneration: false,
            tracked: vec![Pollutant::Nox, Pollutant::Pm25],
            // EMAS Green Plan, section 3.2.2: air pollution of fleet and business mileage -20 % by March 2024.
            target_change: Ratio::constant(-0.2),
            base_kg: BTreeMap::new(),
            base_days: None,
        }
    }
}
