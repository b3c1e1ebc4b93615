//! `MeterValue` to one normalised sample, for all versions: defaults of the standard, units converted, phases joined, the best location
//! taken.

use std::borrow::Cow;

use super::MAX_SAMPLES;
use super::field::{Times, decimal, integer, trimmed, whole};
use crate::json::Json;
use crate::model::{MeterSample, ReadingContext, SignedData};
use crate::units::UtcMs;

/// `meterStart` and `meterStop`: whole Wh by the standard, fractions happen.
pub(super) fn meter_register(json: &mut Json<'_>) -> Option<i64> {
    let text = trimmed(json)?;
    let dwh = match whole(&text) {
        Some(wh) if !text.contains(['.', ',']) => wh.checked_mul(10)?,
        _ => decimal(&text, 1)?,
    };
    REGISTER.contains(&dwh).then_some(dwh)
}

/// Registers that can be, in tenths of Wh: up to 100 TWh. Beyond, a number is noise, and sums of it would overflow.
const REGISTER: std::ops::RangeInclusive<i64> = 0..=1_000_000_000_000_000;
/// Flows and states that can be, in thousandths: up to 10 GW and as much of anything else, either way.
const FLOW: std::ops::RangeInclusive<i64> = -10_000_000_000_000..=10_000_000_000_000;

/// `meterValue` or `transactionData`: one per element, sorted by time; elements without a time keep their place behind the ones before.
pub(super) fn samples(json: &mut Json<'_>, times: &mut Times) -> Vec<MeterSample> {
    let mut samples = Vec::new();
    json.one_or_many(|json| {
        if samples.len() < MAX_SAMPLES {
            samples.extend(sample(json, times));
        }
    });
    if samples
        .windows(2)
        .any(|pair: &[MeterSample]| pair[1].at < pair[0].at)
    {
        samples.sort_by_key(|sample| sample.at);
    }
    samples
}

/// One element of it; `None` if nothing in it is of use.
fn sample(json: &mut Json<'_>, times: &mut Times) -> Option<MeterSample> {
    let mut at = None;
    let mut readings = Readings::default();
    json.object(|json, name| match name {
        "timestamp" => at = times.parse(json),
        "sampledValue" => json.one_or_many(|json| readings.take(json)),
        _ => {}
    });
    (readings.heard || readings.signed.is_some()).then(|| readings.sample(at))
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
            *self = Self {
                rank,
                ..Self::default()
            };
        }
        match phase {
            Phase::None => self.total = Some(value),
            Phase::Line(line) => self.phases[line] = Some(value),
            Phase::Other => {}
        }
    }

    fn of_phases(
        &self,
        join: impl Fn(&mut dyn Iterator<Item = i64>) -> Option<i64>,
    ) -> Option<i64> {
        self.total
            .or_else(|| join(&mut self.phases.iter().flatten().copied()))
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
    signed: Option<Box<SignedData>>,
}

/// One `SampledValue`, as sent.
#[derive(Default)]
struct Sampled<'a> {
    value: Option<Cow<'a, str>>,
    context: Option<Cow<'a, str>>,
    measurand: Option<Cow<'a, str>>,
    phase: Option<Cow<'a, str>>,
    location: Option<Cow<'a, str>>,
    unit: Option<Cow<'a, str>>,
    /// OCPP 2.x: the value counts in units of ten to this power.
    multiplier: i64,
    format: Option<Cow<'a, str>>,
    /// OCPP 2.x: the signed form beside the number.
    signed: Option<Cow<'a, str>>,
}

