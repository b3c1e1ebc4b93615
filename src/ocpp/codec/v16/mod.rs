//! OCPP 1.6: the requests that a charge point may make. Core, firmware management, and the security extension (white paper "Improved
//! security for OCPP 1.6-J", edition 3).

mod authorize;
mod boot_notification;
mod data_transfer;
mod heartbeat;
mod meter_values;
mod sign_certificate;
mod start_transaction;
mod status_notification;
mod stop_transaction;

use ocpp_rs::v16::data_types::IdTagInfo;
use ocpp_rs::v16::enums::AuthorizationStatus;

use super::action::Definition;
use super::field::integer;
use super::notice::notice;
use crate::json::Json;

/// Every action. Those without a file carry no fact and are only acknowledged.
pub static ACTIONS: &[Definition] = &[
    authorize::ACTION,
    boot_notification::ACTION,
    data_transfer::ACTION,
    notice!("DiagnosticsStatusNotification"),
    notice!("FirmwareStatusNotification"),
    heartbeat::ACTION,
    notice!("LogStatusNotification"),
    meter_values::ACTION,
    notice!("SecurityEventNotification"),
    sign_certificate::ACTION,
    notice!("SignedFirmwareStatusNotification"),
    start_transaction::ACTION,
    status_notification::ACTION,
    stop_transaction::ACTION,
];

/// A transaction id. Some charge points send 0 for "none" (Delta); we never issue it.
fn transaction_id(json: &mut Json<'_>) -> Option<i64> {
    integer(json).filter(|id| *id != 0)
}

fn id_tag_info(accepted: bool) -> IdTagInfo {
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
mod tests;
