//! The store's thread: commits in order, settles the receipts after each commit, and retries while the store refuses.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use crate::ingest::{Receipt, Settlement};
use crate::model::{ActivityRow, ClosedSession, IntensitySlot, RollupRow, Stats, Subscription};
use crate::store::{Checkpoint, Commit, CommitError, DayRow, Notification, Store};
use crate::units::{Day, UtcMs};

/// Work for the store.
#[derive(Debug)]
pub(super) enum Job {
    /// Inbox, outbox, sessions; then the receipts.
    Commit(CommitJob),
    /// Snapshot, activity and rollups since the last checkpoint.
    Checkpoint(CheckpointJob),
    /// An output has everything up to this outbox row.
    Acknowledge(&'static str, i64),
    /// A notifier has taken these notifications.
    Delivered(Vec<i64>),
    /// Half-hourly carbon intensities, and before when old ones may go.
    Intensity(Vec<IntensitySlot>, UtcMs),
    /// The subscriptions that a broker keeps for a session of ours.
    Remember(String, Vec<Subscription>),
    /// Rows of past days that were in the commit before, and the day before which old ones may go.
    KeepDayRows(Vec<DayRow>, Day),
}

/// One commit's content. Its buffers are used again.
#[derive(Debug, Default)]
pub(super) struct CommitJob {
    /// The time of the commit.
    pub at: UtcMs,
    /// What the engine observed, encoded for recovery.
    pub inbox: Vec<u8>,
    /// Rows for the outputs, as line protocol.
    pub lines: Vec<u8>,
    /// Number of lines in `lines`.
    pub points: u64,
    /// Closed or corrected sessions.
    pub sessions: Vec<ClosedSession>,
    /// Notifications for the outbox.
    pub notifications: Vec<Notification>,
    /// Receipts of the messages, settled after the commit.
    pub receipts: Vec<(Receipt, Settlement)>,
    /// Number of messages whose observations are in `inbox`.
    pub messages: usize,
    /// What is kept of the lines about past days, once they are on the disk: the job behind this one.
    pub day_rows: Vec<DayRow>,
}

impl CommitJob {
    /// Neither data to write nor receipts waiting.
    pub(super) fn is_empty(&self) -> bool {
        self.inbox.is_empty()
            && self.lines.is_empty()
            && self.notifications.is_empty()
            && self.receipts.is_empty()
    }

    fn clear(&mut self) {
        self.inbox.clear();
        self.lines.clear();
        self.points = 0;
        self.sessions.clear();
        self.notifications.clear();
        self.messages = 0;
        // A burst must not hold its memory for ever.
        self.inbox.shrink_to(KEPT_BUFFER);
        self.lines.shrink_to(KEPT_BUFFER);
    }
}

const KEPT_BUFFER: usize = 512 * 1024;

/// The content of one checkpoint, taken from the engine at one moment.
#[derive(Debug)]
pub(super) struct CheckpointJob {
    /// The number of the checkpoint, which only grows.
    pub generation: u64,
    /// The engine's state, encoded by postcard.
    pub snapshot: Vec<u8>,
    /// Activity since the last one.
    pub activity: Vec<ActivityRow>,
    /// Quarter hours that have ended since.
    pub rollups: Vec<RollupRow>,
    /// The time of the checkpoint.
    pub at: UtcMs,
}

/// What the writer reports back.
#[derive(Debug)]
pub(super) enum Done {
    /// The buffers of a commit.
    Commit(CommitJob),
    /// The generation of a checkpoint.
    Checkpoint(u64),
    /// Carbon intensities arrived or were revised.
    Intensity,
    /// Rows of past days are kept, or will be found again.
    DayRows,
}

/// First and longest pause between attempts while the store refuses (a full disk, mostly).
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// State of the one thread that writes to the store.
pub(super) struct Writer {
    /// The open store; no other thread writes to it.
    pub store: Store,
    /// Jobs, done in order.
    pub jobs: mpsc::Receiver<Job>,
    /// Reports to the pipeline.
    pub done: mpsc::UnboundedSender<Done>,
    /// Notified after each commit; outputs wait for it.
    pub written: Arc<Notify>,
    /// Why the store does not take anything, for `/readyz`.
    pub trouble: watch::Sender<Option<String>>,
    /// True when the daemon is stopping: then a store that refuses is given up.
    pub stopping: watch::Receiver<bool>,
    /// Counts commits and failures.
    pub stats: Arc<Stats>,
}

impl Writer {
    /// Runs until the pipeline and the outputs are gone.
    pub(super) fn run(mut self) {
        while let Some(job) = self.jobs.blocking_recv() {
            let goes_on = match job {
                Job::Commit(job) => self.commit(job),
                Job::Checkpoint(job) => self.checkpoint(&job),
                Job::Acknowledge(output, id) => {
                    if let Err(error) = self.store.acknowledge(output, id) {
                        // Not lost: the rows stay and are sent once more, which is harmless.
                        tracing::warn!(%error, output, "could not note what the output has acknowledged");
                    }
                    true
                }
                Job::Delivered(ids) => {
                    if let Err(error) = self.store.delivered(&ids) {
                        // A second delivery is better than none; the alert about a full disk goes out anyway.
                        tracing::warn!(%error, "could not note which notifications were delivered");
                    }
                    true
                }
                Job::Intensity(slots, oldest) => match self.store.put_intensity(&slots, oldest) {
                    Ok(()) => self.done.send(Done::Intensity).is_ok(),
                    Err(error) => {
                        // Not lost: the last 48 hours are fetched again.
                        tracing::warn!(%error, "could not write carbon intensities");
                        true
                    }
                },
                Job::KeepDayRows(rows, oldest) => {
                    if let Err(error) = self.store.keep_day_rows(&rows, oldest) {
                        // Not lost: what is not kept is found again, and written once more.
                        tracing::warn!(%error, "could not note which rows of past days are written");
                    }
                    self.done.send(Done::DayRows).is_ok()
                }
                Job::Remember(session, rows) => {
                    if let Err(error) = self.store.remember_subscriptions(&session, &rows) {
                        // Not lost: what is not known to be subscribed is subscribed once more.
                        tracing::warn!(%error, session, "could not note which subscriptions the broker has");
                    }
                    true
                }
            };
            self.note_outbox();
            if !goes_on {
                return;
            }
        }
    }

