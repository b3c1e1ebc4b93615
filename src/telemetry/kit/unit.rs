//! Units: a number's text in any unit of its quantity to thousandths of the canonical unit, in integers, with plausibility limits.

use super::value_text::same;
use crate::model::{Quantity, RejectReason};
use crate::units::{Decimal, DecimalError, parse_scaled};

/// How a unit relates to thousandths of the canonical one.
#[derive(Clone, Copy, Debug)]
enum Factor {
    /// One unit is `10^n` thousandths: the point only moves, so nothing is rounded twice.
    Power(u32),
    /// One unit is `numerator / denominator` thousandths.
    Ratio(i64, i64),
}

use Factor::{Power, Ratio};

/// Digits kept of a number before it is multiplied by a ratio: a millionth of the unit given.
const RATIO_DIGITS: u32 = 6;

type Units = &'static [(&'static str, Factor)];

/// International mile: 1609.344 m.
const MILE: Factor = Ratio(1_609_344, 1_000);
/// International knot: 1852 m in an hour.
const KNOT: Factor = Ratio(1_852, 1);
/// US liquid gallon: 231 cubic inches, 3785.411784 ml.
const GALLON_US: Factor = Ratio(3_785_411_784, 1_000_000);
/// Imperial gallon: 4546.09 ml (Weights and Measures Act 1985, schedule 1).
const GALLON_IMPERIAL: Factor = Ratio(454_609, 100);

const DISTANCE: Units = &[
    ("km", Power(3)),
    ("m", Power(0)),
    ("mi", MILE),
    ("mile", MILE),
    ("miles", MILE),
    ("hm", Power(2)),
    ("ft", Ratio(3_048, 10_000)),
    ("yd", Ratio(9_144, 10_000)),
    ("cm", Ratio(1, 100)),
    ("mm", Ratio(1, 1_000)),
];

const VOLUME: Units = &[
    ("l", Power(3)),
    ("litre", Power(3)),
    ("litres", Power(3)),
    ("liter", Power(3)),
    ("liters", Power(3)),
    ("ml", Power(0)),
    ("mL", Power(0)),
    ("cl", Power(1)),
    ("dl", Power(2)),
    ("hl", Power(5)),
    ("m3", Power(6)),
    ("m³", Power(6)),
    ("dm3", Power(3)),
    ("cm3", Power(0)),
    ("gal_us", GALLON_US),
    ("us_gal", GALLON_US),
    ("gal-us", GALLON_US),
    ("gal_imp", GALLON_IMPERIAL),
    ("imp_gal", GALLON_IMPERIAL),
    ("gal-imp", GALLON_IMPERIAL),
    ("gal_uk", GALLON_IMPERIAL),
];

const ENERGY: Units = &[
    ("kWh", Power(3)),
    ("Wh", Power(0)),
    ("MWh", Power(6)),
    ("GWh", Power(9)),
    ("J", Ratio(1, 3_600)),
    ("Ws", Ratio(1, 3_600)),
    ("kJ", Ratio(1_000, 3_600)),
    ("MJ", Ratio(1_000_000, 3_600)),
    ("GJ", Ratio(1_000_000_000, 3_600)),
    ("mWh", Ratio(1, 1_000)),
    ("Wmin", Ratio(1, 60)),
    // 0.1 kWh and 10 Ws: the steps of go-e's API v1.
    ("hWh", Power(2)),
    ("daWs", Ratio(10, 3_600)),
];

const POWER: Units = &[
    ("kW", Power(3)),
    ("W", Power(0)),
    ("MW", Power(6)),
    ("mW", Ratio(1, 1_000)),
    // 0.01 kW, likewise.
    ("daW", Power(1)),
    // 550 ft lbf/s and 75 kgf m/s.
    ("hp", Ratio(745_699_872, 1_000_000)),
    ("PS", Ratio(73_549_875, 100_000)),
];

const SHARE: Units = &[
    ("%", Power(3)),
    ("percent", Power(3)),
    ("pct", Power(3)),
    ("fraction", Power(5)),
    ("ratio", Power(5)),
    ("1", Power(5)),
    ("permille", Power(2)),
    ("‰", Power(2)),
];

