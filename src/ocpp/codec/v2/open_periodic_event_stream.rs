//! OpenPeriodicEventStream: the station offers a stream of monitoring events.

use ocpp_rs::v21::enumerations::GenericStatusEnumType;
use ocpp_rs::v21::messages::open_periodic_event_stream::OpenPeriodicEventStreamResponse;

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("OpenPeriodicEventStream", respond).new_in_2_1();

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&OpenPeriodicEventStreamResponse {
        status: GenericStatusEnumType::Rejected,
        status_info: None,
        custom_data: None,
    })
}
