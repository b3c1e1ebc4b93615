//! StatusNotification: the state of a connector; connector 0 is the charge point as a whole.

use crate::json::Json;
use crate::model::{ChargePointMessage, ConnectorStatus};
use crate::ocpp::codec::MAX_TEXT;
use crate::ocpp::codec::action::{Decoding, Definition, Request};
use crate::ocpp::codec::field::{number, short, trimmed};
use crate::ocpp::codec::response::empty;

pub(super) const ACTION: Definition = Definition::new("StatusNotification", decode, empty);

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let (mut connector_id, mut status, mut at) = (0, ConnectorStatus::from_name(""), None);
    let (mut error_code, mut vendor_error_code, mut info) = (None, None, None);
    json.object(|json, name| match name {
        "connectorId" => connector_id = number(json),
        "status" => {
            status = ConnectorStatus::from_name(trimmed(json).as_deref().unwrap_or_default())
        }
        "errorCode" => error_code = short(json, MAX_TEXT),
        "vendorErrorCode" => vendor_error_code = short(json, MAX_TEXT),
        "info" => info = short(json, MAX_TEXT),
        "timestamp" => at = decoding.times.parse(json),
        _ => {}
    });
    Request::Event(ChargePointMessage::Status {
        connector_id,
        part: 0,
        status,
        error_code: error_code.filter(|code: &String| !code.eq_ignore_ascii_case("NoError")),
        vendor_error_code,
        info,
        at,
    })
}
