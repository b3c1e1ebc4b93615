//! The POSTs of the API: what a person wants done, answered once it is on disk.
//!
//! A form of a foreign page cannot send JSON without asking first, and nobody answers that question here; so the content type is a
//! second guard, behind the gate that looks at where a request comes from.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::access::Caller;
use super::api::{json, problem};
use super::{Site, Wish};
use crate::model::Fingerprint;

/// Longest text of a person that is kept.
const MAX_TEXT: usize = 1_000;
/// Longest silence: a year.
const MAX_SILENCE_S: u64 = 366 * 86_400;

/// `{"entry": 7}`.
pub(super) async fn undo_counter_event(
    state: State<Site>,
    caller: Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wish = |UndoRequest { entry }| Ok(Wish::UndoCounterEvent(entry));
    command(state, &caller, headers, body, "{\"entry\": <number>}", wish).await
}

/// `{"fingerprint": "...", "by": "..."}`.
pub(super) async fn ack_alert(
    state: State<Site>,
    caller: Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wish = |AckRequest { fingerprint, by }: AckRequest| {
        let fingerprint = fingerprint.parse::<Fingerprint>()?;
        Ok(Wish::AckAlert {
            fingerprint,
            by: short("by", caller.signs(by))?,
        })
    };
    command(
        state,
        &caller,
        headers,
        body,
        "{\"fingerprint\": <16 hex digits>, \"by\": <who>}",
        wish,
    )
    .await
}

/// `{"matchers": {"site": "DERBY"}, "duration_s": 7200, "by": "...", "comment": "..."}`.
pub(super) async fn silence_alerts(
    state: State<Site>,
    caller: Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wish = |SilenceRequest {
                    matchers,
                    duration_s,
                    by,
                    comment,
                }: SilenceRequest| {
        if matchers.len() > 20
            || matchers
                .iter()
                .any(|(name, value)| name.len() + value.len() > MAX_TEXT)
        {
            return Err("at most 20 matchers, none longer than 1000 characters".to_owned());
        }
        if !(1..=MAX_SILENCE_S).contains(&duration_s) {
            return Err("`duration_s` must be from one second to a year".to_owned());
        }
        Ok(Wish::SilenceAlerts {
            matchers: matchers.into_iter().collect(),
            duration_ms: i64::try_from(duration_s * 1_000).unwrap_or(i64::MAX),
            by: short("by", caller.signs(by))?,
            comment: short("comment", comment)?,
        })
    };
    const WANTED: &str = "{\"matchers\": {<label>: <value>}, \"duration_s\": <number>, \"by\": <who>, \"comment\": <why>}";
    command(state, &caller, headers, body, WANTED, wish).await
}

/// `{"id": 3}`.
pub(super) async fn end_silence(
    state: State<Site>,
    caller: Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wish = |UnsilenceRequest { id }| Ok(Wish::EndSilence(id));
    command(state, &caller, headers, body, "{\"id\": <number>}", wish).await
}

async fn command<T: DeserializeOwned>(
    State(site): State<Site>,
    caller: &Caller,
    headers: HeaderMap,
    body: Bytes,
    wanted: &str,
    wish: impl FnOnce(T) -> Result<Wish, String>,
) -> Response {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send `Content-Type: application/json`",
        );
    }
    let asked: T = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => {
            return problem(
                StatusCode::BAD_REQUEST,
                &format!("the body is not {wanted}: {error}"),
            );
        }
    };
    // What was done, for the log: an entry of registers that is undone keeps no name of who did it.
    match wish(asked).map(|wish| (word(&wish), wish)) {
        Err(reason) => problem(StatusCode::BAD_REQUEST, &reason),
        Ok((said, wish)) => match site.wish(wish).await {
            Ok(body) => {
                tracing::info!(by = caller.name(), "done: {said}");
                json(StatusCode::OK, body)
            }
            Err(reason) => problem(StatusCode::CONFLICT, &reason),
        },
    }
}

fn word(wish: &Wish) -> String {
    match wish {
        Wish::See(_) => "looked".to_owned(),
        Wish::UndoCounterEvent(entry) => format!("undid counter entry {entry}"),
        Wish::AckAlert { fingerprint, .. } => format!("acknowledged alert {fingerprint}"),
        Wish::SilenceAlerts { duration_ms, .. } => {
            format!("silenced alerts for {} s", duration_ms / 1_000)
        }
        Wish::EndSilence(id) => format!("ended silence {id}"),
    }
}

fn short(name: &str, text: String) -> Result<String, String> {
    if text.len() <= MAX_TEXT {
        Ok(text)
    } else {
        Err(format!("`{name}` is longer than {MAX_TEXT} bytes"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UndoRequest {
    entry: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AckRequest {
    fingerprint: String,
    #[serde(default)]
    by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SilenceRequest {
    matchers: BTreeMap<String, String>,
    duration_s: u64,
    #[serde(default)]
    by: String,
    #[serde(default)]
    comment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnsilenceRequest {
    id: u64,
}
