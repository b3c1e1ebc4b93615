//! What we send: typed payloads of `ocpp_rs`, so that every answer is valid against the official schemas of its version.

mod v16;
mod v2;

use ocpp_rs::v16::data_types::DateTimeWrapper;
use serde::Serialize;

use crate::model::OcppVersion;
use crate::ocpp::codec::Action;
use crate::units::UtcMs;

/// Why a request is answered with an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ErrorCode {
    /// No such action here.
    NotImplemented,
    /// The frame is broken.
    Format,
}

impl ErrorCode {
    /// In the spelling of the version: OCPP-J 1.6 section 4.2.3; OCPP 2.0.1 part 4 section 4.3.
    fn name(self, version: OcppVersion) -> &'static str {
        match (self, version) {
            (Self::NotImplemented, _) => "NotImplemented",
            (Self::Format, OcppVersion::V16) => "FormationViolation",
            (Self::Format, OcppVersion::V201 | OcppVersion::V21) => "FormatViolation",
        }
    }
}

/// `[4, id, code, description, {}]`; `id` is JSON text, given back as it came.
pub(super) fn error(id: &str, version: OcppVersion, code: ErrorCode, description: &str) -> String {
    let short: String = description.chars().take(255).collect();
    let description = serde_json::to_string(&short).unwrap_or_else(|_| "\"\"".to_owned());
    format!("[4,{id},\"{}\",{description},{{}}]", code.name(version))
}

/// What is known when a request is to be answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// Now.
    pub now: UtcMs,
    /// Heartbeat interval.
    pub interval_s: i32,
    /// There is a tag in the request: whether it may charge.
    pub token_accepted: Option<bool>,
    /// StartTransaction: the id given.
    pub transaction_id: Option<i32>,
    /// The request itself.
    pub text: &'a str,
}

/// The answer to a request; an error where the answer would have to repeat something that cannot be read.
pub(super) fn result(id: &str, action: Action, facts: &Facts<'_>) -> String {
    match action {
        Action::V16(action) => v16::result(id, action, facts),
        Action::V2(action) => v2::result(id, action, facts),
    }
}

/// `[3, id, payload]`.
fn frame(id: &str, payload: &impl Serialize) -> String {
    let payload =
        serde_json::to_string(payload).expect("structures of text and numbers always serialise");
    format!("[3,{id},{payload}]")
}

/// Always with milliseconds and `Z`: charge points exist that cannot read anything else.
fn time(now: UtcMs) -> DateTimeWrapper {
    serde_json::from_value(serde_json::Value::String(now.to_string())).unwrap_or_default()
}
