//! Charge points send JSON that often breaks the standard, and repeat whatever is refused. The codec therefore decodes leniently, in one
//! pass: unknown fields, missing fields, wrong types and odd spellings are accepted. What it encodes is strictly valid.
//!
//! An action with a fact is one file under `v16` or `v2` with its decoding and its response, and one line in that version's `ACTIONS`.

mod action;
pub mod call_results;
mod field;
pub mod frame;
mod meter;
mod notice;
pub mod observer;
pub mod repeats;
mod response;
mod strict;
pub mod v16;
pub mod v2;

pub use action::{Action, Definition, Request, ResponseInputs};
pub use strict::Checks;

use crate::json::Json;
use crate::model::TokenHasher;

/// Longest free text that is stored of a charge point, in characters.
const MAX_TEXT: usize = 64;
/// Meter samples taken from one message. A charge point that was offline for long sends many, but never this many.
const MAX_SAMPLES: usize = 10_000;

/// Decodes the payload of a request that comes without its frame, as EMQX's gateway sends it; true if a time in it lacks its zone. `Err`
/// is the reason why it is not JSON.
pub fn parse_payload(
    action: Action,
    text: &str,
    max_depth: usize,
    hasher: &TokenHasher,
) -> Result<(Request, bool), String> {
    let mut json = Json::new(text, max_depth);
    let decoded = action.decode(&mut json, hasher);
    match json.error() {
        None if json.at_end() => Ok(decoded),
        error => Err(error.unwrap_or_else(|| "something follows it".to_owned())),
    }
}
