//! InfluxDB 2, and what has the same write API, such as VictoriaMetrics.
//!
//! The client crate `influxdb2` stays in this file. It returns status and body of an error but no headers, so a `Retry-After` cannot be
//! followed; back-off does instead. The bodies are gzip as stored, announced by a default header.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use influxdb2::api::write::TimestampPrecision;
use influxdb2::{Client, ClientBuilder, RequestError};
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};

use super::{Outcome, Output, OutputConfig, SectionKeys};

/// Name of the position in the outbox.
const NAME: &str = "influx";
/// Range of `influx.timeout`.
const TIMEOUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3_600));

/// `[influx]`: InfluxDB 2, or another database with its write API.
#[derive(Clone, PartialEq, Debug)]
pub struct InfluxConfig {
    /// `url`, such as `http://host:8086`.
    pub url: String,
    /// `org`: the organisation's name or id, sent with each write.
    pub org: String,
    /// `bucket` that the rows are written to.
    pub bucket: String,
    /// `token_file`; without it, no token is sent.
    pub token_file: Option<PathBuf>,
    /// `timeout` of one request.
    pub timeout: Duration,
}

impl Default for InfluxConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            org: String::new(),
            bucket: String::new(),
            token_file: None,
            timeout: Duration::from_secs(10),
        }
    }
}

impl OutputConfig for InfluxConfig {
    fn parse(keys: &mut dyn SectionKeys) -> Option<Self> {
        // The section with every key commented out means the same as no section.
        let is_configured = !keys.is_empty();
        let mut config = Self::default();
        keys.text("url", &mut config.url);
        keys.text("org", &mut config.org);
        keys.text("bucket", &mut config.bucket);
        keys.optional_path("token_file", &mut config.token_file);
        keys.duration("timeout", &mut config.timeout, TIMEOUT);
        is_configured.then(|| {
            config.check(keys);
            config
        })
    }

    fn server(&self) -> Option<(&'static str, &str)> {
        Some(("influx.url", &self.url))
    }

    fn open(&self) -> Box<dyn Output> {
        Box::new(Influx {
            config: self.clone(),
            client: None,
        })
    }
}

impl InfluxConfig {
    fn check(&self, keys: &mut dyn SectionKeys) {
        for (key, value) in [
            ("url", &self.url),
            ("org", &self.org),
            ("bucket", &self.bucket),
        ] {
            if value.is_empty() {
                let hint = "url, org and bucket are needed; leave the section out to write nowhere";
                keys.refuse("", "", &format!("has no `{key}`"), hint);
            }
        }
        if self.url.starts_with("https://") && !cfg!(feature = "influx-tls") {
            let hint = "build with `--features influx-tls`, or put a TLS proxy in front";
            let reason = "needs TLS, which this build does not have";
            keys.refuse("url", &self.url, reason, hint);
        } else if !self.url.is_empty()
            && !self.url.starts_with("http://")
            && !self.url.starts_with("https://")
        {
            keys.refuse("url", &self.url, "is not a URL", "write http://host:8086");
        }
    }
}

struct Influx {
    config: InfluxConfig,
    client: Option<Client>,
}

impl Output for Influx {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self) -> &str {
        &self.config.url
    }

    fn write(&mut self, gzip: Vec<u8>) -> Pin<Box<dyn Future<Output = Outcome> + Send + '_>> {
        Box::pin(async move {
            let outcome = self.send(gzip).await;
            if matches!(outcome, Outcome::NeedsAttention(_)) {
                // The token may be in a new file by the next attempt.
                self.client = None;
            }
            outcome
        })
    }
}

impl Influx {
    async fn send(&mut self, gzip: Vec<u8>) -> Outcome {
        let client = match &self.client {
            Some(client) => client,
            None => match self.connect() {
                Ok(client) => self.client.insert(client),
                Err(message) => return Outcome::NeedsAttention(message),
            },
        };
        let sent = client
            .write_line_protocol_with_precision(
                &self.config.org,
                &self.config.bucket,
                gzip,
                TimestampPrecision::Milliseconds,
            )
            .await;
        match sent {
            Ok(()) => Outcome::Stored,
            Err(RequestError::Http { status, text }) => self.outcome(status.as_u16(), &text),
            Err(error) => Outcome::Later(error.to_string()),
        }
    }

    fn outcome(&self, status: u16, body: &str) -> Outcome {
        let text: String = body.chars().take(500).collect();
        let url = &self.config.url;
        match status {
            // The crate accepts 204 only; some servers answer 200.
            200..=299 => Outcome::Stored,
            400 | 422 => Outcome::Refused(text),
            413 => Outcome::TooLarge,
            401 | 403 => Outcome::NeedsAttention(format!(
                "{url} responds {status}: the token in `influx.token_file` may not write to bucket `{}`: {text}",
                self.config.bucket
            )),
            404 => Outcome::NeedsAttention(format!(
                "{url} responds 404: is there a bucket `{}` in organisation `{}`? {text}",
                self.config.bucket, self.config.org
            )),
            _ => Outcome::Later(format!("status {status}: {text}")),
        }
    }

    fn connect(&self) -> Result<Client, String> {
        let token = match &self.config.token_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| format!("`influx.token_file`: {}: {error}", file.display()))?
                .trim()
                .to_owned(),
            None => String::new(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        // HTTP/1 only: the old HTTP/2 stack below has an open advisory (deny.toml).
        let http = reqwest::ClientBuilder::new()
            .default_headers(headers)
            .timeout(self.config.timeout)
            .http1_only();
        let builder = ClientBuilder::with_builder(
            http,
            self.config.url.clone(),
            self.config.org.clone(),
            token,
        );
        builder
            .build()
            .map_err(|error| format!("`influx.url` {}: {error}", self.config.url))
    }
}
