//! The raw text of one value, bare or JSON, without its quotes. JSON types are ignored, because sources quote numbers and spell states in
//! many ways.

use std::borrow::Cow;

use crate::telemetry::kit::{strict_json, value_text};

/// Returns true for an object or an array.
pub(super) fn is_nested(raw: &str) -> bool {
    raw.starts_with(['{', '['])
}

/// The text without blanks around it and without quotes.
pub(super) fn plain(raw: &str) -> Cow<'_, str> {
    let raw = raw.trim();
    match strict_json::string(raw) {
        Some(Cow::Owned(text)) => Cow::Owned(text.trim().to_owned()),
        Some(Cow::Borrowed(text)) => Cow::Borrowed(text.trim()),
        None => Cow::Borrowed(raw),
    }
}

/// The text; `None` if it is empty, nested, or a word for "unknown".
pub(super) fn known(raw: &str) -> Option<Cow<'_, str>> {
    let text = plain(raw);
    (!is_nested(raw) && value_text::known(&text).is_some()).then_some(text)
}
