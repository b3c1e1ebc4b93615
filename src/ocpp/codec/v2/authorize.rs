//! Authorize: may this token charge?

use ocpp_rs::v21::messages::authorize::AuthorizeResponse;

use super::{id_token, id_token_info};
use crate::json::Json;
use crate::ocpp::codec::action::{Decoding, Definition, Request, ResponseInputs};
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition =
    Definition::new("Authorize", decode, respond).answered_at_once();

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let mut token = None;
    json.object(|json, name| {
        if name == "idToken" {
            token = id_token(json, decoding.hasher);
        }
    });
    Request::Authorize(token)
}

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&AuthorizeResponse {
        id_token_info: id_token_info(inputs.token_accepted.unwrap_or(false)),
        certificate_status: None,
        allowed_energy_transfer: None,
        tariff: None,
        custom_data: None,
    })
}
