//! A payload that is one JSON object: size and encoding are checked before the walk, syntax and depth after it. A message is refused as
//! a whole if it is not JSON; errors of single fields are the format's to handle.

use std::borrow::Cow;

use super::reading_entries::Entries;
use super::rule::{Rule, ValueError, position};
use super::single_value::ReadingSource;
use super::value_text;
use crate::json::Json;
use crate::model::{Quantity, ReadingEntry, RejectReason, Value};
use crate::telemetry::{Message, Refused, Sink};

/// Bytes of one message. Devices send a few KiB at most.
const MAX_BYTES: usize = 64 * 1024;
/// Nesting. The deepest message known is Traccar's `position.network.cellTowers[]` with 5.
const MAX_DEPTH: usize = 16;

/// The payload as text.
pub(crate) fn text<'a>(message: &Message<'a>) -> Result<&'a str, Refused> {
    text_within(message, MAX_BYTES)
}

/// The payload as text of at most `max` bytes.
pub(crate) fn text_within<'a>(message: &Message<'a>, max: usize) -> Result<&'a str, Refused> {
    if message.payload.len() > max {
        let detail = format!(
            "the message has {} bytes; at most {max} are allowed",
            message.payload.len()
        );
        return Err(Refused::new(RejectReason::TooLarge, detail));
    }
    std::str::from_utf8(message.payload)
        .map(str::trim)
        .map_err(|error| {
            Refused::new(
                RejectReason::Utf8,
                format!("the message is not UTF-8: {error}"),
            )
        })
}

/// Calls `take` with the name of each field, with the walker at its value. Callers must not emit anything before this returns: only then
/// is the message known to be whole.
pub(crate) fn walk<'a>(
    text: &'a str,
    take: impl FnMut(&mut Json<'a>, &str),
) -> Result<(), Refused> {
    match text.as_bytes().first() {
        Some(b'{') => {}
        None => {
            return Err(Refused::new(
                RejectReason::Empty,
                "the message is empty; a JSON object is expected",
            ));
        }
        Some(b'[') => {
            return Err(Refused::new(
                RejectReason::Type,
                "the message is an array; a JSON object is expected",
            ));
        }
        Some(_) => {
            return Err(Refused::new(
                RejectReason::Syntax,
                "the message is not a JSON object",
            ));
        }
    }
    let mut json = json(text);
    json.object(take);
    end(&mut json)
}

/// A walker at the beginning of a text, or of a part of one.
pub(crate) fn json(text: &str) -> Json<'_> {
    Json::new(text, MAX_DEPTH)
}

/// The text of the value at the walker's position, as it is written.
pub(crate) fn raw<'a>(json: &mut Json<'a>) -> &'a str {
    json.peek();
    let from = json.position();
    json.skip();
    json.text_between(from, json.position())
}

/// Checks that the walk reached the end of a valid text.
pub(crate) fn end(json: &mut Json<'_>) -> Result<(), Refused> {
    if json.too_deep() {
        let detail = format!("the message nests deeper than {MAX_DEPTH} levels");
        return Err(Refused::new(RejectReason::TooDeep, detail));
    }
    if let Some(error) = json.error() {
        return Err(Refused::new(
            RejectReason::Syntax,
            format!("the message is not JSON: {error}"),
        ));
    }
    if !json.at_end() {
        return Err(Refused::new(
            RejectReason::Syntax,
            format!("something follows the value at byte {}", json.position()),
        ));
    }
    Ok(())
}

/// The parts of a position, found in a message.
#[derive(Default)]
pub(crate) struct PositionFields<'a> {
    /// Degrees north, as sent; `None` if the field is absent.
    pub latitude: Option<Cow<'a, str>>,
    /// Degrees east, as sent; `None` if the field is absent.
    pub longitude: Option<Cow<'a, str>>,
    /// In the source's unit.
    pub speed: Option<Cow<'a, str>>,
    /// False if the receiver had no fix.
    pub valid: Option<bool>,
}

impl<'a> PositionFields<'a> {
    /// Takes a field of an object whose fields are named so; false if it is none of them.
    pub(crate) fn parse_field(&mut self, json: &mut Json<'a>, name: &str) -> bool {
        match name {
            "latitude" => self.latitude = json.raw(),
            "longitude" => self.longitude = json.raw(),
            "speed" => self.speed = json.raw(),
            "valid" => self.valid = json.boolean(),
            _ => return false,
        }
        true
    }

    /// Puts position and speed with the other values of a reading, unless the receiver had no fix.
    pub(crate) fn add_to<'s>(
        &'s self,
        speed: Rule,
        entries: &mut Entries<'s>,
        sink: &mut dyn Sink,
    ) {
        match self.position() {
            Ok(Some(value)) => {
                entries.insert(Quantity::Position, value);
            }
            Ok(None) => {}
            Err((reason, detail)) => sink.ignored(reason, "position", detail),
        }
        let Some(text) = self.speed.as_deref().filter(|_| self.valid != Some(false)) else {
            return;
        };
        match speed.parse(text) {
            Ok(Some(value)) => {
                entries.insert(Quantity::Speed, value);
            }
            Ok(None) => {}
            Err((reason, detail)) => sink.ignored(reason, "speed", detail),
        }
    }

    /// The position; `None` where the source has none.
    fn position(&self) -> Result<Option<Value<'static>>, ValueError> {
        let latitude = self.latitude.as_deref().and_then(value_text::known);
        let longitude = self.longitude.as_deref().and_then(value_text::known);
        match (latitude, longitude) {
            (Some(latitude), Some(longitude)) if self.valid != Some(false) => {
                position(latitude, longitude)
            }
            _ => Ok(None),
        }
    }
}

/// A payload that is `{"latitude": ..., "longitude": ...}`, or empty where the position is unknown.
pub(crate) fn position_fields<'a>(message: &Message<'a>) -> Result<PositionFields<'a>, Refused> {
    let mut position_fields = PositionFields::default();
    let text = text(message)?;
    if value_text::known(text).is_some() {
        walk(text, |json, name| {
            position_fields.parse_field(json, name);
        })?;
    }
    Ok(position_fields)
}

/// Gives out such a payload as a reading of its own. `field` is its name for people.
pub(crate) fn emit_position(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    field: &str,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    match position_fields(message)?.position() {
        Ok(Some(value)) => {
            let entry = [ReadingEntry {
                quantity: Quantity::Position,
                value,
            }];
            sink.reading(message.reading(
                source.format,
                source.kind,
                source.asset.as_str(),
                None,
                &entry,
            ));
        }
        Ok(None) => {}
        Err((reason, detail)) => sink.ignored(reason, field, detail),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
