//! A metric's name to a quantity and how it is read: our own vocabulary, or a VSS path (mqtt-telemetry section 6). Guesses nothing:
//! any other name has no meaning here.

use crate::decode::mqtt::plain::rule_of;
use crate::decode::mqtt::rule::Rule;
use crate::decode::mqtt::unit;
use crate::model::{AssetKind, Quantity};

/// VSS 6 paths with VSS units.
const PATHS: &[(&str, Rule)] = &[
    ("Vehicle.TraveledDistance", Rule::Number(Quantity::Odometer, "m")),
    ("Vehicle.Powertrain.CombustionEngine.EngineHours", Rule::Number(Quantity::EngineHoursTotal, "h")),
    ("Vehicle.Powertrain.TractionBattery.AccumulatedChargedEnergy", Rule::Number(Quantity::EnergyChargedTotal, "kWh")),
    ("Vehicle.Powertrain.TractionBattery.AccumulatedConsumedEnergy", Rule::Number(Quantity::EnergyDischargedTotal, "kWh")),
    ("Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", Rule::Number(Quantity::Soc, "%")),
    ("Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed", Rule::Number(Quantity::SocUsable, "%")),
    ("Vehicle.Powertrain.TractionBattery.StateOfCharge.CurrentEnergy", Rule::Number(Quantity::BatteryEnergy, "kWh")),
    ("Vehicle.Powertrain.TractionBattery.NetCapacity", Rule::Number(Quantity::BatteryCapacity, "kWh")),
    ("Vehicle.Powertrain.TractionBattery.CurrentPower", Rule::Number(Quantity::BatteryPower, "W")),
    ("Vehicle.Powertrain.TractionBattery.Charging.AveragePower", Rule::Number(Quantity::ChargePower, "kW")),
    ("Vehicle.Powertrain.TractionBattery.Charging.IsCharging", Rule::Bool(Quantity::Charging)),
    ("Vehicle.Powertrain.TractionBattery.Charging.IsChargingCableConnected", Rule::Bool(Quantity::PluggedIn)),
    ("Vehicle.Powertrain.Range", Rule::Number(Quantity::Range, "m")),
    ("Vehicle.Powertrain.FuelSystem.RelativeLevel", Rule::Number(Quantity::FuelLevel, "%")),
    ("Vehicle.Powertrain.FuelSystem.AbsoluteLevel", Rule::Number(Quantity::FuelVolume, "l")),
    ("Vehicle.Speed", Rule::Number(Quantity::Speed, "km/h")),
    ("Vehicle.CurrentLocation.Latitude", Rule::Angle(Quantity::Latitude)),
    ("Vehicle.CurrentLocation.Longitude", Rule::Angle(Quantity::Longitude)),
    ("Vehicle.LowVoltageBattery.CurrentVoltage", Rule::Number(Quantity::AuxVoltage, "V")),
    ("Vehicle.LowVoltageSystemState", Rule::Is(Quantity::Ignition, &["ON", "START"])),
    ("Vehicle.IsMoving", Rule::Bool(Quantity::Moving)),
];

/// The rule of a name, in the unit that goes without saying; and whether the name is a VSS path.
pub fn named(name: &str) -> Option<(Rule, bool)> {
    if let Some(quantity) = Quantity::from_name(name) {
        return own(quantity).map(|rule| (rule, false));
    }
    rule_of(PATHS, name).map(|rule| (rule, true))
}

/// The rule of a quantity under our name, or under its VSS path.
pub fn rule(quantity: Quantity, path: bool) -> Option<Rule> {
    if !path {
        return own(quantity);
    }
    PATHS.iter().map(|(_, rule)| *rule).find(|rule| rule.quantity() == quantity)
}

fn own(quantity: Quantity) -> Option<Rule> {
    match quantity.unit() {
        "bool" => Some(Rule::Bool(quantity)),
        "id" => Some(Rule::Id(quantity)),
        // A pair has no single metric; its halves have their names.
        "deg" if quantity == Quantity::Position => None,
        "deg" => Some(Rule::Angle(quantity)),
        unit => Some(Rule::Number(quantity, unit)),
    }
}

/// The rule in the unit that the source gives; `None` if the quantity has no such unit. Angles, states and ids have one form only.
pub fn in_unit(rule: Rule, unit: &str) -> Option<Rule> {
    match rule {
        Rule::Number(quantity, _) => unit::spelling(quantity, unit).map(|unit| Rule::Number(quantity, unit)),
        other => Some(other),
    }
}

/// What an asset is, by what it measures. A meter is the cautious guess: its register is nobody's charging.
pub fn kind_of(quantities: impl Iterator<Item = Quantity> + Clone) -> AssetKind {
    use Quantity::{
        ChargePower, Charging, EnergyExportTotal, EnergyImportTotal, IdTag, Latitude, Longitude, Online, PluggedIn,
        SessionEnergy, Soc, VehicleRef,
    };
    let any = |is: fn(Quantity) -> bool| quantities.clone().any(is);
    let register = any(|quantity| matches!(quantity, EnergyImportTotal | EnergyExportTotal | SessionEnergy));
    let charging = any(|quantity| matches!(quantity, ChargePower | Charging | PluggedIn | SessionEnergy | VehicleRef | IdTag));
    // Everything else is a vehicle's. A charger may know the vehicle's SoC (ISO 15118), and has a place too.
    let vehicle = any(|quantity| {
        !matches!(quantity, EnergyImportTotal | EnergyExportTotal | SessionEnergy | ChargePower | Charging | PluggedIn)
            && !matches!(quantity, VehicleRef | IdTag | Soc | Online | Latitude | Longitude)
    });
    if vehicle || (!register && any(|quantity| quantity == Soc)) {
        AssetKind::Vehicle
    } else if charging {
        AssetKind::Charger
    } else {
        AssetKind::Meter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_and_paths() {
        assert_eq!(named("energy_import_total"), Some((Rule::Number(Quantity::EnergyImportTotal, "kWh"), false)));
        assert_eq!(named("Vehicle.Powertrain.Range"), Some((Rule::Number(Quantity::Range, "m"), true)));
        for name in ["position", "Node Control/Rebirth", "bdSeq", "Energy_Import_Total", "Vehicle", ""] {
            assert_eq!(named(name), None, "{name}");
        }
        for (_, path) in PATHS {
            assert_eq!(rule(path.quantity(), true), Some(*path), "one path a quantity");
        }
        assert_eq!(in_unit(Rule::Number(Quantity::Odometer, "km"), "Miles"), None, "an `M` could mean mega");
        assert_eq!(in_unit(Rule::Number(Quantity::Odometer, "km"), "mi"), Some(Rule::Number(Quantity::Odometer, "mi")));
        assert_eq!(in_unit(Rule::Angle(Quantity::Latitude), "°"), Some(Rule::Angle(Quantity::Latitude)));
    }

    #[test]
    fn what_measures_what() {
        use Quantity as Q;
        for (quantities, want) in [
            (&[Q::EnergyImportTotal, Q::ChargePower, Q::Soc][..], AssetKind::Charger),
            (&[Q::EnergyImportTotal], AssetKind::Meter),
            (&[Q::Soc, Q::Charging], AssetKind::Vehicle),
            (&[Q::Soc, Q::Odometer], AssetKind::Vehicle),
            (&[Q::PluggedIn], AssetKind::Charger),
            (&[], AssetKind::Meter),
        ] {
            assert_eq!(kind_of(quantities.iter().copied()), want, "{quantities:?}");
        }
    }
}
