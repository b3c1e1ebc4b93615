//! Actions that carry no fact for the ledger: firmware, logs, security events, vendors' own. They count as a sign of life.

use super::MAX_TEXT;
use super::action::{Decoding, Request};
use super::field::short;
use crate::json::Json;
use crate::model::ChargePointMessage;

/// Defines an action that is a notice; its response is empty unless a function is given.
macro_rules! notice {
    ($name:literal) => {
        crate::ocpp::codec::notice::notice!($name, crate::ocpp::codec::response::empty)
    };
    ($name:literal, $respond:path) => {
        crate::ocpp::codec::action::Definition::new(
            $name,
            |json, decoding| crate::ocpp::codec::notice::decode($name, json, decoding),
            $respond,
        )
    };
}
pub(super) use notice;

/// Keeps the action, and its `status`, `type` or `vendorId`.
pub(super) fn decode(action: &str, json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let (mut status, mut kind, mut vendor_id) = (None, None, None);
    json.object(|json, name| match name {
        "status" => status = short(json, MAX_TEXT),
        "type" => kind = short(json, MAX_TEXT),
        "vendorId" => vendor_id = short(json, MAX_TEXT),
        // Only for whether it lacks its zone.
        "timestamp" => drop(decoding.times.parse(json)),
        _ => {}
    });
    Request::Event(ChargePointMessage::Notice {
        action: action.to_owned(),
        status: status.or(kind).or(vendor_id),
    })
}
