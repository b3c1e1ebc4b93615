//! Hashes of passwords and tokens, as files hold them; compared in constant time.
//!
//! A device's password is `pbkdf2-sha256$<iterations>$<salt hex>$<hash hex>` (`fleetgauge hash-password`), a person's
//! `$argon2id$v=19$m=<KiB>,t=<passes>,p=1$<salt>$<hash>` (`--user`; RFC 9106 in the usual text form), a token's
//! `sha256$<hash hex>` (`fleetgauge hash-token`): tokens are long and random, so nothing is won by hashing them slowly.

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::{BASE64_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::{digest, pbkdf2};

/// Iterations for the keys of devices: about 10 ms on a small gateway's core. Device keys are long and random, so this is against a
/// leaked file, not against guessing.
pub const DEVICE_ITERATIONS: u32 = 10_000;
/// For the passwords of people, which can be guessed: the least memory of OWASP's table that takes two passes (Password Storage Cheat
/// Sheet, 2023), because a depot gateway has little.
pub const PERSON_COST: PersonCost = PersonCost {
    memory_kib: 19_456,
    passes: 2,
};
const ARGON2_HEAD: [&str; 3] = ["", "argon2id", "v=19"];
const PREFIX: &str = "pbkdf2-sha256";
const TOKEN_PREFIX: &str = "sha256";
const HASH_BYTES: usize = 32;

/// Hashes a password.
pub fn hash_password(password: &[u8], salt: &[u8; 16], iterations: u32) -> String {
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let mut hash = [0u8; HASH_BYTES];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        iterations,
        salt,
        password,
        &mut hash,
    );
    format!(
        "{PREFIX}${iterations}${}${}",
        HEXLOWER.encode(salt),
        HEXLOWER.encode(&hash)
    )
}

/// Does the password belong to the hash? A text that is no hash belongs to none.
pub fn verify(hash: &str, password: &[u8]) -> bool {
    let Some((iterations, salt, expected)) = parse(hash) else {
        return false;
    };
    pbkdf2::verify(
        pbkdf2::PBKDF2_HMAC_SHA256,
        iterations,
        &salt,
        password,
        &expected,
    )
    .is_ok()
}

/// Whether the text is the hash of a password in a known format.
pub fn is_hash(text: &str) -> bool {
    parse(text).is_some()
}

/// Cost parameters of the hash of a person's password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PersonCost {
    /// Memory filled, KiB.
    pub memory_kib: u32,
    /// Passes over the memory (time cost of Argon2, RFC 9106 section 3.1).
    pub passes: u32,
}

impl PersonCost {
    /// KiB written altogether: proportional to the time of a check.
    pub fn work_kib(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    fn derive(self, password: &[u8], salt: &[u8]) -> Option<[u8; HASH_BYTES]> {
        let params = Params::new(self.memory_kib, self.passes, 1, Some(HASH_BYTES)).ok()?;
        let mut hash = [0u8; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password, salt, &mut hash)
            .ok()?;
        Some(hash)
    }
}

/// Hashes a person's password; `None` if Argon2 knows no such cost.
pub fn hash_person(password: &[u8], salt: &[u8; 16], cost: PersonCost) -> Option<String> {
    let hash = cost.derive(password, salt)?;
    let (salt, hash) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(&hash));
    Some(format!(
        "{}$m={},t={},p=1${salt}${hash}",
        ARGON2_HEAD.join("$"),
        cost.memory_kib,
        cost.passes
    ))
}

/// Does the password belong to a person's hash? A text that is no hash belongs to none.
pub fn verify_person(hash: &str, password: &[u8]) -> bool {
    let Some((cost, salt, expected)) = parse_person(hash) else {
        return false;
    };
    cost.derive(password, &salt)
        .is_some_and(|hash| same(&hash, &expected))
}

/// What checking a person's hash costs; `None` if it is no such hash.
pub fn person_cost(hash: &str) -> Option<PersonCost> {
    parse_person(hash).map(|(cost, _, _)| cost)
}

