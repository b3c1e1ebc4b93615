//! Activity data per civil day: kilometres, litres, energy. Emissions are always computed from these, never stored instead.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::units::Day;

/// Whose energy a charge was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum EnergyUser {
    /// A fleet vehicle, by its id.
    Vehicle(Arc<str>),
    /// A member of staff: sold on, not fleet.
    Staff,
    /// The public: sold on, not fleet.
    Public,
    /// Nobody known. Counted in scope 2 and shown, never hidden.
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

/// What an activity is booked on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Subject {
    /// A vehicle's own counters.
    Vehicle(Arc<str>),
    /// Mileage that staff claimed for their own cars, and short hires: business travel.
    GreyFleet {
        /// Who paid for it.
        organisation: Arc<str>,
        /// DESNZ's class (`car_average`, ...).
        vehicle_class: Arc<str>,
        /// DESNZ's fuel; `unknown` where the claim does not say.
        fuel: Arc<str>,
    },
    /// Energy delivered by a charge point to somebody.
    Charging {
        /// The charge point.
        charge_point: Arc<str>,
        /// Who took it.
        user: EnergyUser,
    },
}

/// One day of one subject.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ActivityKey {
    /// The London day.
    pub day: Day,
    /// The subject.
    pub subject: Subject,
}

/// Sums of one day; additive, so that a checkpoint can add what happened since the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Activity {
    /// Odometer distance in metres.
    pub distance_m: i64,
    /// Fuel in millilitres, from the vehicle's own total.
    pub fuel_ml: i64,
    /// Grid energy by the vehicle's own register, in tenths of Wh.
    pub vehicle_grid_dwh: i64,
    /// Energy delivered by a charge point's register, in tenths of Wh.
    pub charged_dwh: i64,
    /// Fuel bought for the vehicle by card or taken from a bunker, in millilitres; from an import.
    pub fuel_card_ml: i64,
    /// How much of that was HVO, in millilitres; the rest is what the register says the vehicle burns.
    pub hvo_card_ml: i64,
    /// Distance by a mileage claim or a reading by hand, in metres; from an import.
    pub claimed_m: i64,
    /// Which of the vehicle's own counters were heard that day ([`Activity::FUEL_METERED`], [`Activity::GRID_METERED`]): a day with
    /// a fuel counter that stood still used no fuel, a day without one must be estimated. And what the card's litres were, as far as it
    /// says ([`Activity::CARD_DIESEL`], ...).
    pub metered: u8,
}

impl Activity {
    /// The vehicle's own total of fuel was heard.
    pub const FUEL_METERED: u8 = 1;
    /// The vehicle's own register of energy from the grid was heard.
    pub const GRID_METERED: u8 = 2;
    /// The card's litres were diesel.
    pub const CARD_DIESEL: u8 = 4;
    /// The card's litres were petrol.
    pub const CARD_PETROL: u8 = 8;
    /// The card's litres were LPG.
    pub const CARD_LPG: u8 = 16;
    /// What the card's litres were, HVO apart.
    pub const CARD_PRODUCTS: u8 = Self::CARD_DIESEL | Self::CARD_PETROL | Self::CARD_LPG;

    /// Adds another's sums.
    pub fn add(&mut self, other: &Activity) {
        self.distance_m += other.distance_m;
        self.fuel_ml += other.fuel_ml;
        self.vehicle_grid_dwh += other.vehicle_grid_dwh;
        self.charged_dwh += other.charged_dwh;
        self.fuel_card_ml += other.fuel_card_ml;
        self.hvo_card_ml += other.hvo_card_ml;
        self.claimed_m += other.claimed_m;
        self.metered |= other.metered;
    }

    /// A card's litres in it are neither HVO nor of a product that the card names.
    pub fn card_unnamed(&self) -> bool {
        self.fuel_card_ml != self.hvo_card_ml && self.metered & Self::CARD_PRODUCTS == 0
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A day of a subject with its sums.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivityRow {
    /// Day and subject.
    pub key: ActivityKey,
    /// The sums.
    pub activity: Activity,
}
