//! OCPP 1.6: which actions there are, and what they say.

use super::field::{Times, integer, number, short, token};
use super::meter::{register_dwh, samples};
use super::{Request, WORDS};
use crate::json::Json;
use crate::model::{
    ChargePointMessage, ConnectorStatus, IdTokenHash, Issue, MeterSample, TokenHasher,
};
use crate::units::UtcMs;

/// A request that a charge point may make. Core, firmware management, and the security extension (white paper 2, edition 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Core.
    Authorize,
    /// Core.
    BootNotification,
    /// Core.
    DataTransfer,
    /// Firmware management.
    DiagnosticsStatusNotification,
    /// Firmware management.
    FirmwareStatusNotification,
    /// Core.
    Heartbeat,
    /// Security.
    LogStatusNotification,
    /// Core.
    MeterValues,
    /// Security.
    SecurityEventNotification,
    /// Security.
    SignCertificate,
    /// Security.
    SignedFirmwareStatusNotification,
    /// Core.
    StartTransaction,
    /// Core.
    StatusNotification,
    /// Core.
    StopTransaction,
}

/// Every action, by the name it has on the wire.
pub const ACTIONS: &[(&str, Action)] = &[
    ("Authorize", Action::Authorize),
    ("BootNotification", Action::BootNotification),
    ("DataTransfer", Action::DataTransfer),
    (
        "DiagnosticsStatusNotification",
        Action::DiagnosticsStatusNotification,
    ),
    (
        "FirmwareStatusNotification",
        Action::FirmwareStatusNotification,
    ),
    ("Heartbeat", Action::Heartbeat),
    ("LogStatusNotification", Action::LogStatusNotification),
    ("MeterValues", Action::MeterValues),
    (
        "SecurityEventNotification",
        Action::SecurityEventNotification,
    ),
    ("SignCertificate", Action::SignCertificate),
    (
        "SignedFirmwareStatusNotification",
        Action::SignedFirmwareStatusNotification,
    ),
    ("StartTransaction", Action::StartTransaction),
    ("StatusNotification", Action::StatusNotification),
    ("StopTransaction", Action::StopTransaction),
];

impl Action {
    /// The action of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        ACTIONS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, action)| *action)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ACTIONS
            .iter()
            .find(|(_, action)| *action == self)
            .map_or("", |(name, _)| name)
    }
}

/// Reads the payload of an action; true if a time in it names no zone.
pub(super) fn decode(action: Action, json: &mut Json<'_>, hasher: &TokenHasher) -> (Request, bool) {
    let mut times = Times::default();
    let mut fields = Fields::default();
    json.object(|json, name| fields.take(json, name, &mut times, hasher));
    let request = match action {
        Action::Authorize => Request::Authorize(fields.id_tag),
        _ => Request::Event(fields.message(action)),
    };
    (request, times.zoneless)
}

/// The fields of all actions together; no name means two things.
#[derive(Default)]
struct Fields {
    connector_id: u32,
    transaction_id: Option<i64>,
    id_tag: Option<IdTokenHash>,
    timestamp: Option<UtcMs>,
    meter_start: Option<i64>,
    meter_stop: Option<i64>,
    /// `meterValue` or `transactionData`.
    samples: Vec<MeterSample>,
    reason: Option<String>,
    status: Option<String>,
    error_code: Option<String>,
    vendor_error_code: Option<String>,
    info: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    serial: Option<String>,
    box_serial: Option<String>,
    kind: Option<String>,
    vendor_id: Option<String>,
}

impl Fields {
    fn take(&mut self, json: &mut Json<'_>, name: &str, times: &mut Times, hasher: &TokenHasher) {
        match name {
            "connectorId" => self.connector_id = number(json),
            // 0 is sent by some for "none" (Delta); we never issue it.
            "transactionId" => self.transaction_id = integer(json).filter(|id| *id != 0),
            "idTag" => self.id_tag = token(json, hasher),
            "timestamp" => self.timestamp = times.read(json),
            "meterStart" => self.meter_start = register_dwh(json),
            "meterStop" => self.meter_stop = register_dwh(json),
            "meterValue" | "transactionData" => self.samples = samples(json, times),
            "reason" => self.reason = short(json, WORDS),
            "status" => self.status = short(json, WORDS),
            "errorCode" => self.error_code = short(json, WORDS),
            "vendorErrorCode" => self.vendor_error_code = short(json, WORDS),
            "info" => self.info = short(json, WORDS),
            "chargePointVendor" => self.vendor = short(json, WORDS),
            "chargePointModel" => self.model = short(json, WORDS),
            "firmwareVersion" => self.firmware = short(json, WORDS),
            "chargePointSerialNumber" => self.serial = short(json, WORDS),
            "chargeBoxSerialNumber" => self.box_serial = short(json, WORDS),
            "type" => self.kind = short(json, WORDS),
            "vendorId" => self.vendor_id = short(json, WORDS),
            _ => {}
        }
    }

    fn message(self, action: Action) -> ChargePointMessage {
        match action {
            Action::Heartbeat => ChargePointMessage::Heartbeat,
            Action::BootNotification => ChargePointMessage::Boot {
                vendor: self.vendor.unwrap_or_default(),
                model: self.model.unwrap_or_default(),
                firmware: self.firmware,
                serial: self.serial.or(self.box_serial),
            },
            Action::StatusNotification => ChargePointMessage::Status {
                connector_id: self.connector_id,
                part: 0,
                status: ConnectorStatus::from_name(self.status.as_deref().unwrap_or_default()),
                error_code: self
                    .error_code
                    .filter(|code| !code.eq_ignore_ascii_case("NoError")),
                vendor_error_code: self.vendor_error_code,
                info: self.info,
                at: self.timestamp,
            },
            Action::StartTransaction => ChargePointMessage::StartTransaction {
                connector_id: self.connector_id,
                id_token: self.id_tag,
                meter_start_dwh: self.meter_start,
                at: self.timestamp,
                issue: Issue::Ours,
            },
            Action::StopTransaction => ChargePointMessage::StopTransaction {
                transaction_id: self.transaction_id,
                id_token: self.id_tag,
                meter_stop_dwh: self.meter_stop,
                at: self.timestamp,
                reason: self.reason,
                samples: self.samples,
            },
            Action::MeterValues => ChargePointMessage::MeterValues {
                connector_id: self.connector_id,
                transaction_id: self.transaction_id,
                samples: self.samples,
            },
            Action::Authorize
            | Action::DataTransfer
            | Action::DiagnosticsStatusNotification
            | Action::FirmwareStatusNotification
            | Action::LogStatusNotification
            | Action::SecurityEventNotification
            | Action::SignCertificate
            | Action::SignedFirmwareStatusNotification => ChargePointMessage::Notice {
                action: action.name().to_owned(),
                status: self.status.or(self.kind).or(self.vendor_id),
            },
        }
    }
}

#[cfg(test)]
mod tests;
