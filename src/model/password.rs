//! Hashes of passwords and tokens, as files hold them; compared in constant time.
//!
//! A password's hash reads `pbkdf2-sha256$<iterations>$<salt hex>$<hash hex>` (`fleetgauge hash-password`), a token's
//! `sha256$<hash hex>` (`fleetgauge hash-token`): tokens are long and random, so nothing is won by hashing them slowly.

use std::num::NonZeroU32;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::{digest, pbkdf2};

/// Iterations for the keys of devices: about 10 ms on a small gateway's core. Device keys are long and random, so this is against a
/// leaked file, not against guessing.
pub const DEVICE_ITERATIONS: u32 = 10_000;
/// Iterations for the passwords of people, which can be guessed (OWASP's figure for PBKDF2 with SHA-256 since 2023).
pub const PERSON_ITERATIONS: u32 = 600_000;
const PREFIX: &str = "pbkdf2-sha256";
const TOKEN_PREFIX: &str = "sha256";
const HASH_BYTES: usize = 32;

/// Hashes a password.
pub fn hash_password(password: &[u8], salt: &[u8; 16], iterations: u32) -> String {
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let mut hash = [0u8; HASH_BYTES];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password, &mut hash);
    format!("{PREFIX}${iterations}${}${}", HEXLOWER.encode(salt), HEXLOWER.encode(&hash))
}

/// Does the password belong to the hash? A text that is no hash belongs to none.
pub fn verify(hash: &str, password: &[u8]) -> bool {
    let Some((iterations, salt, expected)) = parse(hash) else { return false };
    pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, password, &expected).is_ok()
}

/// The text is a password's hash.
pub fn is_hash(text: &str) -> bool {
    parse(text).is_some()
}

/// How slow a password's hash is; `None` if it is none.
pub fn iterations(hash: &str) -> Option<u32> {
    parse(hash).map(|(iterations, _, _)| iterations.get())
}

fn parse(hash: &str) -> Option<(NonZeroU32, Vec<u8>, Vec<u8>)> {
    let mut parts = hash.split('$');
    (parts.next()? == PREFIX).then_some(())?;
    let iterations = parts.next()?.parse().ok()?;
    let salt = HEXLOWER_PERMISSIVE.decode(parts.next()?.as_bytes()).ok()?;
    let expected = HEXLOWER_PERMISSIVE.decode(parts.next()?.as_bytes()).ok().filter(|bytes| bytes.len() == HASH_BYTES)?;
    parts.next().is_none().then_some((iterations, salt, expected))
}

/// SHA-256 of a secret that nobody can guess: a token, a session's key.
pub fn digest(secret: &[u8]) -> [u8; HASH_BYTES] {
    let mut out = [0u8; HASH_BYTES];
    out.copy_from_slice(digest::digest(&digest::SHA256, secret).as_ref());
    out
}

/// Hashes a token.
pub fn hash_token(token: &[u8]) -> String {
    format!("{TOKEN_PREFIX}${}", HEXLOWER.encode(&digest(token)))
}

/// The digest that a token's hash holds.
pub fn token_digest(hash: &str) -> Option<[u8; HASH_BYTES]> {
    let digits = hash.strip_prefix(TOKEN_PREFIX)?.strip_prefix('$')?;
    HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?.try_into().ok()
}

/// Equal, told without stopping at the first difference.
pub fn same(one: &[u8; HASH_BYTES], other: &[u8; HASH_BYTES]) -> bool {
    let different = one.iter().zip(other).fold(0u8, |different, (one, other)| different | (one ^ other));
    std::hint::black_box(different) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let hash = hash_password(b"secret", &[7; 16], 10);
        assert!(verify(&hash, b"secret"));
        assert!(!verify(&hash, b"Secret"));
        assert_eq!(iterations(&hash), Some(10));
        for damaged in
            ["", "plain", "pbkdf2-sha256$0$00$00", "pbkdf2-sha256$10$zz$00", &hash[..hash.len() - 2], &format!("{hash}$")]
        {
            assert!(!verify(damaged, b"secret"), "{damaged}");
        }
    }

    #[test]
    fn tokens_are_compared_by_digest() {
        // FIPS 180-2, appendix B.1.
        let hash = hash_token(b"abc");
        assert_eq!(hash, "sha256$ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let known = token_digest(&hash).expect("a hash");
        assert!(same(&known, &digest(b"abc")) && !same(&known, &digest(b"abd")));
        for damaged in ["", "abc", "sha256$", "sha256$00", &hash[..hash.len() - 1], &format!("{hash}0")] {
            assert_eq!(token_digest(damaged), None, "{damaged}");
        }
    }
}
