//! StatusNotification: the state of one connector of an EVSE.

use super::device_model::evse;
use crate::json::Json;
use crate::model::{ChargePointMessage, ConnectorStatus};
use crate::ocpp::codec::action::{Decoding, Definition, Request};
use crate::ocpp::codec::field::{number, trimmed};
use crate::ocpp::codec::response::empty;

pub(super) const ACTION: Definition = Definition::new("StatusNotification", decode, empty);

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let (mut evse_id, mut connector_id) = (0, 0);
    let (mut status, mut at) = (ConnectorStatus::from_name(""), None);
    json.object(|json, name| match name {
        "evseId" => evse_id = number(json),
        "connectorId" => connector_id = number(json),
        // Not of the standard here, but accepted.
        "evse" => (evse_id, connector_id) = evse(json),
        "connectorStatus" => {
            status = ConnectorStatus::from_name(trimmed(json).as_deref().unwrap_or_default())
        }
        "timestamp" => at = decoding.times.parse(json),
        _ => {}
    });
    Request::Event(ChargePointMessage::Status {
        connector_id: evse_id,
        part: connector_id,
        status,
        error_code: None,
        vendor_error_code: None,
        info: None,
        at,
    })
}
