//! Clean vehicles in the sense of Directive 2009/33/EC as amended by Directive (EU) 2019/1161, Article 4, points 4 to 6.
//!
//! Light-duty vehicles (M1, M2, N1) by the annex, table 2: at most the profile's CO2 and 80 % of the limits on the road until the end
//! of 2025, then 0 g/km. Heavy-duty vehicles by their fuel: electricity, hydrogen, gas.

use super::{Basis, Classified};
use crate::jurisdiction::Profile;
use crate::model::Powertrain;
use crate::model::register::{Category, EmissionClass, Vehicle};
use crate::units::Day;

/// `strict_from` is the first day of procurement on which only 0 g/km is clean.
pub(super) fn classify(vehicle: &Vehicle, profile: &Profile, strict_from: Day) -> Classified {
    use Basis::{Inferred, Measured, Missing};
    let found = |class, rule, basis| Classified { class, rule, basis };
    let powertrain = vehicle.powertrain();
    if matches!(powertrain, Powertrain::Bev | Powertrain::H2) {
        return found(EmissionClass::Zero, "C1", Measured);
    }
    match vehicle.category {
        None => found(EmissionClass::Unknown, "C5", Missing),
        // The directive has no clean vehicle of category L.
        Some(Category::Motorcycle) => found(EmissionClass::Other, "C4", Measured),
        Some(Category::Heavy) => match powertrain {
            Powertrain::Phev | Powertrain::Gas => found(EmissionClass::UltraLow, "C3", Measured),
            Powertrain::Unknown => found(EmissionClass::Unknown, "C5", Missing),
            _ => found(EmissionClass::Other, "C4", Measured),
        },
        Some(Category::Car | Category::Van | Category::Minibus) => {
            let procured = vehicle.in_service_from.or(vehicle.first_registered);
            if procured.is_some_and(|day| day >= strict_from) {
                return found(EmissionClass::Other, "C4", Measured);
            }
            // 0 g/km on a combustion fuel means that the record has no figure.
            match vehicle.co2_g_per_km.filter(|co2| *co2 > 0) {
                // The register has no share of the limits on the road, so the second half of the rule is taken as met.
                Some(co2) if co2 <= profile.ultra_low_g_per_km => {
                    found(EmissionClass::UltraLow, "C2", Inferred)
                }
                Some(_) => found(EmissionClass::Other, "C4", Measured),
                None => found(EmissionClass::Unknown, "C5", Missing),
            }
        }
    }
}
