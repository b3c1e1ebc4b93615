//! SignCertificate (security extension): the charge point requests a signature for its certificate.

use ocpp_rs::v16::call_result::SignCertificate;
use ocpp_rs::v16::enums::CertificateSignedStatus;

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("SignCertificate", respond);

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    // There is no certificate authority here.
    payload(&SignCertificate {
        status: CertificateSignedStatus::Rejected,
    })
}
