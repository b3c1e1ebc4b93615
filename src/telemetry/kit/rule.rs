//! What a source's field becomes: a quantity, and how its text is read. Formats are tables of these.

use std::borrow::Cow;

use super::angle::degrees;
use super::{scalar, unit};
use crate::model::{Quantity, RejectReason, Value, check_id};
use crate::units::Thousandths;

/// Why a value is left out, for counting and for people.
pub type Trouble = (RejectReason, &'static str);

const BAD_NUMBER: Trouble = (
    RejectReason::Number,
    "is not a number, or one that cannot be",
);
const NOT_A_NUMBER: Trouble = (RejectReason::Number, "is unknown to the source");
const ZERO: Trouble = (
    RejectReason::Number,
    "is zero, which is how sources say that they do not know it",
);
const LIST: Trouble = (
    RejectReason::Type,
    "is a list where a single value is expected",
);
const BAD_UNIT: Trouble = (
    RejectReason::Unit,
    "is in a unit that its quantity does not have",
);
const BAD_BOOL: Trouble = (
    RejectReason::Type,
    "is none of the words for true and false",
);
const BAD_ID: Trouble = (RejectReason::Id, "is not an id");

/// The source's own way to say that it does not know; nobody's mistake.
pub fn is_unknown(trouble: Trouble) -> bool {
    trouble == NOT_A_NUMBER || trouble == ZERO
}

/// What a field becomes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Rule {
    /// A number in this unit. A zero odometer is none: the most frequent glitch there is.
    Number(Quantity, &'static str),
    /// The same with the sign turned: power out of the battery as positive, where we count power into it.
    Negated(Quantity, &'static str),
    /// A number where zero means "unknown".
    NonZero(Quantity, &'static str),
    /// `true`, `yes`, `on`, `1` and their contraries, in any case.
    Bool(Quantity),
    /// True for these words, in any case; false for all others.
    Is(Quantity, &'static [&'static str]),
    /// True for the first word, false for the second, in any case; no other is known.
    Either(Quantity, &'static str, &'static str),
    /// Degrees.
    Angle(Quantity),
    /// An id.
    Id(Quantity),
}

impl Rule {
    /// How a value under the vocabulary's own name is read: in the quantity's own unit.
    pub fn canonical(quantity: Quantity) -> Option<Self> {
        match quantity.unit() {
            "bool" => Some(Self::Bool(quantity)),
            "id" => Some(Self::Id(quantity)),
            // A position is two numbers.
            "deg" => (quantity != Quantity::Position).then_some(Self::Angle(quantity)),
            unit => Some(Self::Number(quantity, unit)),
        }
    }

    /// Of what.
    pub fn quantity(self) -> Quantity {
        match self {
            Self::Number(quantity, _) | Self::Negated(quantity, _) | Self::NonZero(quantity, _) => {
                quantity
            }
            Self::Bool(quantity) | Self::Is(quantity, _) | Self::Either(quantity, ..) => quantity,
            Self::Angle(quantity) | Self::Id(quantity) => quantity,
        }
    }

    /// Reads a value's text; blanks and quotes may surround it. `None` where the source does not know.
    pub fn read(self, text: &str) -> Result<Option<Value<'_>>, Trouble> {
        let Some(text) = scalar::known(text) else {
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

/// A number that was counted, not written: already in thousandths of the quantity's own unit.
pub fn counted(quantity: Quantity, thousandths: i64) -> Result<Value<'static>, Trouble> {
    if unit::is_plausible(quantity, thousandths) {
        not_zero(quantity, thousandths)
    } else {
        Err(BAD_NUMBER)
    }
}

fn not_zero(quantity: Quantity, thousandths: i64) -> Result<Value<'static>, Trouble> {
    if thousandths == 0 && quantity == Quantity::Odometer {
        Err(ZERO)
    } else {
        Ok(Value::Number(Thousandths(thousandths)))
    }
}

/// A number's text in a unit to thousandths of the quantity's own.
pub fn number(quantity: Quantity, text: &str, unit: &str) -> Result<i64, Trouble> {
    let unit = (!scalar::same(unit, quantity.unit())).then_some(unit);
    unit::number(quantity, text, unit).map_err(|reason| match reason {
        RejectReason::Unit => BAD_UNIT,
        _ if is_not_a_number(text) => NOT_A_NUMBER,
        _ if text.contains(',') => LIST,
        _ => BAD_NUMBER,
    })
}

/// `NaN`, `+Inf`, `-infinity`: what a program prints of a value it could not compute.
pub fn is_not_a_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    ["nan", "inf", "infinity"]
        .iter()
        .any(|word| unsigned.eq_ignore_ascii_case(word))
}

/// A state, in any spelling in use.
pub fn boolean(text: &str) -> Result<bool, Trouble> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "yes", "on", "1"]) {
        Ok(true)
    } else if is(["false", "no", "off", "0"]) {
        Ok(false)
    } else {
        Err(BAD_BOOL)
    }
}

