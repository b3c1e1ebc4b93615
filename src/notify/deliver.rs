//! One notifier's task: what waits on disk, in order, grouped; retried until it is taken; and for Alertmanager, again every minute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::alertmanager::INTERVAL;
use super::{Failure, Kind, Notifier};
use crate::api::requests::EngineClient;
use crate::model::{Notice, Stats};
use crate::store::{Reader, Waiting};
use crate::units::UtcMs;

/// First and longest pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(600));
/// Rows taken at once.
const MAX_ROWS: usize = 200;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> UtcMs + Send + Sync>;

/// Everything a notifier needs from outside.
pub struct Deps {
    /// The store's reading side, of its own.
    pub reader: Reader,
    /// Rows that were taken.
    pub delivered: mpsc::Sender<Vec<i64>>,
    /// Wakes when something was committed.
    pub written: Arc<tokio::sync::Notify>,
    /// To the engine.
    pub engine: EngineClient,
    /// The time.
    pub clock: Clock,
    /// Counters.
    pub stats: Arc<Stats>,
    /// Spreads the retries of many gateways; nothing secret.
    pub seed: u64,
}

/// Delivers until told to stop. What is not delivered then is on disk.
pub async fn run(notifier: Notifier, deps: Deps, mut shutdown: watch::Receiver<bool>) {
    let mut desk = Desk {
        notifier,
        deps,
        taken: BTreeSet::new(),
        failures: 0,
    };
    tokio::select! {
        () = desk.run() => {}
        () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {}
    }
}

struct Desk {
    notifier: Notifier,
    deps: Deps,
    /// Taken, but perhaps not deleted yet.
    taken: BTreeSet<i64>,
    failures: u32,
}

/// Rows that make one delivery.
struct Batch {
    ids: Vec<i64>,
    notice: Notice,
}

impl Desk {
    async fn run(&mut self) {
        let again = self.notifier.config.kind == Kind::Alertmanager;
        let mut ticks = interval_at(Instant::now() + Duration::from_secs(1), INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let written = self.deps.written.clone();
        loop {
            // Before the look, so that a commit in between is not slept through.
            let more = written.notified();
            let rows = self.waiting();
            if rows.is_empty() {
                tokio::select! {
                    () = more => {}
                    _ = ticks.tick(), if again => self.send_again().await,
                }
                continue;
            }
            // After a failure they have waited long enough.
            if self.failures == 0 && !self.notifier.config.group_wait.is_zero() {
                sleep(self.notifier.config.group_wait).await;
            }
            let rows = self.waiting();
            for batch in self.batches(rows).await {
                if !self.deliver(batch).await {
                    break;
                }
            }
        }
    }

    fn waiting(&mut self) -> Vec<Waiting> {
        // Those that are taken may still be there: look behind them.
        let limit = MAX_ROWS + self.taken.len();
        match self
            .deps
            .reader
            .notifications(&self.notifier.config.name, limit)
        {
            Ok(rows) => {
                let there: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
                self.taken.retain(|id| there.contains(id));
                rows.into_iter()
                    .filter(|row| !self.taken.contains(&row.id))
                    .collect()
            }
            Err(error) => {
                tracing::error!(%error, "notifications cannot be read");
                Vec::new()
            }
        }
    }

    /// Notices of one rule and group in the same state become one, as long as nothing else of that group lies between.
    async fn batches(&mut self, rows: Vec<Waiting>) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        let mut newest: BTreeMap<(String, Vec<(String, String)>), usize> = BTreeMap::new();
        for Waiting { id, body, .. } in rows {
            let notice: Notice = match serde_json::from_str(&body) {
                Ok(notice) => notice,
                Err(error) => {
                    tracing::error!(%error, id, "a notification on disk cannot be read and is left out");
                    Stats::count(&self.deps.stats.notifications_refused);
                    self.note(vec![id]).await;
                    continue;
                }
            };
            let key = (notice.rule.clone(), notice.group.clone());
            match newest.get(&key).map(|at| &mut batches[*at]) {
                Some(batch) if batch.notice.kind == notice.kind => {
                    batch.ids.push(id);
                    batch.notice.alerts.extend(notice.alerts);
                }
                _ => {
                    newest.insert(key, batches.len());
                    batches.push(Batch {
                        ids: vec![id],
                        notice,
                    });
                }
            }
        }
        batches
    }

    /// False if it must be tried again.
    async fn deliver(&mut self, batch: Batch) -> bool {
        let now = (self.deps.clock)();
        let name = &self.notifier.config.name;
        let stats = &self.deps.stats;
        match self.notifier.deliver(&batch.notice, now).await {
            Ok(()) => {
                if self.failures > 0 {
                    tracing::info!(notifier = name, "notifications are taken again");
                }
                Stats::add(&stats.notifications_delivered, batch.ids.len() as u64);
            }
            Err(Failure::Refused(reason)) => {
                tracing::error!(
                    notifier = name,
                    rule = batch.notice.rule,
                    reason,
                    "a notification is refused for good and is left out"
                );
                Stats::add(&stats.notifications_refused, batch.ids.len() as u64);
            }
            Err(Failure::Later(reason)) => {
                Stats::count(&stats.notifications_failed);
                self.failures = self.failures.saturating_add(1);
                let pause = self.pause();
                let name = &self.notifier.config.name;
                tracing::warn!(
                    notifier = name,
                    reason,
                    again_in_s = pause.as_secs_f64(),
                    "a notification was not taken; it is on disk"
                );
                sleep(pause).await;
                return false;
            }
        }
        self.failures = 0;
        self.note(batch.ids).await;
        true
    }

    async fn note(&mut self, ids: Vec<i64>) {
        self.taken.extend(&ids);
        // Failing means that the daemon stops.
        let _ = self.deps.delivered.send(ids).await;
    }

    async fn send_again(&mut self) {
        let now = (self.deps.clock)();
        if let Err(error) = self.notifier.send_again(&self.deps.engine, now).await {
            Stats::count(&self.deps.stats.notifications_failed);
            tracing::warn!(notifier = self.notifier.config.name, %error, "what is firing could not be sent again; the next minute tries");
        }
    }

    /// Doubles from a second to ten minutes, less up to a quarter by chance.
    fn pause(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures.saturating_sub(1).min(16));
        let full = BACK_OFF.0.saturating_mul(factor).min(BACK_OFF.1);
        self.deps.seed = self
            .deps
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        full - full.mul_f64((self.deps.seed >> 40) as f64 / f64::from(1 << 24) / 4.0)
    }
}
