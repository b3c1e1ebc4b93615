//! What we send: typed payloads of `ocpp_rs`, so that every answer is valid against the official schemas of OCPP 1.6.

use ocpp_rs::v16::call_result::{
    Authorize, BootNotification, DataTransfer, EmptyResponse, Heartbeat, SignCertificate, StartTransaction, StopTransaction,
};
use ocpp_rs::v16::data_types::{DateTimeWrapper, IdTagInfo};
use ocpp_rs::v16::enums::{AuthorizationStatus, CertificateSignedStatus, DataTransferStatus, RegistrationStatus};
use serde::Serialize;

use crate::units::UtcMs;

/// Why a request is answered with an error (OCPP-J 1.6, section 4.2.3, in its own spelling).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ErrorCode {
    /// No such action here.
    NotImplemented,
    /// The frame is broken.
    FormationViolation,
}

impl ErrorCode {
    fn name(self) -> &'static str {
        match self {
            Self::NotImplemented => "NotImplemented",
            Self::FormationViolation => "FormationViolation",
        }
    }
}

/// `[4, id, code, description, {}]`; `id` is JSON text, given back as it came.
pub(super) fn error(id: &str, code: ErrorCode, description: &str) -> String {
    let short: String = description.chars().take(255).collect();
    let description = serde_json::to_string(&short).unwrap_or_else(|_| "\"\"".to_owned());
    format!("[4,{id},\"{}\",{description},{{}}]", code.name())
}

/// `[3, id, payload]`.
fn result(id: &str, payload: &impl Serialize) -> String {
    let payload = serde_json::to_string(payload).expect("structures of text and numbers always serialise");
    format!("[3,{id},{payload}]")
}

pub(super) fn empty(id: &str) -> String {
    result(id, &EmptyResponse {})
}

pub(super) fn boot(id: &str, now: UtcMs, interval_s: i32) -> String {
    result(id, &BootNotification { current_time: time(now), interval: interval_s, status: RegistrationStatus::Accepted })
}

pub(super) fn heartbeat(id: &str, now: UtcMs) -> String {
    result(id, &Heartbeat { current_time: time(now) })
}

pub(super) fn authorize(id: &str, accepted: bool) -> String {
    result(id, &Authorize { id_tag_info: tag_info(accepted) })
}

pub(super) fn start_transaction(id: &str, transaction_id: i32, accepted: bool) -> String {
    result(id, &StartTransaction { transaction_id, id_tag_info: tag_info(accepted) })
}

pub(super) fn stop_transaction(id: &str, with_tag: bool) -> String {
    result(id, &StopTransaction { id_tag_info: with_tag.then(|| tag_info(true)) })
}

/// No vendor's extension is known here.
pub(super) fn data_transfer(id: &str) -> String {
    result(id, &DataTransfer { status: DataTransferStatus::UnknownVendorId, data: None })
}

/// There is no certificate authority here.
pub(super) fn sign_certificate(id: &str) -> String {
    result(id, &SignCertificate { status: CertificateSignedStatus::Rejected })
}

fn tag_info(accepted: bool) -> IdTagInfo {
    let status = if accepted { AuthorizationStatus::Accepted } else { AuthorizationStatus::Invalid };
    IdTagInfo { expiry_date: None, parent_id_tag: None, status }
}

/// Always with milliseconds and `Z`: charge points exist that cannot read anything else.
fn time(now: UtcMs) -> DateTimeWrapper {
    serde_json::from_value(serde_json::Value::String(now.to_string())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_as_they_leave() {
        let now = UtcMs(1_787_303_702_120);
        for (frame, want) in [
            (boot("\"1\"", now, 300), r#"[3,"1",{"currentTime":"2026-08-21T09:15:02.120Z","interval":300,"status":"Accepted"}]"#),
            (heartbeat("17", now), r#"[3,17,{"currentTime":"2026-08-21T09:15:02.120Z"}]"#),
            (empty("\"1\""), r#"[3,"1",{}]"#),
            (authorize("\"1\"", false), r#"[3,"1",{"idTagInfo":{"status":"Invalid"}}]"#),
            (start_transaction("\"1\"", 7, true), r#"[3,"1",{"transactionId":7,"idTagInfo":{"status":"Accepted"}}]"#),
            (stop_transaction("\"1\"", false), r#"[3,"1",{}]"#),
            (data_transfer("\"1\""), r#"[3,"1",{"status":"UnknownVendorId"}]"#),
            (error("\"1\"", ErrorCode::FormationViolation, "a \"quote\""), r#"[4,"1","FormationViolation","a \"quote\"",{}]"#),
        ] {
            assert_eq!(frame, want);
        }
    }
}
