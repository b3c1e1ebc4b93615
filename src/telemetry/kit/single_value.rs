//! One bare value on a topic of its own: most sources publish each value that changed this way.

use super::asset_id::AssetId;
use super::rule::{Rule, ValueError, is_unknown};
use super::value_text;
use crate::model::{AssetKind, FeedFormat, ReadingEntry, Value};
use crate::telemetry::{Message, Refused, Sink};
use crate::units::UtcMs;

/// The format and asset that a reading is emitted for.
#[derive(Clone, Copy)]
pub(crate) struct ReadingSource<'a> {
    pub format: FeedFormat,
    pub kind: AssetKind,
    pub asset: &'a AssetId,
}

/// Finds a rule by its name.
pub(crate) fn find_rule(table: &[(&str, Rule)], name: &str) -> Option<Rule> {
    table
        .iter()
        .find(|(known, _)| value_text::same(known, name))
        .map(|(_, rule)| *rule)
}

/// Parses the payload by a rule and emits it as a reading of its own. `field` names it in messages for people.
pub(crate) fn emit_value(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    field: &str,
    rule: Rule,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    emit_value_at(message, source, None, field, rule, sink).map(|_| ())
}

/// Like [`emit_value`], for a value with a time of its own. Returns false if the source reports it as unknown.
pub(crate) fn emit_value_at(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    at: Option<UtcMs>,
    field: &str,
    rule: Rule,
    sink: &mut dyn Sink,
) -> Result<bool, Refused> {
    let Some(value) = parse_value(message, field, rule, sink)? else {
        return Ok(false);
    };
    let entry = [ReadingEntry {
        quantity: rule.quantity(),
        value,
    }];
    sink.reading(message.reading(
        source.format,
        source.kind,
        source.asset.as_str(),
        at,
        &entry,
    ));
    Ok(true)
}

/// Emits the values of one message as one reading without a time of its own.
pub(crate) fn emit_entries(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    entries: &[ReadingEntry<'_>],
    sink: &mut dyn Sink,
) {
    if !entries.is_empty() {
        sink.reading(message.reading(
            source.format,
            source.kind,
            source.asset.as_str(),
            None,
            entries,
        ));
    }
}

/// Parses the payload by a rule; `None` if the source reports it as unknown.
pub(crate) fn parse_value<'a>(
    message: &Message<'a>,
    field: &str,
    rule: Rule,
    sink: &mut dyn Sink,
) -> Result<Option<Value<'a>>, Refused> {
    let Some(text) = value_text::text(message)? else {
        return Ok(None);
    };
    match rule.parse(text) {
        Ok(value) => Ok(value),
        // The source reports the value as unknown: not an error of the message.
        Err(error) if is_unknown(error) => {
            sink.ignored(error.0, field, error.1);
            Ok(None)
        }
        Err(error) => Err(refuse(field, text, rule, error)),
    }
}

fn refuse(field: &str, text: &str, rule: Rule, (reason, what): ValueError) -> Refused {
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
