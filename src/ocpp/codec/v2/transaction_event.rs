//! TransactionEvent: begin, progress and end of a transaction, with samples.

use ocpp_rs::v21::messages::transaction_event::TransactionEventResponse;

use super::device_model::evse;
use super::{id_token, id_token_info};
use crate::json::Json;
use crate::model::{
    ChargePointMessage, ConnectorStatus, IdTokenHash, MeterSample, TransactionEvent,
    TransactionEventKind,
};
use crate::ocpp::codec::MAX_TEXT;
use crate::ocpp::codec::action::{Decoding, Definition, Request, ResponseInputs};
use crate::ocpp::codec::field::{integer, number, short, trimmed};
use crate::ocpp::codec::meter::samples;
use crate::ocpp::codec::response::payload;
use crate::units::UtcMs;

pub(super) const ACTION: Definition =
    Definition::new("TransactionEvent", decode, respond).frequent();

#[derive(Default)]
struct Fields {
    kind: Option<TransactionEventKind>,
    seq_no: Option<i64>,
    offline: bool,
    evse_id: Option<u32>,
    id_token: Option<IdTokenHash>,
    trigger: Option<String>,
    at: Option<UtcMs>,
    samples: Vec<MeterSample>,
    info: TransactionInfo,
}

/// Fields of `transactionInfo` that are used; `None` where absent or not understood.
#[derive(Default)]
struct TransactionInfo {
    transaction_id: Option<String>,
    charging_state: Option<ConnectorStatus>,
    charging_s: Option<i64>,
    stopped_reason: Option<String>,
}

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let mut fields = Fields::default();
    json.object(|json, name| fields.field(json, name, decoding));
    Request::Event(ChargePointMessage::Transaction(Box::new(
        TransactionEvent {
            // An event of no known type is an update: it neither begins nor ends anything.
            kind: fields.kind.unwrap_or(TransactionEventKind::Updated),
            transaction_id: fields.info.transaction_id.unwrap_or_default(),
            seq_no: fields.seq_no,
            offline: fields.offline,
            evse_id: fields.evse_id.filter(|id| *id > 0),
            id_token: fields.id_token,
            charging_state: fields.info.charging_state,
            charging_s: fields.info.charging_s,
            stopped_reason: fields.info.stopped_reason,
            trigger: fields.trigger,
            at: fields.at,
            samples: fields.samples,
        },
    )))
}

impl Fields {
    fn field(&mut self, json: &mut Json<'_>, name: &str, decoding: &mut Decoding<'_>) {
        match name {
            "eventType" => {
                self.kind = trimmed(json).and_then(|kind| TransactionEventKind::from_name(&kind))
            }
            "timestamp" => self.at = decoding.times.parse(json),
            "triggerReason" => self.trigger = short(json, MAX_TEXT),
            "seqNo" => self.seq_no = integer(json),
            "offline" => self.offline = json.boolean().unwrap_or(false),
            "transactionInfo" => {
                json.object(|json, name| self.info.field(json, name));
            }
            "evse" => self.evse_id = Some(evse(json).0),
            // Not of the standard here, but accepted.
            "evseId" => self.evse_id = Some(number(json)),
            "idToken" => self.id_token = id_token(json, decoding.hasher),
            "meterValue" => self.samples = samples(json, &mut decoding.times),
            _ => {}
        }
    }
}

impl TransactionInfo {
    fn field(&mut self, json: &mut Json<'_>, name: &str) {
        match name {
            "transactionId" => self.transaction_id = short(json, MAX_TEXT),
            "chargingState" => {
                self.charging_state = trimmed(json).and_then(|state| charging_state(&state))
            }
            "timeSpentCharging" => self.charging_s = integer(json).filter(|seconds| *seconds >= 0),
            "stoppedReason" => self.stopped_reason = short(json, MAX_TEXT),
            _ => {}
        }
    }
}

/// `ChargingStateEnumType` (OCPP 2.0.1 part 2) in the words of OCPP 1.6.
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

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&TransactionEventResponse {
        total_cost: None,
        charging_priority: None,
        id_token_info: inputs.token_accepted.map(id_token_info),
        transaction_limit: None,
        updated_personal_message: None,
        updated_personal_message_extra: None,
        custom_data: None,
    })
}
