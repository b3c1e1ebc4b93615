//! The low-emission share of the fleet: class of each vehicle by ordered rules under a named profile, counts, share, bounds.
//!
//! "Low emission" as the NHS Sustainable Development Unit wrote it for the 90 % target; Euro cut-over dates and fuel families as in
//! Defra's Clean Air Zone vehicle checker (source code, 2021). Vehicle data as the DVLA Vehicle Enquiry Service gives them (OpenAPI 1.1.0).

mod month_ends;

pub use month_ends::{MonthEnd, Population, Undated, month_end_counts};

use crate::model::register::{Category, EmissionClass, Register, Vehicle};
use crate::units::Day;

/// A definition of "low emission".
#[derive(Clone, PartialEq, Debug)]
pub struct Profile {
    /// Its name; stands beside every result.
    pub name: &'static str,
    /// The worst class that counts towards the share.
    pub counts_down_to: EmissionClass,
    /// Limit of ultra-low in g CO2/km (50; the older reading is 75).
    pub ultra_low_g_per_km: u32,
    /// A vehicle exactly at the limit is ultra-low.
    pub ultra_low_inclusive: bool,
    /// A certified emission retrofit makes a vehicle low (the NHS text does not mention it, the Clean Air Zones accept it).
    pub retrofit_counts: bool,
    /// Mono-fuel gas is low.
    pub gas_is_low: bool,
    /// Where the Euro standard is missing, the first registration stands in for it.
    pub infer_from_first_registration: bool,
}

const NHS_SDU: Profile = Profile {
    name: "nhs_sdu",
    counts_down_to: EmissionClass::Low,
    ultra_low_g_per_km: 50,
    ultra_low_inclusive: false,
    retrofit_counts: true,
    gas_is_low: true,
    infer_from_first_registration: true,
};

/// Every profile.
pub const PROFILES: &[Profile] = &[
    NHS_SDU,
    Profile {
        name: "ulev_or_better",
        counts_down_to: EmissionClass::UltraLow,
        ..NHS_SDU
    },
    Profile {
        name: "zev_only",
        counts_down_to: EmissionClass::Zero,
        ..NHS_SDU
    },
];

impl Profile {
    /// The profile of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        PROFILES
            .iter()
            .find(|profile| profile.name == name)
            .cloned()
    }

    /// This profile with the options of another.
    pub fn with_options_of(&self, options: &Self) -> Self {
        Self {
            name: self.name,
            counts_down_to: self.counts_down_to,
            ..options.clone()
        }
    }

    /// Options that are not as in the profile of that name, as they are written: stands beside the name wherever figures go.
    pub fn options(&self) -> Vec<String> {
        let usual = Self::by_name(self.name).unwrap_or(NHS_SDU);
        let flags = [
            (
                "ultra_low_inclusive",
                self.ultra_low_inclusive,
                usual.ultra_low_inclusive,
            ),
            (
                "retrofit_counts",
                self.retrofit_counts,
                usual.retrofit_counts,
            ),
            ("gas_is_low", self.gas_is_low, usual.gas_is_low),
            (
                "infer_from_first_registration",
                self.infer_from_first_registration,
                usual.infer_from_first_registration,
            ),
        ];
        let limit = (self.ultra_low_g_per_km != usual.ultra_low_g_per_km)
            .then(|| format!("ultra_low_g_per_km = {}", self.ultra_low_g_per_km));
        let flags = flags
            .into_iter()
            .filter(|(_, own, usual)| own != usual)
            .map(|(name, own, _)| format!("{name} = {own}"));
        limit.into_iter().chain(flags).collect()
    }

    /// Name and options for people.
    pub fn described(&self) -> String {
        let options = self.options();
        if options.is_empty() {
            self.name.to_owned()
        } else {
            format!("{} ({})", self.name, options.join(", "))
        }
    }

    /// The class counts towards the share.
    pub fn counts(&self, class: EmissionClass) -> bool {
        class <= self.counts_down_to
    }
}

/// What a class rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// On the vehicle's own figures.
    Measured,
    /// On a stand-in.
    Inferred,
    /// On somebody's word.
    Declared,
    /// On nothing.
    Missing,
}

/// A vehicle's class, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Classified {
    /// The class.
    pub class: EmissionClass,
    /// The rule that matched, `R0` to `R7`.
    pub rule: &'static str,
    /// What it rests on.
    pub basis: Basis,
}

