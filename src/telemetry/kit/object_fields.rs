//! Collects the fields of a JSON object by rules. The reading is emitted only after the whole text has proved to be JSON, so a broken
//! message has no effect. No tree is built; fields without a rule are skipped.

use super::json_object;
use super::reading_entries::Entries;
use super::rule::{Rule, ValueError};
use super::single_value::ReadingSource;
use super::value_text::same;
use crate::json::Json;
use crate::telemetry::{Message, Sink};
use crate::units::UtcMs;

/// Errors reported per message; no rule table of an object has more fields.
const MAX_ERRORS: usize = 8;

/// The values and errors of an object so far.
pub(crate) struct ObjectFields<'a> {
    entries: Entries<'a>,
    errors: [Option<(&'static str, ValueError)>; MAX_ERRORS],
}

impl<'a> ObjectFields<'a> {
    /// No values yet.
    pub(crate) fn new() -> Self {
        Self {
            entries: Entries::new(),
            errors: [None; MAX_ERRORS],
        }
    }

    /// Parses the value at the walker's position.
    pub(crate) fn parse_field(&mut self, json: &mut Json<'a>, field: &'static str, rule: Rule) {
        match rule.parse(json_object::raw(json)) {
            Ok(Some(value)) => drop(self.entries.insert(rule.quantity(), value)),
            Ok(None) => {}
            Err(error) => self.reject(field, error),
        }
    }

    /// Parses the value at the walker's position by a table. A field that is not in the table is left for the walker to skip.
    pub(crate) fn parse_known(
        &mut self,
        json: &mut Json<'a>,
        table: &[(&'static str, Rule)],
        name: &str,
    ) {
        if let Some((field, rule)) = table.iter().find(|(known, _)| same(known, name)) {
            self.parse_field(json, field, *rule);
        }
    }

    /// The values, for those that no rule can parse.
    pub(crate) fn entries(&mut self) -> &mut Entries<'a> {
        &mut self.entries
    }

    /// Records why a field is left out.
    pub(crate) fn reject(&mut self, field: &'static str, error: ValueError) {
        if let Some(free) = self.errors.iter_mut().find(|place| place.is_none()) {
            *free = Some((field, error));
        }
    }

    /// Emits the errors, and the reading if it has values.
    pub(crate) fn emit(
        &self,
        message: &Message<'_>,
        source: ReadingSource<'_>,
        at: Option<UtcMs>,
        sink: &mut dyn Sink,
    ) {
        for (field, (reason, what)) in self.errors.iter().flatten() {
            sink.ignored(*reason, field, what);
        }
        if !self.entries.is_empty() {
            sink.reading(message.reading(
                source.format,
                source.kind,
                source.asset.as_str(),
                at,
                self.entries.as_slice(),
            ));
        }
    }
}
