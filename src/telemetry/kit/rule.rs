//! Rules: the quantity that a source's field becomes, and how its text is parsed. A format is mostly a table of rules.

use std::borrow::Cow;

use super::degrees::degrees;
use super::{unit, value_text};
use crate::model::{Quantity, RejectReason, Value, check_id};
use crate::units::Thousandths;

/// Why a value is left out: the category for counters, and a text for people that follows the field's name.
pub(crate) type ValueError = (RejectReason, &'static str);

const BAD_NUMBER: ValueError = (
    RejectReason::Number,
    "is not a number, or one that cannot be",
);
const NOT_A_NUMBER: ValueError = (RejectReason::Number, "is unknown to the source");
const ZERO: ValueError = (
    RejectReason::Number,
    "is zero, which is how sources say that they do not know it",
);
const LIST: ValueError = (
    RejectReason::Type,
    "is a list where a single value is expected",
);
const BAD_UNIT: ValueError = (
    RejectReason::Unit,
    "is in a unit that its quantity does not have",
);
const BAD_BOOL: ValueError = (
    RejectReason::Type,
    "is none of the words for true and false",
);
const BAD_ID: ValueError = (RejectReason::Id, "is not an id");

/// Returns true if the source reports the value as unknown, which is not an error of the message.
pub(crate) fn is_unknown(error: ValueError) -> bool {
    error == NOT_A_NUMBER || error == ZERO
}

/// What a field becomes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Rule {
    /// A number in this unit. An odometer of zero counts as unknown: it is the most frequent glitch of all sources.
    Number(Quantity, &'static str),
    /// A number in this unit with the sign reversed: the source counts power out of the battery as positive, we count power into it.
    Negated(Quantity, &'static str),
    /// A number where zero means "unknown".
    NonZero(Quantity, &'static str),
    /// `true`, `yes`, `on`, `1` and their contraries, in any case.
    Bool(Quantity),
    /// True for these words, in any case; false for all others.
    Is(Quantity, &'static [&'static str]),
    /// True for the first word, false for the second, in any case; no other is known.
    Either(Quantity, &'static str, &'static str),
    /// A latitude or longitude, in degrees.
    Angle(Quantity),
    /// An id, such as that of the driver or of the vehicle that is plugged in.
    Id(Quantity),
}

impl Rule {
    /// The rule of a value in the quantity's own unit.
    pub(crate) fn canonical(quantity: Quantity) -> Option<Self> {
        match quantity.unit() {
            "bool" => Some(Self::Bool(quantity)),
            "id" => Some(Self::Id(quantity)),
            // A position is two numbers.
            "deg" => (quantity != Quantity::Position).then_some(Self::Angle(quantity)),
            unit => Some(Self::Number(quantity, unit)),
        }
    }

    /// The quantity that the rule yields.
    pub(crate) fn quantity(self) -> Quantity {
        match self {
            Self::Number(quantity, _) | Self::Negated(quantity, _) | Self::NonZero(quantity, _) => {
                quantity
            }
            Self::Bool(quantity) | Self::Is(quantity, _) | Self::Either(quantity, ..) => quantity,
            Self::Angle(quantity) | Self::Id(quantity) => quantity,
        }
    }

    /// Parses a value's text; blanks and quotes may surround it. `None` if the source reports it as unknown.
    pub(crate) fn parse(self, text: &str) -> Result<Option<Value<'_>>, ValueError> {
        let Some(text) = value_text::known(text) else {
            return Ok(None);
        };
        let value = match self {
            Self::Number(quantity, unit) => not_zero(quantity, number(quantity, text, unit)?)?,
            Self::Negated(quantity, unit) => {
                Value::Number(Thousandths(-number(quantity, text, unit)?))
            }
            Self::NonZero(quantity, unit) => match number(quantity, text, unit)? {
                0 => return Err(ZERO),
                number => Value::Number(Thousandths(number)),
            },
            Self::Bool(_) => Value::Bool(boolean(text)?),
            Self::Is(_, words) => {
                Value::Bool(words.iter().any(|word| text.eq_ignore_ascii_case(word)))
            }
            Self::Either(_, yes, _) if text.eq_ignore_ascii_case(yes) => Value::Bool(true),
            Self::Either(_, _, no) if text.eq_ignore_ascii_case(no) => Value::Bool(false),
            Self::Either(..) => return Err(BAD_BOOL),
            Self::Angle(quantity) => Value::Angle(angle(quantity, text)?),
            Self::Id(_) => Value::Id(Cow::Borrowed(check_id(text).map_err(|_| BAD_ID)?)),
        };
        Ok(Some(value))
    }
}

/// A number that is already in thousandths of the quantity's own unit, as CAN frames carry it.
pub(crate) fn counted(quantity: Quantity, thousandths: i64) -> Result<Value<'static>, ValueError> {
    if unit::is_plausible(quantity, thousandths) {
        not_zero(quantity, thousandths)
    } else {
        Err(BAD_NUMBER)
    }
}

fn not_zero(quantity: Quantity, thousandths: i64) -> Result<Value<'static>, ValueError> {
    if thousandths == 0 && quantity == Quantity::Odometer {
        Err(ZERO)
    } else {
        Ok(Value::Number(Thousandths(thousandths)))
    }
}

/// A number's text in a unit to thousandths of the quantity's own.
pub(crate) fn number(quantity: Quantity, text: &str, unit: &str) -> Result<i64, ValueError> {
    let unit = (!value_text::same(unit, quantity.unit())).then_some(unit);
    unit::number(quantity, text, unit).map_err(|reason| match reason {
        RejectReason::Unit => BAD_UNIT,
        _ if is_not_a_number(text) => NOT_A_NUMBER,
        _ if text.contains(',') => LIST,
        _ => BAD_NUMBER,
    })
}

/// `NaN`, `+Inf`, `-infinity`: what a program prints of a value it could not compute.
pub(crate) fn is_not_a_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    ["nan", "inf", "infinity"]
        .iter()
        .any(|word| unsigned.eq_ignore_ascii_case(word))
}

/// A boolean, in any spelling in use.
pub(crate) fn boolean(text: &str) -> Result<bool, ValueError> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "yes", "on", "1"]) {
        Ok(true)
    } else if is(["false", "no", "off", "0"]) {
        Ok(false)
    } else {
        Err(BAD_BOOL)
    }
}

fn angle(quantity: Quantity, text: &str) -> Result<i32, ValueError> {
    degrees(
        text,
        if quantity == Quantity::Latitude {
            90
        } else {
            180
        },
    )
    .ok_or(BAD_NUMBER)
}

/// Latitude and longitude; `None` at 0, 0 in the Gulf of Guinea, which is what receivers without a fix report.
pub(crate) fn position(
    latitude: &str,
    longitude: &str,
) -> Result<Option<Value<'static>>, ValueError> {
    let position = (
        angle(Quantity::Latitude, latitude)?,
        angle(Quantity::Longitude, longitude)?,
    );
    Ok((position != (0, 0)).then_some(Value::Position(position.0, position.1)))
}

#[cfg(test)]
mod tests;
