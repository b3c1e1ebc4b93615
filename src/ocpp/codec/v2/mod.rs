//! OCPP 2.0.1 and 2.1: the requests that a charging station may make. An EVSE is what OCPP 1.6 calls a connector: it charges one vehicle
//! at a time.
//!
//! Responses claim nothing that is not so: there are no certificates, tariffs or schedules here.

mod authorize;
mod boot_notification;
mod data_transfer;
mod device_model;
mod get_15118_ev_certificate;
mod get_certificate_chain_status;
mod get_certificate_status;
mod heartbeat;
mod meter_values;
mod notify_ev_charging_needs;
mod notify_ev_charging_schedule;
mod notify_event;
mod notify_report;
mod open_periodic_event_stream;
mod pull_dynamic_schedule_update;
mod sign_certificate;
mod status_notification;
mod transaction_event;
mod vat_number_validation;

use ocpp_rs::v21::call::Action as Payload;
use ocpp_rs::v21::datatypes::id_token_info_type::IdTokenInfoType;
use ocpp_rs::v21::enumerations::AuthorizationStatusEnumType;
use ocpp_rs::v21::parse::{Message, deserialize_to_message};

use super::action::Definition;
use super::field::token;
use super::notice::notice;
use crate::json::Json;
use crate::model::{IdTokenHash, TokenHasher};

/// Every action: OCPP 2.0.1 edition 3, part 2; OCPP 2.1 edition 1, part 2. Those without a file carry no fact and are only acknowledged.
pub static ACTIONS: &[Definition] = &[
    authorize::ACTION,
    notice!("BatterySwap").new_in_2_1(),
    boot_notification::ACTION,
    notice!("ClearedChargingLimit"),
    notice!("ClosePeriodicEventStream").new_in_2_1(),
    data_transfer::ACTION,
    notice!("FirmwareStatusNotification"),
    get_15118_ev_certificate::ACTION,
    get_certificate_chain_status::ACTION,
    get_certificate_status::ACTION,
    heartbeat::ACTION,
    notice!("LogStatusNotification"),
    meter_values::ACTION,
    notice!("NotifyChargingLimit"),
    notice!("NotifyCustomerInformation"),
    notice!("NotifyDERAlarm").new_in_2_1(),
    notice!("NotifyDERStartStop").new_in_2_1(),
    notice!("NotifyDisplayMessages"),
    notify_ev_charging_needs::ACTION,
    notify_ev_charging_schedule::ACTION,
    notify_event::ACTION,
    notice!("NotifyMonitoringReport"),
    notice!("NotifyPeriodicEventStream").new_in_2_1(),
    notice!("NotifyPriorityCharging").new_in_2_1(),
    notify_report::ACTION,
    notice!("NotifySettlement").new_in_2_1(),
    notice!("NotifyWebPaymentStarted").new_in_2_1(),
    open_periodic_event_stream::ACTION,
    notice!("PublishFirmwareStatusNotification"),
    pull_dynamic_schedule_update::ACTION,
    notice!("ReportChargingProfiles"),
    notice!("ReportDERControl").new_in_2_1(),
    notice!("ReservationStatusUpdate"),
    notice!("SecurityEventNotification"),
    sign_certificate::ACTION,
    status_notification::ACTION,
    transaction_event::ACTION,
    vat_number_validation::ACTION,
];

/// Why a response that must repeat parts of its request cannot be made.
const NOT_REPEATABLE: &str = "not a request that repeats";

/// The request as the standard has it, for responses that must repeat parts of it.
fn typed_request(frame: &str) -> Result<Payload, String> {
    match deserialize_to_message(frame) {
        Ok(Message::Call(call)) => Ok(call.payload),
        Ok(_) => Err("not a request".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// `idToken` is an object with an `idToken` in it; a bare text is accepted.
fn id_token(json: &mut Json<'_>, hasher: &TokenHasher) -> Option<IdTokenHash> {
    if json.peek() != Some(b'{') {
        return token(json, hasher);
    }
    let mut found = None;
    json.object(|json, name| {
        if name == "idToken" {
            found = token(json, hasher);
        }
    });
    found
}

fn id_token_info(accepted: bool) -> IdTokenInfoType {
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

#[cfg(test)]
mod tests;
