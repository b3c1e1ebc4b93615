//! `fleet/indicators/<organisation>/<name>`: a monthly figure of another system, as a bare number for the current month or as an object
//! with its month. A bare number that is retained is refused, because the month it was meant for is unknown.

use std::borrow::Cow;

use serde_json::Value;

use super::{Message, Refused, Sink};
use crate::model::{IndicatorReport, RejectReason, check_id};
use crate::units::Month;

/// How to write it, for people.
const HINT: &str = "publish a number, or {\"month\": \"2026-11\", \"value\": 42, \"unit\": \"t\"}";
/// Bytes of one message.
const MAX_PAYLOAD: usize = 4 * 1024;
/// Bytes of a unit.
const MAX_UNIT: usize = 32;

/// Organisation and name of a topic.
pub(super) fn parse_topic(topic: &str) -> Option<(&str, &str)> {
    let (organisation, name) = topic.strip_prefix("fleet/indicators/")?.split_once('/')?;
    (!name.contains('/')).then_some((organisation, name))
}

pub(super) fn decode(
    message: &Message<'_>,
    (organisation, name): (&str, &str),
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    for id in [organisation, name] {
        check_id(id).map_err(|error| {
            Refused::new(RejectReason::Id, format!("a level of the topic {error}"))
        })?;
    }
    let text = text(message)?;
    if text.trim().is_empty() {
        // An empty retained message only erases the broker's copy (MQTT 3.1.1, section 3.3.1.3); the figure stays what it was.
        return Ok(());
    }
    let payload = serde_json::from_str(text)
        .map_err(|error| Refused::new(RejectReason::Syntax, format!("{error}; {HINT}")))?;
    let figure = match payload {
        Value::Object(fields) => Figure::from_object(fields, sink)?,
        bare => Figure {
            value: bare,
            month: None,
            unit: None,
        },
    };
    let value = number(&figure.value)?;
    sink.indicator(IndicatorReport {
        organisation: Cow::Borrowed(organisation),
        name: Cow::Borrowed(name),
        month: month(message, figure.month)?,
        value,
        unit: figure.unit.map(Cow::Owned),
        received_at: message.received_at,
    });
    Ok(())
}

fn text<'a>(message: &Message<'a>) -> Result<&'a str, Refused> {
    if message.payload.len() > MAX_PAYLOAD {
        let detail = format!(
            "the message has {} bytes; at most {MAX_PAYLOAD} are allowed",
            message.payload.len()
        );
        return Err(Refused::new(RejectReason::TooLarge, detail));
    }
    std::str::from_utf8(message.payload).map_err(|error| {
        let detail = format!("the message is not UTF-8: {error}");
        Refused::new(RejectReason::Utf8, detail)
    })
}

/// The parts of a payload, before the value and the month are checked.
struct Figure {
    value: Value,
    month: Option<Month>,
    unit: Option<String>,
}

impl Figure {
    fn from_object(
        mut fields: serde_json::Map<String, Value>,
        sink: &mut dyn Sink,
    ) -> Result<Self, Refused> {
        let value = fields.remove("value").unwrap_or(Value::Null);
        let month = match fields.remove("month") {
            None | Some(Value::Null) => None,
            Some(Value::String(month)) => Some(month.parse::<Month>().map_err(|error| {
                let detail = format!("`month`: `{month:.20}` {error}; {HINT}");
                Refused::new(RejectReason::Time, detail)
            })?),
            Some(_) => {
                let detail = format!("`month` is not a text; {HINT}");
                return Err(Refused::new(RejectReason::Type, detail));
            }
        };
        let is_unit = |unit: &str| unit.len() <= MAX_UNIT && !unit.chars().any(char::is_control);
        let unit = match fields.remove("unit") {
            None | Some(Value::Null) => None,
            Some(Value::String(unit)) if is_unit(&unit) => Some(unit),
            Some(_) => {
                let detail = "is not a text of at most 32 bytes";
                sink.ignored(RejectReason::Unit, "unit", detail);
                None
            }
        };
        for key in fields.keys() {
            sink.ignored(RejectReason::UnknownKey, key, "is not in an indicator");
        }
        Ok(Self { value, month, unit })
    }
}

/// The figure as a finite number; a text that holds one is accepted.
fn number(value: &Value) -> Result<f64, Refused> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite()).ok_or_else(|| {
        let detail = format!("the figure is not a number; {HINT}");
        Refused::new(RejectReason::Number, detail)
    })
}

/// The month of a figure: the one it names, else the current one.
fn month(message: &Message<'_>, named: Option<Month>) -> Result<Month, Refused> {
    let current = Month::of(message.received_at, message.zone);
    let detail = match named {
        Some(month) if month > current => format!("the month {month} has not begun"),
        Some(month) => return Ok(month),
        None if message.retained => {
            format!("a retained figure without `month` does not say which month it was for; {HINT}")
        }
        None => return Ok(current),
    };
    Err(Refused::new(RejectReason::Time, detail))
}

#[cfg(test)]
mod tests;
