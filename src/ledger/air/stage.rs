//! Maps a vehicle of the register to the pollutant factors: EMEP class, fuel, Euro stage, and the group for wear.

use crate::ledger::emissions::factor_class;
use crate::model::Powertrain;
use crate::model::register::{Category, Vehicle};
use crate::units::Day;

/// Euro stage as the coefficients name it; an early Euro 6 emits ten times the NOx of a late one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stage(&'static str);

impl Stage {
    /// The value of the column `euro`.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// The rows of the pollutant factors that fit a vehicle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AirClass {
    /// Class of the exhaust file.
    pub exhaust: &'static str,
    /// Fuel of the exhaust file.
    pub fuel: &'static str,
    /// Euro stage of the exhaust file; empty without an exhaust.
    pub stage: Stage,
    /// Vehicle group of the wear file.
    pub group: &'static str,
    /// The coefficients lack this class; a neighbouring one is used.
    pub proxy: bool,
    /// A plug-in hybrid: the exhaust is that with the engine on.
    pub plug_in: bool,
}

impl AirClass {
    /// A car of which nothing is known counts as a diesel of early Euro 6: a conservative choice, since no mix of the national fleet is
    /// available.
    pub const AVERAGE_CAR: Self = Self {
        exhaust: "car_medium",
        fuel: "diesel",
        stage: Stage("6abc"),
        group: "car",
        proxy: true,
        plug_in: false,
    };
}

/// The class of a vehicle; `None` where fuel, class or Euro stage is not known, or older than the coefficients.
pub fn air_class(vehicle: &Vehicle) -> Option<AirClass> {
    let ghg_class = factor_class(vehicle)?;
    let (exhaust, group, proxy) = match ghg_class {
        "car_small" | "car_average" => ("car_medium", "car", true),
        "car_medium" => ("car_medium", "car", false),
        "car_large" => ("car_large", "car", false),
        "van_n1_i" => ("van_n1_ii", "van", true),
        "van_n1_ii" => ("van_n1_ii", "van", false),
        "van_average" => ("van_n1_iii", "van", true),
        "van_n1_iii" => ("van_n1_iii", "van", false),
        "hgv_rigid_3_5_7_5t" => ("hgv_rigid_3_5_7_5t", "hgv", false),
        "hgv_rigid_7_5_17t" => ("hgv_rigid_7_5_17t", "hgv", false),
        "hgv_rigid_gt17t" | "hgv_rigid_all" => ("hgv_rigid_7_5_17t", "hgv", true),
        "motorbike_medium" => ("motorbike_medium", "motorbike", false),
        _ => ("motorbike_medium", "motorbike", true),
    };
    let car = group == "car";
    let diesel = vehicle
        .fuel
        .as_deref()
        .is_some_and(|fuel| fuel.contains("DIESEL") || fuel == "HEAVY OIL");
    let powertrain = vehicle.powertrain();
    let (fuel, fuel_proxy) = match powertrain {
        // Nothing burns in a fuel cell either.
        Powertrain::Bev => ("bev", false),
        Powertrain::H2 => ("bev", true),
        Powertrain::Diesel => ("diesel", false),
        Powertrain::Petrol => ("petrol", false),
        Powertrain::Phev if car && diesel && exhaust == "car_large" => {
            ("phev_diesel_engine_on", false)
        }
        Powertrain::Phev if car && !diesel => ("phev_petrol_engine_on", false),
        Powertrain::Hev if car && !diesel => ("hybrid_petrol", false),
        Powertrain::Phev | Powertrain::Hev => (if diesel { "diesel" } else { "petrol" }, true),
        Powertrain::Gas => ("petrol", true),
        Powertrain::Unknown => return None,
    };
    let stage = if fuel == "bev" {
        Stage("")
    } else {
        stage(vehicle, group)?
    };
    // Zero exhaust is zero in every class; the coefficients list only some.
    let exhaust = match (fuel, exhaust) {
        ("bev", "hgv_rigid_7_5_17t") => "hgv_rigid_3_5_7_5t",
        ("bev", "motorbike_medium") => "car_medium",
        _ => exhaust,
    };
    Some(AirClass {
        exhaust,
        fuel,
        stage,
        group,
        proxy: proxy || fuel_proxy,
        plug_in: powertrain == Powertrain::Phev,
    })
}

fn stage(vehicle: &Vehicle, group: &str) -> Option<Stage> {
    let text = vehicle
        .euro_text
        .as_deref()
        .unwrap_or_default()
        .to_uppercase()
        .replace(['-', '_', ' '], "");
    let number = vehicle.euro?;
    Some(Stage(match (group, number) {
        ("hgv", 3) => "III",
        ("hgv", 4) => "IV",
        ("hgv", 5) => "V",
        ("hgv", 6..) => "VI",
        (_, 3) => "3",
        (_, 4) => "4",
        (_, 5) => "5",
        ("motorbike", 6..) => "5",
        (_, 6) if vehicle.real_driving_emissions == Some(1) => "6d_temp",
        (_, 6) if vehicle.real_driving_emissions.is_some_and(|step| step >= 2) => "6d",
        (_, 6..) if text.contains("6DTEMP") => "6d_temp",
        (_, 7..) => "6d",
        (_, 6) if has_6d(vehicle) => "6d",
        (_, 6) => by_registration(vehicle),
        _ => return None,
    }))
}

/// Returns true if `6d` is a word of the text: in `EURO 6 DG` the letters are those of the type approval.
fn has_6d(vehicle: &Vehicle) -> bool {
    let text = vehicle
        .euro_text
        .as_deref()
        .unwrap_or_default()
        .to_uppercase();
    text.split(|c: char| !c.is_alphanumeric())
        .any(|word| word == "6D" || word.ends_with("EURO6D"))
}

/// The sub-stage of Euro 6 that every newly registered vehicle had to meet (Regulations (EU) 2016/646 and 2018/1832; the dates are not
/// checked against their text); else the early one, which is conservative.
fn by_registration(vehicle: &Vehicle) -> &'static str {
    let date = |year, month| Day::from_ymd(year, month, 1).unwrap_or_default();
    let light = matches!(vehicle.category, Some(Category::Car))
        || vehicle.mass_kg.is_some_and(|kg| kg <= 1305);
    let (temporary, last) = if light {
        (date(2019, 9), date(2021, 1))
    } else {
        (date(2020, 9), date(2022, 1))
    };
    match vehicle.first_registered {
        Some(registered) if registered >= last => "6d",
        Some(registered) if registered >= temporary => "6d_temp",
        _ => "6abc",
    }
}
