//! OCPP 2.0.1 and 2.1: which actions there are, and what they say. An EVSE is what OCPP 1.6 calls a connector: one vehicle at a time.

mod place;
mod report;

use self::place::{Place, evse};
use super::field::{Times, integer, number, short, token, trimmed};
use super::meter::samples;
use super::{Request, WORDS};
use crate::json::Json;
use crate::model::{
    ChargePointMessage, ConnectorStatus, IdTokenHash, MeterSample, OcppVersion, TokenHasher,
    TransactionEvent, TransactionEventKind,
};
use crate::units::UtcMs;

/// A request that a charging station may make: OCPP 2.0.1 edition 3, part 2; OCPP 2.1 edition 1, part 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum Action {
    Authorize,
    BatterySwap,
    BootNotification,
    ClearedChargingLimit,
    ClosePeriodicEventStream,
    DataTransfer,
    FirmwareStatusNotification,
    Get15118EvCertificate,
    GetCertificateChainStatus,
    GetCertificateStatus,
    Heartbeat,
    LogStatusNotification,
    MeterValues,
    NotifyChargingLimit,
    NotifyCustomerInformation,
    NotifyDerAlarm,
    NotifyDerStartStop,
    NotifyDisplayMessages,
    NotifyEvChargingNeeds,
    NotifyEvChargingSchedule,
    NotifyEvent,
    NotifyMonitoringReport,
    NotifyPeriodicEventStream,
    NotifyPriorityCharging,
    NotifyReport,
    NotifySettlement,
    NotifyWebPaymentStarted,
    OpenPeriodicEventStream,
    PublishFirmwareStatusNotification,
    PullDynamicScheduleUpdate,
    ReportChargingProfiles,
    ReportDerControl,
    ReservationStatusUpdate,
    SecurityEventNotification,
    SignCertificate,
    StatusNotification,
    TransactionEvent,
    VatNumberValidation,
}

/// Every action, by the name it has on the wire, and whether it is new in 2.1.
pub const ACTIONS: &[(&str, Action, bool)] = &[
    ("Authorize", Action::Authorize, false),
    ("BatterySwap", Action::BatterySwap, true),
    ("BootNotification", Action::BootNotification, false),
    ("ClearedChargingLimit", Action::ClearedChargingLimit, false),
    (
        "ClosePeriodicEventStream",
        Action::ClosePeriodicEventStream,
        true,
    ),
    ("DataTransfer", Action::DataTransfer, false),
    (
        "FirmwareStatusNotification",
        Action::FirmwareStatusNotification,
        false,
    ),
    (
        "Get15118EVCertificate",
        Action::Get15118EvCertificate,
        false,
    ),
    (
        "GetCertificateChainStatus",
        Action::GetCertificateChainStatus,
        true,
    ),
    ("GetCertificateStatus", Action::GetCertificateStatus, false),
    ("Heartbeat", Action::Heartbeat, false),
    (
        "LogStatusNotification",
        Action::LogStatusNotification,
        false,
    ),
    ("MeterValues", Action::MeterValues, false),
    ("NotifyChargingLimit", Action::NotifyChargingLimit, false),
    (
        "NotifyCustomerInformation",
        Action::NotifyCustomerInformation,
        false,
    ),
    ("NotifyDERAlarm", Action::NotifyDerAlarm, true),
    ("NotifyDERStartStop", Action::NotifyDerStartStop, true),
    (
        "NotifyDisplayMessages",
        Action::NotifyDisplayMessages,
        false,
    ),
    (
        "NotifyEVChargingNeeds",
        Action::NotifyEvChargingNeeds,
        false,
    ),
    (
        "NotifyEVChargingSchedule",
        Action::NotifyEvChargingSchedule,
        false,
    ),
    ("NotifyEvent", Action::NotifyEvent, false),
    (
        "NotifyMonitoringReport",
        Action::NotifyMonitoringReport,
        false,
    ),
    (
        "NotifyPeriodicEventStream",
        Action::NotifyPeriodicEventStream,
        true,
    ),
    (
        "NotifyPriorityCharging",
        Action::NotifyPriorityCharging,
        true,
    ),
    ("NotifyReport", Action::NotifyReport, false),
    ("NotifySettlement", Action::NotifySettlement, true),
    (
        "NotifyWebPaymentStarted",
        Action::NotifyWebPaymentStarted,
        true,
    ),
    (
        "OpenPeriodicEventStream",
        Action::OpenPeriodicEventStream,
        true,
    ),
    (
        "PublishFirmwareStatusNotification",
        Action::PublishFirmwareStatusNotification,
        false,
    ),
    (
        "PullDynamicScheduleUpdate",
        Action::PullDynamicScheduleUpdate,
        true,
    ),
    (
        "ReportChargingProfiles",
        Action::ReportChargingProfiles,
        false,
    ),
    ("ReportDERControl", Action::ReportDerControl, true),
    (
        "ReservationStatusUpdate",
        Action::ReservationStatusUpdate,
        false,
    ),
    (
        "SecurityEventNotification",
        Action::SecurityEventNotification,
        false,
    ),
    ("SignCertificate", Action::SignCertificate, false),
    ("StatusNotification", Action::StatusNotification, false),
    ("TransactionEvent", Action::TransactionEvent, false),
    ("VatNumberValidation", Action::VatNumberValidation, true),
];

