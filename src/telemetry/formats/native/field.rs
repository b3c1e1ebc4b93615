//! The raw JSON value of one field to a value of its quantity. `None` is unknown: `null`, or a text with nothing in it.

use std::borrow::Cow;

use super::json;
use crate::model::{Quantity, RejectReason, Value, check_id};
use crate::telemetry::kit::angle::degrees;
use crate::telemetry::kit::unit;
use crate::units::{Thousandths, UtcMs};

/// Why a field is left out, for counting and for people.
pub type Trouble = (RejectReason, &'static str);

const WRONG_TYPE: Trouble = (RejectReason::Type, "has the wrong type for its quantity");
const BAD_UNIT: Trouble = (
    RejectReason::Unit,
    "is in a unit that its quantity does not have (or that is ambiguous, such as `gal`)",
);
const BAD_NUMBER: Trouble = (
    RejectReason::Number,
    "is not a number, or one that cannot be",
);
const BAD_TIME: Trouble = (
    RejectReason::Time,
    "is neither RFC 3339 with an offset nor Unix milliseconds of 13 digits; arrival time is used",
);
const BAD_ID: Trouble = (RejectReason::Id, "is not an id");

/// Longest id tag: OCPP 2.0.1 `IdTokenType` has 255 characters of which no reader in use sends more than these.
const MAX_ID_TAG: usize = 64;

/// Reads a bare value or `{"value", "unit"}`.
pub fn value<'a>(quantity: Quantity, raw: &'a str) -> Result<Option<Value<'a>>, Trouble> {
    if !raw.starts_with('{') {
        return bare(quantity, raw, None);
    }
    let (mut value, mut unit) = (None, None);
    json::each_field(raw, |key, raw, _| match &*key {
        "value" => value = Some(raw),
        "unit" => unit = Some(raw),
        _ => {}
    })
    .map_err(|_| WRONG_TYPE)?;
    let unit = match unit {
        None | Some("null") => None,
        Some(raw) => Some(json::string(raw).ok_or(BAD_UNIT)?),
    };
    bare(
        quantity,
        value.ok_or(WRONG_TYPE)?,
        unit.as_deref().map(str::trim),
    )
}

fn bare<'a>(
    quantity: Quantity,
    raw: &'a str,
    unit: Option<&str>,
) -> Result<Option<Value<'a>>, Trouble> {
    if raw == "null" {
        return Ok(None);
    }
    let canonical = unit
        .is_none_or(|unit| unit == quantity.unit() || (unit == "°" && quantity.unit() == "deg"));
    match quantity.unit() {
        "bool" | "id" | "deg" if !canonical => Err(BAD_UNIT),
        "bool" => match raw {
            "true" => Ok(Some(Value::Bool(true))),
            "false" => Ok(Some(Value::Bool(false))),
            _ => Err(WRONG_TYPE),
        },
        "id" => id(quantity, raw),
        "deg" if quantity == Quantity::Position => position(raw),
        "deg" => Ok(angle(raw, limit_of(quantity))?.map(Value::Angle)),
        _ => {
            let Some(text) = number_text(raw)? else {
                return Ok(None);
            };
            match unit::number(quantity, &text, if canonical { None } else { unit }) {
                Ok(thousandths) => Ok(Some(Value::Number(Thousandths(thousandths)))),
                Err(RejectReason::Unit) => Err(BAD_UNIT),
                Err(_) => Err(BAD_NUMBER),
            }
        }
    }
}

/// Digits of a JSON number, or of a string that holds one (some gateways quote everything).
fn number_text(raw: &str) -> Result<Option<Cow<'_, str>>, Trouble> {
    match raw.as_bytes().first() {
        Some(b'0'..=b'9' | b'-') => Ok(Some(Cow::Borrowed(raw))),
        Some(b'"') => match json::string(raw).ok_or(WRONG_TYPE)? {
            Cow::Borrowed(text) => Ok(Some(text.trim())
                .filter(|text| !text.is_empty())
                .map(Cow::Borrowed)),
            Cow::Owned(text) => Ok(Some(text.trim())
                .filter(|text| !text.is_empty())
                .map(|text| Cow::Owned(text.to_owned()))),
        },
        _ if raw == "null" => Ok(None),
        _ => Err(WRONG_TYPE),
    }
}

fn id(quantity: Quantity, raw: &str) -> Result<Option<Value<'_>>, Trouble> {
    let text = json::string(raw).ok_or(WRONG_TYPE)?;
    if text.is_empty() {
        return Ok(None);
    }
    let good = match quantity {
        // Readers put spaces and colons into tags; hashing brings them into their normal form.
        Quantity::IdTag => {
            text.len() <= MAX_ID_TAG
                && !text.chars().any(char::is_control)
                && !text.trim().is_empty()
        }
        _ => check_id(&text).is_ok(),
    };
    if good {
        Ok(Some(Value::Id(text)))
    } else {
        Err(BAD_ID)
    }
}

fn limit_of(quantity: Quantity) -> i32 {
    if quantity == Quantity::Latitude {
        90
    } else {
        180
    }
}

fn angle(raw: &str, limit: i32) -> Result<Option<i32>, Trouble> {
    let Some(text) = number_text(raw)? else {
        return Ok(None);
    };
    degrees(&text, limit).map(Some).ok_or(BAD_NUMBER)
}

fn position(raw: &str) -> Result<Option<Value<'_>>, Trouble> {
    if !raw.starts_with('[') {
        return Err(WRONG_TYPE);
    }
    let mut parts = [None; 2];
    let mut count = 0;
    json::each_element(raw, |part| {
        if let Some(slot) = parts.get_mut(count) {
            *slot = Some(part);
        }
        count += 1;
    })
    .map_err(|_| WRONG_TYPE)?;
    let ([Some(latitude), Some(longitude)], 2) = (parts, count) else {
        return Err(WRONG_TYPE);
    };
    match (
        angle(latitude, limit_of(Quantity::Latitude))?,
        angle(longitude, limit_of(Quantity::Longitude))?,
    ) {
        (Some(latitude), Some(longitude)) => Ok(Some(Value::Position(latitude, longitude))),
        _ => Ok(None),
    }
}

/// `ts`: RFC 3339 with an offset, or Unix milliseconds of 13 digits, either also as a string.
pub fn time(raw: &str) -> Result<Option<UtcMs>, Trouble> {
    let Some(text) = number_text(raw).map_err(|_| BAD_TIME)? else {
        return Ok(None);
    };
    let instant = if text.len() == 13 && text.bytes().all(|b| b.is_ascii_digit()) {
        // Thirteen digits: 2001 to 2286. Fewer would be seconds, more would be micro- or nanoseconds.
        text.parse().map(UtcMs).map_err(|_| BAD_TIME)?
    } else {
        text.parse().map_err(|_| BAD_TIME)?
    };
    // Year 1 is how some libraries write "no time"; nothing here was measured before 1970.
    if instant < UtcMs(0) {
        Err(BAD_TIME)
    } else {
        Ok(Some(instant))
    }
}
