//! Starts the configured outputs, and takes their acknowledgements to the store.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::writer::Job;
use crate::model::Stats;
use crate::outputs::{Delivery, Output, deliver};
use crate::store::{OpenError, Reader};

/// Acknowledgements that may wait for the store.
const N_QUEUED: usize = 16;

/// What every output needs.
pub(super) struct Deps<'a> {
    /// Opens a reader of the outbox.
    pub open_reader: &'a dyn Fn() -> Result<Reader, OpenError>,
    /// Where acknowledgements go, as jobs of the writer.
    pub jobs: mpsc::Sender<Job>,
    /// Notified after each commit.
    pub written: Arc<Notify>,
    pub stats: Arc<Stats>,
    /// Spreads the retries of many gateways; not a secret.
    pub seed: u64,
    pub shutdown: watch::Receiver<bool>,
}

/// Spawns one task for each output, and one that takes acknowledgements to the store; it ends with the last output.
pub(super) fn start(
    outputs: Vec<Box<dyn Output>>,
    deps: Deps<'_>,
    tasks: &mut JoinSet<()>,
) -> Result<(), OpenError> {
    let (acknowledge, acknowledged) = mpsc::channel(N_QUEUED);
    for output in outputs {
        let delivery = Delivery {
            reader: (deps.open_reader)()?,
            acknowledge: acknowledge.clone(),
            written: deps.written.clone(),
            stats: deps.stats.clone(),
            seed: deps.seed,
        };
        tasks.spawn(deliver(output, delivery, deps.shutdown.clone()));
    }
    tasks.spawn(take_to_store(acknowledged, deps.jobs));
    Ok(())
}

async fn take_to_store(
    mut acknowledged: mpsc::Receiver<(&'static str, i64)>,
    jobs: mpsc::Sender<Job>,
) {
    while let Some((output, id)) = acknowledged.recv().await {
        if jobs.send(Job::Acknowledge(output, id)).await.is_err() {
            return;
        }
    }
}
