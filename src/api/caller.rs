//! The caller of a request: the access check authenticates it and passes this to the handlers.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

/// What a caller may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// `viewer`: see everything.
    Viewer,
    /// `operator`: acknowledge, silence and undo too.
    Operator,
}

/// How the caller authenticated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Not at all: a program of this machine.
    None,
    /// A bearer token of `web.tokens_file`.
    Token,
    /// A session of a logged-in user.
    Session,
}

/// The caller of a request.
#[derive(Clone)]
pub struct Caller {
    /// Name of the user or token; `None` without a login.
    pub name: Option<Arc<str>>,
    /// What the caller may do.
    pub role: Role,
    /// How the caller authenticated.
    pub method: AuthMethod,
    /// Seconds until the session ends at the latest.
    pub expires_in_s: Option<u64>,
    /// Whether any person can log in.
    pub has_users: bool,
    /// Whether the login still holds; an event stream outlives the check of its request.
    pub is_still_valid: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Caller {
    /// The name to record with a command: a session's own; a token may act for a person; on loopback the caller's word.
    pub(super) fn signature(&self, by: String) -> String {
        match (self.method, &self.name) {
            (AuthMethod::Session, Some(name)) => name.to_string(),
            (AuthMethod::Token, Some(name)) if by.is_empty() => name.to_string(),
            (AuthMethod::Token, Some(name)) => format!("{by} ({name})"),
            _ => by,
        }
    }

    /// For the log.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or("a local user without login")
    }
}
