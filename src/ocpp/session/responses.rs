//! The frames that a session sends in reply to a request: a response, or an error.

use crate::model::OcppVersion;
use crate::ocpp::codec::{Action, ResponseInputs};

/// Why a request is answered with an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ErrorCode {
    /// The action is unknown.
    NotImplemented,
    /// The frame is malformed.
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

/// `[4, id, code, description, {}]`; `id` is JSON text and is returned as it was received.
pub(super) fn error(id: &str, version: OcppVersion, code: ErrorCode, description: &str) -> String {
    let short: String = description.chars().take(255).collect();
    let description = serde_json::to_string(&short).unwrap_or_else(|_| "\"\"".to_owned());
    format!("[4,{id},\"{}\",{description},{{}}]", code.name(version))
}

/// `[3, id, payload]`; an error where the response would have to repeat a malformed part of the request.
pub(super) fn result(
    id: &str,
    version: OcppVersion,
    action: Action,
    inputs: &ResponseInputs<'_>,
) -> String {
    match action.response(inputs) {
        Ok(payload) => format!("[3,{id},{payload}]"),
        Err(description) => error(id, version, ErrorCode::Format, &description),
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::session::responses::*;
    use crate::units::UtcMs;

    #[test]
    fn responses_repeat_the_id_and_hold_a_valid_payload() {
        let inputs = |token_accepted| ResponseInputs {
            now: UtcMs(1_787_303_702_120),
            interval_s: 300,
            token_accepted,
            transaction_id: Some(7),
            frame: "",
        };
        for (id, action, token, want) in [
            (
                "\"1\"",
                "BootNotification",
                None,
                r#"[3,"1",{"currentTime":"2026-08-21T09:15:02.120Z","interval":300,"status":"Accepted"}]"#,
            ),
            (
                "17",
                "Heartbeat",
                None,
                r#"[3,17,{"currentTime":"2026-08-21T09:15:02.120Z"}]"#,
            ),
            ("\"1\"", "StatusNotification", None, r#"[3,"1",{}]"#),
            (
                "\"1\"",
                "Authorize",
                Some(false),
                r#"[3,"1",{"idTagInfo":{"status":"Invalid"}}]"#,
            ),
            (
                "\"1\"",
                "StartTransaction",
                None,
                r#"[3,"1",{"transactionId":7,"idTagInfo":{"status":"Accepted"}}]"#,
            ),
            ("\"1\"", "StopTransaction", None, r#"[3,"1",{}]"#),
            (
                "\"1\"",
                "DataTransfer",
                None,
                r#"[3,"1",{"status":"UnknownVendorId"}]"#,
            ),
        ] {
            let version = OcppVersion::V16;
            let action = Action::from_name(version, action).unwrap();
            assert_eq!(result(id, version, action, &inputs(token)), want);
        }
    }

    #[test]
    fn error_codes_have_the_spelling_of_their_version() {
        for (version, want) in [
            (
                OcppVersion::V16,
                r#"[4,"1","FormationViolation","a \"quote\"",{}]"#,
            ),
            (
                OcppVersion::V21,
                r#"[4,"1","FormatViolation","a \"quote\"",{}]"#,
            ),
        ] {
            assert_eq!(
                error("\"1\"", version, ErrorCode::Format, "a \"quote\""),
                want
            );
        }
    }
}
