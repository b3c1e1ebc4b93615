//! Fields of a JSON object read by rules into one reading, which is given out only once the whole text has proved to be JSON.
//! It builds no tree and keeps nothing of a field without a rule.

use super::entries::Entries;
use super::plain::Of;
use super::rule::{Rule, Trouble};
use super::{Message, Refused, Sink};
use crate::decode::json::Json;
use crate::model::RejectReason;
use crate::units::UtcMs;

/// Nesting of a status object of any meter here; the deepest has 4.
pub const MOST_DEPTH: usize = 8;
/// Bytes of a status object of any meter here; a full status of a Shelly has about 8 KiB.
pub const MOST_BYTES: usize = 64 * 1024;
/// Fields of one message whose trouble is told; more than a rule table of an object has here.
const MOST_TROUBLES: usize = 8;

/// The payload as text.
pub fn text<'a>(message: &Message<'a>, most: usize) -> Result<&'a str, Refused> {
    let size = message.payload.len();
    if size > most {
        return Err(Refused::new(RejectReason::TooLarge, format!("the message has {size} bytes; at most {most} are allowed")));
    }
    std::str::from_utf8(message.payload)
        .map_err(|error| Refused::new(RejectReason::Utf8, format!("the message is not UTF-8: {error}")))
}

/// The raw text of the value that the walk stands at.
pub fn raw<'a>(json: &mut Json<'a>) -> &'a str {
    json.peek();
    let from = json.position();
    json.skip();
    json.text_between(from, json.position())
}

/// Is the walk over, and was everything JSON?
pub fn finished(json: &mut Json<'_>) -> Result<(), Refused> {
    if json.at_end() && json.error().is_none() {
        return Ok(());
    }
    let reason = if json.too_deep() { RejectReason::TooDeep } else { RejectReason::Syntax };
    let what = json.error().unwrap_or_else(|| format!("something follows the value at byte {}", json.position()));
    Err(Refused::new(reason, format!("the message is not JSON: {what}")))
}

/// What was read of an object so far.
pub struct Fields<'a> {
    entries: Entries<'a>,
    troubles: [Option<(&'static str, Trouble)>; MOST_TROUBLES],
}

impl<'a> Fields<'a> {
    /// Nothing.
    pub fn new() -> Self {
        Self { entries: Entries::new(), troubles: [None; MOST_TROUBLES] }
    }

    /// Reads the value that the walk stands at.
    pub fn take(&mut self, json: &mut Json<'a>, field: &'static str, rule: Rule) {
        match rule.read(raw(json)) {
            Ok(Some(value)) => drop(self.entries.put(rule.quantity(), value)),
            Ok(None) => {}
            Err(trouble) => self.trouble(field, trouble),
        }
    }

    /// The same by a table; a field that is not in it is left to be skipped.
    pub fn take_known(&mut self, json: &mut Json<'a>, table: &[(&'static str, Rule)], name: &str) {
        if let Some((field, rule)) = table.iter().find(|(known, _)| *known == name) {
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
            sink.reading(message.reading(of.format, of.kind, of.asset.as_str(), at, self.entries.as_slice()));
        }
    }
}