fn angle(quantity: Quantity, text: &str) -> Result<i32, Trouble> {
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

/// Latitude and longitude; `None` at 0, 0 in the Gulf of Guinea, where receivers without a fix believe to be.
pub fn position(latitude: &str, longitude: &str) -> Result<Option<Value<'static>>, Trouble> {
    let position = (
        angle(Quantity::Latitude, latitude)?,
        angle(Quantity::Longitude, longitude)?,
    );
    Ok((position != (0, 0)).then_some(Value::Position(position.0, position.1)))
}

#[cfg(test)]
mod tests {
    use crate::telemetry::kit::rule::*;

    #[test]
    fn fields_are_read_by_their_rule() {
        use Quantity as Q;
        let number = |thousandths| Ok(Some(Value::Number(Thousandths(thousandths))));
        for (rule, text, want) in [
            (
                Rule::Number(Q::Odometer, "mi"),
                "18929.8",
                number(30_464_560),
            ),
            (Rule::Number(Q::Odometer, "km"), "0.0", Err(ZERO)),
            (
                Rule::Number(Q::Odometer, "km"),
                "1e+06",
                number(1_000_000_000),
            ),
            (Rule::Number(Q::Odometer, "km"), "", Ok(None)),
            (Rule::Number(Q::Soc, "%"), "+Inf", Err(NOT_A_NUMBER)),
            (Rule::Number(Q::Soc, "%"), "1,2", Err(LIST)),
            (Rule::Number(Q::Soc, "%"), "255", Err(BAD_NUMBER)),
            (Rule::Negated(Q::BatteryPower, "kW"), "-9", number(9_000)),
            (Rule::NonZero(Q::Soc, "%"), "0", Err(ZERO)),
            (
                Rule::Bool(Q::Ignition),
                "\"ON\"",
                Ok(Some(Value::Bool(true))),
            ),
            (Rule::Bool(Q::Ignition), "2", Err(BAD_BOOL)),
            (
                Rule::Is(Q::Charging, &["Charging"]),
                "Finishing",
                Ok(Some(Value::Bool(false))),
            ),
            (
                Rule::Either(Q::Online, "online", "offline"),
                "Offline",
                Ok(Some(Value::Bool(false))),
            ),
            (
                Rule::Either(Q::Online, "online", "offline"),
                "asleep",
                Err(BAD_BOOL),
            ),
            (
                Rule::Angle(Q::Longitude),
                "-1.89983",
                Ok(Some(Value::Angle(-18_998_300))),
            ),
            (
                Rule::Id(Q::VehicleRef),
                "db:22",
                Ok(Some(Value::Id("db:22".into()))),
            ),
            (Rule::Id(Q::VehicleRef), "a/b", Err(BAD_ID)),
        ] {
            assert_eq!(rule.read(text), want, "{rule:?} {text}");
        }
        assert_eq!(position("0.0", "0.000"), Ok(None));
    }
}
