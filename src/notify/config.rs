//! `[[notify]]`: whom to tell, how, and of what. Secrets are named by their files and never held here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::Severity;

/// A notifier.
#[derive(Clone, PartialEq, Debug)]
pub struct NotifierConfig {
    /// `name`: in the store, the log and the commands.
    pub name: String,
    /// `kind`.
    pub kind: Kind,
    /// `url`, for all but mail.
    pub url: Option<String>,
    /// `url_file` instead: the addresses of chat webhooks are secrets themselves.
    pub url_file: Option<PathBuf>,
    /// `token_file`: sent as `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
    /// `ca_file`: who signs the server's certificate; without it, this machine's authorities.
    pub ca_file: Option<PathBuf>,
    /// `severities`.
    pub severities: Vec<Severity>,
    /// `group_wait`: so long after the first notice, others of its group are waited for.
    pub group_wait: Duration,
    /// `timeout` of one delivery.
    pub timeout: Duration,
    /// `link`: where the page is, for who reads the message.
    pub link: String,
}

/// By which way.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// Alertmanager's API v2.
    Alertmanager,
    /// Alertmanager's webhook body, version 4.
    Webhook,
    /// ntfy, JSON.
    Ntfy {
        /// `topic`.
        topic: String,
    },
    /// Slack, Mattermost, Rocket.Chat: `{"text": ...}`.
    Text,
    /// Microsoft Teams Workflows: an Adaptive Card.
    Teams,
    /// Mail.
    Smtp(SmtpConfig),
}

/// Mail submission (RFC 6409).
#[derive(Clone, PartialEq, Debug)]
pub struct SmtpConfig {
    /// `host`.
    pub host: String,
    /// `port`.
    pub port: u16,
    /// `tls`.
    pub tls: SmtpTls,
    /// `username`.
    pub username: Option<String>,
    /// `password_file`.
    pub password_file: Option<PathBuf>,
    /// `from`.
    pub from: String,
    /// `to`.
    pub to: Vec<String>,
}

/// How the line is secured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpTls {
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// STARTTLS (RFC 3207); without it nothing is sent.
    StartTls,
    /// Plain: for a relay on this machine.
    None,
}

impl NotifierConfig {
    /// Where to.
    pub(super) fn url(&self) -> Result<String, String> {
        match (&self.url, &self.url_file) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(file)) => secret("url_file", file),
            (None, None) => Err("has no `url`".to_owned()),
        }
    }

    pub(super) fn token(&self) -> Result<Option<String>, String> {
        self.token_file
            .as_deref()
            .map(|file| secret("token_file", file))
            .transpose()
    }

    pub(super) fn check_files(&self) -> Result<(), String> {
        self.token()?;
        match &self.kind {
            Kind::Smtp(smtp) => smtp.password().map(drop),
            _ => self.url().map(drop),
        }
    }
}

impl SmtpConfig {
    pub(super) fn password(&self) -> Result<Option<String>, String> {
        self.password_file
            .as_deref()
            .map(|file| secret("password_file", file))
            .transpose()
    }
}

fn secret(key: &str, file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!(
            "`{key}`: {}: {error}\n  hint: a file with the secret alone, that this user may read",
            file.display()
        )
    })?;
    Ok(text.trim().to_owned())
}
