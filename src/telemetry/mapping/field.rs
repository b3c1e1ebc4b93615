//! One field of a map: the raw text of a value to the value of its quantity. Exact, except for rounding after a multiplication.

use std::borrow::Cow;

use super::raw_value;
use crate::model::{Quantity, RejectReason, Value};
use crate::telemetry::kit::rule::{Rule, ValueError, is_not_a_number, position};
use crate::telemetry::kit::unit::Unit;
use crate::telemetry::kit::{strict_json, value_text};
use crate::units::{Decimal, DecimalError, Thousandths};

const NESTED: ValueError = (
    RejectReason::Type,
    "is an object or a list where a single value is expected",
);
const UNKNOWN_WORD: ValueError = (RejectReason::Type, "is none of the words in `values`");
const NO_NUMBER: ValueError = (RejectReason::Number, "is not a number");
const COMMA: ValueError = (
    RejectReason::Number,
    "has a comma: it is a list, or not written as a number",
);
const OUTSIDE: ValueError = (RejectReason::Number, "is outside `valid`");
const IMPLAUSIBLE: ValueError = (
    RejectReason::Number,
    "is a number that cannot be; check `unit`, `scale` and `offset`",
);
const ZERO: ValueError = (
    RejectReason::Number,
    "is zero, which is how sources say that they do not know it",
);
const NO_POSITION: ValueError = (
    RejectReason::Type,
    "is not latitude and longitude: [52.48, -1.9] or \"52.48,-1.9\"",
);

/// Decimal digits of the field's unit in which offsets and ranges are computed.
pub(super) const DIGITS: u32 = 9;
/// Digits of a degree that are kept.
const DEGREE_DIGITS: u32 = 7;

/// A field, compiled.
#[derive(Debug)]
pub(super) struct MappedField {
    /// Its name in messages for people: the path, or the quantity of a bare value.
    pub name: String,
    /// Index of its pointer.
    pub pointer: usize,
    pub quantity: Quantity,
    /// Applies only if the selector has this value.
    pub when: Option<String>,
    pub conversion: Conversion,
}

/// How a field's text is converted.
#[derive(Debug)]
pub(super) enum Conversion {
    /// A number in a unit.
    Number(Unit, LinearScale),
    /// A latitude or longitude, in degrees.
    Angle(LinearScale),
    /// Latitude and longitude.
    Position,
    /// A boolean, in any spelling in use.
    Bool,
    /// An id, checked for its characters and length.
    Id,
    /// Only these words, as sent; each with its meaning.
    Words(Vec<(String, Value<'static>)>),
}

/// `raw * scale + offset`, for a raw number within a range.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LinearScale {
    /// `scale`, a factor; `None` is 1.
    pub scale: Option<Decimal>,
    /// `offset`, added after scaling; `None` is 0.
    pub offset: Option<Decimal>,
    /// `valid`, ends included, in units of `10^-DIGITS`; of the number as sent.
    pub valid: Option<(i128, i128)>,
}

impl LinearScale {
    fn apply(&self, raw: Decimal) -> Result<Decimal, ValueError> {
        if let Some((low, high)) = self.valid {
            raw.scaled(DIGITS)
                .ok()
                .filter(|raw| (low..=high).contains(raw))
                .ok_or(OUTSIDE)?;
        }
        let number = self.scale.map_or(raw, |scale| raw.times(scale));
        let Some(offset) = self.offset else {
            return Ok(number);
        };
        let implausible = |_: DecimalError| IMPLAUSIBLE;
        let sum = number
            .scaled(DIGITS)
            .map_err(implausible)?
            .checked_add(offset.scaled(DIGITS).map_err(implausible)?)
            .ok_or(IMPLAUSIBLE)?;
        Ok(Decimal::new(sum, -(DIGITS as i32)))
    }
}

impl MappedField {
    /// Returns true if the empty text is one of its words.
    pub(super) fn has_empty_word(&self) -> bool {
        matches!(&self.conversion, Conversion::Words(words) if words.iter().any(|(word, _)| word.is_empty()))
    }

