//! What an OCPP action is to us: a name, how its payload is decoded, and what is responded. Each action is one [`Definition`] in a file of
//! its own; the tables [`super::v16::ACTIONS`] and [`super::v2::ACTIONS`] list them and are the only place that does.

use super::field::Times;
use super::{v2, v16};
use crate::json::Json;
use crate::model::{ChargePointMessage, IdTokenHash, OcppVersion, TokenHasher};
use crate::units::UtcMs;

/// The action of a request.
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// May this token charge? The ledger does not store it.
    Authorize(Option<IdTokenHash>),
    /// One message for the engine.
    Event(ChargePointMessage),
    /// Several messages for the engine, in order (NotifyEvent, NotifyReport).
    Events(Vec<ChargePointMessage>),
}

/// What decoding one payload needs beside the payload, and what it finds out.
pub(super) struct Decoding<'a> {
    /// Replaces RFID tags by their keyed hashes.
    pub hasher: &'a TokenHasher,
    /// Reads times, and remembers if one lacks its zone.
    pub times: Times,
}

/// What is known when a request is to be answered.
#[derive(Clone, Copy, Debug)]
pub struct ResponseInputs<'a> {
    /// The time that a response with `currentTime` gives.
    pub now: UtcMs,
    /// Heartbeat interval in seconds.
    pub interval_s: i32,
    /// Whether the tag in the request may charge; `None` if the request has no tag.
    pub token_accepted: Option<bool>,
    /// StartTransaction: the id that the ledger gave it.
    pub transaction_id: Option<i32>,
    /// The whole frame of the request.
    pub frame: &'a str,
}

type Decode = fn(&mut Json<'_>, &mut Decoding<'_>) -> Request;
type Respond = fn(&ResponseInputs<'_>) -> Result<String, String>;

/// One action of one protocol version.
pub struct Definition {
    name: &'static str,
    decode: Decode,
    respond: Respond,
    needs_commit: bool,
    is_metering: bool,
    is_frequent: bool,
    new_in_2_1: bool,
}

impl Definition {
    /// An action by its name on the wire. `respond` returns the JSON text of the response's payload, or why there is none.
    pub(super) const fn new(name: &'static str, decode: Decode, respond: Respond) -> Self {
        Self {
            name,
            decode,
            respond,
            needs_commit: true,
            is_metering: false,
            is_frequent: false,
            new_in_2_1: false,
        }
    }

    /// The request stores nothing that could count twice, so the response need not wait for a commit.
    pub(super) const fn answered_at_once(mut self) -> Self {
        self.needs_commit = false;
        self
    }

    /// Meter values: frequent, and worth mending a broken frame for.
    pub(super) const fn metering(mut self) -> Self {
        self.is_metering = true;
        self.frequent()
    }

    /// So frequent that the strict check sees only some of them.
    pub(super) const fn frequent(mut self) -> Self {
        self.is_frequent = true;
        self
    }

    /// OCPP 2.0.1 does not have it.
    pub(super) const fn new_in_2_1(mut self) -> Self {
        self.new_in_2_1 = true;
        self
    }
}

/// A request that a charge point may make: a reference into its version's table.
#[derive(Clone, Copy)]
pub struct Action(&'static Definition);

impl Action {
    /// The actions of a version.
    pub fn all(version: OcppVersion) -> impl Iterator<Item = Self> {
        let table = match version {
            OcppVersion::V16 => v16::ACTIONS,
            OcppVersion::V201 | OcppVersion::V21 => v2::ACTIONS,
        };
        table
            .iter()
            .filter(move |definition| !definition.new_in_2_1 || version == OcppVersion::V21)
            .map(Self)
    }

    /// The action of a name on the wire, if the version has it.
    pub fn from_name(version: OcppVersion, name: &str) -> Option<Self> {
        Self::all(version).find(|action| action.0.name == name)
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The response is sent only after the commit, and a repetition of the request must not count twice. Signs of life may repeat.
    pub fn needs_commit(self) -> bool {
        self.0.needs_commit
    }

    /// Metering is worth mending a broken frame for; anything else is for the charge point to send again.
    pub fn is_metering(self) -> bool {
        self.0.is_metering
    }

    /// The action comes so often that the strict check sees only some of it.
    pub fn is_frequent(self) -> bool {
        self.0.is_frequent
    }

    /// Decodes the payload at which `json` stands; true if a time in it lacks its zone. Nothing is refused: what is missing is unknown,
    /// and whether there is a response must not depend on it.
    pub(super) fn decode(self, json: &mut Json<'_>, hasher: &TokenHasher) -> (Request, bool) {
        let mut decoding = Decoding {
            hasher,
            times: Times::default(),
        };
        let request = (self.0.decode)(json, &mut decoding);
        (request, decoding.times.zoneless)
    }

    /// JSON text of the response's payload. `Err` is the reason why there is none: it would have to repeat a part of the request that is
    /// malformed.
    pub fn response(self, inputs: &ResponseInputs<'_>) -> Result<String, String> {
        (self.0.respond)(inputs)
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Action {}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}
