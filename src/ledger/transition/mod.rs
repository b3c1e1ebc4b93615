//! The low-emission share of the fleet: class of each vehicle by ordered rules under a named profile, counts, share, bounds.
//!
//! A profile names the rules of a country; each set of rules has a module, which names its sources.

mod clean_vehicles;
mod euro_standards;
mod month_ends;

pub use month_ends::{MonthEnd, Population, Undated, month_end_counts};

pub use crate::jurisdiction::Profile;

use crate::jurisdiction::Rules;
use crate::model::register::{EmissionClass, Register, Vehicle};
use crate::units::Day;

/// What a class rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// On the vehicle's own figures.
    Measured,
    /// On a stand-in, such as the first registration.
    Inferred,
    /// On a declaration in the register.
    Declared,
    /// Nothing: the register has too little.
    Missing,
}

/// A vehicle's class, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Classified {
    /// Best first: zero to unknown.
    pub class: EmissionClass,
    /// The rule that matched, `R0` to `R7`.
    pub rule: &'static str,
    /// The evidence behind it.
    pub basis: Basis,
}

/// A vehicle's class on a day, by the first rule of the profile that matches.
pub fn classify(vehicle: &Vehicle, profile: &Profile, day: Day) -> Classified {
    let declared = vehicle
        .class_override
        .as_ref()
        .filter(|declared| declared.until.is_none_or(|until| day <= until));
    if let Some(declared) = declared {
        return Classified {
            class: declared.class,
            rule: "R0",
            basis: Basis::Declared,
        };
    }
    match profile.rules {
        Rules::EuroStandards => euro_standards::classify(vehicle, profile),
        Rules::CleanVehicles { strict_from } => {
            clean_vehicles::classify(vehicle, profile, strict_from)
        }
    }
}

/// How many vehicles are in which class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// Vehicles without tailpipe emissions.
    pub zero: u32,
    /// Vehicles below the ultra-low limit.
    pub ultra_low: u32,
    /// Vehicles that meet the rule for low.
    pub low: u32,
    /// Vehicles that do not.
    pub other: u32,
    /// Vehicles of which the register has too little.
    pub unknown: u32,
}

impl Counts {
    /// Counts one vehicle.
    pub fn add(&mut self, class: EmissionClass) {
        *match class {
            EmissionClass::Zero => &mut self.zero,
            EmissionClass::UltraLow => &mut self.ultra_low,
            EmissionClass::Low => &mut self.low,
            EmissionClass::Other => &mut self.other,
            EmissionClass::Unknown => &mut self.unknown,
        } += 1;
    }

    /// The denominator: every vehicle in scope.
    pub fn total(&self) -> u32 {
        self.zero + self.ultra_low + self.low + self.other + self.unknown
    }

    /// The numerator under a profile.
    pub fn counted(&self, profile: &Profile) -> u32 {
        let classes = [
            (EmissionClass::Zero, self.zero),
            (EmissionClass::UltraLow, self.ultra_low),
            (EmissionClass::Low, self.low),
        ];
        classes
            .into_iter()
            .filter(|(class, _)| profile.counts(*class))
            .map(|(_, n)| n)
            .sum()
    }

    /// Share now, 0 to 1; unknown vehicles count as not low. `None` without vehicles.
    pub fn share(&self, profile: &Profile) -> Option<f64> {
        (self.total() > 0).then(|| f64::from(self.counted(profile)) / f64::from(self.total()))
    }

    /// Share if every unknown vehicle turned out to count.
    pub fn upper(&self, profile: &Profile) -> Option<f64> {
        (self.total() > 0)
            .then(|| f64::from(self.counted(profile) + self.unknown) / f64::from(self.total()))
    }
}

/// In the denominator: owned, leased or hired for more than five days, in service on the day. Grey fleet is not in it.
pub fn in_scope(vehicle: &Vehicle, day: Day) -> bool {
    vehicle.in_service_on(day) && !vehicle.is_business_travel()
}

/// The classes of a register's vehicles on a day.
pub fn counts(register: &Register, profile: &Profile, day: Day) -> Counts {
    let mut counts = Counts::default();
    for vehicle in register
        .vehicles
        .iter()
        .filter(|vehicle| in_scope(vehicle, day))
    {
        counts.add(classify(vehicle, profile, day).class);
    }
    counts
}
