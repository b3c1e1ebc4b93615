//! SignCertificate: the station requests a signature for its certificate.

use ocpp_rs::v21::enumerations::GenericStatusEnumType;
use ocpp_rs::v21::messages::sign_certificate::SignCertificateResponse;

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("SignCertificate", respond);

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    // There is no certificate authority here.
    payload(&SignCertificateResponse {
        status: GenericStatusEnumType::Rejected,
        status_info: None,
        custom_data: None,
    })
}