impl<'a> Sampled<'a> {
    fn read(json: &mut Json<'a>) -> Self {
        let mut sampled = Self::default();
        json.object(|json, name| match name {
            "value" => sampled.value = json.text(),
            "context" => sampled.context = trimmed(json),
            "measurand" => sampled.measurand = trimmed(json),
            "phase" => sampled.phase = trimmed(json),
            "location" => sampled.location = trimmed(json),
            "unit" => sampled.unit = trimmed(json),
            "format" => sampled.format = trimmed(json),
            "unitOfMeasure" => {
                json.object(|json, name| match name {
                    "unit" => sampled.unit = trimmed(json),
                    "multiplier" => sampled.multiplier = integer(json).unwrap_or(0),
                    _ => {}
                });
            }
            "signedMeterValue" => {
                json.object(|json, name| {
                    if name == "signedMeterData" {
                        sampled.signed = json.text();
                    }
                });
            }
            _ => {}
        });
        sampled
    }
}

impl Readings {
    fn take(&mut self, json: &mut Json<'_>) {
        let sampled = Sampled::read(json);
        if let Some(signed) = sampled.signed.as_deref() {
            self.signed = Some(Box::new(SignedData::of(signed)));
        }
        let Some(value) = sampled.value else { return };
        if sampled
            .format
            .as_deref()
            .is_some_and(|format| format == "SignedData")
        {
            // Kilobytes of text that the authorities may want: never a number, known again by size and digest.
            self.signed = Some(Box::new(SignedData::of(&value)));
            return;
        }
        let unit = sampled.unit.as_deref();
        // OCPP 1.6, types, SampledValue: no `measurand` means Energy.Active.Import.Register, no `unit` then means Wh. OCPP 2.x is the same.
        let measurand = sampled
            .measurand
            .unwrap_or(Cow::Borrowed("Energy.Active.Import.Register"));
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
        let Some(number) =
            scaled(&value, scale, sampled.multiplier).filter(|number| possible.contains(number))
        else {
            return;
        };
        let rank = match sampled.location.as_deref() {
            Some("Outlet") => 0,
            None => 1,
            Some(_) => 2,
        };
        let phase = match sampled.phase.as_deref() {
            None => Phase::None,
            Some("L1" | "L1-N") => Phase::Line(0),
            Some("L2" | "L2-N") => Phase::Line(1),
            Some("L3" | "L3-N") => Phase::Line(2),
            Some(_) => Phase::Other,
        };
        best.take(rank, phase, number);
        self.heard = true;
        match sampled.context.as_deref() {
            Some("Transaction.End") => self.context = ReadingContext::End,
            Some("Transaction.Begin") => self.context = ReadingContext::Begin,
            Some("Sample.Clock") if self.context == ReadingContext::Periodic => {
                self.context = ReadingContext::Clock
            }
            _ => {}
        }
    }

    fn sample(self, at: Option<UtcMs>) -> MeterSample {
        MeterSample {
            at,
            context: self.context,
            register_dwh: self.import.sum(),
            export_register_dwh: self.export.sum(),
            power_mw: self.power.sum(),
            current_ma: self.current.of_phases(|phases| phases.max()),
            voltage_mv: self.voltage.of_phases(|phases| {
                let (sum, count) = phases.fold((0, 0), |(sum, count), value| {
                    (sum + i128::from(value), count + 1)
                });
                (count > 0).then(|| (sum / count) as i64)
            }),
            soc_mpct: self.soc.sum(),
            temperature_mc: self.temperature.sum(),
            signed: self.signed,
        }
    }
}

/// A value in units of `10^-scale`, with the power of ten that OCPP 2.x may put beside it.
fn scaled(text: &str, scale: u32, multiplier: i64) -> Option<i64> {
    if multiplier == 0 {
        return decimal(text, scale);
    }
    let shifted = i64::from(scale).checked_add(multiplier)?;
    match u32::try_from(shifted) {
        Ok(scale) if scale <= 18 => decimal(text, scale),
        Ok(_) => None,
        // Smaller than we count: round from the smallest step there is.
        Err(_) => decimal(text, 0)?.checked_div(10i64.checked_pow(u32::try_from(-shifted).ok()?)?),
    }
}
