//! F4: asks the GB Carbon Intensity API for half-hourly intensities of Great Britain and of the sites' regions, again and again, because
//! they are revised. What it answers goes to the store; an outage is said once, and made up for.

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

/// `[intensity]`.
#[derive(Clone, PartialEq, Debug)]
pub struct IntensityConfig {
    /// `enabled`: nothing is asked without it.
    pub enabled: bool,
    /// `url` of the API.
    pub url: String,
    /// `refresh`: how often it is asked.
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
    /// The `url` is one that can be asked.
    pub fn can_ask(url: &str) -> bool {
        Base::of(url).is_some()
    }
}

/// What the client needs from outside.
pub struct Deps {
    /// Sites and their regions.
    pub register: watch::Receiver<Arc<Register>>,
    /// The newest half-hour the store has, by area.
    pub newest: BTreeMap<GridArea, UtcMs>,
    /// The clock.
    pub now: Arc<dyn Fn() -> UtcMs + Send + Sync>,
    /// To the store: slots, and before when old ones may go.
    pub slots: mpsc::Sender<(Vec<IntensitySlot>, UtcMs)>,
    /// Counters.
    pub stats: Arc<Stats>,
    /// True when it is time to stop.
    pub shutdown: watch::Receiver<bool>,
}

/// First pause after a failure; it doubles up to `refresh`.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// Largest answer: 14 days of a region with its generation mix are about 600 KiB.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Half-hours handed on at once: two weeks of all regions.
const MAX_SLOTS: usize = 12_000;

/// Asks until told to stop.
pub async fn run(config: IntensityConfig, deps: Deps) {
    let Some(base) = Base::of(&config.url) else {
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
        let asked = tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return,
            asked = client.round() => asked,
        };
        let wait = match asked {
            Round::Done => {
                pause = FIRST_PAUSE.min(client.config.refresh);
                client.config.refresh
            }
            Round::Failed => {
                let wait = pause;
                pause = (pause * 2).min(client.config.refresh);
                wait
            }
            Round::Nobody => return,
        };
        tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return,
            () = sleep(wait) => {}
            // Sites may have other regions now.
            Ok(()) = register.changed() => {}
        }
    }
}

enum Round {
    Done,
    Failed,
    /// Nobody takes the slots any more.
    Nobody,
}

struct Client {
    config: IntensityConfig,
    base: Base,
    http: HttpClient,
    deps: Deps,
    trouble: Option<String>,
}

impl Client {
    /// Asks once for every area. One that fails does not keep the others from theirs.
    async fn round(&mut self) -> Round {
        let areas = plan::areas(&self.deps.register.borrow());
        let now = (self.deps.now)();
        let keep_ms = i64::try_from(self.config.keep.as_millis()).unwrap_or(i64::MAX);
        let oldest = now.plus(-keep_ms);
        // One transaction and one look at the sessions a round, unless there is much to make up for.
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
                            return Round::Nobody;
                        }
                        // Further ahead than now would be a reason to ask for less than is missing.
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
            return Round::Nobody;
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
            Round::Failed
        } else {
            Round::Done
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
            // An error's body says more than its status, if it is the API's own.
            (status, Err(error @ crate::ledger::intensity::ReplyError::Api { .. })) => {
                Err(format!("status {status}: {error}"))
            }
            (status, _) => Err(format!("status {status}")),
        }
    }
}