/// The first rule that matches.
pub fn classify(vehicle: &Vehicle, profile: &Profile, day: Day) -> Classified {
    use Basis::{Declared, Inferred, Measured, Missing};
    let found = |class, rule, basis| Classified { class, rule, basis };
    if let Some(declared) = vehicle
        .class_override
        .as_ref()
        .filter(|declared| declared.until.is_none_or(|until| day <= until))
    {
        return found(declared.class, "R0", Declared);
    }
    let fuel = vehicle.fuel.as_deref().unwrap_or_default();
    let has_engine = vehicle.engine_cc.is_some_and(|cc| cc > 0);
    let electric = matches!(fuel, "ELECTRICITY" | "FUEL CELLS");
    // The DVLA's own test data has an electric car with 200 g/km and EURO1: this rule must come before any figure.
    if electric && !has_engine {
        return found(EmissionClass::Zero, "R1", Measured);
    }
    // 0 g/km on a combustion fuel is the DVLA's way of not saying.
    let co2 = vehicle.co2_g_per_km.filter(|co2| *co2 > 0);
    let limit = profile.ultra_low_g_per_km;
    if co2.is_some_and(|co2| co2 < limit || (co2 == limit && profile.ultra_low_inclusive)) {
        return found(EmissionClass::UltraLow, "R2a", Measured);
    }
    if co2.is_none() && (vehicle.plug_in == Some(true) || (electric && has_engine)) {
        return found(EmissionClass::UltraLow, "R2b", Inferred);
    }
    if vehicle.retrofit && profile.retrofit_counts {
        return found(EmissionClass::Low, "R3", Declared);
    }
    if fuel == "GAS" && profile.gas_is_low {
        return found(EmissionClass::Low, "R4", Measured);
    }
    let Some(family) = Family::of(fuel) else {
        return found(EmissionClass::Unknown, "R7", Missing);
    };
    let low_if = |low| {
        if low {
            EmissionClass::Low
        } else {
            EmissionClass::Other
        }
    };
    if let Some(euro) = vehicle.euro {
        let needed = match (vehicle.category, family) {
            (Some(Category::Motorcycle), _) => 3,
            (_, Family::Petrol) => 4,
            (_, Family::Diesel) => 6,
        };
        return found(low_if(euro >= needed), "R5", Measured);
    }
    match vehicle
        .first_registered
        .filter(|_| profile.infer_from_first_registration)
    {
        Some(registered) => found(
            low_if(registered >= cut_over(vehicle, family)),
            "R6",
            Inferred,
        ),
        None => found(EmissionClass::Unknown, "R7", Missing),
    }
}

/// Which Euro limits apply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Petrol,
    Diesel,
}

impl Family {
    fn of(fuel: &str) -> Option<Self> {
        match fuel {
            "PETROL" | "HYBRID ELECTRIC" | "GAS BI-FUEL" | "GAS/PETROL" | "PETROL/GAS" => {
                Some(Self::Petrol)
            }
            "DIESEL" | "HEAVY OIL" | "ELECTRIC DIESEL" | "GAS DIESEL" => Some(Self::Diesel),
            _ => None,
        }
    }
}

/// From when on every newly registered vehicle of the kind met the standard. A category that is not known gets the latest date.
fn cut_over(vehicle: &Vehicle, family: Family) -> Day {
    let heavier_than = |kg| vehicle.mass_kg.is_none_or(|mass| mass > kg);
    let heavy = vehicle.category == Some(Category::Heavy)
        || vehicle.mass_kg.is_some_and(|mass| mass > 3500);
    let (year, month, day) = match (vehicle.category, family) {
        (Some(Category::Motorcycle), _) => (2007, 1, 1),
        (_, Family::Petrol) if heavy => (2006, 1, 1),
        (_, Family::Diesel) if heavy => (2013, 12, 31),
        (Some(Category::Car | Category::Minibus), Family::Petrol)
            if vehicle.mass_kg.is_none_or(|mass| mass <= 2500) =>
        {
            (2006, 1, 1)
        }
        (Some(Category::Car | Category::Minibus), Family::Diesel) => (2015, 9, 1),
        (_, Family::Petrol) if heavier_than(1330) => (2007, 1, 1),
        (_, Family::Petrol) => (2006, 1, 1),
        (_, Family::Diesel) if heavier_than(1330) => (2016, 9, 1),
        (_, Family::Diesel) => (2015, 9, 1),
    };
    Day::from_ymd(year, month, day).expect("a date of the table")
}

/// How many vehicles are in which class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// No tailpipe.
    pub zero: u32,
    /// Ultra-low.
    pub ultra_low: u32,
    /// Low.
    pub low: u32,
    /// Not low.
    pub other: u32,
    /// Cannot be said.
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

/// In the denominator: owned, leased or hired for more than five days, in service on the day. Grey fleet is somebody else's vehicle.
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