    fn note_outbox(&self) {
        let outbox = self.store.outbox();
        let set = |gauge: &std::sync::atomic::AtomicU64, value: u64| {
            gauge.store(value, std::sync::atomic::Ordering::Relaxed)
        };
        set(&self.stats.outbox_rows, outbox.rows);
        set(&self.stats.outbox_waiting_bytes, outbox.bytes);
        set(&self.stats.outbox_bytes, outbox.written);
        set(&self.stats.outbox_dropped, outbox.dropped);
        let undelivered = self.store.undelivered();
        set(&self.stats.notifications_waiting, undelivered.rows);
        set(&self.stats.notifications_dropped, undelivered.dropped);
        set(
            &self.stats.notifications_oldest_ms,
            undelivered.oldest.map_or(0, |at| at.0.max(0) as u64),
        );
        set(
            &self.stats.outbox_oldest_ms,
            outbox.oldest.map_or(0, |at| at.0.max(0) as u64),
        );
    }

    fn commit(&mut self, mut job: CommitJob) -> bool {
        let commit = Commit {
            at: job.at,
            inbox: &job.inbox,
            lines: &job.lines,
            points: job.points,
            sessions: &job.sessions,
            notifications: &job.notifications,
        };
        if !persist(
            &mut self.store,
            &self.stats,
            &self.trouble,
            &self.stopping,
            |store| store.commit(&commit),
        ) {
            return false;
        }
        Stats::count(&self.stats.commits);
        Stats::add(&self.stats.inbox_bytes, job.inbox.len() as u64);
        Stats::add(&self.stats.points, job.points);
        for (receipt, settlement) in job.receipts.drain(..) {
            receipt.settle(settlement);
        }
        if !job.lines.is_empty() || !job.notifications.is_empty() {
            self.written.notify_waiters();
        }
        job.clear();
        self.done.send(Done::Commit(job)).is_ok()
    }

    fn checkpoint(&mut self, job: &CheckpointJob) -> bool {
        let checkpoint = Checkpoint {
            snapshot: &job.snapshot,
            generation: job.generation,
            activity: &job.activity,
            rollups: &job.rollups,
            at: job.at,
        };
        if !persist(
            &mut self.store,
            &self.stats,
            &self.trouble,
            &self.stopping,
            |store| store.checkpoint(&checkpoint),
        ) {
            return false;
        }
        Stats::count(&self.stats.checkpoints);
        self.done.send(Done::Checkpoint(job.generation)).is_ok()
    }
}

/// Tries until it works. Senders are not acknowledged meanwhile, so no message is lost; they wait or buffer.
fn persist(
    store: &mut Store,
    stats: &Stats,
    trouble: &watch::Sender<Option<String>>,
    stopping: &watch::Receiver<bool>,
    mut attempt: impl FnMut(&mut Store) -> Result<(), CommitError>,
) -> bool {
    let mut pause = RETRY.0;
    loop {
        match attempt(store) {
            Ok(()) => {
                if trouble.send_if_modified(|reason| reason.take().is_some()) {
                    tracing::info!("the store takes writes again");
                }
                return true;
            }
            Err(error) => {
                Stats::count(&stats.commit_failures);
                let text = error.to_string();
                if trouble.send_if_modified(|reason| {
                    reason.replace(text.clone()).as_deref() != Some(&text)
                }) {
                    tracing::error!(
                        "{text}; senders wait, acknowledged messages are not lost; trying again"
                    );
                }
                if *stopping.borrow() {
                    tracing::error!(
                        "stopping although the store refuses; what was not acknowledged must be sent again"
                    );
                    return false;
                }
                std::thread::sleep(pause);
                pause = (pause * 2).min(RETRY.1);
            }
        }
    }
}
