//! DataTransfer: a vendor's own message.

use ocpp_rs::v16::call_result::DataTransfer;
use ocpp_rs::v16::enums::DataTransferStatus;

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("DataTransfer", respond);

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    // No vendor's extension is implemented.
    payload(&DataTransfer {
        status: DataTransferStatus::UnknownVendorId,
        data: None,
    })
}
