//! VatNumberValidation: is this VAT number valid? The response must repeat the number.

use ocpp_rs::v21::call::Action as Payload;
use ocpp_rs::v21::enumerations::GenericStatusEnumType;
use ocpp_rs::v21::messages::vat_number_validation::VatNumberValidationResponse;

use super::{NOT_REPEATABLE, typed_request};
use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("VatNumberValidation", respond).new_in_2_1();

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    let Payload::VatNumberValidation(request) = typed_request(inputs.frame)? else {
        return Err(NOT_REPEATABLE.to_owned());
    };
    payload(&VatNumberValidationResponse {
        company: None,
        status_info: None,
        vat_number: request.vat_number,
        evse_id: request.evse_id,
        status: GenericStatusEnumType::Rejected,
        custom_data: None,
    })
}
