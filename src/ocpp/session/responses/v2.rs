//! Answers of OCPP 2.0.1 and 2.1: what an observer may honestly say. It has no certificates, no tariffs, no schedules to give.

use ocpp_rs::v21::call::Action as Typed;
use ocpp_rs::v21::datatypes::id_token_info_type::IdTokenInfoType;
use ocpp_rs::v21::enumerations::{
    AuthorizationStatusEnumType, ChargingProfileStatusEnumType, GenericStatusEnumType,
};
use ocpp_rs::v21::messages::authorize::AuthorizeResponse;
use ocpp_rs::v21::messages::boot_notification::{
    BootNotificationResponse, RegistrationStatusEnumType,
};
use ocpp_rs::v21::messages::data_transfer::{DataTransferResponse, DataTransferStatusEnumType};
use ocpp_rs::v21::messages::get_certificate_chain_status::{
    CertificateStatusEnumType, CertificateStatusType, GetCertificateChainStatusResponse,
};
use ocpp_rs::v21::messages::get_certificate_status::{
    GetCertificateStatusEnumType, GetCertificateStatusResponse,
};
use ocpp_rs::v21::messages::get15118_ev_certificate::{
    Get15118EVCertificateResponse, Iso15118EVCertificateStatusEnumType,
};
use ocpp_rs::v21::messages::heartbeat::HeartbeatResponse;
use ocpp_rs::v21::messages::notify_ev_charging_needs::{
    NotifyEVChargingNeedsResponse, NotifyEVChargingNeedsStatusEnumType,
};
use ocpp_rs::v21::messages::notify_ev_charging_schedule::NotifyEVChargingScheduleResponse;
use ocpp_rs::v21::messages::open_periodic_event_stream::OpenPeriodicEventStreamResponse;
use ocpp_rs::v21::messages::pull_dynamic_schedule_update::PullDynamicScheduleUpdateResponse;
use ocpp_rs::v21::messages::sign_certificate::SignCertificateResponse;
use ocpp_rs::v21::messages::transaction_event::TransactionEventResponse;
use ocpp_rs::v21::messages::vat_number_validation::VatNumberValidationResponse;
use ocpp_rs::v21::parse::{Message, deserialize_to_message};
use serde::Serialize;

use super::{ErrorCode, Facts, error, frame, time};
use crate::model::OcppVersion;
use crate::ocpp::codec::v2::Action;

#[derive(Serialize)]
struct Empty {}

