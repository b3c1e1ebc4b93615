//! Maps a vehicle of the register to the rows of the conversion factors: DESNZ's vehicle classes and fuels.

use crate::model::register::{Category, Role, Vehicle};
use crate::model::{ActivityData, Powertrain};

/// The class of a vehicle in the sheets "Passenger vehicles" and "Delivery vehicles"; `None` without a category.
///
/// Cars are classed by engine (petrol to 1.4 and 2.0 l, diesel to 1.7 and 2.0 l), vans by mass (N1 class I to 1,305 kg, II to 1,740 kg),
/// rigid lorries by gross mass. An emergency van without a mass counts as class III, the base of ambulances. The sheets have no minibus;
/// class III vans are nearest.
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

/// The fuel in the tank of a vehicle by the name of the sheet "Fuels"; `None` where it is not known or there is none.
pub(super) fn tank_fuel(vehicle: &Vehicle) -> Option<&'static str> {
    let fuel = vehicle.fuel.as_deref()?;
    match vehicle.powertrain() {
        Powertrain::Diesel => Some("diesel_avg_blend"),
        Powertrain::Petrol => Some("petrol_avg_blend"),
        Powertrain::Hev | Powertrain::Phev => Some(if fuel.contains("DIESEL") {
            "diesel_avg_blend"
        } else {
            "petrol_avg_blend"
        }),
        // Bi-fuel vehicles start on petrol and the counter does not separate the fuels: petrol has the higher factor.
        Powertrain::Gas => Some(if fuel == "GAS" {
            "lpg"
        } else {
            "petrol_avg_blend"
        }),
        Powertrain::Bev | Powertrain::H2 | Powertrain::Unknown => None,
    }
}

/// The fuel of a card's litres by the name of the sheet "Fuels": the fuel of the register, else the product that the card names.
pub(super) fn card_fuel(vehicle: &Vehicle, day: &ActivityData) -> Option<&'static str> {
    // Two products on one day are a mistake somewhere: diesel has the highest factor, LPG the lowest.
    let named = [
        (ActivityData::CARD_DIESEL, "diesel_avg_blend"),
        (ActivityData::CARD_PETROL, "petrol_avg_blend"),
        (ActivityData::CARD_LPG, "lpg"),
    ];
    tank_fuel(vehicle).or_else(|| {
        let known = named.iter().find(|(flag, _)| day.metered & flag != 0);
        known
            .filter(|_| vehicle.powertrain() == Powertrain::Unknown)
            .map(|(_, fuel)| *fuel)
    })
}

/// The fuels to look up on the distance sheets, best first: not every class has every fuel.
pub(super) fn distance_fuels(vehicle: &Vehicle) -> &'static [&'static str] {
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

/// Every class of both sheets.
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
