//! Authorize: may this tag charge?

use ocpp_rs::v16::call_result::Authorize;

use super::id_tag_info;
use crate::json::Json;
use crate::ocpp::codec::action::{Decoding, Definition, Request, ResponseInputs};
use crate::ocpp::codec::field::token;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition =
    Definition::new("Authorize", decode, respond).answered_at_once();

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let mut id_tag = None;
    json.object(|json, name| {
        if name == "idTag" {
            id_tag = token(json, decoding.hasher);
        }
    });
    Request::Authorize(id_tag)
}

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&Authorize {
        id_tag_info: id_tag_info(inputs.token_accepted.unwrap_or(false)),
    })
}
