//! Activity data per civil day: distance, fuel, energy (GHG Protocol Corporate Standard, chapter 6). Emissions are computed from it each
//! time and never stored in its place, so a corrected factor corrects the past.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::units::{Day, Metres, Millilitres, TenthWattHours};

/// The user of the energy of a charge.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum EnergyUser {
    /// A fleet vehicle, by its id.
    Vehicle(Arc<str>),
    /// A member of staff: energy that is sold on, not of the fleet.
    Staff,
    /// The public: energy that is sold on, not of the fleet.
    Public,
    /// No user is known. The energy counts in scope 2 and is shown.
    Unallocated,
}

impl EnergyUser {
    /// The vehicle, if it is one.
    pub fn vehicle(&self) -> Option<&Arc<str>> {
        match self {
            Self::Vehicle(id) => Some(id),
            _ => None,
        }
    }
}

/// The vehicle, claim or charge point that activity is recorded for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Subject {
    /// A vehicle by its own counters and imports.
    Vehicle(Arc<str>),
    /// Mileage that staff claim for private cars, and short hires: business travel.
    GreyFleet {
        /// The organisation that paid for it.
        organisation: Arc<str>,
        /// DESNZ's class (`car_average`, ...).
        vehicle_class: Arc<str>,
        /// DESNZ's fuel; `unknown` where the claim does not state it.
        fuel: Arc<str>,
    },
    /// Energy that a charge point delivered.
    Charging {
        /// Id of the charge point.
        charge_point: Arc<str>,
        /// The vehicle or group that the session is assigned to.
        user: EnergyUser,
    },
}

/// One day of one subject.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ActivityKey {
    /// The civil day.
    pub day: Day,
    /// The source of the activity.
    pub subject: Subject,
}

/// Sums of one day; additive, so that a checkpoint can add what happened since the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ActivityData {
    /// Distance by the odometer.
    pub distance: Metres,
    /// Fuel by the total of the vehicle itself.
    pub fuel: Millilitres,
    /// Energy from the grid by the register of the vehicle itself.
    pub vehicle_grid: TenthWattHours,
    /// Energy delivered by the register of a charge point.
    pub charged: TenthWattHours,
    /// Fuel bought for the vehicle by card or drawn from a bunker; from an import.
    pub fuel_card: Millilitres,
    /// The part of `fuel_card` that was HVO; the rest is the fuel of the vehicle in the register.
    pub hvo_card: Millilitres,
    /// Distance by a mileage claim or a reading by hand; from an import.
    pub claimed: Metres,
    /// Bits: which counters of the vehicle reported that day ([`Self::FUEL_METERED`], [`Self::GRID_METERED`]), and which product the card
    /// names ([`Self::CARD_DIESEL`], ...). A day with a fuel counter that stood still used no fuel; a day without one is estimated.
    pub metered: u8,
}

impl ActivityData {
    /// The vehicle reported its total of fuel.
    pub const FUEL_METERED: u8 = 1;
    /// The vehicle reported its register of energy from the grid.
    pub const GRID_METERED: u8 = 2;
    /// The litres of the card were diesel.
    pub const CARD_DIESEL: u8 = 4;
    /// The litres of the card were petrol.
    pub const CARD_PETROL: u8 = 8;
    /// The litres of the card were LPG.
    pub const CARD_LPG: u8 = 16;
    /// The products a card may name, HVO apart.
    pub const CARD_PRODUCTS: u8 = Self::CARD_DIESEL | Self::CARD_PETROL | Self::CARD_LPG;

    /// Adds the sums of another.
    pub fn add(&mut self, other: &Self) {
        self.distance += other.distance;
        self.fuel += other.fuel;
        self.vehicle_grid += other.vehicle_grid;
        self.charged += other.charged;
        self.fuel_card += other.fuel_card;
        self.hvo_card += other.hvo_card;
        self.claimed += other.claimed;
        self.metered |= other.metered;
    }

    /// Returns true if some litres of a card are neither HVO nor of a product that the card names.
    pub fn card_unnamed(&self) -> bool {
        self.fuel_card != self.hvo_card && self.metered & Self::CARD_PRODUCTS == 0
    }

    /// Returns true if nothing was counted and no counter reported.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns true if nothing was counted, whether or not a counter reported.
    pub fn counts_nothing(&self) -> bool {
        *self
            == Self {
                metered: self.metered,
                ..Self::default()
            }
    }
}

/// A day of a subject with its sums.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivityRow {
    /// Day and subject.
    pub key: ActivityKey,
    /// The sums of the day.
    pub activity: ActivityData,
}
