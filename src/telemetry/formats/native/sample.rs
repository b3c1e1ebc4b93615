//! One object of the native schema, the message itself or an element of `samples`, to its time and entries.

use std::borrow::Cow;

use super::field::{self, Trouble};
use super::json::{self, NotJson};
use crate::model::{Quantity, ReadingEntry, RejectReason, Value};
use crate::telemetry::formats::native::MAX_AHEAD_MS;
use crate::telemetry::kit::entries::Entries;
use crate::units::UtcMs;

/// The time an object gives itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Time {
    /// None, or one that cannot be read (reported): the time of arrival counts.
    None,
    /// Usable.
    At(UtcMs),
    /// Too far ahead: the object's values must not be booked.
    Ahead,
}

/// Something left out of an otherwise good object.
#[derive(Debug)]
pub struct Note<'a> {
    pub reason: RejectReason,
    pub field: Cow<'a, str>,
    pub detail: &'static str,
}

/// An object, read.
pub struct Sample<'a> {
    entries: Entries<'a>,
    /// `ts`.
    pub time: Time,
    /// `seq`, if it is a whole number.
    pub sequence: Option<u64>,
    /// `v` as written, if it is a number.
    pub version: Option<&'a str>,
    /// `samples`, an array of unchecked elements.
    pub samples: Option<&'a str>,
    /// Nesting, this object included.
    pub depth: usize,
    /// What was left out. Allocates only then.
    pub notes: Vec<Note<'a>>,
}

impl<'a> Sample<'a> {
    /// Nothing was read yet.
    pub fn new() -> Self {
        Self {
            entries: Entries::new(),
            time: Time::None,
            sequence: None,
            version: None,
            samples: None,
            depth: 1,
            notes: Vec::new(),
        }
    }

    /// Reads an object whose text begins with `{`; an error means that it is not JSON, and that nothing here may be used.
    pub fn read(&mut self, text: &'a str, received_at: UtcMs) -> Result<(), NotJson> {
        json::each_field(text, |key, raw, depth| {
            self.field(key, raw, depth, received_at)
        })
    }

    /// The values, in the object's order.
    pub fn entries(&self) -> &[ReadingEntry<'a>] {
        self.entries.as_slice()
    }

    fn field(&mut self, key: Cow<'a, str>, raw: &'a str, depth: usize, received_at: UtcMs) {
        self.depth = self.depth.max(1 + depth);
        if let Some(quantity) = Quantity::from_name(&key) {
            match field::value(quantity, raw) {
                Ok(Some(value)) => self.put(quantity, value, key),
                Ok(None) => {}
                Err(trouble) => self.note(key, trouble),
            }
            return;
        }
        match &*key {
            "ts" => match field::time(raw) {
                Ok(Some(instant)) if instant.since(received_at) > MAX_AHEAD_MS => {
                    self.time = Time::Ahead
                }
                Ok(Some(instant)) => self.time = Time::At(instant),
                Ok(None) => {}
                Err(trouble) => self.note(key, trouble),
            },
            "v" if raw.starts_with(|c: char| c.is_ascii_digit()) => self.version = Some(raw),
            "v" if raw == "null" => {}
            "v" => self.note(
                key,
                (RejectReason::Type, "the schema's version is a number"),
            ),
            // Only for statistics of loss: what is no number is none.
            "seq" => self.sequence = raw.parse().ok(),
            "samples" if raw.starts_with('[') => self.samples = Some(raw),
            "samples" if raw == "null" => {}
            "samples" => self.note(key, (RejectReason::Type, "is not an array")),
            _ => self.note(key, (RejectReason::UnknownKey, "is not in the vocabulary")),
        }
    }

    fn put(&mut self, quantity: Quantity, value: Value<'a>, key: Cow<'a, str>) {
        // As nearly every JSON reader does (RFC 8259, section 4): the last one counts.
        if !self.entries.put(quantity, value) {
            self.note(
                key,
                (
                    RejectReason::Syntax,
                    "stands twice in one object; the last one counts",
                ),
            );
        }
    }

    fn note(&mut self, field: Cow<'a, str>, (reason, detail): Trouble) {
        self.notes.push(Note {
            reason,
            field,
            detail,
        });
    }
}
