//! Building blocks of responses: typed payloads of `ocpp_rs`, so that every response is valid against the schemas of its version.

use ocpp_rs::v16::data_types::DateTimeWrapper;
use serde::Serialize;

use super::action::ResponseInputs;
use crate::units::UtcMs;

/// The JSON text of a payload.
#[expect(
    clippy::unnecessary_wraps,
    reason = "what an action's `respond` returns; few of them can fail"
)]
pub(super) fn payload(payload: &impl Serialize) -> Result<String, String> {
    Ok(serde_json::to_string(payload).expect("structures of text and numbers always serialise"))
}

/// `{}`: most notifications are only acknowledged.
#[expect(
    clippy::unnecessary_wraps,
    reason = "what an action's `respond` returns; few of them can fail"
)]
pub(super) fn empty(_: &ResponseInputs<'_>) -> Result<String, String> {
    Ok("{}".to_owned())
}

/// Always with milliseconds and `Z`: some charge points cannot parse anything else.
pub(super) fn time(now: UtcMs) -> DateTimeWrapper {
    serde_json::from_value(serde_json::Value::String(now.to_string())).unwrap_or_default()
}
