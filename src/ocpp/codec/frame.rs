//! The OCPP-J envelope: `[2, id, action, payload]`, `[3, id, payload]`, `[4, id, code, description, details]`; in OCPP 2.1 also
//! `[5, id, ...]` (CALLRESULTERROR) and `[6, id, action, payload]` (SEND).

use std::borrow::Cow;

use super::{Action, Request, decode, field};
use crate::json::Json;
use crate::model::{OcppVersion, RejectReason, TokenHasher};

/// How a text is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The version agreed on.
    pub version: OcppVersion,
    /// Hides tags.
    pub hasher: &'a TokenHasher,
    /// How deep JSON may nest.
    pub max_depth: usize,
    /// Take metering from frames in which a value or a comma is missing or too much.
    pub repair_metering: bool,
}

/// A frame as far as it could be read. Ids are kept as they stand in the text, because some charge points send numbers and want them back.
#[derive(Debug)]
pub enum Frame<'a> {
    /// A request that we know.
    Call {
        /// JSON text of the id.
        id: &'a str,
        /// The action.
        action: Action,
        /// What it says.
        request: Request,
        /// It wants no answer (SEND).
        silent: bool,
        /// Some time in it named no zone.
        zoneless: bool,
        /// The JSON was broken and mended.
        repaired: bool,
    },
    /// A request that nobody knows.
    Unknown {
        /// JSON text of the id.
        id: &'a str,
        /// As sent.
        action: Cow<'a, str>,
        /// JSON text of the payload.
        payload: &'a str,
        /// It wants no answer (SEND).
        silent: bool,
    },
    /// An answer to a request of ours (or of the operator).
    Result {
        /// JSON text of the id.
        id: &'a str,
        /// JSON text of the payload.
        payload: &'a str,
    },
    /// A refusal of a request, or (`answers_result`) of an answer.
    Error {
        /// JSON text of the id.
        id: &'a str,
        /// The code, as sent.
        code: String,
        /// CALLRESULTERROR.
        answers_result: bool,
    },
    /// A type we do not know: nothing to answer.
    Other {
        /// Whatever it said.
        kind: i64,
    },
    /// Not a frame.
    Malformed {
        /// JSON text of the id, where the beginning looks like a request: it can be answered with an error.
        call_id: Option<&'a str>,
        /// What is wrong.
        reason: RejectReason,
        /// What exactly.
        detail: String,
    },
}

/// The beginning of a frame.
struct Head<'a> {
    kind: i64,
    id: &'a str,
}

/// Reads a frame.
pub fn read<'a>(text: &'a str, reading: &Reading<'_>) -> Frame<'a> {
    let mut json = Json::new(text, reading.max_depth);
    let malformed = |json: &Json<'_>, call_id, detail: &str| Frame::Malformed {
        call_id,
        reason: if json.too_deep() {
            RejectReason::TooDeep
        } else {
            RejectReason::Syntax
        },
        detail: json.error().unwrap_or_else(|| detail.to_owned()),
    };
    if json.peek() != Some(b'[') {
        return malformed(&json, None, "the text is not a list");
    }
    let mut index = 0;
    let mut kind = None;
    let mut id: Option<&'a str> = None;
    let mut name: Option<Cow<'a, str>> = None;
    let mut code = None;
    let mut payload: Option<&'a str> = None;
    let mut decoded: Option<(Action, (Request, bool))> = None;
    let mut not_an_object = false;
    let mut mended_before = false;
    json.one_or_many(|json| {
        match (index, kind) {
            (0, _) => {
                kind = field::integer(json);
                mended_before = json.repaired();
            }
            (1, _) => {
                // `[2,,"X",{}]` has no id; its action is none.
                let in_place = json.repaired() == mended_before;
                let from = json.position();
                json.skip();
                id = Some(json.text_between(from, json.position()).trim())
                    .filter(|id| in_place && is_id(id));
            }
            (2, Some(2 | 6)) => name = json.text(),
            (2, Some(4 | 5)) => code = field::short(json, 64),
            (2, Some(3)) => {
                let from = json.position();
                json.skip();
                payload = Some(json.text_between(from, json.position()).trim());
            }
            (3, Some(2 | 6)) => {
                let action = name
                    .as_deref()
                    .and_then(|name| Action::of(reading.version, name));
                not_an_object = !matches!(json.peek(), Some(b'{' | b'n'));
                let from = json.position();
                match action {
                    Some(action) => decoded = Some((action, decode(action, json, reading.hasher))),
                    None => {
                        json.skip();
                        payload = Some(json.text_between(from, json.position()));
                    }
                }
            }
            _ => {}
        }
        index += 1;
    });
    let head = Head {
        kind: kind.unwrap_or(0),
        id: id.unwrap_or_default(),
    };
    if json.error().is_some() || !json.at_end() {
        return malformed(&json, call_id_of(text), "something follows the frame");
    }
    if kind.is_none() {
        return malformed(&json, None, "the first element is not a message type");
    }
    if !(2..=6).contains(&head.kind) {
        return Frame::Other { kind: head.kind };
    }
    if head.id.is_empty() {
        return malformed(&json, None, "the second element is not a message id");
    }
    let id = head.id;
    match head.kind {
        3 => Frame::Result {
            id,
            payload: payload.unwrap_or("{}"),
        },
        4 | 5 => Frame::Error {
            id,
            code: code.unwrap_or_default(),
            answers_result: head.kind == 5,
        },
        kind => {
            let silent = kind == 6;
            let call_id = (!silent).then_some(id);
            let Some(name) = name else {
                return malformed(&json, call_id, "the third element is not an action");
            };
            if not_an_object {
                return malformed(&json, call_id, "the payload is not an object");
            }
            let Some(action) = Action::of(reading.version, &name) else {
                return Frame::Unknown {
                    id,
                    action: name,
                    payload: payload.unwrap_or("{}"),
                    silent,
                };
            };
            let repaired = json.repaired();
            if repaired && !(reading.repair_metering && action.is_metering()) {
                return malformed(&json, call_id, "a value is missing, or a comma is too much");
            }
            // SteVe maps a null payload to an empty one (its issue 1109); a missing one is the same thing.
            let (_, (request, zoneless)) = decoded.unwrap_or_else(|| {
                (
                    action,
                    decode(action, &mut Json::new("{}", 1), reading.hasher),
                )
            });
            Frame::Call {
                id,
                action,
                request,
                silent,
                zoneless,
                repaired,
            }
        }
    }
}

/// A JSON string or number.
fn is_id(text: &str) -> bool {
    text.len() <= 256
        && (text.starts_with('"') || text.starts_with('-') || text.starts_with(|c: char| c.is_ascii_digit()))
        // What is given back must be JSON itself: an id with a raw control character in it is not.
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The id of a request whose rest is broken (`"transactionId":,` is sent by real charge points): enough to answer it with an error.
pub fn call_id_of(text: &str) -> Option<&str> {
    let rest = text
        .trim_start()
        .strip_prefix('[')?
        .trim_start()
        .trim_start_matches(',')
        .trim_start();
    let rest = rest
        .strip_prefix('2')?
        .trim_start()
        .strip_prefix(',')?
        .trim_start();
    let mut json = Json::new(rest, 1);
    json.skip();
    let id = rest
        .get(..json.position())
        .filter(|_| json.error().is_none())?;
    is_id(id).then_some(id)
}

#[cfg(test)]
mod tests;