const SPEED: Units = &[
    ("km/h", Power(3)),
    ("kmh", Power(3)),
    ("kph", Power(3)),
    ("km/hr", Power(3)),
    ("m/s", Ratio(3_600, 1)),
    ("mps", Ratio(3_600, 1)),
    ("mph", MILE),
    ("MPH", MILE),
    ("mi/h", MILE),
    ("kn", KNOT),
    ("kt", KNOT),
    ("kts", KNOT),
    ("knot", KNOT),
    ("knots", KNOT),
];

const FLOW: Units = &[
    ("l/h", Power(3)),
    ("l/hr", Power(3)),
    ("lph", Power(3)),
    ("ml/h", Power(0)),
    ("m3/h", Power(6)),
    ("l/min", Ratio(60_000, 1)),
    ("ml/min", Ratio(60, 1)),
    ("l/s", Ratio(3_600_000, 1)),
    ("ml/s", Ratio(3_600, 1)),
    ("gal_us/h", GALLON_US),
    ("gal_imp/h", GALLON_IMPERIAL),
];

const VOLTAGE: Units = &[("V", Power(3)), ("mV", Power(0)), ("kV", Power(6))];

const DURATION: Units = &[
    ("h", Power(3)),
    ("hr", Power(3)),
    ("hour", Power(3)),
    ("hours", Power(3)),
    ("min", Ratio(1_000, 60)),
    ("s", Ratio(1_000, 3_600)),
    ("ms", Ratio(1, 3_600)),
    ("d", Ratio(24_000, 1)),
];

/// A unit of a quantity, looked up once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    quantity: Quantity,
    factor: Factor,
}

impl Unit {
    /// Looks up a unit by name; `None` if the quantity has no such unit.
    pub(crate) fn from_name(quantity: Quantity, name: &str) -> Option<Self> {
        find(units_for(quantity), name).map(|factor| Self { quantity, factor })
    }

    /// The names of all units of a quantity.
    pub(crate) fn names(quantity: Quantity) -> impl Iterator<Item = &'static str> {
        units_for(quantity).iter().map(|(name, _)| *name)
    }

    /// Converts a number to thousandths of the quantity's canonical unit.
    pub(crate) fn thousandths(self, number: Decimal) -> Result<i64, RejectReason> {
        let thousandths = match self.factor {
            Power(scale) => number.scaled(scale).map_err(refuse)?,
            Ratio(numerator, denominator) => {
                let scaled = number
                    .scaled(RATIO_DIGITS)
                    .map_err(refuse)?
                    .checked_mul(i128::from(numerator));
                let scaled = scaled.ok_or(RejectReason::Number)?;
                let divisor = i128::from(denominator) * 10i128.pow(RATIO_DIGITS);
                // Nearest, ties away from zero, as everywhere.
                (scaled.abs() + divisor / 2) / divisor * scaled.signum()
            }
        };
        let thousandths = i64::try_from(thousandths).map_err(|_| RejectReason::Number)?;
        if is_plausible(self.quantity, thousandths) {
            Ok(thousandths)
        } else {
            Err(RejectReason::Number)
        }
    }
}

/// Parses a number in `unit` (the canonical one if `None`) to thousandths of the quantity's canonical unit.
pub(crate) fn number(
    quantity: Quantity,
    text: &str,
    unit: Option<&str>,
) -> Result<i64, RejectReason> {
    let factor = match unit {
        None => Power(3),
        Some(unit) => find(units_for(quantity), unit).ok_or(RejectReason::Unit)?,
    };
    match in_64_bits(factor, text) {
        Some(thousandths) if is_plausible(quantity, thousandths) => Ok(thousandths),
        Some(_) => Err(RejectReason::Number),
        None => Unit { quantity, factor }.thousandths(text.parse().map_err(refuse)?),
    }
}

