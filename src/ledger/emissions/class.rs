//! Which rows of the conversion factors fit a vehicle: DESNZ's vehicle classes and fuels.

use crate::model::register::{Category, Role, Vehicle};
use crate::model::{Activity, Powertrain};

/// DESNZ's class of a vehicle ("passenger vehicles" and "delivery vehicles" sheets); `None` without a category.
///
/// Car sizes go by engine (petrol to 1.4 and 2.0 l, diesel to 1.7 and 2.0 l), vans by mass (N1 class I to 1,305 kg, II to 1,740 kg),
/// rigid lorries by gross mass. An emergency van without a mass is taken as class III, which ambulances are built on. Minibuses have no
/// class of their own there; class III vans are nearest.
pub fn factor_class(vehicle: &Vehicle) -> Option<&'static str> {
    let mass = vehicle.mass_kg;
    let cc = vehicle.engine_cc.filter(|cc| *cc > 0);
    Some(match vehicle.category? {
        Category::Car => match (vehicle.powertrain(), cc) {
            (Powertrain::Petrol, Some(..1400)) | (Powertrain::Diesel, Some(..1700)) => "car_small",
            (Powertrain::Petrol | Powertrain::Diesel, Some(..=2000)) => "car_medium",
            (Powertrain::Petrol | Powertrain::Diesel, Some(_)) => "car_large",
            _ => "car_average",
        },
        Category::Van => match mass {
            Some(..=1305) => "van_n1_i",
            Some(..=1740) => "van_n1_ii",
            Some(_) => "van_n1_iii",
            None if vehicle.role == Some(Role::Emergency) => "van_n1_iii",
            None => "van_average",
        },
        Category::Minibus => "van_n1_iii",
        Category::Heavy => match mass {
            Some(..=7500) => "hgv_rigid_3_5_7_5t",
            Some(..=17_000) => "hgv_rigid_7_5_17t",
            Some(_) => "hgv_rigid_gt17t",
            None => "hgv_rigid_all",
        },
        Category::Motorcycle => match cc {
            Some(..=125) => "motorbike_small",
            Some(..=500) => "motorbike_medium",
            Some(_) => "motorbike_large",
            None => "motorbike_average",
        },
    })
}

/// The fuel that a tank of this vehicle holds, as the fuel sheet calls it; `None` where it cannot be said or is none.
pub fn tank_fuel(vehicle: &Vehicle) -> Option<&'static str> {
    let fuel = vehicle.fuel.as_deref()?;
    match vehicle.powertrain() {
        Powertrain::Diesel => Some("diesel_avg_blend"),
        Powertrain::Petrol => Some("petrol_avg_blend"),
        Powertrain::Hev | Powertrain::Phev => Some(if fuel.contains("DIESEL") {
            "diesel_avg_blend"
        } else {
            "petrol_avg_blend"
        }),
        // Bi-fuel vehicles start on petrol and the counter does not tell the fuels apart: petrol has the higher factor.
        Powertrain::Gas => Some(if fuel == "GAS" {
            "lpg"
        } else {
            "petrol_avg_blend"
        }),
        Powertrain::Bev | Powertrain::H2 | Powertrain::Unknown => None,
    }
}

/// The fuel of a card's litres, as the fuel sheet calls it: what the register says the vehicle burns, else what the card says it was.
pub fn card_fuel(vehicle: &Vehicle, day: &Activity) -> Option<&'static str> {
    // Two products on one day are a mistake somewhere: diesel has the highest factor, LPG the lowest.
    let named = [
        (Activity::CARD_DIESEL, "diesel_avg_blend"),
        (Activity::CARD_PETROL, "petrol_avg_blend"),
        (Activity::CARD_LPG, "lpg"),
    ];
    tank_fuel(vehicle).or_else(|| {
        let known = named.iter().find(|(flag, _)| day.metered & flag != 0);
        known
            .filter(|_| vehicle.powertrain() == Powertrain::Unknown)
            .map(|(_, fuel)| *fuel)
    })
}

/// The fuels to look for on the distance sheet, best first: not every class has every one.
pub fn distance_fuels(vehicle: &Vehicle) -> &'static [&'static str] {
    let diesel_family = vehicle
        .fuel
        .as_deref()
        .is_some_and(|fuel| fuel.contains("DIESEL"));
    match vehicle.powertrain() {
        Powertrain::Diesel => &["diesel", "unknown"],
        Powertrain::Petrol => &["petrol", "unknown"],
        Powertrain::Phev => &["phev", "unknown"],
        Powertrain::Hev if diesel_family => &["hybrid", "diesel", "unknown"],
        Powertrain::Hev => &["hybrid", "petrol", "unknown"],
        Powertrain::Gas => &["lpg", "unknown"],
        Powertrain::Unknown => &["unknown"],
        Powertrain::Bev | Powertrain::H2 => &[],
    }
}

/// Every class of the two sheets.
pub const FACTOR_CLASSES: &[&str] = &[
    "car_small",
    "car_medium",
    "car_large",
    "car_average",
    "van_n1_i",
    "van_n1_ii",
    "van_n1_iii",
    "van_average",
    "hgv_rigid_3_5_7_5t",
    "hgv_rigid_7_5_17t",
    "hgv_rigid_gt17t",
    "hgv_rigid_all",
    "motorbike_small",
    "motorbike_medium",
    "motorbike_large",
    "motorbike_average",
];
