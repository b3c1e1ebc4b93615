//! InfluxDB 2 (and what speaks its write API, such as VictoriaMetrics) from the outbox, in order, until it is acknowledged.
//!
//! The client crate `influxdb2` stays in this file. It tells status and body of an error but no headers, so a `Retry-After` cannot be
//! followed; back-off does instead. Its bodies are ours: gzip as stored, announced by a default header.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use influxdb2::api::write::TimestampPrecision;
use influxdb2::{Client, ClientBuilder, RequestError};
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep;

use crate::model::Stats;
use crate::store::{OutboxBatch, Reader};

/// The sink's name in the outbox.
pub const NAME: &str = "influx";

/// `[influx]`.
#[derive(Clone, PartialEq, Debug)]
pub struct InfluxConfig {
    /// `url`; no section, no sink.
    pub url: String,
    /// `org`.
    pub org: String,
    /// `bucket`.
    pub bucket: String,
    /// `token_file`.
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

/// Waiting rows are joined up to this many compressed bytes: back-fill of a day takes hundreds of requests, not hundreds of thousands.
const MAX_BYTES: usize = 512 * 1024;
/// And this many rows.
const MAX_ROWS: usize = 512;
/// First and longest pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Pause when only a person can help (wrong token, missing bucket).
const WAIT_FOR_A_PERSON: Duration = Duration::from_secs(30);

/// What a write came to.
enum Outcome {
    /// Stored.
    Stored,
    /// 400: some or all lines are refused for good.
    Refused(String),
    /// 413.
    TooLarge,
    /// 401, 403, 404: nothing helps but a person.
    NeedsAPerson(String),
    /// 429, 5xx, no connection: later.
    Later(String),
}

struct Influx {
    config: InfluxConfig,
    reader: Reader,
    stats: Arc<Stats>,
    acknowledge: mpsc::Sender<(&'static str, i64)>,
    client: Option<Client>,
    /// A 400 was logged already; the counter tells the rest.
    refusal_logged: bool,
    failures: u32,
    jitter: u64,
}

/// Sends until told to stop. `seed` spreads the retries of many gateways that lost the same database.
pub async fn run(
    config: InfluxConfig,
    reader: Reader,
    acknowledge: mpsc::Sender<(&'static str, i64)>,
    written: Arc<Notify>,
    stats: Arc<Stats>,
    seed: u64,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut influx = Influx {
        config,
        reader,
        stats,
        acknowledge,
        client: None,
        refusal_logged: false,
        failures: 0,
        jitter: seed | 1,
    };
    tokio::select! {
        () = influx.send_all(&written) => {}
        () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {}
    }
}

impl Influx {
    async fn send_all(&mut self, written: &Notify) {
        let mut position = self.reader.position(NAME).unwrap_or(0);
        let mut max_rows = MAX_ROWS;
        loop {
            // Before the look, so that a commit in between is not slept through.
            let more = written.notified();
            // Read here, not on another thread: one row is a few kilobytes from the page cache.
            let rows = match self.waiting(position, max_rows) {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read");
                    sleep(BACK_OFF.1).await;
                    continue;
                }
            };
            let Some(last) = rows.last().map(|row| row.id) else {
                max_rows = MAX_ROWS;
                more.await;
                continue;
            };
            let body: Vec<u8> = rows
                .iter()
                .flat_map(|row| row.gzip.iter().copied())
                .collect();
            match self.write(body).await {
                Outcome::Stored => self.stored(&mut position, last, rows.len()).await,
                // One at a time, so that one bad row takes no good ones with it.
                Outcome::Refused(_) | Outcome::TooLarge if rows.len() > 1 => {
                    max_rows = if rows.len() > 8 { rows.len() / 8 } else { 1 }
                }
                Outcome::Refused(message) => {
                    self.refused(&message, rows[0].points);
                    self.stored(&mut position, last, 1).await;
                }
                Outcome::TooLarge => {
                    self.refused(
                        "one commit's rows are larger than the server takes",
                        rows[0].points,
                    );
                    self.stored(&mut position, last, 1).await;
                }
                Outcome::NeedsAPerson(message) => {
                    Stats::count(&self.stats.sink_failures);
                    self.client = None;
                    tracing::error!(
                        "{message}; nothing is lost, trying again in {} s",
                        WAIT_FOR_A_PERSON.as_secs()
                    );
                    sleep(WAIT_FOR_A_PERSON).await;
                }
                Outcome::Later(message) => {
                    Stats::count(&self.stats.sink_failures);
                    let pause = self.pause();
                    if self.failures == 1 {
                        tracing::warn!("{}: {message}; rows wait in the outbox", self.config.url);
                    }
                    sleep(pause).await;
                }
            }
        }
    }

    fn waiting(
        &self,
        position: i64,
        max_rows: usize,
    ) -> Result<Vec<OutboxBatch>, crate::store::ReadError> {
        let mut rows: Vec<OutboxBatch> = Vec::new();
        let mut bytes = 0;
        while rows.len() < max_rows && bytes < MAX_BYTES {
            let after = rows.last().map_or(position, |row| row.id);
            let Some(row) = self.reader.outbox_after(after)? else {
                break;
            };
            bytes += row.gzip.len();
            rows.push(row);
        }
        Ok(rows)
    }

    async fn stored(&mut self, position: &mut i64, id: i64, rows: usize) {
        if self.failures > 0 {
            tracing::info!("{} takes rows again", self.config.url);
        }
        self.failures = 0;
        *position = id;
        Stats::add(&self.stats.sink_batches, rows as u64);
        // A full queue means that the store is busy; wait for it.
        let _ = self.acknowledge.send((NAME, id)).await;
    }

    fn refused(&mut self, message: &str, points: u64) {
        Stats::add(&self.stats.sink_refused, points);
        if !self.refusal_logged {
            self.refusal_logged = true;
            tracing::error!(
                "{} refuses rows for good and they are not sent again: {message}; further ones are only counted",
                self.config.url
            );
        }
    }

    /// Doubles from one second to one minute, less up to half by chance.
    fn pause(&mut self) -> Duration {
        let longest = BACK_OFF
            .0
            .saturating_mul(1 << self.failures.min(6))
            .min(BACK_OFF.1);
        self.failures = self.failures.saturating_add(1);
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        longest - longest.mul_f64(0.5 * (self.jitter % 1000) as f64 / 1000.0)
    }

    async fn write(&mut self, body: Vec<u8>) -> Outcome {
        let client = match &self.client {
            Some(client) => client,
            None => match self.connect() {
                Ok(client) => self.client.insert(client),
                Err(message) => return Outcome::NeedsAPerson(message),
            },
        };
        let sent = client
            .write_line_protocol_with_precision(
                &self.config.org,
                &self.config.bucket,
                body,
                TimestampPrecision::Milliseconds,
            )
            .await;
        match sent {
            Ok(()) => Outcome::Stored,
            Err(RequestError::Http { status, text }) => self.explain(status.as_u16(), text),
            Err(error) => Outcome::Later(error.to_string()),
        }
    }

    fn explain(&self, status: u16, text: String) -> Outcome {
        let text: String = text.chars().take(500).collect();
        let url = &self.config.url;
        match status {
            // The crate takes 204 only; some servers say 200.
            200..=299 => Outcome::Stored,
            400 | 422 => Outcome::Refused(text),
            413 => Outcome::TooLarge,
            401 | 403 => Outcome::NeedsAPerson(format!(
                "{url} says {status}: the token in `influx.token_file` may not write to bucket `{}`: {text}",
                self.config.bucket
            )),
            404 => Outcome::NeedsAPerson(format!(
                "{url} says 404: is there a bucket `{}` in organisation `{}`? {text}",
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
