//! Messages that were rejected: counted by source and reason, and the newest kept for people to look at. RFID tags and passwords in them
//! are redacted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::PoisonError;

use super::Stats;
use crate::model::redact;
use crate::units::UtcMs;

/// The number of rejects that are kept.
const MAX_KEPT: usize = 256;
/// The length of the excerpt of a rejected message, in bytes.
const EXCERPT_BYTES: usize = 256;

/// The reason why a message was rejected. Its name is the label in `/metrics` and in `/api/v1/rejects`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// No format has this topic.
    UnknownTopic,
    /// The text is not in the syntax of its format (JSON, a number, an OCPP frame).
    Syntax,
    /// The text is not UTF-8.
    Utf8,
    /// The message is larger than the limit.
    TooLarge,
    /// The JSON is nested deeper than the limit.
    TooDeep,
    /// The message has more samples than the limit.
    TooManySamples,
    /// A number is NaN, infinite or out of range.
    Number,
    /// A time cannot be parsed, or is too far in the future.
    Time,
    /// The quantity does not have this unit.
    Unit,
    /// An id has characters or a length that ids must not have.
    Id,
    /// A field has the wrong type.
    Type,
    /// The format has no such key.
    UnknownKey,
    /// The message is empty although its type requires content.
    Empty,
    /// OCPP has no such action.
    UnknownAction,
    /// A limit on assets, connectors or series is reached.
    Limit,
    /// A charge point could not use our response (CALLRESULTERROR).
    AnswerRefused,
    /// The charge point or device is not in the register.
    NotRegistered,
    /// Credentials are wrong or missing.
    Credentials,
}

impl RejectReason {
    /// The name of the reason in metrics and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownTopic => "unknown_topic",
            Self::Syntax => "syntax",
            Self::Utf8 => "utf8",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::TooManySamples => "too_many_samples",
            Self::Number => "number",
            Self::Time => "time",
            Self::Unit => "unit",
            Self::Id => "id",
            Self::Type => "type",
            Self::UnknownKey => "unknown_key",
            Self::Empty => "empty",
            Self::UnknownAction => "unknown_action",
            Self::Limit => "limit",
            Self::AnswerRefused => "answer_refused",
            Self::NotRegistered => "not_registered",
            Self::Credentials => "credentials",
        }
    }
}

/// A rejected message, kept for people to look at.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Reject {
    /// The time of arrival, RFC 3339.
    pub at: String,
    /// `mqtt` or `ocpp`.
    pub source: &'static str,
    /// The topic or the charge point id.
    pub origin: String,
    /// Why the message was rejected.
    pub reason: RejectReason,
    /// The reason in detail, redacted.
    pub detail: String,
    /// The first 256 bytes as text, redacted. Bytes that are not UTF-8 are replaced.
    pub excerpt: String,
}

#[derive(Debug, Default)]
pub(super) struct Rejects {
    counts: BTreeMap<(&'static str, RejectReason), u64>,
    newest: VecDeque<Reject>,
}

/// Sums of rejects for `/metrics` and the measurement `ingest_stats`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StatsSnapshot {
    /// Rejected MQTT messages.
    pub mqtt_rejected: u64,
    /// Rejected OCPP frames.
    pub ocpp_rejected: u64,
    /// Rejects by source and reason.
    pub rejects: Vec<(&'static str, &'static str, u64)>,
}

impl Stats {
    /// Counts a rejected message, and keeps its beginning without RFID tags and passwords.
    pub fn reject(
        &self,
        now: UtcMs,
        source: &'static str,
        origin: &str,
        reason: RejectReason,
        detail: &str,
        raw: &[u8],
    ) {
        let reject = Reject {
            at: now.to_string(),
            source,
            origin: origin.chars().take(EXCERPT_BYTES).collect(),
            reason,
            detail: redacted(detail),
            excerpt: excerpt(raw),
        };
        let mut rejects = self.rejects.lock().unwrap_or_else(PoisonError::into_inner);
        *rejects.counts.entry((source, reason)).or_default() += 1;
        if rejects.newest.len() == MAX_KEPT {
            rejects.newest.pop_front();
        }
        rejects.newest.push_back(reject);
    }

    /// The kept rejects, newest first.
    pub fn rejects(&self) -> Vec<Reject> {
        let rejects = self.rejects.lock().unwrap_or_else(PoisonError::into_inner);
        rejects.newest.iter().rev().cloned().collect()
    }

    /// Sums of rejects.
    pub fn snapshot(&self) -> StatsSnapshot {
        let rejects = self.rejects.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |wanted: &str| {
            rejects
                .counts
                .iter()
                .filter(|((source, _), _)| *source == wanted)
                .map(|(_, count)| count)
                .sum()
        };
        StatsSnapshot {
            mqtt_rejected: sum("mqtt"),
            ocpp_rejected: sum("ocpp"),
            rejects: rejects
                .counts
                .iter()
                .map(|((source, reason), count)| (*source, reason.name(), *count))
                .collect(),
        }
    }
}

fn redacted(text: &str) -> String {
    redact(text, |_| "***".to_owned()).into_owned()
}

/// The beginning of a message. The whole message is redacted before it is cut, because the word that marks a value as a password may stand
/// behind the cut.
fn excerpt(raw: &[u8]) -> String {
    let mut text = redacted(&String::from_utf8_lossy(raw));
    // `str::floor_char_boundary` is newer than the oldest compiler that is supported.
    let end = (0..=EXCERPT_BYTES.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use crate::model::stats::*;

    #[test]
    fn a_reject_keeps_no_tags_and_no_passwords() {
        let padding = "x".repeat(EXCERPT_LENGTH);
        let late = format!(r#"{{"value":"hunter2","x":"{padding}","key":"AuthorizationKey"}}"#);
        for (detail, raw) in [
            (r#"`{"idTag":"04A1B2"}` is no action"#, "{}"),
            ("", r#"[2,"1","Authorize",{"idTag":"04A1B2""#),
            ("", r#"{"key":"AuthorizationKey","value":"hunter2"}"#),
            ("", late.as_str()),
        ] {
            let stats = Stats::default();
            let now = UtcMs(0);
            stats.reject(
                now,
                "ocpp",
                "CP1",
                RejectReason::Syntax,
                detail,
                raw.as_bytes(),
            );
            let kept = stats.rejects().remove(0);
            let shown = format!("{}{}", kept.detail, kept.excerpt);
            assert!(shown.contains("***"), "{shown}");
            assert!(
                !shown.contains("04A1B2") && !shown.contains("hunter2"),
                "{shown}"
            );
            assert!(kept.excerpt.len() <= EXCERPT_LENGTH);
        }
    }

    const EXCERPT_LENGTH: usize = 256;
}
