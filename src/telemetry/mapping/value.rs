//! The raw text of one value, bare or JSON's, to what it says. No types: sources quote numbers and print states as they like.

use std::borrow::Cow;

use crate::telemetry::kit::{json, scalar};

/// An object or an array.
pub fn is_nested(raw: &str) -> bool {
    raw.starts_with(['{', '['])
}

/// The text without blanks around it and without quotes.
pub fn plain(raw: &str) -> Cow<'_, str> {
    let raw = raw.trim();
    match json::string(raw) {
        Some(Cow::Owned(text)) => Cow::Owned(text.trim().to_owned()),
        Some(Cow::Borrowed(text)) => Cow::Borrowed(text.trim()),
        None => Cow::Borrowed(raw),
    }
}

/// The text, unless it is none, nested, or a word for "unknown".
pub fn known(raw: &str) -> Option<Cow<'_, str>> {
    let text = plain(raw);
    (!is_nested(raw) && scalar::known(&text).is_some()).then_some(text)
}
