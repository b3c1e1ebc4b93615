//! StopTransaction: charging ended, with the final register and perhaps all samples of the transaction.

use ocpp_rs::v16::call_result::StopTransaction;

use super::{id_tag_info, transaction_id};
use crate::json::Json;
use crate::model::ChargePointMessage;
use crate::ocpp::codec::MAX_TEXT;
use crate::ocpp::codec::action::{Decoding, Definition, Request, ResponseInputs};
use crate::ocpp::codec::field::{short, token};
use crate::ocpp::codec::meter::{meter_register, samples};
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = Definition::new("StopTransaction", decode, respond);

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let (mut transaction, mut id_token, mut meter_stop) = (None, None, None);
    let (mut at, mut reason, mut found) = (None, None, Vec::new());
    json.object(|json, name| match name {
        "transactionId" => transaction = transaction_id(json),
        "idTag" => id_token = token(json, decoding.hasher),
        "meterStop" => meter_stop = meter_register(json),
        "timestamp" => at = decoding.times.parse(json),
        "reason" => reason = short(json, MAX_TEXT),
        "meterValue" | "transactionData" => found = samples(json, &mut decoding.times),
        _ => {}
    });
    Request::Event(ChargePointMessage::StopTransaction {
        transaction_id: transaction,
        id_token,
        meter_stop_tenth_wh: meter_stop,
        at,
        reason,
        samples: found,
    })
}

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&StopTransaction {
        // Charging has ended already: no status here could stop anything.
        id_tag_info: inputs.token_accepted.map(|_| id_tag_info(true)),
    })
}
