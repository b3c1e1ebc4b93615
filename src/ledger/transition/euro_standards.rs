//! Classes by CO2 and Euro standard: the definition of the NHS Sustainable Development Unit behind the 90 % target.
//!
//! Euro cut-over dates and fuel families as in Defra's Clean Air Zone vehicle checker (source code, 2021). Vehicle data as the DVLA
//! Vehicle Enquiry Service gives them (OpenAPI 1.1.0).

use super::{Basis, Classified};
use crate::jurisdiction::Profile;
use crate::model::register::{Category, EmissionClass, Vehicle};
use crate::units::Day;

/// The first rule that matches.
pub(super) fn classify(vehicle: &Vehicle, profile: &Profile) -> Classified {
    use Basis::{Declared, Inferred, Measured, Missing};
    let found = |class, rule, basis| Classified { class, rule, basis };
    let fuel = vehicle.fuel.as_deref().unwrap_or_default();
    let has_engine = vehicle.engine_cc.is_some_and(|cc| cc > 0);
    let electric = matches!(fuel, "ELECTRICITY" | "FUEL CELLS");
    // Licensing records hold electric cars with 200 g/km and EURO1: this rule must come before any figure.
    if electric && !has_engine {
        return found(EmissionClass::Zero, "R1", Measured);
    }
    // 0 g/km on a combustion fuel means that the record has no figure.
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
