//! Counters of each output.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError};

use super::Stats;

/// Counters of one output, which takes rows from the outbox.
#[derive(Debug, Default)]
pub struct OutputStats {
    /// Batches that the output acknowledged.
    pub batches: AtomicU64,
    /// Rows that the output refuses for good, or that it lost to a partial write.
    pub points_refused: AtomicU64,
    /// Failed attempts to write.
    pub failures: AtomicU64,
}

impl Stats {
    /// The counters of an output, which are shown from the first call on.
    pub fn output(&self, name: &'static str) -> Arc<OutputStats> {
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.entry(name).or_default().clone()
    }

    /// The counters of all outputs, by name.
    pub fn outputs(&self) -> Vec<(&'static str, Arc<OutputStats>)> {
        let outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs
            .iter()
            .map(|(name, stats)| (*name, stats.clone()))
            .collect()
    }
}