/// The usual case, in 64 bits. `None` if the number or the product does not fit; the caller then uses 128 bits.
fn in_64_bits(factor: Factor, text: &str) -> Option<i64> {
    match factor {
        Power(scale) => parse_scaled(text, scale).ok(),
        Ratio(numerator, denominator) => {
            let product = parse_scaled(text, RATIO_DIGITS)
                .ok()?
                .checked_mul(numerator)?;
            let divisor = denominator.checked_mul(10i64.pow(RATIO_DIGITS))?;
            // Nearest, ties away from zero, as everywhere.
            Some(product.checked_abs()?.checked_add(divisor / 2)? / divisor * product.signum())
        }
    }
}

/// Our own spelling of a unit of the quantity, for tables that outlive the message; `None` if the quantity has no such unit.
pub(crate) fn spelling(quantity: Quantity, unit: &str) -> Option<&'static str> {
    lookup(units_for(quantity), unit).map(|(symbol, _)| *symbol)
}

fn refuse(_: DecimalError) -> RejectReason {
    RejectReason::Number
}

fn find(units: Units, wanted: &str) -> Option<Factor> {
    lookup(units, wanted).map(|(_, factor)| *factor)
}

fn lookup(units: Units, wanted: &str) -> Option<&'static (&'static str, Factor)> {
    let exact = units.iter().find(|(symbol, _)| same(symbol, wanted));
    // `KWH` and `Km/h` can only mean one thing; `MILLIWATTS` and `milliwatts`, `MV` and `mV` cannot be guessed.
    let any_case = || {
        units.iter().find(|(symbol, _)| {
            !wanted.starts_with(['m', 'M']) && symbol.eq_ignore_ascii_case(wanted)
        })
    };
    exact.or_else(any_case)
}

fn units_for(quantity: Quantity) -> Units {
    UNITS[quantity as usize]
}

/// By quantity: texts are compared once, not with every message.
const UNITS: [Units; Quantity::ALL.len()] = {
    let mut all: [Units; Quantity::ALL.len()] = [&[]; Quantity::ALL.len()];
    let mut n = 0;
    while n < all.len() {
        all[n] = match Quantity::ALL[n].unit().as_bytes() {
            b"km" => DISTANCE,
            b"l" => VOLUME,
            b"kWh" => ENERGY,
            b"kW" => POWER,
            b"%" => SHARE,
            b"km/h" => SPEED,
            b"l/h" => FLOW,
            b"V" => VOLTAGE,
            b"h" => DURATION,
            _ => &[],
        };
        n += 1;
    }
    all
};

/// Whether a value can be at all. The limits are generous: they catch garbage, all-ones and `1e15`, while a register in
/// a wrong unit must pass, because the counter rules recognise and report it.
pub(crate) fn is_plausible(quantity: Quantity, thousandths: i64) -> bool {
    let (low, high) = match quantity {
        // Metres sent as kilometres by a vehicle of a million kilometres still pass.
        Quantity::Odometer | Quantity::OdometerCoarse | Quantity::DistanceGpsTotal => {
            (0, 2_000_000_000)
        }
        Quantity::FuelUsedTotal | Quantity::EngineHoursTotal => (0, 2_000_000_000),
        Quantity::EnergyChargedTotal
        | Quantity::EnergyDischargedTotal
        | Quantity::ChargeGridEnergyTotal
        | Quantity::EnergyImportTotal
        | Quantity::EnergyExportTotal => (0, 10_000_000_000),
        Quantity::SessionEnergy | Quantity::ChargeEnergyAdded => (0, 1_000_000),
        Quantity::Soc | Quantity::SocUsable | Quantity::FuelLevel => (0, 100),
        Quantity::BatteryEnergy | Quantity::BatteryCapacity => (0, 10_000),
        // Charging stations for lorries reach 3.75 MW (MCS); a power may flow back.
        Quantity::BatteryPower | Quantity::ChargePower => (-10_000, 10_000),
        Quantity::Range | Quantity::FuelVolume | Quantity::FuelRate => (0, 10_000),
        // VSS `Vehicle.Speed` is negative in reverse.
        Quantity::Speed => (-100, 500),
        Quantity::AuxVoltage => (0, 100),
        _ => return true,
    };
    (low * 1_000..=high * 1_000).contains(&thousandths)
}

#[cfg(test)]
mod tests;
