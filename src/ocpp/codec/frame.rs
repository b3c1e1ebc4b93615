//! The OCPP-J envelope: `[2, id, action, payload]`, `[3, id, payload]`, `[4, id, code, description, details]`; in OCPP 2.1 also
//! `[5, id, ...]` (CALLRESULTERROR) and `[6, id, action, payload]` (SEND).

use std::borrow::Cow;

use super::{Action, Request, field};
use crate::json::Json;
use crate::model::{OcppVersion, RejectReason, TokenHasher};

/// How a frame is parsed.
#[derive(Clone, Copy, Debug)]
pub struct ParseOptions<'a> {
    /// The version agreed on.
    pub version: OcppVersion,
    /// Replaces RFID tags by their keyed hashes.
    pub hasher: &'a TokenHasher,
    /// How deep JSON may nest.
    pub max_depth: usize,
    /// Accept metering from frames in which a value is missing or a comma is missing or too much.
    pub repair_metering: bool,
}

/// A parsed frame. Ids are kept as JSON text, because some charge points send numbers and expect numbers back.
#[derive(Debug)]
pub enum Frame<'a> {
    /// A request of a known action.
    Call {
        /// JSON text of the id.
        id: &'a str,
        /// Action of the request, `BootNotification` for example.
        action: Action,
        /// The decoded payload.
        request: Request,
        /// A SEND: no response may follow.
        silent: bool,
        /// A time in it lacks its zone.
        zoneless: bool,
        /// The JSON was broken and has been repaired.
        repaired: bool,
    },
    /// A request of an unknown action.
    Unknown {
        /// JSON text of the id.
        id: &'a str,
        /// The action, as sent.
        action: Cow<'a, str>,
        /// JSON text of the payload.
        payload: &'a str,
        /// A SEND: no response may follow.
        silent: bool,
    },
    /// A response to a request of ours (or of the operator).
    Result {
        /// JSON text of the id.
        id: &'a str,
        /// JSON text of the payload.
        payload: &'a str,
    },
    /// CALLERROR, or CALLRESULTERROR if `answers_result`.
    Error {
        /// JSON text of the id.
        id: &'a str,
        /// The code, as sent.
        code: String,
        /// It refuses a response instead of a request.
        answers_result: bool,
    },
    /// An unknown message type; OCPP-J has no response to it.
    Other {
        /// The message type, as sent.
        kind: i64,
    },
    /// The text is no OCPP-J frame.
    Malformed {
        /// JSON text of the id, if the beginning looks like a request: then it can be answered with an error.
        call_id: Option<&'a str>,
        /// The class of the defect, for the counters.
        reason: RejectReason,
        /// The defect itself.
        detail: String,
    },
}

/// The elements of a frame, as far as they are of use.
#[derive(Default)]
struct Elements<'a> {
    kind: Option<i64>,
    /// Empty if it is missing or no id.
    id: &'a str,
    name: Option<Cow<'a, str>>,
    code: Option<String>,
    payload: Option<&'a str>,
    /// A request of a known action, and whether a time in it lacks its zone. The payload may be missing.
    action: Option<Action>,
    decoded: Option<(Request, bool)>,
    payload_is_no_object: bool,
}

impl<'a> Elements<'a> {
    fn parse(json: &mut Json<'a>, options: &ParseOptions<'_>) -> Self {
        let mut elements = Self::default();
        let mut index = 0;
        let mut repaired_before = false;
        json.one_or_many(|json| {
            match (index, elements.kind) {
                (0, _) => {
                    elements.kind = field::integer(json);
                    repaired_before = json.repaired();
                }
                (1, _) => {
                    // `[2,,"X",{}]` has no id: the text found in second place is its action.
                    let in_place = json.repaired() == repaired_before;
                    let id = raw(json).trim();
                    elements.id = if in_place && is_id(id) { id } else { "" };
                }
                (2, Some(2 | 6)) => elements.name = json.text(),
                (2, Some(4 | 5)) => elements.code = field::short(json, super::MAX_TEXT),
                (2, Some(3)) => elements.payload = Some(raw(json).trim()),
                (3, Some(2 | 6)) => elements.request(json, options),
                _ => {}
            }
            index += 1;
        });
        if elements.action.is_none() {
            elements.action = elements.known_action(options.version);
        }
        elements
    }