impl Action {
    /// The action of a name, if the version has it.
    pub fn from_name(version: OcppVersion, name: &str) -> Option<Self> {
        let found = ACTIONS.iter().find(|(known, _, _)| *known == name);
        found
            .filter(|(_, _, new)| !new || version == OcppVersion::V21)
            .map(|(_, action, _)| *action)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ACTIONS
            .iter()
            .find(|(_, action, _)| *action == self)
            .map_or("", |(name, _, _)| name)
    }
}

/// Reads the payload of an action; true if a time in it names no zone.
pub(super) fn decode(action: Action, json: &mut Json<'_>, hasher: &TokenHasher) -> (Request, bool) {
    let mut times = Times::default();
    if action == Action::NotifyEvent {
        return (Request::Events(events(json, &mut times)), times.zoneless);
    }
    if action == Action::NotifyReport {
        return (report::states(json, &mut times), times.zoneless);
    }
    let mut fields = Fields::default();
    json.object(|json, name| fields.take(json, name, &mut times, hasher));
    let request = match action {
        Action::Authorize => Request::Authorize(fields.id_token),
        _ => Request::Event(fields.message(action)),
    };
    (request, times.zoneless)
}

/// The fields of all actions together; no name means two things.
#[derive(Default)]
struct Fields {
    evse_id: Option<u32>,
    connector_id: u32,
    connector_status: Option<String>,
    event: Option<TransactionEventKind>,
    transaction_id: Option<String>,
    charging_state: Option<ConnectorStatus>,
    charging_s: Option<i64>,
    stopped_reason: Option<String>,
    trigger: Option<String>,
    seq_no: Option<i64>,
    offline: bool,
    id_token: Option<IdTokenHash>,
    timestamp: Option<UtcMs>,
    samples: Vec<MeterSample>,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    serial: Option<String>,
    status: Option<String>,
    kind: Option<String>,
    vendor_id: Option<String>,
}

impl Fields {
    fn take(&mut self, json: &mut Json<'_>, name: &str, times: &mut Times, hasher: &TokenHasher) {
        match name {
            "evse" => {
                let (evse_id, connector_id) = evse(json);
                (self.evse_id, self.connector_id) = (Some(evse_id), connector_id);
            }
            "evseId" => self.evse_id = Some(number(json)),
            "connectorId" => self.connector_id = number(json),
            "connectorStatus" => self.connector_status = short(json, WORDS),
            "eventType" => {
                self.event = trimmed(json).and_then(|kind| TransactionEventKind::from_name(&kind))
            }
            "transactionInfo" => {
                json.object(|json, name| self.transaction_info(json, name));
            }
            "triggerReason" => self.trigger = short(json, WORDS),
            "seqNo" => self.seq_no = integer(json),
            "offline" => self.offline = json.boolean().unwrap_or(false),
            "idToken" => self.id_token = id_token(json, hasher),
            "timestamp" => self.timestamp = times.read(json),
            "meterValue" => self.samples = samples(json, times),
            "chargingStation" => {
                json.object(|json, name| match name {
                    "vendorName" => self.vendor = short(json, WORDS),
                    "model" => self.model = short(json, WORDS),
                    "firmwareVersion" => self.firmware = short(json, WORDS),
                    "serialNumber" => self.serial = short(json, WORDS),
                    _ => {}
                });
            }
            "status" => self.status = short(json, WORDS),
            "type" => self.kind = short(json, WORDS),
            "vendorId" => self.vendor_id = short(json, WORDS),
            _ => {}
        }
    }

