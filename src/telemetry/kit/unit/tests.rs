//! Unit tests of `unit`.

use crate::telemetry::kit::unit::*;

#[test]
fn units_become_the_canonical_one() {
    for (quantity, text, unit, want) in [
        (Quantity::EnergyImportTotal, "3457250", "Wh", 3_457_250),
        (Quantity::EnergyImportTotal, "3.45725", "MWh", 3_457_250),
        (Quantity::EnergyImportTotal, "0.00345725", "GWh", 3_457_250),
        (Quantity::EnergyImportTotal, "3.6", "MJ", 1_000),
        (Quantity::EnergyImportTotal, "1.5", "KWH", 1_500),
        (Quantity::EnergyImportTotal, "130", "hWh", 13_000),
        (Quantity::SessionEnergy, "100000", "daWs", 278),
        (Quantity::ChargePower, "360", "daW", 3_600),
        (Quantity::Odometer, "84512345.4", "m", 84_512_345),
        (Quantity::Odometer, "84512345.5", "m", 84_512_346),
        (Quantity::Odometer, "52000", "mi", 83_685_888),
        (Quantity::FuelUsedTotal, "5321400", "ml", 5_321_400),
        (Quantity::FuelUsedTotal, "5.3214", "m3", 5_321_400),
        (Quantity::FuelUsedTotal, "10", "gal_imp", 45_461),
        (Quantity::FuelUsedTotal, "10", "gal_us", 37_854),
        (Quantity::ChargePower, "7360", "W", 7_360),
        (Quantity::BatteryPower, "-0.05", "MW", -50_000),
        (Quantity::Speed, "13.9", "m/s", 50_040),
        (Quantity::Speed, "30", "mph", 48_280),
        (Quantity::Speed, "27", "knots", 50_004),
        (Quantity::Soc, "0.625", "fraction", 62_500),
        (Quantity::FuelLevel, "625", "‰", 62_500),
        (Quantity::AuxVoltage, "12650", "mV", 12_650),
        (Quantity::FuelRate, "2.5", "ml/s", 9_000),
        (Quantity::EngineHoursTotal, "5400", "s", 1_500),
        (Quantity::EngineHoursTotal, "90", "min", 1_500),
    ] {
        assert_eq!(
            number(quantity, text, Some(unit)),
            Ok(want),
            "{text} {unit}"
        );
    }
}

#[test]
fn foreign_and_ambiguous_units_are_refused() {
    for (quantity, unit) in [
        (Quantity::Odometer, "kWh"),
        (Quantity::Odometer, ""),
        (Quantity::ChargePower, "mw"),
        (Quantity::EnergyImportTotal, "MWH"),
        (Quantity::FuelUsedTotal, "gal"),
        (Quantity::Soc, "km"),
    ] {
        assert_eq!(
            number(quantity, "1", Some(unit)),
            Err(RejectReason::Unit),
            "{unit}"
        );
    }
}

#[test]
fn absurd_numbers_are_refused() {
    for (quantity, text) in [
        (Quantity::Odometer, "-1"),
        (Quantity::Odometer, "1e12"),
        (Quantity::Odometer, "1e400"),
        (Quantity::Odometer, "NaN"),
        (Quantity::Soc, "255"),
        (Quantity::Soc, "100.1"),
        (Quantity::FuelLevel, "-0.1"),
        (Quantity::Speed, "1e4"),
        (Quantity::AuxVoltage, "12650"),
    ] {
        assert_eq!(
            number(quantity, text, None),
            Err(RejectReason::Number),
            "{quantity:?} {text}"
        );
    }
    assert_eq!(number(Quantity::Soc, "100", None), Ok(100_000));
}
