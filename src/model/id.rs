//! What may be an id: of a vehicle, a charge point, a site, an organisation.

/// Why a text is no id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IdError {
    /// The text has no characters.
    #[error("is empty")]
    Empty,
    /// Longer than [`check_id`] allows.
    #[error("has {0} bytes; at most 64 are allowed")]
    TooLong(usize),
    /// A control character, a slash or an MQTT wildcard.
    #[error(
        "holds {0:?}; ids have no control characters, no `/`, `+`, `#`, quotes, commas or spaces"
    )]
    Character(char),
}

/// Checks an id of ours or of a device.
///
/// 64 bytes hold OCPP's 48-character identities and a VIN with its source. `/`, `+` and `#` have a meaning in MQTT
/// topics and URLs; spaces, commas and quotes break line protocol and Grafana variables.
pub fn check_id(text: &str) -> Result<&str, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > 64 {
        return Err(IdError::TooLong(text.len()));
    }
    // Nearly all ids are plain ASCII, and every message has one.
    if text.bytes().all(|byte| {
        byte.is_ascii_graphic() && !matches!(byte, b'/' | b'+' | b'#' | b'"' | b'\'' | b',' | b'\\')
    }) {
        return Ok(text);
    }
    match text.chars().find(|c| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '/' | '+' | '#' | '"' | '\'' | ',' | '\\')
    }) {
        Some(bad) => Err(IdError::Character(bad)),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::id::*;

    #[test]
    fn tells_ids_from_accidents() {
        for good in [
            "AMB-101",
            "ovms:AMB101",
            "CP_07",
            "RDAM|123",
            "5YJ3E1EA7KF317000",
            "é",
        ] {
            assert_eq!(check_id(good), Ok(good));
        }
        for bad in [
            "",
            "a b",
            "a/b",
            "+",
            "#",
            "a,b",
            "a\nb",
            "a\"b",
            &"x".repeat(65),
        ] {
            assert!(check_id(bad).is_err(), "{bad:?}");
        }
    }
}
