//! One field of a map: the raw text of a value to the value of a quantity. Exact, but for the rounding of a product.

use std::borrow::Cow;

use super::value;
use crate::model::{Quantity, RejectReason, Value};
use crate::telemetry::kit::rule::{Rule, Trouble, is_not_a_number, position};
use crate::telemetry::kit::unit::Unit;
use crate::telemetry::kit::{json, scalar};
use crate::units::{Decimal, DecimalError, Thousandths};

const NESTED: Trouble = (
    RejectReason::Type,
    "is an object or a list where a single value is expected",
);
const NO_WORD: Trouble = (RejectReason::Type, "is none of the words in `values`");
const NO_NUMBER: Trouble = (RejectReason::Number, "is not a number");
const COMMA: Trouble = (
    RejectReason::Number,
    "has a comma: it is a list, or not written as a number",
);
const OUTSIDE: Trouble = (RejectReason::Number, "is outside `valid`");
const ABSURD: Trouble = (
    RejectReason::Number,
    "is a number that cannot be; check `unit`, `scale` and `offset`",
);
const ZERO: Trouble = (
    RejectReason::Number,
    "is zero, which is how sources say that they do not know it",
);
const NO_POSITION: Trouble = (
    RejectReason::Type,
    "is not latitude and longitude: [52.48, -1.9] or \"52.48,-1.9\"",
);

/// Digits after the point, of the field's unit, that an offset and a range are reckoned with.
pub const DIGITS: u32 = 9;
/// Digits of a degree that are kept.
const DEGREE_DIGITS: u32 = 7;

/// A field, compiled.
#[derive(Debug)]
pub struct Field {
    /// Its name for people: the path, or the quantity of a bare value.
    pub name: String,
    /// Which of the found values it is.
    pub pointer: usize,
    /// What it measures.
    pub quantity: Quantity,
    /// Only where the selector has this value.
    pub when: Option<String>,
    /// How it is read.
    pub reading: Reading,
}

/// How a field's text is read.
#[derive(Debug)]
pub enum Reading {
    /// A number in a unit.
    Number(Unit, Line),
    /// Degrees.
    Angle(Line),
    /// Latitude and longitude.
    Position,
    /// A state, in any spelling in use.
    Bool,
    /// An id.
    Id,
    /// Only these words, as sent; each with its meaning.
    Words(Vec<(String, Value<'static>)>),
}

/// `raw * scale + offset`, for a raw number within a range.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// `scale`.
    pub scale: Option<Decimal>,
    /// `offset`.
    pub offset: Option<Decimal>,
    /// `valid`, ends included, in units of `10^-DIGITS`; of the number as sent.
    pub valid: Option<(i128, i128)>,
}

impl Line {
    fn apply(&self, raw: Decimal) -> Result<Decimal, Trouble> {
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
        let absurd = |_: DecimalError| ABSURD;
        let sum = number
            .scaled(DIGITS)
            .map_err(absurd)?
            .checked_add(offset.scaled(DIGITS).map_err(absurd)?)
            .ok_or(ABSURD)?;
        Ok(Decimal::new(sum, -(DIGITS as i32)))
    }
}

impl Field {
    /// The empty text is one of its words.
    pub fn has_empty_word(&self) -> bool {
        matches!(&self.reading, Reading::Words(words) if words.iter().any(|(word, _)| word.is_empty()))
    }

    /// Reads a value; `None` where the source does not know.
    pub fn read<'a>(&'a self, raw: &'a str) -> Result<Option<Value<'a>>, Trouble> {
        if value::is_nested(raw) {
            return if matches!(self.reading, Reading::Position) {
                pair(raw)
            } else {
                Err(NESTED)
            };
        }
        let text = value::plain(raw);
        // Before anything else: to some sources "none" is a state.
        if let Reading::Words(words) = &self.reading
            && let Some((_, value)) = words.iter().find(|(word, _)| *word == *text)
        {
            return Ok(Some(borrowed(value)));
        }
        if scalar::known(&text).is_none() {
            return Ok(None);
        }
        match &self.reading {
            Reading::Words(_) => Err(NO_WORD),
            Reading::Number(..) | Reading::Angle(_) if is_not_a_number(&text) => Ok(None),
            Reading::Number(unit, line) => {
                let thousandths = unit
                    .thousandths(line.apply(number(&text)?)?)
                    .map_err(|_| ABSURD)?;
                // The most frequent glitch there is (`mqtt-telemetry` section 1, item 3).
                if thousandths == 0 && self.quantity == Quantity::Odometer {
                    Err(ZERO)
                } else {
                    Ok(Some(number_of(thousandths)))
                }
            }
            Reading::Angle(line) => {
                let units = line
                    .apply(number(&text)?)?
                    .scaled(DEGREE_DIGITS)
                    .map_err(|_| ABSURD)?;
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
                angle.map(|angle| Some(Value::Angle(angle))).ok_or(ABSURD)
            }
            Reading::Position => {
                let (latitude, longitude) = text.split_once(',').ok_or(NO_POSITION)?;
                position(latitude.trim(), longitude.trim())
            }
            Reading::Bool => owned(Rule::Bool(self.quantity), text),
            Reading::Id => owned(Rule::Id(self.quantity), text),
        }
    }
}

fn number_of(thousandths: i64) -> Value<'static> {
    Value::Number(Thousandths(thousandths))
}

fn number(text: &str) -> Result<Decimal, Trouble> {
    text.parse()
        .map_err(|_| if text.contains(',') { COMMA } else { NO_NUMBER })
}

/// Reads by a rule what may have been unescaped just now.
fn owned(rule: Rule, text: Cow<'_, str>) -> Result<Option<Value<'_>>, Trouble> {
    match text {
        Cow::Borrowed(text) => rule.read(text),
        Cow::Owned(text) => Ok(rule.read(&text)?.map(Value::into_owned)),
    }
}

fn borrowed<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Id(id) => Value::Id(Cow::Borrowed(id)),
        other => other.clone(),
    }
}

/// `[latitude, longitude]`.
fn pair(raw: &str) -> Result<Option<Value<'_>>, Trouble> {
    let mut parts = [None; 2];
    let mut count = 0usize;
    json::each_element(raw, |part| {
        if let Some(slot) = parts.get_mut(count) {
            *slot = Some(part);
        }
        count += 1;
    })
    .map_err(|_| NO_POSITION)?;
    let ([Some(latitude), Some(longitude)], 2) = (parts, count) else {
        return Err(NO_POSITION);
    };
    match (value::known(latitude), value::known(longitude)) {
        (Some(latitude), Some(longitude)) => position(&latitude, &longitude),
        _ => Ok(None),
    }
}
