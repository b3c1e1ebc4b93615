//! F4: alerts to people and machines. Notices wait on disk, one row for each notifier, until it has taken them; retried from a second to
//! ten minutes; a notifier that is down keeps no other waiting. Secrets come from files, and are read when they are needed.

mod alertmanager;
mod config;
mod deliver;
mod http;
mod mail;
mod message;
mod smtp;
mod tls;

pub use config::{Kind, NotifierConfig, SmtpConfig, SmtpTls};
pub use deliver::{Clock, Deps, run};
pub use http::{HttpClient, HttpError, HttpRequest, HttpResponse};

use crate::model::{Notice, NoticeAlert, NoticeKind, Severity};
use crate::units::UtcMs;

/// A notice was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    /// It may be taken later.
    #[error("{0}")]
    Later(String),
    /// This one never will.
    #[error("{0}")]
    Refused(String),
}

impl Failure {
    fn later(error: impl std::fmt::Display) -> Self {
        Self::Later(error.to_string())
    }
}

/// A notifier, ready to deliver.
pub struct Notifier {
    config: NotifierConfig,
    http: HttpClient,
}

impl Notifier {
    /// Reads the files that the configuration names, to say at once that one is missing.
    pub fn new(config: NotifierConfig) -> Result<Self, String> {
        let refused = |error: String| format!("`notify` {}: {error}", config.name);
        config.check_files().map_err(refused)?;
        let http = HttpClient::new(config.ca_file.as_deref())
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self { config, http })
    }

    /// Delivers one notice.
    pub async fn deliver(&self, notice: &Notice, now: UtcMs) -> Result<(), Failure> {
        let config = &self.config;
        if notice.alerts.is_empty() {
            return Err(Failure::Refused("there is no alert in it".into()));
        }
        match &config.kind {
            Kind::Alertmanager => {
                self.post("api/v2/alerts", &alertmanager::body(config, notice, now))
                    .await
            }
            Kind::Webhook => self.post("", &message::webhook(config, notice)).await,
            Kind::Ntfy { topic } => self.post("", &message::ntfy(config, notice, topic)).await,
            Kind::Text => self.post("", &message::slack(config, notice)).await,
            Kind::Teams => self.post("", &message::teams(config, notice)).await,
            Kind::Smtp(smtp) => {
                let mail = mail::mail(config, smtp, notice, now);
                smtp::send(smtp, self.http.tls(), &mail, config.timeout).await
            }
        }
    }

    async fn post(&self, path: &str, body: &serde_json::Value) -> Result<(), Failure> {
        let base = self.config.url().map_err(Failure::Later)?;
        let url = if path.is_empty() {
            base
        } else {
            format!("{}/{path}", base.trim_end_matches('/'))
        };
        let mut request = HttpRequest::post_json(&url, body.to_string());
        if let Some(token) = self.config.token().map_err(Failure::Later)? {
            request
                .headers
                .push(("authorization", format!("Bearer {token}")));
        }
        let answer = self
            .http
            .send(&request, self.config.timeout)
            .await
            .map_err(Failure::later)?;
        let said = || {
            let text: String = answer.text().chars().take(200).collect();
            format!("the answer is {} {}", answer.status, text.trim())
        };
        match answer.status {
            200..=299 => Ok(()),
            // The body is at fault, and will be no better.
            400 | 413 | 422 => Err(Failure::Refused(said())),
            300..=399 => Err(Failure::Later(format!(
                "{} (redirects are not followed: name the address it leads to)",
                said()
            ))),
            401 | 403 => Err(Failure::Later(format!(
                "{} (is `token_file` right?)",
                said()
            ))),
            _ => Err(Failure::Later(said())),
        }
    }
}

/// A notice to try a notifier out.
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
