//! Users and tokens: lines `name:role:hash` of people (`web.users_file`) and of programs (`web.tokens_file`).

use std::collections::HashMap;
use std::sync::Arc;

use crate::api::Role;
use crate::model::password::{PersonCost, digest, person_cost, same, token_digest, verify_person};

/// Less is refused: the fastest settings of OWASP's table for Argon2id (Password Storage Cheat Sheet, 2023: 7 MiB five times).
const LEAST_MEMORY_KIB: u32 = 7 * 1024;
const LEAST_WORK_KIB: u64 = 5 * 7 * 1024;
/// More would leave a gateway without memory, or keep a core busy for a minute per attempt.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_WORK_KIB: u64 = 16 * 1024 * 1024;
const LONGEST_NAME: usize = 100;

fn parse_role(text: &str) -> Option<Role> {
    match text {
        "viewer" => Some(Role::Viewer),
        "operator" => Some(Role::Operator),
        _ => None,
    }
}

/// A line that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{key}`: {file} line {line}: {reason}\n  hint: {hint}")]
pub struct AccountsError {
    /// The configuration key.
    pub key: &'static str,
    /// Path of the file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Why the line cannot be used.
    pub reason: &'static str,
    /// What to do.
    pub hint: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct User {
    role: Role,
    hash: Arc<str>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Token {
    name: Arc<str>,
    role: Role,
    digest: [u8; 32],
}

/// All users and tokens that may log in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Accounts {
    users: HashMap<Arc<str>, User>,
    tokens: Vec<Token>,
    /// Checked for unknown names, so that the response takes as long as for a known one.
    decoy: Option<Arc<str>>,
}

impl Accounts {
    /// Takes the users' file in; all mistakes at once.
    pub fn with_users(mut self, text: &str, file: &str) -> Result<Self, Vec<AccountsError>> {
        const KEY: &str = "web.users_file";
        const HASH: &str = "`fleetgauge hash-password --user` reads the password from standard input and prints the hash";
        let mut errors = Vec::new();
        for line in lines(KEY, file, text, &mut errors) {
            let reason = match person_cost(line.hash) {
                None => Some("what follows the second colon is not a person's hash"),
                Some(cost)
                    if cost.memory_kib < LEAST_MEMORY_KIB || cost.work_kib() < LEAST_WORK_KIB =>
                {
                    Some("the hash is too fast for a password that people make up")
                }
                Some(cost)
                    if cost.memory_kib > MAX_MEMORY_KIB || cost.work_kib() > MAX_WORK_KIB =>
                {
                    Some("the hash takes too much time or memory to check")
                }
                Some(_) if self.users.contains_key(line.name) => {
                    Some("the user stands in the file twice")
                }
                Some(_) => None,
            };
            if let Some(reason) = reason {
                errors.push(AccountsError {
                    key: KEY,
                    file: file.to_owned(),
                    line: line.number,
                    reason,
                    hint: HASH,
                });
                continue;
            }
            let hash: Arc<str> = Arc::from(line.hash);
            let work = |hash: &str| person_cost(hash).map_or(0, PersonCost::work_kib);
            if work(line.hash) > self.decoy.as_deref().map_or(0, work) {
                self.decoy = Some(hash.clone());
            }
            self.users.insert(
                Arc::from(line.name),
                User {
                    role: line.role,
                    hash,
                },
            );
        }
        finish(self, errors)
    }

    /// Takes the tokens' file in; all mistakes at once.
    pub fn with_tokens(mut self, text: &str, file: &str) -> Result<Self, Vec<AccountsError>> {
        const KEY: &str = "web.tokens_file";
        const HASH: &str =
            "`fleetgauge hash-token` reads the token from standard input and prints the hash";
        let mut errors = Vec::new();
        for line in lines(KEY, file, text, &mut errors) {
            let mut wrong = |reason| {
                errors.push(AccountsError {
                    key: KEY,
                    file: file.to_owned(),
                    line: line.number,
                    reason,
                    hint: HASH,
                })
            };
            match token_digest(line.hash) {
                None => wrong("what follows the second colon is not a token's hash"),
                Some(_)
                    if self
                        .tokens
                        .iter()
                        .any(|token| token.name.as_ref() == line.name) =>
                {
                    wrong("the name stands in the file twice");
                }
                Some(digest) => self.tokens.push(Token {
                    name: Arc::from(line.name),
                    role: line.role,
                    digest,
                }),
            }
        }
        finish(self, errors)
    }

    /// True if no user and no token is known.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.tokens.is_empty()
    }

    /// True if there are users, who log in at the page.
    pub fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    /// The hash to check a login against; `None` without users. An unknown name gets the hash of another user, and the result of its check
    /// is discarded.
    pub(super) fn hash_of(&self, name: &str) -> Option<Arc<str>> {
        self.users
            .get(name)
            .map(|user| user.hash.clone())
            .or_else(|| self.decoy.clone())
    }

