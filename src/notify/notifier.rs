//! One configured notifier: its kind makes the message, this module sends it and judges the response.

use serde_json::Value;

use super::kinds::Delivery;
use super::{NotifierConfig, smtp};
use crate::engine::views::AlertRow;
use crate::http::{HttpClient, HttpRequest, HttpResponse};
use crate::model::Notice;
use crate::units::UtcMs;

/// The length of a server's response that is repeated in an error, in characters.
const MAX_REPEATED: usize = 200;

/// The reason why a notice was not accepted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Another attempt may succeed.
    #[error("{0}")]
    Later(String),
    /// The receiver refuses this notice for good.
    #[error("{0}")]
    Refused(String),
}

impl DeliveryError {
    pub(super) fn later(error: impl std::fmt::Display) -> Self {
        Self::Later(error.to_string())
    }
}

/// A notifier that is ready to deliver.
pub struct Notifier {
    pub(super) config: NotifierConfig,
    http: HttpClient,
}

impl Notifier {
    /// Reads the files that the configuration names, so that a missing one is reported at the start.
    pub fn new(config: NotifierConfig) -> Result<Self, String> {
        let refused = |error: String| format!("`notify` {}: {error}", config.name);
        config.check_files().map_err(refused)?;
        let http = HttpClient::new(config.ca_file.as_deref())
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self { config, http })
    }

    /// Delivers one notice.
    pub async fn deliver(&self, notice: &Notice, now: UtcMs) -> Result<(), DeliveryError> {
        if notice.alerts.is_empty() {
            return Err(DeliveryError::Refused("there is no alert in it".into()));
        }
        self.send(self.config.kind.message(&self.config, notice, now))
            .await
    }

    /// Repeats the alerts that fire now, for receivers that forget them otherwise.
    pub(super) async fn resend(
        &self,
        alerts: &[AlertRow],
        now: UtcMs,
    ) -> Result<(), DeliveryError> {
        for message in self.config.kind.resend(&self.config, alerts, now) {
            self.send(message).await?;
        }
        Ok(())
    }

    async fn send(&self, message: Delivery) -> Result<(), DeliveryError> {
        match message {
            Delivery::Http { path, body } => self.post(path, &body).await,
            Delivery::Mail(mail) => {
                let smtp = self.config.smtp.as_ref();
                let smtp =
                    smtp.ok_or_else(|| DeliveryError::Refused("has no mail server".to_owned()))?;
                smtp::send(smtp, self.http.tls(), &mail, self.config.timeout).await
            }
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(), DeliveryError> {
        let base = self.config.url().map_err(DeliveryError::Later)?;
        let url = if path.is_empty() {
            base
        } else {
            format!("{}/{path}", base.trim_end_matches('/'))
        };
        let mut request = HttpRequest::post_json(&url, body.to_string());
        if let Some(token) = self.config.token().map_err(DeliveryError::Later)? {
            request
                .headers
                .push(("authorization", format!("Bearer {token}")));
        }
        let response = self
            .http
            .send(&request, self.config.timeout)
            .await
            .map_err(DeliveryError::later)?;
        judge(&response)
    }
}

fn judge(response: &HttpResponse) -> Result<(), DeliveryError> {
    let status = response.status;
    let text: String = response.text().chars().take(MAX_REPEATED).collect();
    let reason = format!("the answer is {status} {}", text.trim());
    Err(match status {
        200..=299 => return Ok(()),
        // The body is at fault, and a repeated attempt sends the same body.
        400 | 413 | 422 => DeliveryError::Refused(reason),
        300..=399 => DeliveryError::Later(format!(
            "{reason} (redirects are not followed: name the address it leads to)"
        )),
        401 | 403 => DeliveryError::Later(format!("{reason} (is `token_file` right?)")),
        _ => DeliveryError::Later(reason),
    })
}
