//! Decodes a message by one map, to at most one reading. A bad field does not affect the others; text that is not JSON is refused.

use super::field::MappedField;
use super::pointer::{FoundValues, MAX_POINTERS, Pointers};
use super::raw_value;
use super::template::Template;
use super::time::TimeRule;
use super::topic::{Captures, Pattern};
use crate::json::Json;
use crate::model::{AssetKind, FeedFormat, Quantity, Reading, RejectReason, Value};
use crate::telemetry::kit::reading_entries::Entries;
use crate::telemetry::kit::rule::ValueError;
use crate::telemetry::{Message, Refused, Sink};
use crate::units::UtcMs;

/// All maps are one format, because each map names its assets itself.
const FORMAT: FeedFormat = FeedFormat::new(200);
/// Bytes of one message: the default of `max_packet`.
const MAX_PAYLOAD: usize = 256 * 1024;
/// Nesting of one message.
const MAX_DEPTH: usize = 32;
/// Characters of a value that are shown.
const SHOWN: usize = 64;

/// A map, compiled.
#[derive(Debug)]
pub(super) struct Map {
    /// `topic`: which topics the map decodes.
    pub topic: Pattern,
    /// `asset`: the asset's id, built from the topic's captures.
    pub asset: Template,
    /// `kind`: vehicle, charger or meter.
    pub kind: AssetKind,
    /// `format` is "json"; else the payload is one bare value.
    pub is_json: bool,
    /// `time`; without it the time of arrival counts.
    pub time: Option<TimeRule>,
    /// `stale_s`: seconds after which the source counts as silent; `None` is `engine.stale_after`.
    pub stale_after_s: Option<u32>,
    /// `ignore` has "retained".
    pub ignores_retained: bool,
    /// `select`: which pointer, and its text.
    pub select: Option<(usize, String)>,
    /// `fields`: what is read from the payload, in the file's order.
    pub fields: Vec<MappedField>,
    /// Every JSON pointer of the map, merged so that a payload is walked once.
    pub pointers: Pointers,
}

/// The receiver of readings and errors.
pub(super) struct Report<'s> {
    /// Receives readings and errors.
    pub sink: &'s mut dyn Sink,
    /// Also report fields that are absent or null, which is not an error but helps when writing a map.
    pub all: bool,
}

impl Report<'_> {
    fn reject(&mut self, field: &str, raw: &str, (reason, what): ValueError) {
        if raw.is_empty() {
            self.sink.ignored(reason, field, what);
        } else {
            self.sink
                .ignored(reason, field, &format!("`{raw:.SHOWN$}` {what}"));
        }
    }

    fn absent(&mut self, field: &str, what: &str) {
        if self.all {
            self.sink.ignored(RejectReason::Empty, field, what);
        }
    }
}

/// The payload as text, unless it is too large or not UTF-8.
fn payload_text<'a>(message: &Message<'a>) -> Result<&'a str, Refused> {
    if message.payload.len() > MAX_PAYLOAD {
        let detail = format!(
            "the message has {} bytes; at most {MAX_PAYLOAD} are allowed",
            message.payload.len()
        );
        return Err(Refused::new(RejectReason::TooLarge, detail));
    }
    let text = std::str::from_utf8(message.payload)
        .map_err(|error| {
            Refused::new(
                RejectReason::Utf8,
                format!("the message is not UTF-8: {error}"),
            )
        })?
        .trim();
    Ok(text)
}

impl Map {
    /// Decodes a message whose topic this map's pattern matches.
    pub(super) fn decode(
        &self,
        captures: &Captures<'_>,
        message: &Message<'_>,
        report: &mut Report<'_>,
    ) -> Result<(), Refused> {
        if message.retained && self.ignores_retained {
            report.absent(
                "retain",
                "is a broker's stored copy, which this map leaves out (`ignore`)",
            );
            return Ok(());
        }
        let text = payload_text(message)?;
        // An empty message is "unknown", and also what erases a broker's stored copy (MQTT 3.1.1, section 3.3.1.3). `null` means the same.
        if text.is_empty() && !self.accepts_empty() || text == "null" && self.is_json {
            report.absent("payload", "is empty: nothing is known");
            return Ok(());
        }
        let mut found: FoundValues<'_> = [None; MAX_POINTERS];
        if self.is_json {
            self.find(text, &mut found)?;
        } else {
            found[0] = Some(text);
        }
        let asset = self.asset.fill(captures, &found, message)?;
        let at = self.instant(&found, message, report);
        let entries = self.entries(&found, report);
        if !entries.is_empty() {
            let reading =
                message.reading(FORMAT, self.kind, asset.as_str(), at, entries.as_slice());
            report.sink.reading(Reading {
                stale_after_s: self.stale_after_s,
                ..reading
            });
        }
        Ok(())
    }

