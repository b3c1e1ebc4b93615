//! `MeterValue` to one normalised sample, for all versions: the standard's defaults are applied, units converted, phases joined, and of
//! several locations the best is taken.

mod best;
mod sampled_value;

use std::borrow::Cow;

use self::best::{Best, Location, Phase};
use self::sampled_value::{SampledValue, scaled};
use super::MAX_SAMPLES;
use super::field::{Times, decimal, trimmed, whole};
use crate::json::Json;
use crate::model::{MeterSample, ReadingContext, SignedData};
use crate::units::UtcMs;

/// Possible registers in tenths of a watt-hour: up to 100 TWh. A larger number is noise, and would overflow sums.
const REGISTER: std::ops::RangeInclusive<i64> = 0..=1_000_000_000_000_000;
/// Possible flows and states in thousandths of their unit: up to 10 GW either way, and as much of anything else.
const FLOW: std::ops::RangeInclusive<i64> = -10_000_000_000_000..=10_000_000_000_000;

/// `meterStart` or `meterStop` in tenths of a watt-hour: the standard has whole watt-hours, but fractions occur.
pub(super) fn meter_register(json: &mut Json<'_>) -> Option<i64> {
    let text = trimmed(json)?;
    let tenths = match whole(&text) {
        Some(wh) if !text.contains(['.', ',']) => wh.checked_mul(10)?,
        _ => decimal(&text, 1)?,
    };
    REGISTER.contains(&tenths).then_some(tenths)
}

/// `meterValue` or `transactionData`: one sample per element, sorted by time; an element without a time stays behind those before it.
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

/// One element; `None` if it has no value of use.
fn sample(json: &mut Json<'_>, times: &mut Times) -> Option<MeterSample> {
    let mut at = None;
    let mut readings = Readings::default();
    json.object(|json, name| match name {
        "timestamp" => at = times.parse(json),
        "sampledValue" => json.one_or_many(|json| readings.push(SampledValue::parse(json))),
        _ => {}
    });
    (readings.has_value || readings.signed.is_some()).then(|| readings.sample(at))
}

/// The readings of one element.
#[derive(Default)]
struct Readings {
    has_value: bool,
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

impl Readings {
    fn push(&mut self, sampled: SampledValue<'_>) {
        if let Some(signed) = sampled.signed.as_deref() {
            self.signed = Some(Box::new(SignedData::of(signed)));
        }
        let Some(value) = sampled.value else { return };
        if sampled.format.as_deref() == Some("SignedData") {
            // Kilobytes of text for the authorities, not a number: only its size and digest are kept.
            self.signed = Some(Box::new(SignedData::of(&value)));
            return;
        }
        // OCPP 1.6, types, SampledValue: without `measurand` it is the import register, in Wh without `unit`. OCPP 2.x is the same.
        let measurand = sampled
            .measurand
            .unwrap_or(Cow::Borrowed("Energy.Active.Import.Register"));
        let Some((best, scale, possible)) = self.target(&measurand, sampled.unit.as_deref()) else {
            return;
        };
        let number =
            scaled(&value, scale, sampled.multiplier).filter(|number| possible.contains(number));
        let Some(number) = number else { return };
        best.push(
            Location::from_name(sampled.location.as_deref()),
            Phase::from_name(sampled.phase.as_deref()),
            number,
        );
        self.has_value = true;
        match sampled.context.as_deref() {
            Some("Transaction.End") => self.context = ReadingContext::End,
            Some("Transaction.Begin") => self.context = ReadingContext::Begin,
            Some("Sample.Clock") if self.context == ReadingContext::Periodic => {
                self.context = ReadingContext::Clock
            }
            _ => {}
        }
    }

    /// The reading of a measurand, the decimal places to parse in this unit, and the possible values.
    fn target(
        &mut self,
        measurand: &str,
        unit: Option<&str>,
    ) -> Option<(&mut Best, u32, std::ops::RangeInclusive<i64>)> {
        Some(match (measurand, unit) {
            ("Energy.Active.Import.Register", None | Some("Wh")) => (&mut self.import, 1, REGISTER),
            ("Energy.Active.Import.Register", Some("kWh")) => (&mut self.import, 4, REGISTER),
            ("Energy.Active.Export.Register", None | Some("Wh")) => (&mut self.export, 1, REGISTER),
            ("Energy.Active.Export.Register", Some("kWh")) => (&mut self.export, 4, REGISTER),
            ("Power.Active.Import", None | Some("W")) => (&mut self.power, 3, FLOW),
            ("Power.Active.Import", Some("kW")) => (&mut self.power, 6, FLOW),
            ("Current.Import", None | Some("A")) => (&mut self.current, 3, FLOW),
            ("Voltage", None | Some("V")) => (&mut self.voltage, 3, FLOW),
            ("SoC", None | Some("Percent" | "%")) => (&mut self.soc, 3, FLOW),
            // The misspelling is in the schema of OCPP 1.6.
            ("Temperature", None | Some("Celsius" | "Celcius")) => (&mut self.temperature, 3, FLOW),
            _ => return None,
        })
    }

    fn sample(self, at: Option<UtcMs>) -> MeterSample {
        MeterSample {
            at,
            context: self.context,
            register_tenth_wh: self.import.sum(),
            export_register_tenth_wh: self.export.sum(),
            power_milliwatts: self.power.sum(),
            current_ma: self.current.max(),
            voltage_mv: self.voltage.mean(),
            soc_millipercent: self.soc.sum(),
            temperature_mc: self.temperature.sum(),
            signed: self.signed,
        }
    }
}
