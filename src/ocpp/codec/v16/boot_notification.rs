//! BootNotification: what the charge point is. The response gives it the time and its heartbeat interval.

use ocpp_rs::v16::call_result::BootNotification;
use ocpp_rs::v16::enums::RegistrationStatus;

use crate::json::Json;
use crate::model::ChargePointMessage;
use crate::ocpp::codec::MAX_TEXT;
use crate::ocpp::codec::action::{Decoding, Definition, Request, ResponseInputs};
use crate::ocpp::codec::field::short;
use crate::ocpp::codec::response::{payload, time};

pub(super) const ACTION: Definition =
    Definition::new("BootNotification", decode, respond).answered_at_once();

fn decode(json: &mut Json<'_>, _: &mut Decoding<'_>) -> Request {
    let (mut vendor, mut model, mut firmware) = (None, None, None);
    let (mut serial, mut box_serial) = (None, None);
    json.object(|json, name| match name {
        "chargePointVendor" => vendor = short(json, MAX_TEXT),
        "chargePointModel" => model = short(json, MAX_TEXT),
        "firmwareVersion" => firmware = short(json, MAX_TEXT),
        "chargePointSerialNumber" => serial = short(json, MAX_TEXT),
        "chargeBoxSerialNumber" => box_serial = short(json, MAX_TEXT),
        _ => {}
    });
    Request::Event(ChargePointMessage::Boot {
        vendor: vendor.unwrap_or_default(),
        model: model.unwrap_or_default(),
        firmware,
        serial: serial.or(box_serial),
    })
}

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&BootNotification {
        current_time: time(inputs.now),
        interval: inputs.interval_s,
        // Never Pending: some charge points then repeat the request without end.
        status: RegistrationStatus::Accepted,
    })
}
