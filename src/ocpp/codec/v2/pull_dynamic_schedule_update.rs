//! PullDynamicScheduleUpdate: the station requests the newest values of a dynamic schedule.

use ocpp_rs::v21::enumerations::ChargingProfileStatusEnumType;
use ocpp_rs::v21::messages::pull_dynamic_schedule_update::PullDynamicScheduleUpdateResponse;

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("PullDynamicScheduleUpdate", respond).new_in_2_1();

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&PullDynamicScheduleUpdateResponse {
        schedule_update: None,
        status: ChargingProfileStatusEnumType::Rejected,
        status_info: None,
        custom_data: None,
    })
}
