//! StartTransaction: charging begins. The response gives the transaction the id that the ledger chose.

use ocpp_rs::v16::call_result::StartTransaction;

use super::id_tag_info;
use crate::json::Json;
use crate::model::{ChargePointMessage, Issue};
use crate::ocpp::codec::action::{Decoding, Definition, Request, ResponseInputs};
use crate::ocpp::codec::field::{number, token};
use crate::ocpp::codec::meter::meter_register;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = Definition::new("StartTransaction", decode, respond);

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let (mut connector_id, mut id_token, mut meter_start, mut at) = (0, None, None, None);
    json.object(|json, name| match name {
        "connectorId" => connector_id = number(json),
        "idTag" => id_token = token(json, decoding.hasher),
        "meterStart" => meter_start = meter_register(json),
        "timestamp" => at = decoding.times.parse(json),
        _ => {}
    });
    Request::Event(ChargePointMessage::StartTransaction {
        connector_id,
        id_token,
        meter_start_tenth_wh: meter_start,
        at,
        issue: Issue::Ours,
    })
}

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&StartTransaction {
        transaction_id: inputs.transaction_id.unwrap_or(0),
        // A charge point that sends no tag (free vending) decides for itself.
        id_tag_info: id_tag_info(inputs.token_accepted.unwrap_or(true)),
    })
}
