//! MeterValues: samples of a connector, within a transaction or not. Connector 0 is the charge point's main meter.

use super::transaction_id;
use crate::json::Json;
use crate::model::ChargePointMessage;
use crate::ocpp::codec::action::{Decoding, Definition, Request};
use crate::ocpp::codec::field::number;
use crate::ocpp::codec::meter::samples;
use crate::ocpp::codec::response::empty;

pub(super) const ACTION: Definition = Definition::new("MeterValues", decode, empty).metering();

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let (mut connector_id, mut transaction, mut found) = (0, None, Vec::new());
    json.object(|json, name| match name {
        "connectorId" => connector_id = number(json),
        "transactionId" => transaction = transaction_id(json),
        "meterValue" | "transactionData" => found = samples(json, &mut decoding.times),
        _ => {}
    });
    Request::Event(ChargePointMessage::MeterValues {
        connector_id,
        transaction_id: transaction,
        samples: found,
    })
}
