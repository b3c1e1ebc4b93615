//! F4: fetches half-hourly carbon intensities of Great Britain and of the sites' regions from the GB Carbon Intensity API. Values are revised
//! for days, so recent ones are fetched again. They go to the store; an outage is logged once, and the missing half-hours are fetched later.

mod address;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::http::{HttpClient, HttpRequest};
use crate::ledger::intensity::Reply;
use crate::model::register::Register;
use crate::model::{GridArea, IntensitySlot, Stats};
use crate::units::UtcMs;
use address::Base;

/// `[intensity]`: requests for the grid's half-hourly carbon intensity.
#[derive(Clone, PartialEq, Debug)]
pub struct IntensityConfig {
    /// `enabled`: without it no request is sent.
    pub enabled: bool,
    /// `url` of the API.
    pub url: String,
    /// `refresh`: the interval of requests.
    pub refresh: Duration,
    /// `timeout` of an answer.
    pub timeout: Duration,
    /// `keep`: how long half-hours are kept.
    pub keep: Duration,
}

impl Default for IntensityConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            url: "https://api.carbonintensity.org.uk".into(),
            refresh: Duration::from_secs(30 * 60),
            timeout: Duration::from_secs(20),
            keep: Duration::from_secs(400 * 86_400),
        }
    }
}

impl IntensityConfig {
    /// The `url` can be requested.
    pub fn is_valid_url(url: &str) -> bool {
        Base::parse(url).is_some()
    }
}

/// The channels and the clock of the client.
pub struct Deps {
    /// Sites and their regions.
    pub register: watch::Receiver<Arc<Register>>,
    /// The newest half-hour the store has, by area.
    pub newest: BTreeMap<GridArea, UtcMs>,
    /// The current time.
    pub now: Arc<dyn Fn() -> UtcMs + Send + Sync>,
    /// To the store: slots, and before when old ones may go.
    pub slots: mpsc::Sender<(Vec<IntensitySlot>, UtcMs)>,
    /// Counts answers and failures.
    pub stats: Arc<Stats>,
    /// True when the client is to end.
    pub shutdown: watch::Receiver<bool>,
}

/// First pause after a failure; it doubles up to `refresh`.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// Largest answer: 14 days of a region with its generation mix are about 600 KiB.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Half-hours handed on at once: two weeks of all regions.
const MAX_SLOTS: usize = 12_000;

/// Runs until `shutdown` is true.
pub async fn run(config: IntensityConfig, deps: Deps) {
    let Some(base) = Base::parse(&config.url) else {
        tracing::error!(url = config.url, "`intensity.url` is not an address");
        return;
    };
    let (mut shutdown, mut register) = (deps.shutdown.clone(), deps.register.clone());
    let mut client = Client {
        config,
        base,
        http: HttpClient::default(),
        deps,
        trouble: None,
    };
    let mut pause = FIRST_PAUSE.min(client.config.refresh);
    loop {
        let outcome = tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return,
            outcome = client.fetch_all() => outcome,
        };
        let wait = match outcome {
            FetchOutcome::Done => {
                pause = FIRST_PAUSE.min(client.config.refresh);
                client.config.refresh
            }
            FetchOutcome::Failed => {
                let wait = pause;
                pause = (pause * 2).min(client.config.refresh);
                wait
            }
            FetchOutcome::StoreGone => return,
        };
        tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return,
            () = sleep(wait) => {}
            // Sites may have other regions now.
            Ok(()) = register.changed() => {}
        }
    }
}

enum FetchOutcome {
    Done,
    Failed,
    /// The receiver of slots has ended.
    StoreGone,
}

struct Client {
    config: IntensityConfig,
    base: Base,
    http: HttpClient,
    deps: Deps,
    trouble: Option<String>,
}

impl Client {
    /// Fetches the missing and the recent half-hours of every area. A failure of one area does not stop the others.
    async fn fetch_all(&mut self) -> FetchOutcome {
        let areas = plan::areas(&self.deps.register.borrow());
        let now = (self.deps.now)();
        let keep_ms = i64::try_from(self.config.keep.as_millis()).unwrap_or(i64::MAX);
        let oldest = now.plus(-keep_ms);
        // One transaction for all areas, unless much is missing.
        let mut found = Vec::new();
        let mut failure = None;
        for area in areas {
            for (from, to) in plan::ranges(self.deps.newest.get(&area).copied(), now, keep_ms) {
                match self.fetch(area, from, to, now).await {
                    Ok(slots) => {
                        Stats::count(&self.deps.stats.intensity_answers);
                        let newest = slots.iter().map(|slot| slot.start).max();
                        found.extend(slots);
                        if found.len() > MAX_SLOTS
                            && self
                                .deps
                                .slots
                                .send((std::mem::take(&mut found), oldest))
                                .await
                                .is_err()
                        {
                            return FetchOutcome::StoreGone;
                        }
                        // Forecasts reach beyond now; counted as known, they would hide half-hours that are missing.
                        let known = newest.unwrap_or(to).min(now);
                        let held = self.deps.newest.entry(area).or_insert(known);
                        *held = known.max(*held);
                    }
                    Err(reason) => {
                        Stats::count(&self.deps.stats.intensity_failures);
                        failure = Some(format!("{} ({}): {reason}", self.config.url, area.name()));
                        break;
                    }
                }
            }
        }
        if !found.is_empty() && self.deps.slots.send((found, oldest)).await.is_err() {
            return FetchOutcome::StoreGone;
        }
        match (&failure, &self.trouble) {
            (Some(reason), None) => {
                tracing::warn!(
                    "carbon intensity: {reason}; figures fall back on forecasts, last week and the annual factor; trying again"
                );
            }
            (None, Some(_)) => tracing::info!("carbon intensity: answers again"),
            _ => {}
        }
        self.trouble = failure;
        if self.trouble.is_some() {
            FetchOutcome::Failed
        } else {
            FetchOutcome::Done
        }
    }

    async fn fetch(
        &self,
        area: GridArea,
        from: UtcMs,
        to: UtcMs,
        now: UtcMs,
    ) -> Result<Vec<IntensitySlot>, String> {
        let path = plan::path(area, from, to);
        let headers = vec![("accept", "application/json".to_owned())];
        let request = HttpRequest {
            headers,
            max_bytes: MAX_BYTES,
            ..HttpRequest::get(&self.base.url(&path))
        };
        let answer = self
            .http
            .send(&request, self.config.timeout)
            .await
            .map_err(|error| error.to_string())?;
        let (status, body) = (answer.status, answer.body);
        let reply = Reply::parse(&body, area, now);
        match (status, reply) {
            (200, Ok(reply)) => {
                if reply.left_out > 0 {
                    tracing::debug!(
                        periods = reply.left_out,
                        area = area.name(),
                        "periods of the answer could not be used"
                    );
                }
                Ok(reply.slots)
            }
            (200, Err(error)) => Err(error.to_string()),
            // The body of the API's own errors is more exact than the status.
            (status, Err(error @ crate::ledger::intensity::ReplyError::Api { .. })) => {
                Err(format!("status {status}: {error}"))
            }
            (status, _) => Err(format!("status {status}")),
        }
    }
}
