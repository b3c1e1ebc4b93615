//! One bare value on a topic of its own: the way of most sources that publish whatever changed.

use super::asset::AssetId;
use super::rule::{Rule, Trouble, is_unknown};
use super::scalar;
use crate::model::{AssetKind, FeedFormat, ReadingEntry, Value};
use crate::telemetry::{Message, Refused, Sink};
use crate::units::UtcMs;

/// Whose values these are.
#[derive(Clone, Copy)]
pub struct Of<'a> {
    /// The format.
    pub format: FeedFormat,
    /// What the asset is.
    pub kind: AssetKind,
    /// Which.
    pub asset: &'a AssetId,
}

/// The rule of a name in a table.
pub fn rule_of(table: &[(&str, Rule)], name: &str) -> Option<Rule> {
    table
        .iter()
        .find(|(known, _)| scalar::same(known, name))
        .map(|(_, rule)| *rule)
}

/// Reads the payload by a rule and gives it out as a reading of its own. `field` is its name for people.
pub fn give(
    message: &Message<'_>,
    of: Of<'_>,
    field: &str,
    rule: Rule,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    give_at(message, of, None, field, rule, sink).map(|_| ())
}

/// The same for a value that has a time of its own. False if the source does not know the value.
pub fn give_at(
    message: &Message<'_>,
    of: Of<'_>,
    at: Option<UtcMs>,
    field: &str,
    rule: Rule,
    sink: &mut dyn Sink,
) -> Result<bool, Refused> {
    let Some(value) = read(message, field, rule, sink)? else {
        return Ok(false);
    };
    let entry = [ReadingEntry {
        quantity: rule.quantity(),
        value,
    }];
    sink.reading(message.reading(of.format, of.kind, of.asset.as_str(), at, &entry));
    Ok(true)
}

/// Gives out values of one message as one reading without a time of its own.
pub fn give_all(
    message: &Message<'_>,
    of: Of<'_>,
    entries: &[ReadingEntry<'_>],
    sink: &mut dyn Sink,
) {
    if !entries.is_empty() {
        sink.reading(message.reading(of.format, of.kind, of.asset.as_str(), None, entries));
    }
}

/// Reads the payload by a rule; `None` where the source does not know.
pub fn read<'a>(
    message: &Message<'a>,
    field: &str,
    rule: Rule,
    sink: &mut dyn Sink,
) -> Result<Option<Value<'a>>, Refused> {
    let Some(text) = scalar::text(message)? else {
        return Ok(None);
    };
    match rule.read(text) {
        Ok(value) => Ok(value),
        // The source's own way to say that it does not know is nobody's mistake.
        Err(trouble) if is_unknown(trouble) => {
            sink.ignored(trouble.0, field, trouble.1);
            Ok(None)
        }
        Err(trouble) => Err(refuse(field, text, rule, trouble)),
    }
}

fn refuse(field: &str, text: &str, rule: Rule, (reason, what): Trouble) -> Refused {
    let quantity = rule.quantity();
    Refused::new(
        reason,
        format!(
            "{field}: `{text:.64}` {what} ({} in {})",
            quantity.name(),
            quantity.unit()
        ),
    )
}
