//! Lenient parsing of values: charge points do not agree on their JSON types.

use std::borrow::Cow;

use crate::json::Json;
use crate::model::{IdTokenHash, TokenHasher};
use crate::units::{UtcMs, parse_scaled};

/// A string or number with surrounding blanks removed; `None` if nothing is left.
pub(super) fn trimmed<'a>(json: &mut Json<'a>) -> Option<Cow<'a, str>> {
    let text = match json.text()? {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!text.is_empty()).then_some(text)
}

/// A trimmed text, cut to `max` characters, for what is stored.
pub(super) fn short(json: &mut Json<'_>, max: usize) -> Option<String> {
    trimmed(json).map(|text| text.chars().take(max).collect())
}

/// A whole number, sent as one, or as text, or with a fraction of zero.
pub(super) fn integer(json: &mut Json<'_>) -> Option<i64> {
    whole(&trimmed(json)?)
}

/// A whole number in a text; a fraction of zero is accepted.
pub(super) fn whole(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| parse_scaled(text, 0).ok())
}

/// A connector or EVSE number; 0 where it is missing or impossible.
pub(super) fn number(json: &mut Json<'_>) -> u32 {
    integer(json)
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(0)
}

/// Keyed hash of a tag; `None` if it is empty.
pub(super) fn token(json: &mut Json<'_>, hasher: &TokenHasher) -> Option<IdTokenHash> {
    hasher.hash(&json.text()?)
}

/// Parses the times of one message, and remembers whether any of them lacks its zone.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub zoneless: bool,
}

impl Times {
    /// A time in any spelling that charge points use.
    pub(super) fn parse(&mut self, json: &mut Json<'_>) -> Option<UtcMs> {
        let parsed = UtcMs::parse_lenient(&json.text()?).ok()?;
        self.zoneless |= !parsed.has_zone;
        Some(parsed.instant)
    }
}

/// Decimal text in units of `10^-scale`; `1,5` is one and a half.
pub(super) fn decimal(text: &str, scale: u32) -> Option<i64> {
    let text = text.trim();
    let comma = text.bytes().filter(|byte| *byte == b',').count() == 1 && !text.contains('.');
    if comma {
        parse_scaled(&text.replace(',', "."), scale).ok()
    } else {
        parse_scaled(text, scale).ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::codec::field::*;

    #[test]
    fn numbers_and_times_parse_from_any_json_type() {
        for (text, want) in [
            ("17", Some(17)),
            ("\"17\"", Some(17)),
            ("\" 17 \"", Some(17)),
            ("17.0", Some(17)),
            ("-1", Some(-1)),
            ("null", None),
            ("{}", None),
            ("\"x\"", None),
        ] {
            assert_eq!(integer(&mut Json::new(text, 4)), want, "{text}");
        }
        for (text, want) in [
            ("9.6", Some(96)),
            (" 9.6", Some(96)),
            ("1,5", Some(15)),
            ("1,234.5", None),
            ("NaN", None),
            ("", None),
            ("1e3", Some(10_000)),
        ] {
            assert_eq!(decimal(text, 1), want, "{text}");
        }
        let mut times = Times::default();
        assert!(
            times
                .parse(&mut Json::new("\"2026-08-21T09:15:02Z\"", 1))
                .is_some()
                && !times.zoneless
        );
        assert!(
            times
                .parse(&mut Json::new("\"2026-08-21 09:15\"", 1))
                .is_some()
                && times.zoneless
        );
    }
}
