//! Walks one level of a JSON object or array without building it: borrowed keys, values as raw text. Accepts RFC 8259 only, checked
//! through the whole text, because the native format promises its senders that a message is applied as a whole or not at all.
//!
//! `crate::json` is the other walker: it repairs the mistakes of devices that cannot be changed, and checks only what it visits. The two
//! are not joined because strictness at every byte would cost the OCPP path, and repairing would break this one's promise.

mod scanner;

use std::borrow::Cow;

use scanner::Scanner;

/// Why a text is not JSON, or not what it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum NotJson {
    /// The text is not JSON by RFC 8259: the defect, and its offset in bytes.
    #[error("{0} at byte {1}")]
    Broken(&'static str, usize),
    /// Deeper than [`MAX_LEVELS`].
    #[error("nested more than {MAX_LEVELS} levels deep")]
    TooDeep,
}

/// Nesting of one value: open brackets are kept as the bits of one u64. Formats allow far less.
const MAX_LEVELS: u32 = 64;

/// Calls `visit` with each key and raw value of the object that `text` is, and how deep arrays and objects nest in the value.
pub(crate) fn each_field<'a>(
    text: &'a str,
    mut visit: impl FnMut(Cow<'a, str>, &'a str, usize),
) -> Result<(), NotJson> {
    let mut scanner = Scanner::new(text);
    scanner.expect(b'{', "an object is missing")?;
    if !scanner.eat(b'}') {
        loop {
            let key = scanner.key()?;
            let (raw, depth) = scanner.raw()?;
            visit(key, raw, depth);
            match scanner.next() {
                Some(b',') => {}
                Some(b'}') => break,
                _ => return Err(scanner.broken("a comma or `}` is missing")),
            }
        }
    }
    scanner.end()
}

/// Calls `visit` with each raw element of the array that `text` is.
pub(crate) fn each_element<'a>(
    text: &'a str,
    mut visit: impl FnMut(&'a str),
) -> Result<(), NotJson> {
    let mut scanner = Scanner::new(text);
    scanner.expect(b'[', "a list is missing")?;
    if !scanner.eat(b']') {
        loop {
            visit(scanner.raw()?.0);
            match scanner.next() {
                Some(b',') => {}
                Some(b']') => break,
                _ => return Err(scanner.broken("a comma or `]` is missing")),
            }
        }
    }
    scanner.end()
}

/// The text of a raw JSON string, borrowed unless it holds escapes; `None` if it is no string.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The text with bare `NaN`, `nan`, `Infinity`, `-inf` and the like put into quotes; `None` if there are none.
///
/// Python's `json` and C's `printf` write them although RFC 8259 section 6 has no such numbers. One unknown value is
/// no reason to lose the others of the message.
pub(crate) fn quote_non_numbers(text: &str) -> Option<String> {
    let mut words = Vec::new();
    let mut last_end = 0;
    outside_strings(text.as_bytes(), |byte, at| {
        if at < last_end || !byte.is_ascii_alphabetic() {
            return;
        }
        let length = text.as_bytes()[at..]
            .iter()
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        last_end = at + length;
        if ["nan", "inf", "infinity"]
            .iter()
            .any(|word| text[at..last_end].eq_ignore_ascii_case(word))
        {
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

#[cfg(test)]
mod tests;
