//! GetCertificateChainStatus: the status of several certificates. The response must repeat each of them.

use ocpp_rs::v21::call::Action as Payload;
use ocpp_rs::v21::messages::get_certificate_chain_status::{
    CertificateStatusEnumType, CertificateStatusType, GetCertificateChainStatusResponse,
};

use super::{NOT_REPEATABLE, typed_request};
use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::{payload, time};

pub(super) const ACTION: Definition = notice!("GetCertificateChainStatus", respond).new_in_2_1();

fn respond(inputs: &ResponseInputs<'_>) -> Result<String, String> {
    let Payload::GetCertificateChainStatus(request) = typed_request(inputs.frame)? else {
        return Err(NOT_REPEATABLE.to_owned());
    };
    let failed = request
        .certificate_status_requests
        .into_iter()
        .map(|request| CertificateStatusType {
            certificate_hash_data: request.certificate_hash_data,
            source: request.source,
            status: CertificateStatusEnumType::Failed,
            next_update: time(inputs.now),
            custom_data: None,
        });
    payload(&GetCertificateChainStatusResponse {
        certificate_status: failed.collect(),
        custom_data: None,
    })
}
