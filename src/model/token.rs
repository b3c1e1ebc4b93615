//! RFID tags are personal data: past the edge only their keyed hash exists.

use std::fmt;

use ring::hmac;
use serde::{Deserialize, Serialize};

/// Keyed hash of an id tag: the first 8 bytes of HMAC-SHA256 under the store's own key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct IdTokenHash(pub u64);

impl fmt::Display for IdTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Hashes tags under a key that never leaves the store.
#[derive(Clone)]
pub struct TokenHasher {
    key: hmac::Key,
    /// Reads texts in the form of [`TokenHasher::written`] as hashes. Only for recorded traffic: from a charge point they are ordinary tags.
    reads_written: bool,
}

impl TokenHasher {
    /// A hasher with the secret key of a store.
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            reads_written: false,
        }
    }

    /// A hasher for captures, whose tags are hashed already.
    pub fn for_captures(self) -> Self {
        Self {
            reads_written: true,
            ..self
        }
    }

    /// How a tag is written into a capture: short enough for OCPP 1.6, and no tag of any reader.
    pub fn written(&self, id_tag: &str) -> String {
        self.hash(id_tag)
            .map_or_else(String::new, |hash| format!("#{hash}"))
    }

    /// The hash of a tag in its normal form; `None` if that is empty (free-vend chargers send an empty tag).
    pub fn hash(&self, id_tag: &str) -> Option<IdTokenHash> {
        if let Some(digits) = id_tag
            .strip_prefix('#')
            .filter(|digits| self.reads_written && digits.len() == 16)
        {
            return u64::from_str_radix(digits, 16).ok().map(IdTokenHash);
        }
        let normal = normalise_id_token(id_tag);
        if normal.is_empty() {
            return None;
        }
        let tag = hmac::sign(&self.key, normal.as_bytes());
        let mut first = [0u8; 8];
        first.copy_from_slice(&tag.as_ref()[..8]);
        Some(IdTokenHash(u64::from_be_bytes(first)))
    }
}

impl TokenHasher {
    /// Hashes of the forms in which readers are known to misread this tag: bytes in reverse (Keba), the last byte lost (SmartEVSE), leading zeros lost.
    /// A match is a suggestion for people, never an identity.
    pub fn resembling(&self, id_tag: &str) -> Vec<IdTokenHash> {
        let normal = normalise_id_token(id_tag);
        let hex = normal.len() >= 8
            && normal.len().is_multiple_of(2)
            && normal.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex {
            return Vec::new();
        }
        let reversed: String = normal
            .as_bytes()
            .rchunks(2)
            .flat_map(|pair| pair.iter().map(|byte| char::from(*byte)))
            .collect();
        let shortened = &normal[..normal.len() - 2];
        let stripped = normal.trim_start_matches('0');
        let mut variants = vec![reversed.as_str(), stripped];
        // A shortened four-byte tag would be anybody's.
        variants.extend((normal.len() >= 14).then_some(shortened));
        variants.retain(|variant| *variant != normal);
        variants
            .into_iter()
            .filter_map(|variant| self.hash(variant))
            .collect()
    }
}

impl fmt::Debug for TokenHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHasher(key hidden)")
    }
}

/// The normal form of a tag: upper case, without the separators and backslashes that readers add (`04:a1-b2` is `04A1B2`).
pub fn normalise_id_token(id_tag: &str) -> String {
    id_tag
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-' | '\\' | '\0'))
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::model::token::*;

    #[test]
    fn spelling_does_not_matter_but_the_key_does() {
        let hasher = TokenHasher::new(&[7; 32]);
        assert_eq!(hasher.hash("04:a1:b2:c3"), hasher.hash(" 04A1B2C3\\"));
        assert_ne!(hasher.hash("04A1B2C3"), hasher.hash("04A1B2C4"));
        assert_ne!(
            hasher.hash("04A1B2C3"),
            TokenHasher::new(&[8; 32]).hash("04A1B2C3")
        );
        assert_eq!(hasher.hash(" :-"), None);
    }

    #[test]
    fn a_capture_names_hashes_and_only_a_replay_believes_it() {
        let hasher = TokenHasher::new(&[7; 32]);
        let written = hasher.written("04A1B2C3");
        assert!(written.len() <= 20 && hasher.written("").is_empty());
        assert_ne!(hasher.hash(&written), hasher.hash("04A1B2C3"));
        assert_eq!(
            hasher.clone().for_captures().hash(&written),
            hasher.hash("04A1B2C3")
        );
    }

    #[test]
    fn what_readers_make_of_a_tag() {
        let hasher = TokenHasher::new(&[7; 32]);
        let of = |tags: &[&str]| {
            tags.iter()
                .filter_map(|tag| hasher.hash(tag))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            hasher.resembling("04:a1:b2:c3"),
            of(&["C3B2A104", "4A1B2C3"])
        );
        assert_eq!(
            hasher.resembling("14A1B2C3D4E5F6"),
            of(&["F6E5D4C3B2A114", "14A1B2C3D4E5"])
        );
        assert_eq!(hasher.resembling("staff-card"), []);
        assert_eq!(hasher.resembling("11111111"), []);
    }
}
