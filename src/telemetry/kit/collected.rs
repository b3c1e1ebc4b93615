//! Fields of a JSON object read by rules into one reading, which is given out only once the whole text has proved to be JSON.
//! It builds no tree and keeps nothing of a field without a rule.

use super::entries::Entries;
use super::object;
use super::plain::Of;
use super::rule::{Rule, Trouble};
use super::scalar::same;
use crate::json::Json;
use crate::telemetry::{Message, Sink};
use crate::units::UtcMs;

/// Fields of one message whose trouble is told; more than a rule table of an object has here.
const MAX_TROUBLES: usize = 8;

/// What was read of an object so far.
pub struct Collected<'a> {
    entries: Entries<'a>,
    troubles: [Option<(&'static str, Trouble)>; MAX_TROUBLES],
}

impl<'a> Collected<'a> {
    /// Nothing.
    pub fn new() -> Self {
        Self {
            entries: Entries::new(),
            troubles: [None; MAX_TROUBLES],
        }
    }

    /// Reads the value that the walk stands at.
    pub fn take(&mut self, json: &mut Json<'a>, field: &'static str, rule: Rule) {
        match rule.read(object::raw(json)) {
            Ok(Some(value)) => drop(self.entries.put(rule.quantity(), value)),
            Ok(None) => {}
            Err(trouble) => self.trouble(field, trouble),
        }
    }

    /// The same by a table; a field that is not in it is left to be skipped.
    pub fn take_known(&mut self, json: &mut Json<'a>, table: &[(&'static str, Rule)], name: &str) {
        if let Some((field, rule)) = table.iter().find(|(known, _)| same(known, name)) {
            self.take(json, field, *rule);
        }
    }

    /// What was taken, for values that no rule can read.
    pub fn entries(&mut self) -> &mut Entries<'a> {
        &mut self.entries
    }

    /// A field is left out.
    pub fn trouble(&mut self, field: &'static str, trouble: Trouble) {
        if let Some(free) = self.troubles.iter_mut().find(|place| place.is_none()) {
            *free = Some((field, trouble));
        }
    }

    /// Gives it out.
    pub fn give(&self, message: &Message<'_>, of: Of<'_>, at: Option<UtcMs>, sink: &mut dyn Sink) {
        for (field, (reason, what)) in self.troubles.iter().flatten() {
            sink.ignored(*reason, field, what);
        }
        if !self.entries.is_empty() {
            sink.reading(message.reading(
                of.format,
                of.kind,
                of.asset.as_str(),
                at,
                self.entries.as_slice(),
            ));
        }
    }
}
