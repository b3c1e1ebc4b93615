//! The raw JSON value of one field to a value of its quantity. `null` and an empty text mean unknown, returned as `None`.

use std::borrow::Cow;

use crate::model::{Quantity, RejectReason, Value, check_id};
use crate::telemetry::kit::degrees::degrees;
use crate::telemetry::kit::{strict_json, unit};
use crate::units::{Thousandths, UtcMs};

/// Why a field is left out: the category for counters, and a text for people that follows the field's name.
pub(super) type ValueError = (RejectReason, &'static str);

const WRONG_TYPE: ValueError = (RejectReason::Type, "has the wrong type for its quantity");
const BAD_UNIT: ValueError = (
    RejectReason::Unit,
    "is in a unit that its quantity does not have (or that is ambiguous, such as `gal`)",
);
const BAD_NUMBER: ValueError = (
    RejectReason::Number,
    "is not a number, or one that cannot be",
);
const BAD_TIME: ValueError = (
    RejectReason::Time,
    "is neither RFC 3339 with an offset nor Unix milliseconds of 13 digits; arrival time is used",
);
const BAD_ID: ValueError = (RejectReason::Id, "is not an id");

/// Longest id tag: OCPP 2.0.1 `IdTokenType` has 255 characters of which no reader in use sends more than these.
const MAX_ID_TAG: usize = 64;

/// Parses a bare value or `{"value", "unit"}`.
pub(super) fn value<'a>(quantity: Quantity, raw: &'a str) -> Result<Option<Value<'a>>, ValueError> {
    if !raw.starts_with('{') {
        return bare(quantity, raw, None);
    }
    let (mut value, mut unit) = (None, None);
    strict_json::each_field(raw, |key, raw, _| match &*key {
        "value" => value = Some(raw),
        "unit" => unit = Some(raw),
        _ => {}
    })
    .map_err(|_| WRONG_TYPE)?;
    let unit = match unit {
        None | Some("null") => None,
        Some(raw) => Some(strict_json::string(raw).ok_or(BAD_UNIT)?),
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
) -> Result<Option<Value<'a>>, ValueError> {
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
        "deg" => Ok(angle(raw, angle_limit(quantity))?.map(Value::Angle)),
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
fn number_text(raw: &str) -> Result<Option<Cow<'_, str>>, ValueError> {
    match raw.as_bytes().first() {
        Some(b'0'..=b'9' | b'-') => Ok(Some(Cow::Borrowed(raw))),
        Some(b'"') => match strict_json::string(raw).ok_or(WRONG_TYPE)? {
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

fn id(quantity: Quantity, raw: &str) -> Result<Option<Value<'_>>, ValueError> {
    let text = strict_json::string(raw).ok_or(WRONG_TYPE)?;
    if text.is_empty() {
        return Ok(None);
    }
    let good = match quantity {
        // RFID readers put spaces and colons into tags; hashing normalises them.
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

fn angle_limit(quantity: Quantity) -> i32 {
    if quantity == Quantity::Latitude {
        90
    } else {
        180
    }
}

fn angle(raw: &str, limit: i32) -> Result<Option<i32>, ValueError> {
    let Some(text) = number_text(raw)? else {
        return Ok(None);
    };
    degrees(&text, limit).map(Some).ok_or(BAD_NUMBER)
}

fn position(raw: &str) -> Result<Option<Value<'_>>, ValueError> {
    if !raw.starts_with('[') {
        return Err(WRONG_TYPE);
    }
    let mut parts = [None; 2];
    let mut count = 0;
    strict_json::each_element(raw, |part| {
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
        angle(latitude, angle_limit(Quantity::Latitude))?,
        angle(longitude, angle_limit(Quantity::Longitude))?,
    ) {
        (Some(latitude), Some(longitude)) => Ok(Some(Value::Position(latitude, longitude))),
        _ => Ok(None),
    }
}

/// `ts`: RFC 3339 with an offset, or Unix milliseconds of 13 digits, either also as a string.
pub(super) fn time(raw: &str) -> Result<Option<UtcMs>, ValueError> {
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
