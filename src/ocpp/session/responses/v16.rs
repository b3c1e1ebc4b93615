//! Answers of OCPP 1.6 and its security extension.

use ocpp_rs::v16::call_result::{
    Authorize, BootNotification, DataTransfer, EmptyResponse, Heartbeat, SignCertificate,
    StartTransaction, StopTransaction,
};
use ocpp_rs::v16::data_types::IdTagInfo;
use ocpp_rs::v16::enums::{
    AuthorizationStatus, CertificateSignedStatus, DataTransferStatus, RegistrationStatus,
};

use super::{Facts, frame, time};
use crate::ocpp::codec::v16::Action;

pub(super) fn result(id: &str, action: Action, facts: &Facts<'_>) -> String {
    match action {
        Action::BootNotification => frame(
            id,
            &BootNotification {
                current_time: time(facts.now),
                interval: facts.interval_s,
                // Never Pending: charge points exist that repeat themselves for ever then.
                status: RegistrationStatus::Accepted,
            },
        ),
        Action::Heartbeat => frame(
            id,
            &Heartbeat {
                current_time: time(facts.now),
            },
        ),
        Action::Authorize => frame(
            id,
            &Authorize {
                id_tag_info: tag_info(facts.token_accepted.unwrap_or(false)),
            },
        ),
        Action::StartTransaction => {
            let transaction_id = facts.transaction_id.unwrap_or(0);
            // A charge point that sends no tag (free vending) decides for itself.
            frame(
                id,
                &StartTransaction {
                    transaction_id,
                    id_tag_info: tag_info(facts.token_accepted.unwrap_or(true)),
                },
            )
        }
        // Whoever holds a tag may end what it began: the status here stops nothing.
        Action::StopTransaction => frame(
            id,
            &StopTransaction {
                id_tag_info: facts.token_accepted.map(|_| tag_info(true)),
            },
        ),
        // No vendor's extension is known here.
        Action::DataTransfer => frame(
            id,
            &DataTransfer {
                status: DataTransferStatus::UnknownVendorId,
                data: None,
            },
        ),
        // There is no certificate authority here.
        Action::SignCertificate => frame(
            id,
            &SignCertificate {
                status: CertificateSignedStatus::Rejected,
            },
        ),
        Action::DiagnosticsStatusNotification
        | Action::FirmwareStatusNotification
        | Action::LogStatusNotification
        | Action::MeterValues
        | Action::SecurityEventNotification
        | Action::SignedFirmwareStatusNotification
        | Action::StatusNotification => frame(id, &EmptyResponse {}),
    }
}

fn tag_info(accepted: bool) -> IdTagInfo {
    let status = if accepted {
        AuthorizationStatus::Accepted
    } else {
        AuthorizationStatus::Invalid
    };
    IdTagInfo {
        expiry_date: None,
        parent_id_tag: None,
        status,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::OcppVersion;
    use crate::ocpp::session::responses::v16::*;
    use crate::ocpp::session::responses::{ErrorCode, error};
    use crate::units::UtcMs;

    #[test]
    fn frames_as_they_leave() {
        let facts = |token_accepted| Facts {
            now: UtcMs(1_787_303_702_120),
            interval_s: 300,
            token_accepted,
            transaction_id: Some(7),
            text: "",
        };
        for (id, action, token, want) in [
            (
                "\"1\"",
                Action::BootNotification,
                None,
                r#"[3,"1",{"currentTime":"2026-08-21T09:15:02.120Z","interval":300,"status":"Accepted"}]"#,
            ),
            (
                "17",
                Action::Heartbeat,
                None,
                r#"[3,17,{"currentTime":"2026-08-21T09:15:02.120Z"}]"#,
            ),
            ("\"1\"", Action::StatusNotification, None, r#"[3,"1",{}]"#),
            (
                "\"1\"",
                Action::Authorize,
                Some(false),
                r#"[3,"1",{"idTagInfo":{"status":"Invalid"}}]"#,
            ),
            (
                "\"1\"",
                Action::StartTransaction,
                None,
                r#"[3,"1",{"transactionId":7,"idTagInfo":{"status":"Accepted"}}]"#,
            ),
            ("\"1\"", Action::StopTransaction, None, r#"[3,"1",{}]"#),
            (
                "\"1\"",
                Action::DataTransfer,
                None,
                r#"[3,"1",{"status":"UnknownVendorId"}]"#,
            ),
        ] {
            assert_eq!(result(id, action, &facts(token)), want);
        }
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