    /// The user's role, if the password hash is still that of the login.
    pub(super) fn role_of(&self, name: &str, hash: &str) -> Option<Role> {
        self.users
            .get(name)
            .filter(|user| user.hash.as_ref() == hash)
            .map(|user| user.role)
    }

    /// A token of this name is still in force.
    pub(super) fn has_token(&self, name: &str) -> bool {
        self.tokens.iter().any(|token| token.name.as_ref() == name)
    }

    /// The name and role of a token. Compares it with every known token, so that the time does not depend on which it is.
    pub(super) fn token(&self, token: &[u8]) -> Option<(Arc<str>, Role)> {
        let digest = digest(token);
        let mut found = None;
        for token in &self.tokens {
            if same(&token.digest, &digest) {
                found = Some((token.name.clone(), token.role));
            }
        }
        found
    }
}

/// Slow on purpose; not for the thread that serves sockets.
pub(super) fn is_password(hash: &str, password: &[u8]) -> bool {
    verify_person(hash, password)
}

struct Line<'a> {
    number: usize,
    name: &'a str,
    role: Role,
    hash: &'a str,
}

/// Lines with three parts; `#` begins a comment.
fn lines<'a>(
    key: &'static str,
    file: &str,
    text: &'a str,
    errors: &mut Vec<AccountsError>,
) -> Vec<Line<'a>> {
    const SHAPE: &str = "a line is `name:role:hash`, with role viewer or operator";
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let mut wrong = |reason| {
            errors.push(AccountsError {
                key,
                file: file.to_owned(),
                line: number,
                reason,
                hint: SHAPE,
            })
        };
        let mut parts = line.splitn(3, ':');
        let (Some(name), Some(role), Some(hash)) = (parts.next(), parts.next(), parts.next())
        else {
            wrong("there are not three parts with colons between them");
            continue;
        };
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            wrong("the name is empty, longer than 100 bytes, or has a control character in it");
        } else if let Some(role) = parse_role(role) {
            found.push(Line {
                number,
                name,
                role,
                hash,
            });
        } else {
            wrong("the role is neither viewer nor operator");
        }
    }
    found
}

fn finish(
    accounts: Accounts,
    mut errors: Vec<AccountsError>,
) -> Result<Accounts, Vec<AccountsError>> {
    if errors.is_empty() {
        return Ok(accounts);
    }
    errors.sort_by_key(|error| error.line);
    Err(errors)
}

#[cfg(test)]
mod tests {
    use crate::model::password::{hash_person, hash_token};
    use crate::web::access::accounts::*;

    const LEAST: PersonCost = PersonCost {
        memory_kib: LEAST_MEMORY_KIB,
        passes: 5,
    };

    #[test]
    fn people_and_machines() {
        let hash = hash_person(b"correct horse", &[1; 16], LEAST).expect("a hash");
        let token = hash_token(b"0123456789abcdef0123456789abcdef");
        let accounts = Accounts::default()
            .with_users(&format!("# people\n\nann:operator:{hash}\n"), "u")
            .expect("good");
        let accounts = accounts
            .with_tokens(&format!("grafana:viewer:{token}\n"), "t")
            .expect("good");
        assert_eq!(accounts.role_of("ann", &hash), Some(Role::Operator));
        assert_eq!(
            accounts.role_of("ann", "another"),
            None,
            "her password was changed"
        );
        assert!(
            accounts
                .hash_of("unknown")
                .is_some_and(|decoy| is_password(&decoy, b"correct horse")),
            "as slow as a real one"
        );
        assert_eq!(
            accounts.role_of("unknown", &hash),
            None,
            "and still unknown"
        );
        assert_eq!(
            accounts.token(b"0123456789abcdef0123456789abcdef"),
            Some((Arc::from("grafana"), Role::Viewer))
        );
        assert_eq!(accounts.token(b"0123456789abcdef0123456789abcdeF"), None);
    }

    #[test]
    fn every_bad_line_is_reported() {
        let good = hash_person(b"x", &[1; 16], LEAST).expect("a hash");
        let fast = hash_person(
            b"x",
            &[1; 16],
            PersonCost {
                memory_kib: 64,
                passes: 3,
            },
        )
        .expect("a hash");
        let text = format!(
            "ann\n:viewer:{good}\nann:admin:{good}\nann:viewer:secret\nann:viewer:{fast}\nbob:viewer:{good}\nbob:viewer:{good}"
        );
        let errors = Accounts::default()
            .with_users(&text, "u")
            .expect_err("bad lines");
        assert_eq!(
            errors.iter().map(|error| error.line).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5, 7]
        );
        let errors = Accounts::default()
            .with_tokens(&format!("a:viewer:{good}"), "t")
            .expect_err("a password's hash");
        assert!(
            errors[0]
                .to_string()
                .contains("`web.tokens_file`: t line 1: ")
                && errors[0].to_string().contains("hash-token")
        );
    }
}