    /// Returns true if a field has a meaning for the empty text.
    fn accepts_empty(&self) -> bool {
        !self.is_json && self.fields.iter().any(MappedField::has_empty_word)
    }

    fn find<'a>(&self, text: &'a str, found: &mut FoundValues<'a>) -> Result<(), Refused> {
        if !raw_value::is_nested(text) && !self.pointers.wants_root() {
            let hint = "a bare value needs a map with format = \"value\"";
            return Err(Refused::new(
                RejectReason::Syntax,
                format!("the message is no JSON object or array; {hint}"),
            ));
        }
        let mut json = Json::new(text, MAX_DEPTH);
        self.pointers.find(&mut json, found);
        if json.too_deep() {
            return Err(Refused::new(
                RejectReason::TooDeep,
                format!("the message nests more than {MAX_DEPTH} levels deep"),
            ));
        }
        if !json.at_end() {
            let at = json.position();
            return Err(Refused::new(
                RejectReason::Syntax,
                format!("the message is not JSON: it goes on after its end at byte {at}"),
            ));
        }
        match json.error() {
            Some(error) => Err(Refused::new(
                RejectReason::Syntax,
                format!("the message is not JSON: {error}"),
            )),
            None => Ok(()),
        }
    }

    /// The message's own time; a time that cannot be parsed is reported.
    fn instant(
        &self,
        found: &FoundValues<'_>,
        message: &Message<'_>,
        report: &mut Report<'_>,
    ) -> Option<UtcMs> {
        let time = self.time.as_ref()?;
        match time.parse(found, message) {
            Ok(instant) => Some(instant),
            Err((raw, error)) => {
                report.reject(&time.name, raw, error);
                None
            }
        }
    }

    /// Reports a selector that no field's `when` equals, or that is missing.
    fn check_selector(
        &self,
        selector: Option<&str>,
        applies: impl Fn(&&MappedField) -> bool,
        report: &mut Report<'_>,
    ) {
        let Some((_, path)) = &self.select else {
            return;
        };
        let mut selectable = self.fields.iter().filter(|field| field.when.is_some());
        if selectable.any(|field| applies(&field)) {
            return;
        }
        match selector {
            None => report.sink.ignored(
                RejectReason::Empty,
                path,
                "is not in the message, so no field with `when` applies",
            ),
            Some(value) => report.reject(
                path,
                value,
                (RejectReason::UnknownKey, "is the `when` of no field"),
            ),
        }
    }

    fn entries<'a>(&'a self, found: &FoundValues<'a>, report: &mut Report<'_>) -> Entries<'a> {
        let at = |number: usize| found.get(number).copied().flatten();
        let selector = self
            .select
            .as_ref()
            .and_then(|(number, _)| at(*number))
            .and_then(raw_value::known);
        let applies = |field: &&MappedField| {
            field
                .when
                .as_deref()
                .is_none_or(|when| selector.as_deref() == Some(when))
        };
        self.check_selector(selector.as_deref(), applies, report);
        let mut entries = Entries::new();
        let (mut latitude, mut longitude) = (None, None);
        for field in self.fields.iter().filter(applies) {
            let Some(raw) = at(field.pointer) else {
                report.absent(&field.name, "is not in the message");
                continue;
            };
            match field.parse(raw) {
                Ok(Some(Value::Angle(angle))) if field.quantity == Quantity::Latitude => {
                    latitude = latitude.or(Some(angle))
                }
                Ok(Some(Value::Angle(angle))) => longitude = longitude.or(Some(angle)),
                // Of several fields of one quantity the first that is known counts.
                Ok(Some(value)) => entries.insert_if_absent(field.quantity, value),
                Ok(None) => report.absent(&field.name, "has no value"),
                Err(error) => report.reject(&field.name, raw, error),
            }
        }
        // Receivers without a fix report 0, 0, in the Gulf of Guinea.
        if latitude.zip(longitude) != Some((0, 0)) {
            for (quantity, angle) in [
                (Quantity::Latitude, latitude),
                (Quantity::Longitude, longitude),
            ] {
                if let Some(angle) = angle {
                    entries.insert(quantity, Value::Angle(angle));
                }
            }
        }
        entries
    }
}
