//! `fleetgauge hash-password` and `hash-token`: a secret from standard input becomes the text that files hold.

use std::io::Read;
use std::process::ExitCode;

use ring::rand::{SecureRandom, SystemRandom};

use super::fail;
use crate::model::password::{
    DEVICE_ITERATIONS, PERSON_COST, hash_password, hash_person, hash_token,
};

/// A shorter password of a person is guessed before long (NIST SP 800-63B: at least 8).
const SHORTEST_PASSWORD: usize = 8;
/// 128 bits as hex digits.
const SHORTEST_TOKEN: usize = 32;

/// Reads the password (a final line break is not part of it) and prints its hash.
pub(super) fn run(user: bool) -> ExitCode {
    let password = match secret() {
        Ok(password) => password,
        Err(error) => return fail(error, 1),
    };
    if password.is_empty() {
        return fail(
            "no password on standard input\n  hint: echo -n secret | fleetgauge hash-password",
            2,
        );
    }
    if user && password.len() < SHORTEST_PASSWORD {
        return fail(
            "the password is shorter than 8 characters\n  hint: three or four words together are easy to remember",
            2,
        );
    }
    let mut salt = [0u8; 16];
    if SystemRandom::new().fill(&mut salt).is_err() {
        return fail("the system gives no random numbers", 1);
    }
    let hash = if user {
        hash_person(&password, &salt, PERSON_COST)
    } else {
        Some(hash_password(&password, &salt, DEVICE_ITERATIONS))
    };
    match hash {
        Some(hash) => {
            println!("{hash}");
            ExitCode::SUCCESS
        }
        None => fail("the password cannot be hashed: it is too long", 1),
    }
}

/// Reads a token and prints its hash.
pub(super) fn token() -> ExitCode {
    match secret() {
        Err(error) => fail(error, 1),
        // Its hash is fast, so a word would be found at once in a leaked file.
        Ok(token) if token.len() < SHORTEST_TOKEN => fail(
            "a token has at least 32 random characters\n  hint: openssl rand -hex 32 > fleetgauge.token; fleetgauge hash-token < fleetgauge.token",
            2,
        ),
        Ok(token) => {
            println!("{}", hash_token(&token));
            ExitCode::SUCCESS
        }
    }
}

fn secret() -> std::io::Result<Vec<u8>> {
    let mut secret = Vec::new();
    std::io::stdin().read_to_end(&mut secret)?;
    while matches!(secret.last(), Some(b'\n' | b'\r')) {
        secret.pop();
    }
    Ok(secret)
}
