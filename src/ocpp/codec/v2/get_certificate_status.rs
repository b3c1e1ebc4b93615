//! GetCertificateStatus: the station requests the OCSP status of a certificate.

use ocpp_rs::v21::messages::get_certificate_status::{
    GetCertificateStatusEnumType, GetCertificateStatusResponse,
};

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("GetCertificateStatus", respond);

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&GetCertificateStatusResponse {
        status: GetCertificateStatusEnumType::Failed,
        status_info: None,
        ocsp_result: None,
        custom_data: None,
    })
}
