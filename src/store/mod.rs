//! F4: one SQLite file: inbox, outbox, checkpoint, sessions, activity, rollups. Written by one thread, in few large transactions; an import of
//! CSV files, a process of its own, writes only its own tables, in small transactions between those.

mod check;
mod commit;
mod day_rows;
mod import;
mod intensity;
mod notifications;
mod open;
mod read;
mod rollup;
mod schema;
mod stored_activity;
mod subscriptions;
mod years;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::jurisdiction::Jurisdiction;

pub use check::check;
pub use commit::{Checkpoint, Commit, CommitError, Store};
pub use day_rows::DayRow;
pub use import::{FileProgress, ImportError, ImportStore, ImportedFile};
pub use notifications::{Notification, Undelivered, Waiting};
pub use open::{OpenError, token_key};
pub use read::{OutboxBatch, ReadError, Reader};
pub use schema::INBOX_FORMAT;
pub use stored_activity::stored_activity;
pub use years::{KeepError, keep_years};

/// `[store]`, and of `[history]` what is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct StoreConfig {
    /// The country by whose clocks quarter hours are put together to days.
    pub jurisdiction: &'static Jurisdiction,
    /// `directory` of the database and its lock; created if it is missing.
    pub directory: PathBuf,
    /// `commit_interval`: no message waits longer for its commit (longer commits spare flash).
    pub commit_interval: Duration,
    /// `commit_batch`: this many waiting messages are committed at once.
    pub commit_batch: usize,
    /// `checkpoint_interval`: time between two checkpoints; a start replays at most what came in it.
    pub checkpoint_interval: Duration,
    /// `checkpoint_inbox`: inbox bytes that cause a checkpoint before its time.
    pub checkpoint_inbox_bytes: u64,
    /// `outbox_max`: bytes kept for outputs that are down; the oldest go first, counted.
    pub outbox_max_bytes: u64,
    /// `history.keep_15min`: quarter hours older than this are deleted, in whole months.
    pub keep_15min: Duration,
    /// `history.keep_daily`: days older than this are deleted, in whole years.
    pub keep_daily: Duration,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            jurisdiction: Default::default(),
            directory: "./data".into(),
            commit_interval: Duration::from_millis(250),
            commit_batch: 32,
            checkpoint_interval: Duration::from_secs(300),
            checkpoint_inbox_bytes: 64 * 1024 * 1024,
            outbox_max_bytes: 2 * 1024 * 1024 * 1024,
            keep_15min: Duration::from_secs(400 * 86_400),
            keep_daily: Duration::from_secs(3_660 * 86_400),
        }
    }
}

/// Values that are drawn when the store is made and never change.
#[derive(Clone, Copy)]
pub struct Identity {
    /// Secret key of `model::TokenHasher`, random per store.
    pub token_key: [u8; 32],
    /// Where transaction ids start.
    pub first_transaction_id: i32,
}

/// The observations of one commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InboxRow {
    /// The layout of `blob`: [`INBOX_FORMAT`] or an older one.
    pub format: u16,
    /// Entries of `app::inbox`.
    pub blob: Vec<u8>,
}

/// What a start begins with.
#[derive(Debug)]
pub struct Recovery {
    /// The engine at the last checkpoint.
    pub snapshot: Option<Vec<u8>>,
    /// The observations since then, in order.
    pub inbox: Vec<InboxRow>,
    /// The checkpoint's generation; 0 without one.
    pub generation: u64,
}

/// An opened store, with the state to start the engine from.
pub struct Opened {
    /// For the writing thread.
    pub store: Store,
    /// The key for tags and the first transaction id.
    pub identity: Identity,
    /// State to begin with.
    pub recovery: Recovery,
}

/// Compresses at the fastest level: line protocol is so repetitive that more effort gains little.
fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(
        Vec::with_capacity(bytes.len() / 4 + 64),
        Compression::fast(),
    );
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn gunzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut out)?;
    Ok(out)
}
