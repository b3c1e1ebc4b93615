//! A payload that is one bare value: text as it stands, or JSON's spelling of it.

use crate::model::RejectReason;
use crate::telemetry::{Message, Refused};

/// Longest text of a single value: a double has 24 characters, an id 64.
const MAX: usize = 128;

/// How sources say that they do not know; compared without case.
const UNKNOWN: [&str; 7] = [
    "nil",
    "null",
    "none",
    "unknown",
    "unavailable",
    "undefined",
    "n/a",
];

/// The value as text without quotes; `None` where the source does not know it.
///
/// An empty payload is "unknown", and also what erases a broker's retained copy (MQTT 3.1.1, section 3.3.1.3).
pub fn text<'a>(message: &Message<'a>) -> Result<Option<&'a str>, Refused> {
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

/// Equal texts, told by length and ends before anything is compared: tables are looked through for every field of every message.
#[inline]
pub fn same(a: &str, b: &str) -> bool {
    let (x, y) = (a.as_bytes(), b.as_bytes());
    x.len() == y.len() && x.first() == y.first() && x.last() == y.last() && a == b
}

/// A value's text without blanks and quotes, unless it is one of the words for "unknown".
pub fn known(text: &str) -> Option<&str> {
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
    use crate::telemetry::kit::scalar::*;

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
