//! OCPP 1.6: which actions there are, and what they say.

mod meter;

use serde_json::value::RawValue;

use super::field::{each, integer, one_or_many, short, text, time};
use crate::model::{ChargePointMessage, ConnectorStatus, IdTokenHash, MeterSample, TokenHasher};

/// Longest text kept of a charge point's own words.
const WORDS: usize = 64;
/// Most meter samples taken from one message; a charge point that was offline for long sends many, none sends this many.
const MOST_SAMPLES: usize = 10_000;

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
    ("DiagnosticsStatusNotification", Action::DiagnosticsStatusNotification),
    ("FirmwareStatusNotification", Action::FirmwareStatusNotification),
    ("Heartbeat", Action::Heartbeat),
    ("LogStatusNotification", Action::LogStatusNotification),
    ("MeterValues", Action::MeterValues),
    ("SecurityEventNotification", Action::SecurityEventNotification),
    ("SignCertificate", Action::SignCertificate),
    ("SignedFirmwareStatusNotification", Action::SignedFirmwareStatusNotification),
    ("StartTransaction", Action::StartTransaction),
    ("StatusNotification", Action::StatusNotification),
    ("StopTransaction", Action::StopTransaction),
];

impl Action {
    /// The action of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|(known, _)| *known == name).map(|(_, action)| *action)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ACTIONS.iter().find(|(_, action)| *action == self).map_or("", |(name, _)| name)
    }
}

/// What a request says.
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// May this token charge? Nothing for the books.
    Authorize(Option<IdTokenHash>),
    /// For the engine.
    Event(ChargePointMessage),
}

/// Reads the payload of an action. Nothing is refused: what is missing is unknown, and the answer must not depend on it.
pub fn decode(action: Action, payload: Option<&RawValue>, hasher: &TokenHasher) -> Request {
    let mut fields = Fields::default();
    if let Some(payload) = payload {
        each(payload, |name, value| fields.take(name, value));
    }
    Request::Event(match action {
        Action::Authorize => return Request::Authorize(fields.token(hasher)),
        Action::Heartbeat => ChargePointMessage::Heartbeat,
        Action::BootNotification => ChargePointMessage::Boot {
            vendor: fields.vendor.and_then(|value| short(value, WORDS)).unwrap_or_default(),
            model: fields.model.and_then(|value| short(value, WORDS)).unwrap_or_default(),
            firmware: fields.firmware.and_then(|value| short(value, WORDS)),
            serial: fields.serial.or(fields.box_serial).and_then(|value| short(value, WORDS)),
        },
        Action::StatusNotification => ChargePointMessage::Status {
            connector_id: fields.connector(),
            // `Occupied` and other words from outside the standard are a state we do not know.
            status: fields.status.and_then(text).map_or(ConnectorStatus::Unknown, |word| ConnectorStatus::from_name(word.trim())),
            error_code: fields
                .error_code
                .and_then(|value| short(value, WORDS))
                .filter(|code| !code.eq_ignore_ascii_case("NoError")),
            vendor_error_code: fields.vendor_error_code.and_then(|value| short(value, WORDS)),
            at: fields.at(),
        },
        Action::StartTransaction => ChargePointMessage::StartTransaction {
            connector_id: fields.connector(),
            id_token: fields.token(hasher),
            meter_start_dwh: fields.meter_start.and_then(meter::register_dwh),
            at: fields.at(),
        },
        Action::StopTransaction => ChargePointMessage::StopTransaction {
            transaction_id: fields.transaction(),
            id_token: fields.token(hasher),
            meter_stop_dwh: fields.meter_stop.and_then(meter::register_dwh),
            at: fields.at(),
            reason: fields.reason.and_then(|value| short(value, WORDS)),
            samples: fields.transaction_data.map(samples).unwrap_or_default(),
        },
        Action::MeterValues => ChargePointMessage::MeterValues {
            connector_id: fields.connector(),
            transaction_id: fields.transaction(),
            samples: fields.meter_value.map(samples).unwrap_or_default(),
        },
        Action::DataTransfer
        | Action::DiagnosticsStatusNotification
        | Action::FirmwareStatusNotification
        | Action::LogStatusNotification
        | Action::SecurityEventNotification
        | Action::SignCertificate
        | Action::SignedFirmwareStatusNotification => ChargePointMessage::Notice {
            action: action.name().to_owned(),
            status: fields.status.or(fields.kind).or(fields.vendor_id).and_then(|value| short(value, WORDS)),
        },
    })
}

/// One per `meterValue` element, sorted by time; elements without a time keep their place behind the ones before them.
fn samples(list: &RawValue) -> Vec<MeterSample> {
    let mut samples = Vec::new();
    one_or_many(list, |element| {
        if samples.len() < MOST_SAMPLES {
            samples.extend(meter::sample(element));
        }
    });
    if samples.windows(2).any(|pair| pair[1].at < pair[0].at) {
        samples.sort_by_key(|sample| sample.at);
    }
    samples
}

/// The fields of all actions together; no name means two things.
#[derive(Default)]
struct Fields<'a> {
    connector_id: Option<&'a RawValue>,
    transaction_id: Option<&'a RawValue>,
    id_tag: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    meter_start: Option<&'a RawValue>,
    meter_stop: Option<&'a RawValue>,
    meter_value: Option<&'a RawValue>,
    transaction_data: Option<&'a RawValue>,
    reason: Option<&'a RawValue>,
    status: Option<&'a RawValue>,
    error_code: Option<&'a RawValue>,
    vendor_error_code: Option<&'a RawValue>,
    vendor: Option<&'a RawValue>,
    model: Option<&'a RawValue>,
    firmware: Option<&'a RawValue>,
    serial: Option<&'a RawValue>,
    box_serial: Option<&'a RawValue>,
    kind: Option<&'a RawValue>,
    vendor_id: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn take(&mut self, name: &str, value: &'a RawValue) {
        let field = match name {
            "connectorId" => &mut self.connector_id,
            "transactionId" => &mut self.transaction_id,
            "idTag" => &mut self.id_tag,
            "timestamp" => &mut self.timestamp,
            "meterStart" => &mut self.meter_start,
            "meterStop" => &mut self.meter_stop,
            "meterValue" => &mut self.meter_value,
            "transactionData" => &mut self.transaction_data,
            "reason" => &mut self.reason,
            "status" => &mut self.status,
            "errorCode" => &mut self.error_code,
            "vendorErrorCode" => &mut self.vendor_error_code,
            "chargePointVendor" => &mut self.vendor,
            "chargePointModel" => &mut self.model,
            "firmwareVersion" => &mut self.firmware,
            "chargePointSerialNumber" => &mut self.serial,
            "chargeBoxSerialNumber" => &mut self.box_serial,
            "type" => &mut self.kind,
            "vendorId" => &mut self.vendor_id,
            _ => return,
        };
        *field = (value.get() != "null").then_some(value);
    }

    /// 0 where none is given: the charge point as a whole.
    fn connector(&self) -> u32 {
        self.connector_id.and_then(integer).and_then(|id| u32::try_from(id).ok()).unwrap_or(0)
    }

    /// 0 is sent by some for "none" (Delta); we never issue it.
    fn transaction(&self) -> Option<i64> {
        self.transaction_id.and_then(integer).filter(|id| *id != 0)
    }

    fn token(&self, hasher: &TokenHasher) -> Option<IdTokenHash> {
        hasher.hash(&self.id_tag.and_then(text)?)
    }

    fn at(&self) -> Option<crate::units::UtcMs> {
        self.timestamp.and_then(time)
    }
}

#[cfg(test)]
mod tests;
