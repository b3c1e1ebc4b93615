//! `[[notify]]`: the receivers of alerts. Secrets are named by their files and are not kept in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::kinds::{NotifierKind, Transport};
use crate::model::Severity;

/// The configuration of one notifier.
#[derive(Clone, PartialEq, Debug)]
pub struct NotifierConfig {
    /// `name`: identifies the notifier in the store, the log and the commands.
    pub name: String,
    /// `kind`: one of [`super::KINDS`].
    pub kind: &'static dyn NotifierKind,
    /// The keys that only this kind has, such as `topic`.
    pub settings: BTreeMap<&'static str, String>,
    /// The keys of mail; `None` for all other kinds.
    pub smtp: Option<SmtpConfig>,
    /// `url`, for all kinds but mail.
    pub url: Option<String>,
    /// `url_file`, in place of `url`: the addresses of chat webhooks are secrets.
    pub url_file: Option<PathBuf>,
    /// `token_file`: sent as `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
    /// `ca_file`: the authority that signed the server's certificate; `None` for this machine's authorities.
    pub ca_file: Option<PathBuf>,
    /// `severities` that are sent.
    pub severities: Vec<Severity>,
    /// `group_wait`: the pause after a notice in which others of its group are collected.
    pub group_wait: Duration,
    /// `timeout` of one delivery.
    pub timeout: Duration,
    /// `link`: the address of the page, for readers of the message.
    pub link: String,
}

/// Mail submission (RFC 6409).
#[derive(Clone, PartialEq, Debug)]
pub struct SmtpConfig {
    /// `host` of the server.
    pub host: String,
    /// `port` of the server.
    pub port: u16,
    /// `tls`: the protection of the connection.
    pub tls: SmtpTls,
    /// `username` for AUTH; `None` sends without authentication.
    pub username: Option<String>,
    /// `password_file`: the password for AUTH.
    pub password_file: Option<PathBuf>,
    /// `from`: the sender's address.
    pub from: String,
    /// `to`: the recipients' addresses.
    pub to: Vec<String>,
}

/// The protection of a connection to a mail server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpTls {
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// STARTTLS (RFC 3207). A server that does not offer it gets no mail.
    StartTls,
    /// No TLS, for a relay on this machine.
    None,
}

impl NotifierConfig {
    /// The address for HTTP requests.
    pub(super) fn url(&self) -> Result<String, String> {
        match (&self.url, &self.url_file) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(file)) => read_secret("url_file", file),
            (None, None) => Err("has no `url`".to_owned()),
        }
    }

    pub(super) fn token(&self) -> Result<Option<String>, String> {
        self.token_file
            .as_deref()
            .map(|file| read_secret("token_file", file))
            .transpose()
    }

    pub(super) fn check_files(&self) -> Result<(), String> {
        self.token()?;
        match (self.kind.transport(), &self.smtp) {
            (Transport::Smtp, Some(smtp)) => smtp.password().map(drop),
            _ => self.url().map(drop),
        }
    }
}

impl SmtpConfig {
    pub(super) fn password(&self) -> Result<Option<String>, String> {
        self.password_file
            .as_deref()
            .map(|file| read_secret("password_file", file))
            .transpose()
    }
}

fn read_secret(key: &str, file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!(
            "`{key}`: {}: {error}\n  hint: a file with the secret alone, that this user may read",
            file.display()
        )
    })?;
    Ok(text.trim().to_owned())
}
