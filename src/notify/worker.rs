//! The task of one notifier: delivers the notices that wait in the store, in order and grouped, until the receiver accepts them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::{DeliveryError, Notifier};
use crate::api::requests::EngineClient;
use crate::engine::AlertsQuery;
use crate::model::{Notice, Stats};
use crate::store::{Reader, Waiting};
use crate::units::UtcMs;

/// First and longest pause after a failed attempt.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(600));
/// The number of rows read from the store at once.
const MAX_ROWS: usize = 200;
/// The pause before the first repetition after a start.
const FIRST_RESEND: Duration = Duration::from_secs(1);
/// The interval of the timer for kinds that do not repeat; it does nothing.
const NO_RESEND: Duration = Duration::from_secs(86_400);

/// The current time.
pub type Clock = Arc<dyn Fn() -> UtcMs + Send + Sync>;

/// What a notifier needs from other parts of the process.
pub struct Deps {
    /// A reader of the store for this notifier alone.
    pub reader: Reader,
    /// Receives the rows that were delivered, to be deleted.
    pub delivered: mpsc::Sender<Vec<i64>>,
    /// Wakes after every commit.
    pub written: Arc<tokio::sync::Notify>,
    /// Queries the engine.
    pub engine: EngineClient,
    /// The current time.
    pub clock: Clock,
    /// The process's counters.
    pub stats: Arc<Stats>,
    /// Spreads the retries of many gateways. It need not be secret.
    pub seed: u64,
}

/// Delivers until `shutdown`. What is not delivered by then stays in the store.
pub async fn run(notifier: Notifier, deps: Deps, mut shutdown: watch::Receiver<bool>) {
    let mut worker = Worker {
        notifier,
        deps,
        delivered: BTreeSet::new(),
        failures: 0,
    };
    tokio::select! {
        () = worker.run() => {}
        () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {}
    }
}

struct Worker {
    notifier: Notifier,
    deps: Deps,
    /// Rows that were delivered, but that may still be in the store.
    delivered: BTreeSet<i64>,
    /// Failed attempts in a row.
    failures: u32,
}

/// Rows that are sent as one message.
struct Batch {
    ids: Vec<i64>,
    notice: Notice,
}

impl Worker {
    async fn run(&mut self) {
        let resend = self.notifier.config.kind.resend_interval();
        let mut ticks = interval_at(Instant::now() + FIRST_RESEND, resend.unwrap_or(NO_RESEND));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let written = self.deps.written.clone();
        loop {
            // Registered before the store is read, so that a commit in between wakes the task.
            let commit = written.notified();
            if self.waiting().is_empty() {
                tokio::select! {
                    () = commit => {}
                    _ = ticks.tick(), if resend.is_some() => self.resend().await,
                }
                continue;
            }
            // After a failure the rows have waited for longer than `group_wait` already.
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

    /// The rows that wait for this notifier, the oldest first.
    fn waiting(&mut self) -> Vec<Waiting> {
        // Delivered rows may still be there and must not hide those behind them.
        let limit = MAX_ROWS + self.delivered.len();
        let name = &self.notifier.config.name;
        match self.deps.reader.notifications(name, limit) {
            Ok(rows) => {
                let present: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
                self.delivered.retain(|id| present.contains(id));
                rows.into_iter()
                    .filter(|row| !self.delivered.contains(&row.id))
                    .collect()
            }
            Err(error) => {
                tracing::error!(%error, "notifications cannot be read from the store; check the disk");
                Vec::new()
            }
        }
    }

    /// Merges notices of one rule and group with the same state, unless a notice of that group with another state lies between them.
    async fn batches(&mut self, rows: Vec<Waiting>) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        for Waiting { id, body, .. } in rows {
            let notice: Notice = match serde_json::from_str(&body) {
                Ok(notice) => notice,
                Err(error) => {
                    tracing::error!(%error, id, "notification in the store cannot be parsed; it is dropped");
                    Stats::count(&self.deps.stats.notifications_refused);
                    self.complete(vec![id]).await;
                    continue;
                }
            };
            let newest = batches.iter_mut().rev().find(|batch| {
                batch.notice.rule == notice.rule && batch.notice.group == notice.group
            });
            match newest {
                Some(batch) if batch.notice.kind == notice.kind => {
                    batch.ids.push(id);
                    batch.notice.alerts.extend(notice.alerts);
                }
                _ => batches.push(Batch {
                    ids: vec![id],
                    notice,
                }),
            }
        }
        batches
    }

    /// Returns false if the batch must be sent again.
    async fn deliver(&mut self, batch: Batch) -> bool {
        let now = (self.deps.clock)();
        let name = &self.notifier.config.name;
        let stats = &self.deps.stats;
        match self.notifier.deliver(&batch.notice, now).await {
            Ok(()) => {
                if self.failures > 0 {
                    tracing::info!(notifier = name, "notifier accepts notifications again");
                }
                Stats::add(&stats.notifications_delivered, batch.ids.len() as u64);
            }
            Err(DeliveryError::Refused(reason)) => {
                let rule = &batch.notice.rule;
                tracing::error!(
                    notifier = name,
                    rule,
                    reason,
                    "notifier refused a notification for good; it is dropped"
                );
                Stats::add(&stats.notifications_refused, batch.ids.len() as u64);
            }
            Err(DeliveryError::Later(reason)) => {
                self.back_off(&reason).await;
                return false;
            }
        }
        self.failures = 0;
        self.complete(batch.ids).await;
        true
    }

    async fn back_off(&mut self, reason: &str) {
        Stats::count(&self.deps.stats.notifications_failed);
        self.failures = self.failures.saturating_add(1);
        let pause = self.pause();
        tracing::warn!(
            notifier = self.notifier.config.name,
            reason,
            again_in_s = pause.as_secs_f64(),
            "notifier did not accept a notification; it stays in the store and is sent again"
        );
        sleep(pause).await;
    }

    async fn complete(&mut self, ids: Vec<i64>) {
        self.delivered.extend(&ids);
        // Fails only when the daemon stops.
        let _ = self.deps.delivered.send(ids).await;
    }

    async fn resend(&mut self) {
        let now = (self.deps.clock)();
        let sent = match self.deps.engine.request(AlertsQuery).await {
            Ok(view) => self.notifier.resend(&view.alerts, now).await,
            Err(error) => Err(DeliveryError::Later(error)),
        };
        if let Err(error) = sent {
            Stats::count(&self.deps.stats.notifications_failed);
            tracing::warn!(notifier = self.notifier.config.name, %error, "firing alerts could not be repeated; the next attempt follows in a minute");
        }
    }

    /// Doubles from one second to ten minutes; up to a quarter is subtracted at random.
    fn pause(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures.saturating_sub(1).min(16));
        let full = BACK_OFF.0.saturating_mul(factor).min(BACK_OFF.1);
        // A linear congruential generator (Knuth, MMIX).
        self.deps.seed = self
            .deps
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        full - full.mul_f64((self.deps.seed >> 40) as f64 / f64::from(1 << 24) / 4.0)
    }
}
