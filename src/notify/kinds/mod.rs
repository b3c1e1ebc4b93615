//! The kinds of notifiers, one file each. A kind turns a notice into a message and does no input or output.

mod alertmanager;
mod mail;
mod ntfy;
mod teams;
mod text;
mod webhook;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

pub(super) use self::mail::Mail;
use super::NotifierConfig;
use crate::engine::views::AlertRow;
use crate::model::Notice;
use crate::units::UtcMs;

/// All kinds. To add one, write its file and name it here.
pub static KINDS: [&dyn NotifierKind; 6] = [
    &alertmanager::Alertmanager,
    &webhook::Webhook,
    &ntfy::Ntfy,
    &text::Text,
    &teams::Teams,
    &mail::Smtp,
];

/// The kind with a name, as the key `kind` of `[[notify]]` has it.
pub fn kind(name: &str) -> Option<&'static dyn NotifierKind> {
    KINDS.into_iter().find(|kind| kind.name() == name)
}

/// A kind of notifier.
pub trait NotifierKind: Send + Sync {
    /// The value of the key `kind` in `[[notify]]`.
    fn name(&self) -> &'static str;

    /// The protocol, which decides the keys that are read.
    fn transport(&self) -> Transport {
        Transport::Http
    }

    /// Further text keys of this kind. Each of them is required.
    fn required_keys(&self) -> &'static [RequiredKey] {
        &[]
    }

    /// The message for a notice.
    fn message(&self, config: &NotifierConfig, notice: &Notice, now: UtcMs) -> Delivery;

    /// The pause between repetitions of all firing alerts; `None` if the receiver needs none.
    fn resend_interval(&self) -> Option<Duration> {
        None
    }

    /// The messages that repeat the alerts which fire now.
    fn resend(&self, _: &NotifierConfig, _: &[AlertRow], _: UtcMs) -> Vec<Delivery> {
        Vec::new()
    }
}

impl PartialEq for dyn NotifierKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl fmt::Debug for dyn NotifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The protocol of a kind of notifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// JSON, posted to `url` or `url_file`.
    Http,
    /// Mail submission to `host`.
    Smtp,
}

/// A text key that only one kind has, and that must be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequiredKey {
    /// The key in `[[notify]]`.
    pub name: &'static str,
    /// The hint of the error if the key is missing.
    pub hint: &'static str,
}

/// A message, ready to be sent.
#[derive(Clone, PartialEq, Debug)]
pub enum Delivery {
    /// A POST to `path` below the configured URL.
    Http {
        /// Without a slash in front; empty for the URL itself.
        path: &'static str,
        /// The JSON body.
        body: Value,
    },
    /// A mail by SMTP.
    Mail(Mail),
}

impl Delivery {
    fn post(body: Value) -> Self {
        Self::Http { path: "", body }
    }
}
