//! One `SampledValue` as sent, and its number.

use std::borrow::Cow;

use crate::json::Json;
use crate::ocpp::codec::field::{decimal, integer, trimmed};

#[derive(Default)]
pub(super) struct SampledValue<'a> {
    pub value: Option<Cow<'a, str>>,
    pub context: Option<Cow<'a, str>>,
    pub measurand: Option<Cow<'a, str>>,
    pub phase: Option<Cow<'a, str>>,
    pub location: Option<Cow<'a, str>>,
    /// `unit`; in OCPP 2.x `unitOfMeasure.unit`.
    pub unit: Option<Cow<'a, str>>,
    /// OCPP 2.x, `unitOfMeasure.multiplier`: the value is to be multiplied by ten to this power.
    pub multiplier: i64,
    pub format: Option<Cow<'a, str>>,
    /// OCPP 2.x: the signed form beside the number.
    pub signed: Option<Cow<'a, str>>,
}

impl<'a> SampledValue<'a> {
    pub(super) fn parse(json: &mut Json<'a>) -> Self {
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

/// A value in units of `10^-scale`, multiplied by ten to the power of `multiplier`.
pub(super) fn scaled(text: &str, scale: u32, multiplier: i64) -> Option<i64> {
    if multiplier == 0 {
        return decimal(text, scale);
    }
    let shifted = i64::from(scale).checked_add(multiplier)?;
    match u32::try_from(shifted) {
        Ok(scale) if scale <= 18 => decimal(text, scale),
        Ok(_) => None,
        // The last digit counts less than the unit of the result: parse whole units and divide.
        Err(_) => decimal(text, 0)?.checked_div(10i64.checked_pow(u32::try_from(-shifted).ok()?)?),
    }
}
