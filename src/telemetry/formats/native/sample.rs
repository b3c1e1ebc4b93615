//! Parses one object of the native schema, the message itself or an element of `samples`, to its time and entries.

use std::borrow::Cow;

use super::field::{self, ValueError};
use crate::model::{Quantity, ReadingEntry, RejectReason, Value};
use crate::telemetry::kit::reading_entries::Entries;
use crate::telemetry::kit::strict_json::{self, NotJson};
use crate::units::UtcMs;

/// A field that is left out of an otherwise good object.
#[derive(Debug)]
pub(super) struct LeftOut<'a> {
    pub reason: RejectReason,
    pub field: Cow<'a, str>,
    pub detail: &'static str,
}

/// A parsed object.
pub(super) struct Sample<'a> {
    entries: Entries<'a>,
    /// Time of the sample, from `ts`; `None` where it is missing, or invalid and reported.
    pub time: Option<UtcMs>,
    /// `seq`, if it is a whole number.
    pub sequence: Option<u64>,
    /// `v` as written, if it is a number.
    pub version: Option<&'a str>,
    /// `samples`, an array of unchecked elements.
    pub samples: Option<&'a str>,
    /// Nesting, this object included.
    pub depth: usize,
    /// Fields that were left out. Allocates only if there are any.
    pub left_out: Vec<LeftOut<'a>>,
}

impl<'a> Sample<'a> {
    /// An empty sample.
    pub(super) fn new() -> Self {
        Self {
            entries: Entries::new(),
            time: None,
            sequence: None,
            version: None,
            samples: None,
            depth: 1,
            left_out: Vec::new(),
        }
    }

    /// Parses an object whose text begins with `{`. After an error the sample must not be used.
    pub(super) fn parse(&mut self, text: &'a str) -> Result<(), NotJson> {
        strict_json::each_field(text, |key, raw, depth| self.field(key, raw, depth))
    }

    /// The values, in the object's order.
    pub(super) fn entries(&self) -> &[ReadingEntry<'a>] {
        self.entries.as_slice()
    }

    fn field(&mut self, key: Cow<'a, str>, raw: &'a str, depth: usize) {
        self.depth = self.depth.max(1 + depth);
        if let Some(quantity) = Quantity::from_name(&key) {
            match field::value(quantity, raw) {
                Ok(Some(value)) => self.insert(quantity, value, key),
                Ok(None) => {}
                Err(error) => self.leave_out(key, error),
            }
            return;
        }
        match &*key {
            "ts" => match field::time(raw) {
                Ok(Some(instant)) => self.time = Some(instant),
                Ok(None) => {}
                Err(error) => self.leave_out(key, error),
            },
            "v" if raw.starts_with(|c: char| c.is_ascii_digit()) => self.version = Some(raw),
            "v" if raw == "null" => {}
            "v" => self.leave_out(
                key,
                (RejectReason::Type, "the schema's version is a number"),
            ),
            // Only for statistics of loss, so an invalid number is ignored.
            "seq" => self.sequence = raw.parse().ok(),
            "samples" if raw.starts_with('[') => self.samples = Some(raw),
            "samples" if raw == "null" => {}
            "samples" => self.leave_out(key, (RejectReason::Type, "is not an array")),
            _ => self.leave_out(key, (RejectReason::UnknownKey, "is not in the vocabulary")),
        }
    }

    fn insert(&mut self, quantity: Quantity, value: Value<'a>, key: Cow<'a, str>) {
        // As nearly every JSON reader does (RFC 8259, section 4): the last one counts.
        if !self.entries.insert(quantity, value) {
            self.leave_out(
                key,
                (
                    RejectReason::Syntax,
                    "stands twice in one object; the last one counts",
                ),
            );
        }
    }

    fn leave_out(&mut self, field: Cow<'a, str>, (reason, detail): ValueError) {
        self.left_out.push(LeftOut {
            reason,
            field,
            detail,
        });
    }
}
