//! COVESA VSS paths to quantities, with the units that VSS gives them.
//! Source: COVESA `vehicle_signal_specification` at ce67f927 (June 2026).

use super::rule::Rule;
use super::single_value::find_rule;
use crate::model::Quantity;

/// Paths below `Vehicle`. VSS has no lifetime total of fuel.
const PATHS: &[(&str, Rule)] = &[
    ("TraveledDistance", Rule::Number(Quantity::Odometer, "m")),
    ("Speed", Rule::Number(Quantity::Speed, "km/h")),
    ("IsMoving", Rule::Bool(Quantity::Moving)),
    ("CurrentLocation.Latitude", Rule::Angle(Quantity::Latitude)),
    (
        "CurrentLocation.Longitude",
        Rule::Angle(Quantity::Longitude),
    ),
    (
        "LowVoltageSystemState",
        Rule::Is(Quantity::Ignition, &["ON", "START"]),
    ),
    (
        "LowVoltageBattery.CurrentVoltage",
        Rule::Number(Quantity::AuxVoltage, "V"),
    ),
    ("Powertrain.Range", Rule::Number(Quantity::Range, "m")),
    (
        "Powertrain.CombustionEngine.EngineHours",
        Rule::Number(Quantity::EngineHoursTotal, "h"),
    ),
    (
        "Powertrain.FuelSystem.RelativeLevel",
        Rule::Number(Quantity::FuelLevel, "%"),
    ),
    (
        "Powertrain.FuelSystem.AbsoluteLevel",
        Rule::Number(Quantity::FuelVolume, "l"),
    ),
    (
        "Powertrain.TractionBattery.StateOfCharge.Current",
        Rule::Number(Quantity::Soc, "%"),
    ),
    (
        "Powertrain.TractionBattery.StateOfCharge.Displayed",
        Rule::Number(Quantity::SocUsable, "%"),
    ),
    (
        "Powertrain.TractionBattery.StateOfCharge.CurrentEnergy",
        Rule::Number(Quantity::BatteryEnergy, "kWh"),
    ),
    (
        "Powertrain.TractionBattery.NetCapacity",
        Rule::Number(Quantity::BatteryCapacity, "kWh"),
    ),
    // Positive into the battery, as we count it.
    (
        "Powertrain.TractionBattery.CurrentPower",
        Rule::Number(Quantity::BatteryPower, "W"),
    ),
    (
        "Powertrain.TractionBattery.AccumulatedChargedEnergy",
        Rule::Number(Quantity::EnergyChargedTotal, "kWh"),
    ),
    (
        "Powertrain.TractionBattery.AccumulatedConsumedEnergy",
        Rule::Number(Quantity::EnergyDischargedTotal, "kWh"),
    ),
    (
        "Powertrain.TractionBattery.Charging.AveragePower",
        Rule::Number(Quantity::ChargePower, "kW"),
    ),
    (
        "Powertrain.TractionBattery.Charging.IsCharging",
        Rule::Bool(Quantity::Charging),
    ),
    (
        "Powertrain.TractionBattery.Charging.IsChargingCableConnected",
        Rule::Bool(Quantity::PluggedIn),
    ),
];

/// The rule of a path such as `Vehicle.TraveledDistance`.
pub(crate) fn rule(path: &str) -> Option<Rule> {
    find_rule(PATHS, path.strip_prefix("Vehicle.")?)
}

/// The rule of the path that carries a quantity.
pub(crate) fn rule_for_quantity(quantity: Quantity) -> Option<Rule> {
    PATHS
        .iter()
        .map(|(_, rule)| *rule)
        .find(|rule| rule.quantity() == quantity)
}

#[cfg(test)]
mod tests {
    use crate::model::Value;
    use crate::telemetry::kit::vss::*;
    use crate::units::Thousandths;

    #[test]
    fn paths_have_the_units_of_vss() {
        for (path, text, quantity, want) in [
            (
                "Vehicle.TraveledDistance",
                "84512345",
                Quantity::Odometer,
                Value::Number(Thousandths(84_512_345)),
            ),
            (
                "Vehicle.Powertrain.Range",
                "312000",
                Quantity::Range,
                Value::Number(Thousandths(312_000)),
            ),
            (
                "Vehicle.Powertrain.TractionBattery.CurrentPower",
                "-7200",
                Quantity::BatteryPower,
                Value::Number(Thousandths(-7_200)),
            ),
            (
                "Vehicle.Powertrain.TractionBattery.Charging.AveragePower",
                "7.2",
                Quantity::ChargePower,
                Value::Number(Thousandths(7_200)),
            ),
            (
                "Vehicle.LowVoltageSystemState",
                "START",
                Quantity::Ignition,
                Value::Bool(true),
            ),
            (
                "Vehicle.LowVoltageSystemState",
                "ACC",
                Quantity::Ignition,
                Value::Bool(false),
            ),
        ] {
            let rule = rule(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(
                (rule.quantity(), rule.parse(text)),
                (quantity, Ok(Some(want))),
                "{path}"
            );
        }
        for (_, path) in PATHS {
            assert_eq!(
                rule_for_quantity(path.quantity()),
                Some(*path),
                "one path a quantity"
            );
        }
        assert_eq!(rule("TraveledDistance"), None);
        assert_eq!(rule("Vehicle.Cabin.Door.Count"), None);
    }
}
