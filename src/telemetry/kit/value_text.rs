//! The text of one bare value, plain or as JSON writes it, and the words by which sources report it as unknown.

use crate::model::RejectReason;
use crate::telemetry::{Message, Refused};

/// Longest text of a single value: a double has 24 characters, an id 64.
const MAX: usize = 128;

/// Words for an unknown value; compared without case.
const UNKNOWN: [&str; 7] = [
    "nil",
    "null",
    "none",
    "unknown",
    "unavailable",
    "undefined",
    "n/a",
];

/// The payload as text without quotes; `None` if the value is unknown.
///
/// An empty payload is "unknown", and also what erases a broker's retained copy (MQTT 3.1.1, section 3.3.1.3).
pub(crate) fn text<'a>(message: &Message<'a>) -> Result<Option<&'a str>, Refused> {
    if message.payload.len() > MAX {
        let detail = format!(
            "the value has {} bytes; a single value is expected",
            message.payload.len()
        );
        return Err(Refused::new(RejectReason::TooLarge, detail));
    }
    let text = std::str::from_utf8(message.payload).map_err(|error| {
        Refused::new(
            RejectReason::Utf8,
            format!("the value is not UTF-8: {error}"),
        )
    })?;
    Ok(known(text))
}

/// Compares texts by length and ends first, because tables are searched for every field of every message.
#[inline]
pub(crate) fn same(a: &str, b: &str) -> bool {
    let (x, y) = (a.as_bytes(), b.as_bytes());
    x.len() == y.len() && x.first() == y.first() && x.last() == y.last() && a == b
}

/// A value's text without blanks and quotes; `None` if it is empty or a word for "unknown".
pub(crate) fn known(text: &str) -> Option<&str> {
    // Nearly all values are bare numbers.
    if let (Some(b'0'..=b'9' | b'-'), Some(b'0'..=b'9')) =
        (text.as_bytes().first(), text.as_bytes().last())
    {
        return Some(text);
    }
    let text = text.trim();
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text)
        .trim();
    let unknown = text.is_empty() || UNKNOWN.iter().any(|word| text.eq_ignore_ascii_case(word));
    (!unknown).then_some(text)
}

#[cfg(test)]
mod tests {
    use crate::telemetry::kit::value_text::*;

    #[test]
    fn unknown_has_many_words() {
        for text in [
            "",
            "  ",
            "\"\"",
            "nil",
            "null",
            "None",
            "\"unknown\"",
            "Unavailable",
        ] {
            assert_eq!(known(text), None, "{text}");
        }
        for (text, want) in [
            ("76.5", "76.5"),
            (" \"18929.8\"\n", "18929.8"),
            ("db:22", "db:22"),
            ("\"", "\""),
        ] {
            assert_eq!(known(text), Some(want));
        }
    }
}
