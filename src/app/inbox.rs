//! A restart must bring the engine to where it was. So each commit stores the calls that the engine got since the last one, in order,
//! as one blob; a restart makes the same calls again.

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::model::{DecoderMemory, Observation};
use crate::store::{INBOX_FORMAT, InboxRow};
use crate::units::UtcMs;

/// The layout before decoders' memories had a version.
const WITHOUT_MEMORY_VERSION: u16 = 1;

/// One call of the engine. The variants' numbers are stored: add at the end, never reorder.
#[derive(Debug, Serialize, Deserialize)]
enum Entry<'a> {
    /// A call of `Engine::handle`: the time of arrival, and the observation.
    Observed(UtcMs, #[serde(borrow)] Observation<'a>),
    /// A call of `Engine::handle_timeout`, with the time it was given.
    Timeout(UtcMs),
}

/// An inbox row cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// Its content is not what was written.
    #[error(
        "an inbox row cannot be read ({0}); restore the store from a backup, or move it away to begin anew"
    )]
    Damaged(#[from] postcard::Error),
    /// Another version of the program wrote it.
    #[error(
        "an inbox row has format {found}, this program reads up to {INBOX_FORMAT}; start the version that wrote it, or move the store away to begin anew"
    )]
    Format {
        /// The number of the format in the row.
        found: u16,
    },
}

/// Appends an observation.
pub(super) fn append_observed(blob: &mut Vec<u8>, now: UtcMs, observation: Observation<'_>) {
    append(blob, &Entry::Observed(now, observation));
}

/// Appends a timeout.
pub(super) fn append_timeout(blob: &mut Vec<u8>, now: UtcMs) {
    append(blob, &Entry::Timeout(now));
}

fn append(blob: &mut Vec<u8>, entry: &Entry<'_>) {
    *blob =
        postcard::to_extend(entry, std::mem::take(blob)).expect("writing to memory does not fail");
}

/// Makes the calls of a row again. The engine's output is dropped: it was committed together with the row.
pub(super) fn replay(row: &InboxRow, engine: &mut Engine) -> Result<u64, InboxError> {
    if !(WITHOUT_MEMORY_VERSION..=INBOX_FORMAT).contains(&row.format) {
        return Err(InboxError::Format { found: row.format });
    }
    let mut rest = row.blob.as_slice();
    let mut entries = 0;
    while !rest.is_empty() {
        let (entry, tail) = postcard::take_from_bytes::<Entry<'_>>(rest)?;
        match entry {
            Entry::Observed(now, mut observation) => {
                if let Observation::Remembered(memory) = &mut observation
                    && row.format == WITHOUT_MEMORY_VERSION
                {
                    *memory = DecoderMemory::from_first_version(memory);
                }
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
