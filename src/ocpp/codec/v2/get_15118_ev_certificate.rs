//! Get15118EVCertificate: the station requests a contract certificate for a vehicle.

use ocpp_rs::v21::messages::get15118_ev_certificate::{
    Get15118EVCertificateResponse, Iso15118EVCertificateStatusEnumType,
};

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("Get15118EVCertificate", respond);

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&Get15118EVCertificateResponse {
        status: Iso15118EVCertificateStatusEnumType::Failed,
        status_info: None,
        exi_response: String::new(),
        remaining_contracts: None,
        custom_data: None,
    })
}
