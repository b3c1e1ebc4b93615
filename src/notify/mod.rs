//! Sends alerts to people and to other systems.
//!
//! A notice waits in the store, one row per notifier, until that notifier has accepted it. Attempts are repeated after one second up to ten
//! minutes, and a notifier that is down delays no other. Secrets are read from their files when they are needed. The kinds of notifiers
//! are the table [`kinds::KINDS`]: another one is one file and one line there.

mod config;
mod kinds;
mod message;
mod notifier;
mod smtp;
mod worker;

pub use config::{NotifierConfig, SmtpConfig, SmtpTls};
pub use kinds::{Delivery, KINDS, NotifierKind, RequiredKey, Transport, kind};
pub use notifier::{DeliveryError, Notifier};
pub use worker::{Clock, Deps, run};

use crate::model::{Notice, NoticeAlert, NoticeKind, Severity};
use crate::units::UtcMs;

/// The notice that `fleetgauge alerts test` sends.
pub fn test_notice(now: UtcMs) -> Notice {
    let labels = vec![("fleet".to_owned(), "test".to_owned())];
    Notice {
        at: now,
        kind: NoticeKind::Firing,
        rule: "test".into(),
        title: "A test of a notifier".into(),
        severity: Severity::Info,
        group: labels.clone(),
        alerts: vec![NoticeAlert {
            fingerprint: crate::model::Labels::new(&[("fleet", "test")])
                .fingerprint("test")
                .to_string(),
            labels,
            summary: "This is a test: nothing is wrong, and nothing needs to be done".into(),
            value: None,
            starts_at: now,
            ends_at: None,
        }],
    }
}