    fn transaction_info(&mut self, json: &mut Json<'_>, name: &str) {
        match name {
            "transactionId" => self.transaction_id = short(json, WORDS),
            "chargingState" => {
                self.charging_state = trimmed(json).and_then(|state| charging_state(&state))
            }
            "timeSpentCharging" => self.charging_s = integer(json).filter(|seconds| *seconds >= 0),
            "stoppedReason" => self.stopped_reason = short(json, WORDS),
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
                serial: self.serial,
            },
            Action::StatusNotification => ChargePointMessage::Status {
                connector_id: self.evse_id.unwrap_or(0),
                part: self.connector_id,
                status: ConnectorStatus::from_name(
                    self.connector_status.as_deref().unwrap_or_default(),
                ),
                error_code: None,
                vendor_error_code: None,
                info: None,
                at: self.timestamp,
            },
            Action::MeterValues => ChargePointMessage::MeterValues {
                connector_id: self.evse_id.unwrap_or(0),
                transaction_id: None,
                samples: self.samples,
            },
            Action::TransactionEvent => {
                ChargePointMessage::Transaction(Box::new(TransactionEvent {
                    // Without a word of the standard it is an update: neither begins nor ends anything.
                    kind: self.event.unwrap_or(TransactionEventKind::Updated),
                    transaction_id: self.transaction_id.unwrap_or_default(),
                    seq_no: self.seq_no,
                    offline: self.offline,
                    evse_id: self.evse_id.filter(|id| *id > 0),
                    id_token: self.id_token,
                    charging_state: self.charging_state,
                    charging_s: self.charging_s,
                    stopped_reason: self.stopped_reason,
                    trigger: self.trigger,
                    at: self.timestamp,
                    samples: self.samples,
                }))
            }
            _ => ChargePointMessage::Notice {
                action: action.name().to_owned(),
                status: self.status.or(self.kind).or(self.vendor_id),
            },
        }
    }
}

/// `idToken` is an object with an `idToken` in it; a bare text is lived with.
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

/// OCPP 2.0.1 `ChargingStateEnumType` in the words of OCPP 1.6.
fn charging_state(word: &str) -> Option<ConnectorStatus> {
    match word {
        "Charging" => Some(ConnectorStatus::Charging),
        "SuspendedEV" => Some(ConnectorStatus::SuspendedEV),
        "SuspendedEVSE" => Some(ConnectorStatus::SuspendedEVSE),
        "EVConnected" => Some(ConnectorStatus::Preparing),
        "Idle" => Some(ConnectorStatus::Available),
        _ => None,
    }
}

/// One element of `eventData`.
#[derive(Default)]
struct Event {
    at: Option<UtcMs>,
    value: Option<String>,
    place: Place,
    tech_code: Option<String>,
    cleared: bool,
}

/// NotifyEvent: availability (which replaces StatusNotification in 2.1) and problems; the rest of the device model says nothing to the
/// books.
fn events(json: &mut Json<'_>, times: &mut Times) -> Vec<ChargePointMessage> {
    const MOST: usize = 1_000;
    let mut messages = Vec::new();
    json.object(|json, name| {
        if name != "eventData" {
            return;
        }
        json.one_or_many(|json| {
            let mut event = Event::default();
            json.object(|json, name| event.take(json, name, times));
            if messages.len() < MOST {
                messages.extend(event.message());
            }
        });
    });
    messages
}

impl Event {
    fn take(&mut self, json: &mut Json<'_>, name: &str, times: &mut Times) {
        match name {
            "timestamp" => self.at = times.read(json),
            "actualValue" => self.value = short_or_literal(json),
            "techCode" => self.tech_code = short(json, WORDS),
            "cleared" => self.cleared = json.boolean().unwrap_or(false),
            name => self.place.take(json, name),
        }
    }

    fn message(self) -> Option<ChargePointMessage> {
        let value = self.value.unwrap_or_default();
        if self.place.is_availability() {
            return Some(self.place.status(&value, self.at));
        }
        match self.place.variable.as_deref()? {
            "Problem" => Some(ChargePointMessage::Problem {
                connector_id: self.place.evse_id,
                component: self.place.component.unwrap_or_default(),
                code: self.tech_code,
                present: !self.cleared && !value.eq_ignore_ascii_case("false"),
                at: self.at,
            }),
            _ => None,
        }
    }
}

/// A text by the standard; a bare `true` is lived with.
fn short_or_literal(json: &mut Json<'_>) -> Option<String> {
    match json.peek() {
        Some(b't' | b'f') => json.boolean().map(|value| value.to_string()),
        _ => short(json, WORDS),
    }
}

#[cfg(test)]
mod tests;
