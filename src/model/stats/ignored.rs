//! Fields of accepted messages that were ignored, by name and reason.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::{RejectReason, Stats};

/// The largest number of names that are counted apart: a device that invents names must not fill the memory.
const MAX_NAMES: usize = 256;
/// The length at which a name is cut, in characters.
const MAX_NAME: usize = 64;

#[derive(Clone, Debug, Default)]
pub(super) struct IgnoredFields {
    counts: BTreeMap<(String, RejectReason), u64>,
    /// Fields whose names are beyond [`MAX_NAMES`].
    others: u64,
}

impl Stats {
    /// Counts an ignored field of an accepted message.
    pub fn ignore(&self, reason: RejectReason, field: &str) {
        Self::count(&self.fields_ignored);
        let mut ignored = self.ignored.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (field.chars().take(MAX_NAME).collect(), reason);
        if ignored.counts.len() >= MAX_NAMES && !ignored.counts.contains_key(&key) {
            ignored.others += 1;
            return;
        }
        *ignored.counts.entry(key).or_default() += 1;
    }

    /// Ignored fields by name and reason, and the number of those with further names.
    pub fn ignored(&self) -> (Vec<(String, RejectReason, u64)>, u64) {
        let ignored = self.ignored.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = ignored
            .counts
            .iter()
            .map(|((name, reason), count)| (name.clone(), *reason, *count));
        (counts.collect(), ignored.others)
    }
}
