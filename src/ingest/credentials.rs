//! Verifies passwords of devices and charge points against files of hashes (`model::password`), and remembers verified logins.

use std::collections::HashMap;
use std::sync::Mutex;

use data_encoding::BASE64_NOPAD;
use ring::digest;

use crate::model::password;

/// Decodes Base64 (RFC 4648, standard or URL alphabet, padding optional); `None` if the text is not Base64.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 {
        return None;
    }
    let standard = digits.replace('-', "+").replace('_', "/");
    BASE64_NOPAD.decode(standard.as_bytes()).ok()
}

/// A line of a password file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{file} line {line}: {reason}\n  hint: a line is `username:hash`; `echo -n secret | fleetgauge hash-password` prints the hash"
)]
pub struct PasswordFileError {
    /// The name of the file.
    pub file: String,
    /// The number of the line, from 1.
    pub line: usize,
    /// Why the line cannot be used.
    pub reason: &'static str,
}

/// Verified logins, by digest. When the table is full it is cleared, and each login is verified once more.
#[derive(Debug, Default)]
pub struct VerifiedLogins(Mutex<std::collections::HashSet<[u8; 32]>>);

impl VerifiedLogins {
    const MAX_LOGINS: usize = 50_000;

    /// Returns true if this password was verified against this hash before.
    pub fn contains(&self, hash: &str, password: &[u8]) -> bool {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .contains(&fingerprint(hash, password))
    }

    /// Records a verified login.
    pub fn record(&self, hash: &str, password: &[u8]) {
        let mut logins = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if logins.len() >= Self::MAX_LOGINS {
            logins.clear();
        }
        logins.insert(fingerprint(hash, password));
    }
}

/// The users of a password file.
#[derive(Debug, Default)]
pub struct PasswordFile {
    hashes: HashMap<String, String>,
    /// Spares a fleet that reconnects at once one PBKDF2 computation per device.
    verified: VerifiedLogins,
}

impl PasswordFile {
    /// Parses lines `username:hash`; `#` starts a comment. Returns all mistakes.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<PasswordFileError>> {
        let mut hashes = HashMap::new();
        let mut errors = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() || line_text.starts_with('#') {
                continue;
            }
            let mut wrong = |reason| {
                errors.push(PasswordFileError {
                    file: file.to_owned(),
                    line: index + 1,
                    reason,
                })
            };
            match line_text.split_once(':') {
                Some((user, hash)) if !user.is_empty() && password::is_hash(hash) => {
                    if hashes.insert(user.to_owned(), hash.to_owned()).is_some() {
                        wrong("the user is in the file twice");
                    }
                }
                Some(("", _)) => wrong("the user name is empty"),
                Some(_) => wrong("what follows the colon is not a hash"),
                None => wrong("there is no colon"),
            }
        }
        if errors.is_empty() {
            Ok(Self {
                hashes,
                verified: VerifiedLogins::default(),
            })
        } else {
            Err(errors)
        }
    }

    /// Returns true if this login was verified before. Does not hash.
    pub fn is_verified(&self, user: &str, password: &[u8]) -> bool {
        self.hashes
            .get(user)
            .is_some_and(|hash| self.verified.contains(hash, password))
    }

    /// Verifies a login. PBKDF2 is slow by design, so this must not run on a thread that serves sockets.
    pub fn verify(&self, user: &str, password: &[u8]) -> bool {
        let Some(hash) = self
            .hashes
            .get(user)
            .filter(|hash| password::verify(hash, password))
        else {
            return false;
        };
        self.verified.record(hash, password);
        true
    }
}

fn fingerprint(hash: &str, password: &[u8]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(hash.as_bytes());
    context.update(&[0]);
    context.update(password);
    let mut out = [0u8; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use crate::ingest::credentials::*;
    use crate::model::password::hash_password;

    #[test]
    fn a_password_file_reports_every_bad_line() {
        let hash = hash_password(b"secret", &[1; 16], 10);
        let good =
            PasswordFile::parse(&format!("# devices\n\nvan:{hash}\n"), "f").expect("a good file");
        assert!(!good.is_verified("van", b"secret"));
        assert!(
            good.verify("van", b"secret")
                && good.is_verified("van", b"secret")
                && !good.is_verified("van", b"other")
        );
        assert!(!good.verify("van", b"wrong") && !good.verify("car", b"secret"));
        let errors = PasswordFile::parse(
            &format!("van\n:{hash}\nvan:secret\ncar:{hash}\ncar:{hash}"),
            "f",
        )
        .expect_err("bad lines");
        assert_eq!(
            errors.iter().map(|error| error.line).collect::<Vec<_>>(),
            [1, 2, 3, 5]
        );
    }

    #[test]
    fn base64_of_rfc_4648_section_10() {
        for (text, want) in [
            ("", Some(&b""[..])),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYg", Some(b"foob")),
            ("_-8=", Some(&[0xff, 0xef])),
            ("Z", None),
            ("Zg===", None),
            ("Zm 9v", None),
        ] {
            assert_eq!(unbase64(text).as_deref(), want, "{text}");
        }
    }
}
