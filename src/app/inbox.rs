//! The inbox blob: what the engine was told between two commits, in order, so that a restart can tell it again.

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::model::Observation;
use crate::units::UtcMs;

/// One call of the engine.
#[derive(Debug, Serialize, Deserialize)]
enum Entry<'a> {
    /// `Engine::handle`.
    Observed(UtcMs, #[serde(borrow)] Observation<'a>),
    /// `Engine::handle_timeout`.
    Timeout(UtcMs),
}

/// An inbox row that was read back from the store is not what was written.
#[derive(Debug, thiserror::Error)]
#[error(
    "an inbox row cannot be read ({0}); restore the store from a backup, or move it away to begin anew"
)]
pub struct DamagedInbox(#[from] postcard::Error);

/// Appends an observation.
pub fn append_observed(blob: &mut Vec<u8>, now: UtcMs, observation: Observation<'_>) {
    append(blob, &Entry::Observed(now, observation));
}

/// Appends a timeout.
pub fn append_timeout(blob: &mut Vec<u8>, now: UtcMs) {
    append(blob, &Entry::Timeout(now));
}

fn append(blob: &mut Vec<u8>, entry: &Entry<'_>) {
    *blob =
        postcard::to_extend(entry, std::mem::take(blob)).expect("writing to memory does not fail");
}

/// Tells the engine everything again. Its output is thrown away: it was committed together with the row.
pub fn replay(blob: &[u8], engine: &mut Engine) -> Result<u64, DamagedInbox> {
    let mut rest = blob;
    let mut entries = 0;
    while !rest.is_empty() {
        let (entry, tail) = postcard::take_from_bytes::<Entry<'_>>(rest)?;
        match entry {
            Entry::Observed(now, observation) => {
                engine.handle(&observation, now);
            }
            Entry::Timeout(now) => engine.handle_timeout(now),
        }
        while engine.poll_output().is_some() {}
        while engine.poll_notice().is_some() {}
        rest = tail;
        entries += 1;
    }
    Ok(entries)
}
