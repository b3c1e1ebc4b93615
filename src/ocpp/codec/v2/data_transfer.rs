//! DataTransfer: a vendor's own message.

use ocpp_rs::v21::messages::data_transfer::{DataTransferResponse, DataTransferStatusEnumType};

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("DataTransfer", respond);

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    // No vendor's extension is implemented.
    payload(&DataTransferResponse {
        status: DataTransferStatusEnumType::UnknownVendorId,
        data: None,
        status_info: None,
        custom_data: None,
    })
}
