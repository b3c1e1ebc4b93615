//! What a tag's value becomes in the database, for all that write or compare tags.

/// Stands for an empty value.
pub(super) const UNKNOWN: &str = "unknown";

/// A byte of the value as it is stored. A backslash at the end would escape the separator, and a line break ends the line: line protocol
/// has an escape for neither.
#[inline]
pub(super) fn clean(byte: u8) -> u8 {
    match byte {
        b'\\' => b'/',
        0..=31 | 127 => b'_',
        _ => byte,
    }
}

/// The whole value as it is stored.
pub(super) fn stored(value: &str) -> String {
    if value.is_empty() {
        return UNKNOWN.to_owned();
    }
    let clean = |character: char| match u8::try_from(character) {
        Ok(byte) if character.is_ascii() => char::from(clean(byte)),
        _ => character,
    };
    value.chars().map(clean).collect()
}

#[cfg(test)]
mod tests {
    use crate::series::tag_value::*;

    #[test]
    fn stored_tags_have_no_control_characters() {
        assert_eq!(stored("A, B=C"), "A, B=C");
        assert_eq!(stored("a\\b\nc\u{7f}é"), "a/b_c_é");
        assert_eq!(stored(""), "unknown");
    }
}
