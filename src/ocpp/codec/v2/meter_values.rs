//! MeterValues: samples of an EVSE outside a transaction. EVSE 0 is the station's main meter.

use super::device_model::evse;
use crate::json::Json;
use crate::model::ChargePointMessage;
use crate::ocpp::codec::action::{Decoding, Definition, Request};
use crate::ocpp::codec::field::number;
use crate::ocpp::codec::meter::samples;
use crate::ocpp::codec::response::empty;

pub(super) const ACTION: Definition = Definition::new("MeterValues", decode, empty).metering();

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let (mut evse_id, mut found) = (0, Vec::new());
    json.object(|json, name| match name {
        "evseId" => evse_id = number(json),
        // Not of the standard here, but accepted.
        "evse" => evse_id = evse(json).0,
        "meterValue" => found = samples(json, &mut decoding.times),
        _ => {}
    });
    Request::Event(ChargePointMessage::MeterValues {
        connector_id: evse_id,
        transaction_id: None,
        samples: found,
    })
}
