//! Delivers rows from the outbox to one output: in order, until they are acknowledged, and without losing good rows to a bad one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep;

use super::{Outcome, Output};
use crate::model::{OutputStats, Stats};
use crate::store::{OutboxBatch, ReadError, Reader};

/// Waiting rows are joined up to this many compressed bytes: back-fill of a day takes hundreds of requests, not hundreds of thousands.
const MAX_BYTES: usize = 512 * 1024;
/// And up to this many commits.
const MAX_ROWS: usize = 512;
/// First and longest pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Pause when only a person can help.
const ATTENTION_PAUSE: Duration = Duration::from_secs(30);

/// Dependencies of the task that delivers outbox rows to one output.
pub struct Delivery {
    /// Reads the outbox.
    pub reader: Reader,
    /// Receives the output's name and the last row that it has stored.
    pub acknowledge: mpsc::Sender<(&'static str, i64)>,
    /// Notified after each commit.
    pub written: Arc<Notify>,
    /// The output's counters are among them.
    pub stats: Arc<Stats>,
    /// Spreads the retries of many gateways that lost the same database.
    pub seed: u64,
}

/// Delivers until `shutdown` is true.
pub async fn deliver(
    output: Box<dyn Output>,
    delivery: Delivery,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut queue = Queue {
        stats: delivery.stats.output(output.name()),
        back_off: BackOff::new(delivery.seed),
        output,
        reader: delivery.reader,
        acknowledge: delivery.acknowledge,
        refusal_logged: false,
    };
    tokio::select! {
        () = queue.send_all(&delivery.written) => {}
        () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {}
    }
}

struct Queue {
    output: Box<dyn Output>,
    reader: Reader,
    acknowledge: mpsc::Sender<(&'static str, i64)>,
    stats: Arc<OutputStats>,
    back_off: BackOff,
    /// Only the first refusal is logged; the counter has the others.
    refusal_logged: bool,
}

impl Queue {
    async fn send_all(&mut self, written: &Notify) {
        let mut position = self.reader.position(self.output.name()).unwrap_or(0);
        let mut max_rows = MAX_ROWS;
        loop {
            // Before the outbox is read, so that a commit in between wakes this task.
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
            match self.output.write(body).await {
                Outcome::Stored => self.stored(&mut position, last, rows.len()).await,
                // In smaller parts, so that good rows are not refused with a bad one.
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
                failure => sleep(self.failed(failure)).await,
            }
        }
    }

    fn waiting(&self, position: i64, max_rows: usize) -> Result<Vec<OutboxBatch>, ReadError> {
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
        if self.back_off.failures > 0 {
            tracing::info!("{} takes rows again", self.output.address());
        }
        self.back_off.failures = 0;
        *position = id;
        Stats::add(&self.stats.batches, rows as u64);
        // A full queue means that the store is busy; wait for it.
        let _ = self.acknowledge.send((self.output.name(), id)).await;
    }

    fn refused(&mut self, message: &str, points: u64) {
        Stats::add(&self.stats.points_refused, points);
        if !self.refusal_logged {
            self.refusal_logged = true;
            tracing::error!(
                "{} refuses rows for good and they are not sent again: {message}; further ones are only counted",
                self.output.address()
            );
        }
    }

    /// Counts and logs a failure; returns the pause before the next attempt.
    fn failed(&mut self, failure: Outcome) -> Duration {
        Stats::count(&self.stats.failures);
        if let Outcome::NeedsAttention(message) = &failure {
            tracing::error!(
                "{message}; nothing is lost, trying again in {} s",
                ATTENTION_PAUSE.as_secs()
            );
            return ATTENTION_PAUSE;
        }
        let pause = self.back_off.next_pause();
        if let (Outcome::Later(message), 1) = (&failure, self.back_off.failures) {
            tracing::warn!(
                "{}: {message}; rows wait in the outbox",
                self.output.address()
            );
        }
        pause
    }
}

/// Pauses that grow with every failure in a row.
struct BackOff {
    failures: u32,
    jitter: u64,
}

impl BackOff {
    fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            jitter: seed | 1,
        }
    }

    /// Doubles from one second to one minute, less up to half by chance.
    fn next_pause(&mut self) -> Duration {
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
}
