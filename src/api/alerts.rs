//! `/api/v1/alerts/ack`, `/silence` and `/unsilence`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::caller::Caller;
use super::route::Post;
use crate::engine::{AckAlert, EndSilence, SilenceAlerts};
use crate::model::Fingerprint;

/// Longest text of a person that is stored.
const MAX_TEXT: usize = 1_000;
/// Most matchers of a silence.
const MAX_MATCHERS: usize = 20;
/// Longest silence: a year.
const MAX_SILENCE_S: u64 = 366 * 86_400;

pub(super) struct Ack;

/// Body of `/api/v1/alerts/ack`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AckBody {
    /// 16 hex digits.
    fingerprint: String,
    /// Name of the person; a login's own name goes before it.
    #[serde(default)]
    by: String,
}

impl Post for Ack {
    const PATH: &'static str = "/alerts/ack";
    const SUMMARY: &'static str = "Acknowledge an alert; answers once the change is durable";
    const BODY: &'static str = "{\"fingerprint\": <16 hex digits>, \"by\": <name>}";
    type Body = AckBody;
    type Command = AckAlert;

    fn command(body: AckBody, caller: &Caller) -> Result<AckAlert, String> {
        Ok(AckAlert {
            fingerprint: body.fingerprint.parse::<Fingerprint>()?,
            by: limited("by", caller.signature(body.by))?,
        })
    }

    fn log_text(command: &AckAlert) -> String {
        format!("acknowledged alert {}", command.fingerprint)
    }
}

pub(super) struct Silence;

/// Body of `/api/v1/alerts/silence`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SilenceBody {
    /// Labels that an alert must have, such as `{"site": "DERBY"}`.
    matchers: BTreeMap<String, String>,
    /// Length of the silence.
    duration_s: u64,
    /// Name of the person; a login's own name goes before it.
    #[serde(default)]
    by: String,
    /// Reason for the silence.
    #[serde(default)]
    comment: String,
}

impl Post for Silence {
    const PATH: &'static str = "/alerts/silence";
    const SUMMARY: &'static str = "Silence alerts; answers once the change is durable";
    const BODY: &'static str = "{\"matchers\": {<label>: <value>}, \"duration_s\": <number>, \"by\": <name>, \"comment\": <reason>}";
    type Body = SilenceBody;
    type Command = SilenceAlerts;

    fn command(body: SilenceBody, caller: &Caller) -> Result<SilenceAlerts, String> {
        let matchers = body.matchers;
        let is_long = |(name, value): (&String, &String)| name.len() + value.len() > MAX_TEXT;
        if matchers.len() > MAX_MATCHERS || matchers.iter().any(is_long) {
            return Err("at most 20 matchers, none longer than 1000 characters".to_owned());
        }
        if !(1..=MAX_SILENCE_S).contains(&body.duration_s) {
            return Err("`duration_s` must be from one second to a year".to_owned());
        }
        Ok(SilenceAlerts {
            matchers: matchers.into_iter().collect(),
            duration_ms: i64::try_from(body.duration_s * 1_000).unwrap_or(i64::MAX),
            by: limited("by", caller.signature(body.by))?,
            comment: limited("comment", body.comment)?,
        })
    }

    fn log_text(command: &SilenceAlerts) -> String {
        format!("silenced alerts for {} s", command.duration_ms / 1_000)
    }
}

pub(super) struct Unsilence;

/// Body of `/api/v1/alerts/unsilence`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnsilenceBody {
    /// Number of the silence.
    id: u64,
}

impl Post for Unsilence {
    const PATH: &'static str = "/alerts/unsilence";
    const SUMMARY: &'static str = "End a silence; answers once the change is durable";
    const BODY: &'static str = "{\"id\": <number>}";
    type Body = UnsilenceBody;
    type Command = EndSilence;

    fn command(UnsilenceBody { id }: UnsilenceBody, _: &Caller) -> Result<EndSilence, String> {
        Ok(EndSilence { id })
    }

    fn log_text(command: &EndSilence) -> String {
        format!("ended silence {}", command.id)
    }
}

fn limited(name: &str, text: String) -> Result<String, String> {
    if text.len() <= MAX_TEXT {
        Ok(text)
    } else {
        Err(format!("`{name}` is longer than {MAX_TEXT} bytes"))
    }
}
