//! The OCPP-J envelope: `[2, id, action, payload]`, `[3, id, payload]`, `[4, id, code, description, details]`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::field;

/// A frame as far as it could be read. Ids are kept as they stand in the text, because some charge points send numbers and want them back.
#[derive(Debug)]
pub enum Frame<'a> {
    /// A request.
    Call {
        /// JSON text of the id.
        id: &'a str,
        /// The action.
        action: Cow<'a, str>,
        /// The payload; `None` where `null` or nothing was sent.
        payload: Option<&'a RawValue>,
    },
    /// An answer, or an error, or a type we do not know: nothing to answer.
    Other {
        /// 3, 4, or whatever it said.
        kind: i64,
    },
    /// Not a frame.
    Malformed {
        /// JSON text of the id, where the beginning looks like a request: it can be answered with an error.
        call_id: Option<&'a str>,
        /// What is wrong.
        detail: String,
    },
}

/// Reads a frame.
pub fn read(text: &str) -> Frame<'_> {
    let elements: Vec<&RawValue> = match serde_json::from_str(text) {
        Ok(elements) => elements,
        Err(error) => return Frame::Malformed { call_id: id_of_broken_call(text), detail: error.to_string() },
    };
    let malformed = |call_id, detail: &str| Frame::Malformed { call_id, detail: detail.to_owned() };
    let Some(kind) = elements.first().and_then(|kind| field::integer(kind)) else {
        return malformed(None, "the first element is not a message type");
    };
    if kind != 2 {
        return Frame::Other { kind };
    }
    let Some(id) = elements.get(1).map(|id| id.get()).filter(|id| is_id(id)) else {
        return malformed(None, "the second element is not a message id");
    };
    let Some(action) = elements.get(2).and_then(|action| field::text(action)) else {
        return malformed(Some(id), "the third element is not an action");
    };
    // SteVe maps a null payload to an empty one (its issue 1109); a missing one is the same thing.
    let payload = elements.get(3).copied().filter(|payload| payload.get() != "null");
    if payload.is_some_and(|payload| !payload.get().starts_with('{')) {
        return malformed(Some(id), "the payload is not an object");
    }
    Frame::Call { id, action, payload }
}

/// A JSON string or number.
fn is_id(text: &str) -> bool {
    text.len() <= 256 && (text.starts_with('"') || text.starts_with('-') || text.starts_with(|c: char| c.is_ascii_digit()))
}

/// The id of a request whose rest is broken (`"transactionId":,` is sent by real charge points): enough to answer it with an error.
fn id_of_broken_call(text: &str) -> Option<&str> {
    let rest = text.trim_start().strip_prefix('[')?.trim_start().strip_prefix('2')?.trim_start().strip_prefix(',')?.trim_start();
    let end = match rest.strip_prefix('"') {
        Some(inside) => {
            let mut escaped = false;
            let close = inside.bytes().position(|byte| {
                let closes = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                closes
            })?;
            close + 2
        }
        None => rest.find(|c: char| !c.is_ascii_digit() && c != '-').filter(|end| *end > 0)?,
    };
    // What is given back must be JSON itself: an id with a raw control character in it is not.
    let id = rest.get(..end)?;
    (is_id(id) && serde_json::from_str::<&RawValue>(id).is_ok()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_requests_in_their_dialects() {
        for (text, want_id, want_payload) in [
            (r#"[2,"1","Heartbeat",{}]"#, r#""1""#, Some("{}")),
            (" [ 2 , 17 , \"Heartbeat\" , null ]\n", "17", None),
            (r#"[2,"1","Heartbeat"]"#, r#""1""#, None),
            (r#"["2","1","Heartbeat",{}]"#, r#""1""#, Some("{}")),
        ] {
            let Frame::Call { id, action, payload } = read(text) else { panic!("{text}") };
            assert_eq!((id, action.as_ref(), payload.map(RawValue::get)), (want_id, "Heartbeat", want_payload), "{text}");
        }
        for (text, want) in [(r#"[3,"1",{}]"#, 3), (r#"[4,"1"]"#, 4), (r#"[6,"1","X",{}]"#, 6)] {
            assert!(matches!(read(text), Frame::Other { kind } if kind == want), "{text}");
        }
    }

    #[test]
    fn finds_the_id_of_broken_requests() {
        for (text, want) in [
            (r#"[2,"a\"b","MeterValues",{"transactionId":,}]"#, Some(r#""a\"b""#)),
            (r#"[2, 17 ,"MeterValues",{"connectorId":1"#, Some("17")),
            (r#"[2,"1","X",[]]"#, Some(r#""1""#)),
            (r#"[2,"1",{}]"#, Some(r#""1""#)),
            (r#"[2,"1"#, None),
            (r#"[2,,"X",{}]"#, None),
            (r#"{"a":1}"#, None),
            ("", None),
            ("[", None),
            ("[2,\"a\u{1}b\",X", None),
            ("[2,null,\"X\",{}]", None),
        ] {
            let Frame::Malformed { call_id, .. } = read(text) else { panic!("{text}") };
            assert_eq!(call_id, want, "{text}");
        }
    }

    #[test]
    fn nothing_that_can_arrive_panics() {
        let frame = r#"[2,"17","StopTransaction",{"transactionId":4711,"idTag":"04A1","meterStop":"1,5","timestamp":"2026-08-21T09:15:02+01","transactionData":[
            {"timestamp":"2026-08-21T09:15:02Z","sampledValue":[{"value":" 9.6","unit":"kWh","phase":"L1-N","context":"Transaction.End"},{"value":"é"}]}]}]"#;
        let hasher = crate::model::TokenHasher::new(&[0; 32]);
        let mut state = 1u64;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let mut understood = 0;
        for _ in 0..30_000 {
            let mut bytes = frame.as_bytes().to_vec();
            for _ in 0..random(5) {
                let at = random(bytes.len());
                bytes[at] = b"[]{}\",:0-9e\\ \xff\0"[random(15)];
            }
            bytes.truncate(bytes.len() - random(bytes.len()) * usize::from(random(3) == 0));
            let text = String::from_utf8_lossy(&bytes);
            if let Frame::Call { payload, .. } = read(&text) {
                understood += 1;
                for (_, action) in super::super::v16::ACTIONS {
                    super::super::v16::decode(*action, payload, &hasher);
                }
            }
        }
        assert!(understood > 1_000, "the mutations are too wild to reach the payload");
    }
}
