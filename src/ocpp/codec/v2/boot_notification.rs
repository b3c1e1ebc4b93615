//! BootNotification: what the station is. The response gives it the time and its heartbeat interval.

use ocpp_rs::v21::messages::boot_notification::{
    BootNotificationResponse, RegistrationStatusEnumType,
};

use crate::json::Json;
use crate::model::ChargePointMessage;
use crate::ocpp::codec::MAX_TEXT;
use crate::ocpp::codec::action::{Decoding, Definition, Request, ResponseInputs};
use crate::ocpp::codec::field::short;
use crate::ocpp::codec::response::{payload, time};

pub(super) const ACTION: Definition =
    Definition::new("BootNotification", decode, respond).answered_at_once();

fn decode(json: &mut Json<'_>, _: &mut Decoding<'_>) -> Request {
    let (mut vendor, mut model, mut firmware, mut serial) = (None, None, None, None);
    json.object(|json, name| {
        if name == "chargingStation" {
            json.object(|json, name| match name {
                "vendorName" => vendor = short(json, MAX_TEXT),
                "model" => model = short(json, MAX_TEXT),
                "firmwareVersion" => firmware = short(json, MAX_TEXT),
                "serialNumber" => serial = short(json, MAX_TEXT),
                _ => {}
            });
        }
    });
    Request::Event(ChargePointMessage::Boot {
        vendor: vendor.unwrap_or_default(),
        model: model.unwrap_or_default(),
        firmware,
        serial,
    })
}

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&BootNotificationResponse {
        current_time: time(inputs.now),
        interval: inputs.interval_s,
        // Never Pending: some stations then repeat the request without end.
        status: RegistrationStatusEnumType::Accepted,
        status_info: None,
        custom_data: None,
    })
}