    fn known_action(&self, version: OcppVersion) -> Option<Action> {
        Action::from_name(version, self.name.as_deref()?)
    }

    /// The payload of a request.
    fn request(&mut self, json: &mut Json<'a>, options: &ParseOptions<'_>) {
        self.payload_is_no_object = !matches!(json.peek(), Some(b'{' | b'n'));
        self.action = self.known_action(options.version);
        match self.action {
            Some(action) => self.decoded = Some(action.decode(json, options.hasher)),
            None => self.payload = Some(raw(json)),
        }
    }
}

/// The JSON text of the next value.
fn raw<'a>(json: &mut Json<'a>) -> &'a str {
    let from = json.position();
    json.skip();
    json.text_between(from, json.position())
}

/// Parses a frame.
pub fn parse<'a>(text: &'a str, options: &ParseOptions<'_>) -> Frame<'a> {
    let mut json = Json::new(text, options.max_depth);
    if json.peek() != Some(b'[') {
        return malformed(&json, None, "the text is not a list");
    }
    let elements = Elements::parse(&mut json, options);
    if json.error().is_some() || !json.at_end() {
        return malformed(&json, call_id_of(text), "something follows the frame");
    }
    let Some(kind) = elements.kind else {
        return malformed(&json, None, "the first element is not a message type");
    };
    let id = elements.id;
    match kind {
        2..=6 if id.is_empty() => malformed(&json, None, "the second element is not a message id"),
        2 | 6 => call(&json, elements, kind == 6, options),
        3 => Frame::Result {
            id,
            payload: elements.payload.unwrap_or("{}"),
        },
        4 | 5 => Frame::Error {
            id,
            code: elements.code.unwrap_or_default(),
            answers_result: kind == 5,
        },
        kind => Frame::Other { kind },
    }
}

fn malformed<'a>(json: &Json<'_>, call_id: Option<&'a str>, detail: &str) -> Frame<'a> {
    Frame::Malformed {
        call_id,
        reason: if json.too_deep() {
            RejectReason::TooDeep
        } else {
            RejectReason::Syntax
        },
        detail: json.error().unwrap_or_else(|| detail.to_owned()),
    }
}

/// CALL or SEND.
fn call<'a>(
    json: &Json<'_>,
    elements: Elements<'a>,
    silent: bool,
    options: &ParseOptions<'_>,
) -> Frame<'a> {
    let id = elements.id;
    let call_id = (!silent).then_some(id);
    let Some(name) = elements.name else {
        return malformed(json, call_id, "the third element is not an action");
    };
    if elements.payload_is_no_object {
        return malformed(json, call_id, "the payload is not an object");
    }
    let Some(action) = elements.action else {
        return Frame::Unknown {
            id,
            action: name,
            payload: elements.payload.unwrap_or("{}"),
            silent,
        };
    };
    let repaired = json.repaired();
    if repaired && !(options.repair_metering && action.is_metering()) {
        return malformed(json, call_id, "a value is missing, or a comma is too much");
    }
    // A null payload counts as an empty one (some charge points send it: SteVe issue 1109), and so does a missing one.
    let (request, zoneless) = elements
        .decoded
        .unwrap_or_else(|| action.decode(&mut Json::new("{}", 1), options.hasher));
    Frame::Call {
        id,
        action,
        request,
        silent,
        zoneless,
        repaired,
    }
}

/// A JSON string or number.
fn is_id(text: &str) -> bool {
    text.len() <= 256
        && (text.starts_with('"') || text.starts_with('-') || text.starts_with(|c: char| c.is_ascii_digit()))
        // The id becomes part of a response, which must be JSON: an id with a raw control character is not.
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The id of a request whose rest is broken, to answer it with an error. Real charge points send `"transactionId":,`, for example.
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
