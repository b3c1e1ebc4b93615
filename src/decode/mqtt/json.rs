//! Walks one level of a JSON object or array without building it: borrowed keys, values as raw text.
//! Refuses what is not JSON; repairs only the bare `NaN` and `Infinity` that some publishers' libraries write.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Calls `visit` with each key and raw value of the object that `text` is.
pub fn each_field<'a>(text: &'a str, visit: impl FnMut(Cow<'a, str>, &'a str)) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Fields(visit))?;
    deserializer.end()
}

/// Calls `visit` with each raw element of the array that `text` is.
pub fn each_element<'a>(text: &'a str, visit: impl FnMut(&'a str)) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_seq(Elements(visit))?;
    deserializer.end()
}

/// The text of a raw JSON string, borrowed unless it holds escapes; `None` if it is no string.
pub fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(raw).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// How deep arrays and objects nest in a raw value; a scalar is 0.
pub fn depth(raw: &str) -> usize {
    let (mut level, mut deepest) = (0usize, 0);
    outside_strings(raw.as_bytes(), |byte, _| match byte {
        b'[' | b'{' => {
            level += 1;
            deepest = deepest.max(level);
        }
        b']' | b'}' => level = level.saturating_sub(1),
        _ => {}
    });
    deepest
}

/// The text with bare `NaN`, `nan`, `Infinity`, `-inf` and the like put into quotes; `None` if there are none.
///
/// Python's `json` and C's `printf` write them although RFC 8259 section 6 has no such numbers. One unknown value is
/// no reason to lose the others of the message.
pub fn quote_non_numbers(text: &str) -> Option<String> {
    let mut words = Vec::new();
    let mut last_end = 0;
    outside_strings(text.as_bytes(), |byte, at| {
        if at < last_end || !byte.is_ascii_alphabetic() {
            return;
        }
        let length = text.as_bytes()[at..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        last_end = at + length;
        if ["nan", "inf", "infinity"].iter().any(|word| text[at..last_end].eq_ignore_ascii_case(word)) {
            let signed = at > 0 && text.as_bytes()[at - 1] == b'-';
            words.push((at - usize::from(signed), last_end));
        }
    });
    if words.is_empty() {
        return None;
    }
    let mut fixed = String::with_capacity(text.len() + 2 * words.len());
    let mut copied = 0;
    for (from, to) in words {
        fixed.push_str(&text[copied..from]);
        fixed.push('"');
        fixed.push_str(&text[from..to]);
        fixed.push('"');
        copied = to;
    }
    fixed.push_str(&text[copied..]);
    Some(fixed)
}

fn outside_strings(bytes: &[u8], mut visit: impl FnMut(u8, usize)) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if !quoted => visit(byte, at),
            _ => {}
        }
    }
}

struct Fields<F>(F);

impl<'de, F: FnMut(Cow<'de, str>, &'de str)> Visitor<'de> for Fields<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            (self.0)(key, value.get());
        }
        Ok(())
    }
}

struct Elements<F>(F);

impl<'de, F: FnMut(&'de str)> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(value) = seq.next_element::<&'de RawValue>()? {
            (self.0)(value.get());
        }
        Ok(())
    }
}

/// A key, borrowed unless it holds escapes (serde's own `Cow` always copies).
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        for (raw, want) in [("1", 0), ("[]", 1), (r#"{"a":[1,{"b":2}]}"#, 3), (r#""[[{\"[""#, 0), (r#"[["\\"],[]]"#, 2)] {
            assert_eq!(depth(raw), want, "{raw}");
        }
    }

    #[test]
    fn only_bare_non_numbers_are_quoted() {
        for (text, want) in [
            (r#"{"a":NaN,"b":-Infinity}"#, Some(r#"{"a":"NaN","b":"-Infinity"}"#)),
            (r#"{"a":-nan}"#, Some(r#"{"a":"-nan"}"#)),
            (r#"{"a":"NaN","b":"\"NaN"}"#, None),
            (r#"{"a":nano}"#, None),
            (r#"{"é":inf}"#, Some(r#"{"é":"inf"}"#)),
        ] {
            assert_eq!(quote_non_numbers(text).as_deref(), want, "{text}");
        }
    }
}