pub(super) fn result(id: &str, action: Action, facts: &Facts<'_>) -> String {
    let rejected = GenericStatusEnumType::Rejected;
    match action {
        Action::BootNotification => frame(
            id,
            &BootNotificationResponse {
                current_time: time(facts.now),
                interval: facts.interval_s,
                status: RegistrationStatusEnumType::Accepted,
                status_info: None,
                custom_data: None,
            },
        ),
        Action::Heartbeat => frame(
            id,
            &HeartbeatResponse {
                current_time: time(facts.now),
                custom_data: None,
            },
        ),
        Action::Authorize => frame(
            id,
            &AuthorizeResponse {
                id_token_info: token_info(facts.token_accepted.unwrap_or(false)),
                certificate_status: None,
                allowed_energy_transfer: None,
                tariff: None,
                custom_data: None,
            },
        ),
        Action::TransactionEvent => frame(
            id,
            &TransactionEventResponse {
                total_cost: None,
                charging_priority: None,
                id_token_info: facts.token_accepted.map(token_info),
                transaction_limit: None,
                updated_personal_message: None,
                updated_personal_message_extra: None,
                custom_data: None,
            },
        ),
        Action::DataTransfer => frame(
            id,
            &DataTransferResponse {
                status: DataTransferStatusEnumType::UnknownVendorId,
                data: None,
                status_info: None,
                custom_data: None,
            },
        ),
        Action::SignCertificate => frame(
            id,
            &SignCertificateResponse {
                status: rejected,
                status_info: None,
                custom_data: None,
            },
        ),
        Action::GetCertificateStatus => frame(
            id,
            &GetCertificateStatusResponse {
                status: GetCertificateStatusEnumType::Failed,
                status_info: None,
                ocsp_result: None,
                custom_data: None,
            },
        ),
        Action::Get15118EvCertificate => frame(
            id,
            &Get15118EVCertificateResponse {
                status: Iso15118EVCertificateStatusEnumType::Failed,
                status_info: None,
                exi_response: String::new(),
                remaining_contracts: None,
                custom_data: None,
            },
        ),
        Action::NotifyEvChargingNeeds => frame(
            id,
            &NotifyEVChargingNeedsResponse {
                status: NotifyEVChargingNeedsStatusEnumType::Rejected,
                status_info: None,
                custom_data: None,
            },
        ),
        // Rejected would make the vehicle negotiate again, for nothing.
        Action::NotifyEvChargingSchedule => frame(
            id,
            &NotifyEVChargingScheduleResponse {
                status: GenericStatusEnumType::Accepted,
                status_info: None,
                custom_data: None,
            },
        ),
        Action::OpenPeriodicEventStream => frame(
            id,
            &OpenPeriodicEventStreamResponse {
                status: rejected,
                status_info: None,
                custom_data: None,
            },
        ),
        Action::PullDynamicScheduleUpdate => frame(
            id,
            &PullDynamicScheduleUpdateResponse {
                schedule_update: None,
                status: ChargingProfileStatusEnumType::Rejected,
                status_info: None,
                custom_data: None,
            },
        ),
        Action::GetCertificateChainStatus | Action::VatNumberValidation => repeating(id, facts),
        Action::BatterySwap
        | Action::ClearedChargingLimit
        | Action::ClosePeriodicEventStream
        | Action::FirmwareStatusNotification
        | Action::LogStatusNotification
        | Action::MeterValues
        | Action::NotifyChargingLimit
        | Action::NotifyCustomerInformation
        | Action::NotifyDerAlarm
        | Action::NotifyDerStartStop
        | Action::NotifyDisplayMessages
        | Action::NotifyEvent
        | Action::NotifyMonitoringReport
        | Action::NotifyPeriodicEventStream
        | Action::NotifyPriorityCharging
        | Action::NotifyReport
        | Action::NotifySettlement
        | Action::NotifyWebPaymentStarted
        | Action::PublishFirmwareStatusNotification
        | Action::ReportChargingProfiles
        | Action::ReportDerControl
        | Action::ReservationStatusUpdate
        | Action::SecurityEventNotification
        | Action::StatusNotification => frame(id, &Empty {}),
    }
}

fn token_info(accepted: bool) -> IdTokenInfoType {
    IdTokenInfoType {
        status: if accepted {
            AuthorizationStatusEnumType::Accepted
        } else {
            AuthorizationStatusEnumType::Invalid
        },
        cache_expiry_date_time: None,
        charging_priority: None,
        group_id_token: None,
        language1: None,
        language2: None,
        evse_id: None,
        personal_message: None,
        custom_data: None,
    }
}

/// Answers that must repeat parts of the question: without the parts there is none.
fn repeating(id: &str, facts: &Facts<'_>) -> String {
    let asked = match deserialize_to_message(facts.text) {
        Ok(Message::Call(call)) => call.payload,
        Ok(_) => return error(id, OcppVersion::V21, ErrorCode::Format, "not a request"),
        Err(wrong) => return error(id, OcppVersion::V21, ErrorCode::Format, &wrong.to_string()),
    };
    match asked {
        Typed::VatNumberValidation(asked) => frame(
            id,
            &VatNumberValidationResponse {
                company: None,
                status_info: None,
                vat_number: asked.vat_number,
                evse_id: asked.evse_id,
                status: GenericStatusEnumType::Rejected,
                custom_data: None,
            },
        ),
        Typed::GetCertificateChainStatus(asked) => frame(
            id,
            &GetCertificateChainStatusResponse {
                certificate_status: asked
                    .certificate_status_requests
                    .into_iter()
                    .map(|request| CertificateStatusType {
                        certificate_hash_data: request.certificate_hash_data,
                        source: request.source,
                        status: CertificateStatusEnumType::Failed,
                        next_update: time(facts.now),
                        custom_data: None,
                    })
                    .collect(),
                custom_data: None,
            },
        ),
        _ => error(
            id,
            OcppVersion::V21,
            ErrorCode::Format,
            "not a request that repeats",
        ),
    }
}
