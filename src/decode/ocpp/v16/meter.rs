//! `MeterValue` to one normalised sample: defaults of the standard, units converted, phases joined, the best location taken.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::field::{decimal, each, integer, one_or_many, text, time, trimmed};
use crate::model::{MeterSample, ReadingContext};

/// `meterStart` and `meterStop`: whole Wh by the standard, fractions happen.
pub(super) fn register_dwh(value: &RawValue) -> Option<i64> {
    let dwh = match integer(value) {
        Some(wh) if !value.get().contains(['.', ',']) => wh.checked_mul(10)?,
        _ => decimal(&text(value)?, 1)?,
    };
    REGISTER.contains(&dwh).then_some(dwh)
}

/// Registers that can be, in tenths of Wh: up to 100 TWh. Beyond, a number is noise, and sums of it would overflow.
const REGISTER: std::ops::RangeInclusive<i64> = 0..=1_000_000_000_000_000;
/// Flows and states that can be, in thousandths: up to 10 GW and as much of anything else, either way.
const FLOW: std::ops::RangeInclusive<i64> = -10_000_000_000_000..=10_000_000_000_000;

/// One element of `meterValue`; `None` if nothing in it is of use.
pub(super) fn sample(element: &RawValue) -> Option<MeterSample> {
    let mut at = None;
    let mut values = None;
    each(element, |name, value| match name {
        "timestamp" => at = time(value),
        "sampledValue" => values = Some(value),
        _ => {}
    });
    let mut readings = Readings::default();
    one_or_many(values?, |value| readings.take(value));
    readings.heard.then(|| readings.sample(at))
}

/// The best reading of one measurand so far.
#[derive(Default)]
struct Best {
    /// Location: outlet, not said, elsewhere.
    rank: u8,
    /// Without a phase.
    total: Option<i64>,
    /// L1, L2, L3.
    phases: [Option<i64>; 3],
}

impl Best {
    fn take(&mut self, rank: u8, phase: Phase, value: i64) {
        let empty = self.total.is_none() && self.phases == [None; 3];
        if !empty && rank > self.rank {
            return;
        }
        if empty || rank < self.rank {
            *self = Self { rank, ..Self::default() };
        }
        match phase {
            Phase::None => self.total = Some(value),
            Phase::Line(line) => self.phases[line] = Some(value),
            Phase::Other => {}
        }
    }

    fn of_phases(&self, join: impl Fn(&mut dyn Iterator<Item = i64>) -> Option<i64>) -> Option<i64> {
        self.total.or_else(|| join(&mut self.phases.iter().flatten().copied()))
    }

    /// The total, or what the phases add up to; one phase alone is the total (Vestel puts the total on L1).
    fn sum(&self) -> Option<i64> {
        self.of_phases(|phases| phases.reduce(i64::saturating_add))
    }
}

#[derive(Clone, Copy)]
enum Phase {
    None,
    Line(usize),
    /// Neutral, and voltages between lines.
    Other,
}

/// All readings of one element.
#[derive(Default)]
struct Readings {
    heard: bool,
    context: ReadingContext,
    import: Best,
    export: Best,
    power: Best,
    current: Best,
    voltage: Best,
    soc: Best,
    temperature: Best,
}

impl Readings {
    fn take(&mut self, value: &RawValue) {
        let (mut number, mut context, mut measurand, mut phase, mut location, mut unit, mut signed) =
            (None, None, None, None, None, None, false);
        each(value, |name, value| match name {
            "value" => number = text(value),
            "context" => context = trimmed(value),
            "measurand" => measurand = trimmed(value),
            "phase" => phase = trimmed(value),
            "location" => location = trimmed(value),
            "unit" => unit = trimmed(value),
            "format" => signed = text(value).is_some_and(|format| format == "SignedData"),
            _ => {}
        });
        // Signed data are kilobytes of text, never a number.
        let Some(number) = number.filter(|_| !signed) else { return };
        let unit = unit.as_deref();
        // OCPP 1.6, types, SampledValue: no `measurand` means Energy.Active.Import.Register, no `unit` then means Wh.
        let measurand = measurand.unwrap_or(Cow::Borrowed("Energy.Active.Import.Register"));
        let (best, scale, possible) = match (measurand.as_ref(), unit) {
            ("Energy.Active.Import.Register", None | Some("Wh")) => (&mut self.import, 1, REGISTER),
            ("Energy.Active.Import.Register", Some("kWh")) => (&mut self.import, 4, REGISTER),
            ("Energy.Active.Export.Register", None | Some("Wh")) => (&mut self.export, 1, REGISTER),
            ("Energy.Active.Export.Register", Some("kWh")) => (&mut self.export, 4, REGISTER),
            ("Power.Active.Import", None | Some("W")) => (&mut self.power, 3, FLOW),
            ("Power.Active.Import", Some("kW")) => (&mut self.power, 6, FLOW),
            ("Current.Import", None | Some("A")) => (&mut self.current, 3, FLOW),
            ("Voltage", None | Some("V")) => (&mut self.voltage, 3, FLOW),
            ("SoC", None | Some("Percent" | "%")) => (&mut self.soc, 3, FLOW),
            // The 1.6 schema itself has the misspelling.
            ("Temperature", None | Some("Celsius" | "Celcius")) => (&mut self.temperature, 3, FLOW),
            _ => return,
        };
        let Some(number) = decimal(&number, scale).filter(|number| possible.contains(number)) else { return };
        let rank = match location.as_deref() {
            Some("Outlet") => 0,
            None => 1,
            Some(_) => 2,
        };
        let phase = match phase.as_deref() {
            None => Phase::None,
            Some("L1" | "L1-N") => Phase::Line(0),
            Some("L2" | "L2-N") => Phase::Line(1),
            Some("L3" | "L3-N") => Phase::Line(2),
            Some(_) => Phase::Other,
        };
        best.take(rank, phase, number);
        self.heard = true;
        match context.as_deref() {
            Some("Transaction.End") => self.context = ReadingContext::End,
            Some("Transaction.Begin") => self.context = ReadingContext::Begin,
            Some("Sample.Clock") if self.context == ReadingContext::Periodic => self.context = ReadingContext::Clock,
            _ => {}
        }
    }

    fn sample(&self, at: Option<crate::units::UtcMs>) -> MeterSample {
        MeterSample {
            at,
            context: self.context,
            register_dwh: self.import.sum(),
            export_register_dwh: self.export.sum(),
            power_mw: self.power.sum(),
            current_ma: self.current.of_phases(|phases| phases.max()),
            voltage_mv: self.voltage.of_phases(|phases| {
                let (sum, count) = phases.fold((0, 0), |(sum, count), value| (sum + i128::from(value), count + 1));
                (count > 0).then(|| (sum / count) as i64)
            }),
            soc_mpct: self.soc.sum(),
            temperature_mc: self.temperature.sum(),
        }
    }
}
