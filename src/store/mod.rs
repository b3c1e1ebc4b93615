//! F4: one SQLite file: inbox, outbox, checkpoint, sessions, activity.

use std::path::PathBuf;
use std::time::Duration;

/// `[store]`.
#[derive(Clone, PartialEq, Debug)]
pub struct StoreConfig {
    /// `directory`.
    pub directory: PathBuf,
    /// `commit_interval`: no message waits longer for its commit (longer commits spare flash).
    pub commit_interval: Duration,
    /// `commit_batch`: this many waiting messages are committed at once.
    pub commit_batch: usize,
    /// `checkpoint_interval`.
    pub checkpoint_interval: Duration,
    /// `checkpoint_inbox`: inbox bytes that cause a checkpoint before its time.
    pub checkpoint_inbox_bytes: u64,
    /// `outbox_max`: bytes kept for sinks that are down; the oldest go first, counted.
    pub outbox_max_bytes: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            directory: "./data".into(),
            commit_interval: Duration::from_millis(250),
            commit_batch: 32,
            checkpoint_interval: Duration::from_secs(300),
            checkpoint_inbox_bytes: 64 * 1024 * 1024,
            outbox_max_bytes: 2 * 1024 * 1024 * 1024,
        }
    }
}