    /// Parses a value; `None` if the source reports it as unknown.
    pub(super) fn parse<'a>(&'a self, raw: &'a str) -> Result<Option<Value<'a>>, ValueError> {
        if raw_value::is_nested(raw) {
            return if matches!(self.conversion, Conversion::Position) {
                pair(raw)
            } else {
                Err(NESTED)
            };
        }
        let text = raw_value::plain(raw);
        // Checked first, because for some sources "none" is a state.
        if let Conversion::Words(words) = &self.conversion
            && let Some((_, value)) = words.iter().find(|(word, _)| *word == *text)
        {
            return Ok(Some(borrowed(value)));
        }
        if value_text::known(&text).is_none() {
            return Ok(None);
        }
        match &self.conversion {
            Conversion::Words(_) => Err(UNKNOWN_WORD),
            Conversion::Number(..) | Conversion::Angle(_) if is_not_a_number(&text) => Ok(None),
            Conversion::Number(unit, line) => {
                let thousandths = unit
                    .thousandths(line.apply(number(&text)?)?)
                    .map_err(|_| IMPLAUSIBLE)?;
                // The most frequent glitch of all sources (fordpass-ha issue 580, hass-byd-vehicle issue 96).
                if thousandths == 0 && self.quantity == Quantity::Odometer {
                    Err(ZERO)
                } else {
                    Ok(Some(to_value(thousandths)))
                }
            }
            Conversion::Angle(line) => {
                let units = line
                    .apply(number(&text)?)?
                    .scaled(DEGREE_DIGITS)
                    .map_err(|_| IMPLAUSIBLE)?;
                let limit: i128 = if self.quantity == Quantity::Latitude {
                    90
                } else {
                    180
                };
                let limit = limit * 10i128.pow(DEGREE_DIGITS);
                // 180 degrees are 1.8e9 units, within an i32.
                let angle = i32::try_from(units)
                    .ok()
                    .filter(|_| (-limit..=limit).contains(&units));
                angle
                    .map(|angle| Some(Value::Angle(angle)))
                    .ok_or(IMPLAUSIBLE)
            }
            Conversion::Position => {
                let (latitude, longitude) = text.split_once(',').ok_or(NO_POSITION)?;
                position(latitude.trim(), longitude.trim())
            }
            Conversion::Bool => parse_owned(Rule::Bool(self.quantity), text),
            Conversion::Id => parse_owned(Rule::Id(self.quantity), text),
        }
    }
}

fn to_value(thousandths: i64) -> Value<'static> {
    Value::Number(Thousandths(thousandths))
}

fn number(text: &str) -> Result<Decimal, ValueError> {
    text.parse()
        .map_err(|_| if text.contains(',') { COMMA } else { NO_NUMBER })
}

/// Parses by a rule; the result owns its text if the text was unescaped.
fn parse_owned(rule: Rule, text: Cow<'_, str>) -> Result<Option<Value<'_>>, ValueError> {
    match text {
        Cow::Borrowed(text) => rule.parse(text),
        Cow::Owned(text) => Ok(rule.parse(&text)?.map(Value::into_owned)),
    }
}

fn borrowed<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Id(id) => Value::Id(Cow::Borrowed(id)),
        other => other.clone(),
    }
}

/// Parses a JSON array `[latitude, longitude]` in degrees; `None` if one of them is null.
fn pair(raw: &str) -> Result<Option<Value<'_>>, ValueError> {
    let mut parts = [None; 2];
    let mut count = 0usize;
    strict_json::each_element(raw, |part| {
        if let Some(slot) = parts.get_mut(count) {
            *slot = Some(part);
        }
        count += 1;
    })
    .map_err(|_| NO_POSITION)?;
    let ([Some(latitude), Some(longitude)], 2) = (parts, count) else {
        return Err(NO_POSITION);
    };
    match (raw_value::known(latitude), raw_value::known(longitude)) {
        (Some(latitude), Some(longitude)) => position(&latitude, &longitude),
        _ => Ok(None),
    }
}
