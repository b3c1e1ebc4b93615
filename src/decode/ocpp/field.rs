//! Lenient reading of JSON values whose type charge points do not agree on.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::units::{UtcMs, parse_scaled};

/// A string, or a number's digits; `None` for anything else.
pub fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    match json.as_bytes().first()? {
        b'"' if !json.contains('\\') => Some(Cow::Borrowed(&json[1..json.len() - 1])),
        b'"' => serde_json::from_str(json).ok().map(Cow::Owned),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(json)),
        _ => None,
    }
}

/// The same with surrounding blanks removed; `None` if nothing is left.
pub fn trimmed(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = match text(value)? {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!text.is_empty()).then_some(text)
}

/// At most `most` characters of it, for what is kept.
pub fn short(value: &RawValue, most: usize) -> Option<String> {
    trimmed(value).map(|text| text.chars().take(most).collect())
}

/// A whole number, sent as one, or as text, or with a fraction of zero.
pub fn integer(value: &RawValue) -> Option<i64> {
    let text = trimmed(value)?;
    text.parse().ok().or_else(|| parse_scaled(&text, 0).ok())
}

/// A time in any of its dialects.
pub fn time(value: &RawValue) -> Option<UtcMs> {
    UtcMs::parse_lenient(&text(value)?).ok().map(|parsed| parsed.instant)
}

/// Decimal text in units of `10^-scale`; `1,5` is one and a half.
pub fn decimal(text: &str, scale: u32) -> Option<i64> {
    let text = text.trim();
    let comma = text.bytes().filter(|byte| *byte == b',').count() == 1 && !text.contains('.');
    if comma { parse_scaled(&text.replace(',', "."), scale).ok() } else { parse_scaled(text, scale).ok() }
}

/// Calls `take` with each field of an object; false if it is none. A repeated field comes twice, the last one wins with most callers.
pub fn each<'a>(object: &'a RawValue, take: impl FnMut(&str, &'a RawValue)) -> bool {
    struct Fields<F>(F);
    impl<'de, F: FnMut(&str, &'de RawValue)> Visitor<'de> for Fields<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some(Key(key)) = map.next_key()? {
                (self.0)(&key, map.next_value()?);
            }
            Ok(())
        }
    }
    serde_json::Deserializer::from_str(object.get()).deserialize_map(Fields(take)).is_ok()
}

/// Calls `take` with each element of a list, or with the value itself if it is none (Huawei sends an object for a list of one).
pub fn one_or_many<'a>(value: &'a RawValue, mut take: impl FnMut(&'a RawValue)) {
    struct Elements<F>(F);
    impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Elements<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
            while let Some(element) = seq.next_element()? {
                (self.0)(element);
            }
            Ok(())
        }
    }
    match value.get().as_bytes().first() {
        // The text was valid JSON before it came here, so reading it again cannot fail half-way.
        Some(b'[') => drop(serde_json::Deserializer::from_str(value.get()).deserialize_seq(Elements(take))),
        _ => take(value),
    }
}

/// A field name, borrowed unless it has escapes in it.
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(name)))
            }
            fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn types_do_not_matter() {
        for (json, want) in [
            ("17", Some(17)),
            ("\"17\"", Some(17)),
            ("\" 17 \"", Some(17)),
            ("17.0", Some(17)),
            ("-1", Some(-1)),
            ("null", None),
            ("{}", None),
            ("\"x\"", None),
        ] {
            assert_eq!(integer(raw(json)), want, "{json}");
        }
        assert_eq!(text(raw(r#""a\u0062""#)).as_deref(), Some("ab"));
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
        let mut found = Vec::new();
        one_or_many(raw("[1,2]"), |value| found.push(value.get().to_owned()));
        one_or_many(raw("{\"a\":1}"), |value| found.push(value.get().to_owned()));
        assert_eq!(found, ["1", "2", "{\"a\":1}"]);
        assert!(!each(raw("[]"), |_, _| {}));
    }
}
