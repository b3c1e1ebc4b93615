//! Heartbeat: a sign of life. The response gives the charge point the time.

use ocpp_rs::v16::call_result::Heartbeat;

use crate::json::Json;
use crate::model::ChargePointMessage;
use crate::ocpp::codec::action::{Decoding, Definition, Request, ResponseInputs};
use crate::ocpp::codec::response::{payload, time};

pub(super) const ACTION: Definition =
    Definition::new("Heartbeat", decode, respond).answered_at_once();

fn decode(json: &mut Json<'_>, _: &mut Decoding<'_>) -> Request {
    json.object(|_, _| {});
    Request::Event(ChargePointMessage::Heartbeat)
}

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&Heartbeat {
        current_time: time(inputs.now),
    })
}