fn parse_person(hash: &str) -> Option<(PersonCost, Vec<u8>, [u8; HASH_BYTES])> {
    let mut parts = hash.split('$');
    ARGON2_HEAD
        .iter()
        .all(|word| parts.next() == Some(word))
        .then_some(())?;
    let (memory, rest) = parts.next()?.strip_prefix("m=")?.split_once(",t=")?;
    let cost = PersonCost {
        memory_kib: memory.parse().ok()?,
        passes: rest.strip_suffix(",p=1")?.parse().ok()?,
    };
    let salt = BASE64_NOPAD
        .decode(parts.next()?.as_bytes())
        .ok()
        .filter(|salt| (8..=64).contains(&salt.len()))?;
    let expected = BASE64_NOPAD
        .decode(parts.next()?.as_bytes())
        .ok()?
        .try_into()
        .ok()?;
    parts.next().is_none().then_some((cost, salt, expected))
}

fn parse(hash: &str) -> Option<(NonZeroU32, Vec<u8>, Vec<u8>)> {
    let mut parts = hash.split('$');
    (parts.next()? == PREFIX).then_some(())?;
    let iterations = parts.next()?.parse().ok()?;
    let salt = HEXLOWER_PERMISSIVE.decode(parts.next()?.as_bytes()).ok()?;
    let expected = HEXLOWER_PERMISSIVE
        .decode(parts.next()?.as_bytes())
        .ok()
        .filter(|bytes| bytes.len() == HASH_BYTES)?;
    parts
        .next()
        .is_none()
        .then_some((iterations, salt, expected))
}

/// SHA-256 of a secret of high entropy, such as a token or the key of a session.
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
    HEXLOWER_PERMISSIVE
        .decode(digits.as_bytes())
        .ok()?
        .try_into()
        .ok()
}

/// Compares in constant time: without stopping at the first difference.
pub fn same(one: &[u8; HASH_BYTES], other: &[u8; HASH_BYTES]) -> bool {
    let different = one
        .iter()
        .zip(other)
        .fold(0u8, |different, (one, other)| different | (one ^ other));
    std::hint::black_box(different) == 0
}

#[cfg(test)]
mod tests {
    use crate::model::password::*;

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let hash = hash_password(b"secret", &[7; 16], 10);
        assert!(verify(&hash, b"secret"));
        assert!(!verify(&hash, b"Secret"));
        for damaged in [
            "",
            "plain",
            "pbkdf2-sha256$0$00$00",
            "pbkdf2-sha256$10$zz$00",
            &hash[..hash.len() - 2],
            &format!("{hash}$"),
        ] {
            assert!(!verify(damaged, b"secret"), "{damaged}");
        }
    }

    #[test]
    fn a_person_is_checked_by_argon2id() {
        // Made by the reference implementation, through argon2-cffi 25: hash_secret(b"password", b"somesalt", 2, 65536, 1, 32, Type.ID).
        let known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify_person(known, b"password") && !verify_person(known, b"Password"));
        let cost = PersonCost {
            memory_kib: 64,
            passes: 3,
        };
        let hash = hash_person(b"secret", &[7; 16], cost).expect("a cost that Argon2 knows");
        assert!(verify_person(&hash, b"secret") && !verify_person(&hash, b"secreT"));
        assert_eq!((person_cost(&hash), cost.work_kib()), (Some(cost), 192));
        for damaged in [
            "",
            "$argon2id$v=19$",
            &hash[1..],
            &hash[..hash.len() - 2],
            &format!("{hash}$"),
            &hash.replace("p=1", "p=2"),
        ] {
            assert!(
                person_cost(damaged).is_none() && !verify_person(damaged, b"secret"),
                "{damaged}"
            );
        }
        assert_eq!(
            hash_person(
                b"secret",
                &[7; 16],
                PersonCost {
                    memory_kib: 1,
                    passes: 0
                }
            ),
            None
        );
    }

    #[test]
    fn tokens_are_compared_by_digest() {
        // FIPS 180-2, appendix B.1.
        let hash = hash_token(b"abc");
        assert_eq!(
            hash,
            "sha256$ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let known = token_digest(&hash).expect("a hash");
        assert!(same(&known, &digest(b"abc")) && !same(&known, &digest(b"abd")));
        for damaged in [
            "",
            "abc",
            "sha256$",
            "sha256$00",
            &hash[..hash.len() - 1],
            &format!("{hash}0"),
        ] {
            assert_eq!(token_digest(damaged), None, "{damaged}");
        }
    }
}
