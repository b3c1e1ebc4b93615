//! `fleetgauge hash-password`: a password from standard input becomes the text that configuration and register hold.

use std::io::Read;
use std::process::ExitCode;

use ring::rand::{SecureRandom, SystemRandom};

use super::fail;
use crate::ingest::credentials::{DEFAULT_ITERATIONS, hash_password};

/// Reads the password (a final line break is not part of it) and prints its hash.
pub fn run() -> ExitCode {
    let mut password = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut password) {
        return fail(error, 1);
    }
    while matches!(password.last(), Some(b'\n' | b'\r')) {
        password.pop();
    }
    if password.is_empty() {
        return fail("no password on standard input\n  hint: echo -n secret | fleetgauge hash-password", 2);
    }
    let mut salt = [0u8; 16];
    if SystemRandom::new().fill(&mut salt).is_err() {
        return fail("the system gives no random numbers", 1);
    }
    println!("{}", hash_password(&password, &salt, DEFAULT_ITERATIONS));
    ExitCode::SUCCESS
}
