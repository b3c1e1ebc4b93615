//! To the writer and back: when a commit or a checkpoint is due, and the last ones.

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Channels, Pipeline};
use crate::app::backfill;
use crate::app::writer::{CheckpointJob, Done, Job};
use crate::units::Day;

impl Pipeline {
    pub(super) async fn commit_if_due(&mut self, jobs: &mpsc::Sender<Job>) {
        if self.commit_under_way {
            return;
        }
        let due = self.last_checkpoint.elapsed() >= self.config.checkpoint_interval
            && self.inbox_since_checkpoint > 0;
        let full = self.inbox_since_checkpoint >= self.config.checkpoint_inbox_bytes;
        let checkpoint = (due || full) && !self.checkpoint_under_way;
        let waited = self.last_commit.elapsed() >= self.config.commit_interval;
        if !self.batch.is_empty()
            && (checkpoint || waited || self.batch.messages >= self.config.commit_batch)
        {
            self.commit(jobs).await;
        }
        if checkpoint {
            // Right behind the commit that holds the engine's whole state: the writer works in order, and no message was handled in between.
            self.checkpoint(jobs).await;
        }
    }

    async fn commit(&mut self, jobs: &mpsc::Sender<Job>) {
        let mut job = std::mem::replace(&mut self.batch, self.spare.take().unwrap_or_default());
        job.at = self.clock.now();
        self.inbox_since_checkpoint += job.inbox.len() as u64;
        self.last_commit = Instant::now();
        let day_rows = std::mem::take(&mut job.day_rows);
        self.commit_under_way = jobs.send(Job::Commit(job)).await.is_ok();
        if !day_rows.is_empty() {
            let _ = jobs
                .send(Job::KeepDayRows(
                    day_rows,
                    backfill::oldest(Day::of(self.clock.now(), self.engine.register().zone())),
                ))
                .await;
        }
    }

    async fn checkpoint(&mut self, jobs: &mpsc::Sender<Job>) {
        let (generation, snapshot, activity) = self.engine.checkpoint();
        self.last_checkpoint = Instant::now();
        self.inbox_since_checkpoint = 0;
        let rollups = self.engine.checkpoint_rollups();
        let job = CheckpointJob {
            generation,
            snapshot,
            activity,
            rollups,
            at: self.clock.now(),
        };
        self.checkpoint_under_way = jobs.send(Job::Checkpoint(job)).await.is_ok();
    }

    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Commit(buffers) => {
                self.commit_under_way = false;
                self.spare = Some(buffers);
            }
            Done::Intensity => self.intensity_revised = true,
            Done::DayRows => self.past_rows.committed(),
            Done::Checkpoint(generation) => {
                self.checkpoint_under_way = false;
                self.engine.confirm_checkpoint(generation);
            }
        }
    }

    /// The last commit and checkpoint. The writer gives up on its own if the disk stays full.
    pub(super) async fn finish(&mut self, channels: &mut Channels) {
        let jobs = channels.jobs.clone();
        while self.commit_under_way || self.checkpoint_under_way {
            match channels.done.recv().await {
                Some(done) => self.done(done),
                None => return,
            }
        }
        if !self.batch.is_empty() {
            self.commit(&jobs).await;
        }
        self.checkpoint(&jobs).await;
        while self.commit_under_way || self.checkpoint_under_way {
            match channels.done.recv().await {
                Some(done) => self.done(done),
                None => return,
            }
        }
    }
}
