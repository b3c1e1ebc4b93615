//! OCPP-J text to what it says, in one lenient pass: unknown fields, missing fields, wrong types and odd spellings are lived with,
//! because charge points repeat what is refused. What we send is strict; that is the central system's business.

pub mod answers;
mod field;
pub mod frame;
mod meter;
pub mod observer;
pub mod repeats;
mod strict;
pub mod v16;
pub mod v2;

pub use strict::Checks;

use crate::json::Json;
use crate::model::{ChargePointMessage, IdTokenHash, OcppVersion, TokenHasher};

/// Longest text kept of a charge point's own words.
const WORDS: usize = 64;
/// Most meter samples taken from one message; a charge point that was offline for long sends many, none sends this many.
const MAX_SAMPLES: usize = 10_000;

/// A request that a charge point may make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// OCPP 1.6.
    V16(v16::Action),
    /// OCPP 2.0.1 and 2.1.
    V2(v2::Action),
}

impl Action {
    /// The action of a name.
    pub fn of(version: OcppVersion, name: &str) -> Option<Self> {
        match version {
            OcppVersion::V16 => v16::Action::from_name(name).map(Self::V16),
            OcppVersion::V201 | OcppVersion::V21 => {
                v2::Action::from_name(version, name).map(Self::V2)
            }
        }
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::V16(action) => action.name(),
            Self::V2(action) => action.name(),
        }
    }

    /// Metering is worth mending a broken frame for; anything else is for the charge point to send again.
    pub fn is_metering(self) -> bool {
        matches!(
            self,
            Self::V16(v16::Action::MeterValues) | Self::V2(v2::Action::MeterValues)
        )
    }
}

/// What a request says.
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// May this token charge? Nothing for the books.
    Authorize(Option<IdTokenHash>),
    /// For the engine.
    Event(ChargePointMessage),
    /// Several things at once, in order (NotifyEvent).
    Events(Vec<ChargePointMessage>),
}

/// Reads the payload of a request that comes without its frame, as EMQX's gateway passes it on; true if a time in it names no zone. `Err`
/// says why it is not JSON.
pub fn read_payload(
    action: Action,
    text: &str,
    max_depth: usize,
    hasher: &TokenHasher,
) -> Result<(Request, bool), String> {
    let mut json = Json::new(text, max_depth);
    let read = decode(action, &mut json, hasher);
    match json.error() {
        None if json.at_end() => Ok(read),
        error => Err(error.unwrap_or_else(|| "something follows it".to_owned())),
    }
}

/// Reads the payload of an action, standing at it. Nothing is refused: what is missing is unknown, and the answer must not depend on it.
fn decode(action: Action, json: &mut Json<'_>, hasher: &TokenHasher) -> (Request, bool) {
    match action {
        Action::V16(action) => v16::decode(action, json, hasher),
        Action::V2(action) => v2::decode(action, json, hasher),
    }
}
