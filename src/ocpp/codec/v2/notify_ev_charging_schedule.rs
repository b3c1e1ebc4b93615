//! NotifyEVChargingSchedule: the schedule that the vehicle chose.

use ocpp_rs::v21::enumerations::GenericStatusEnumType;
use ocpp_rs::v21::messages::notify_ev_charging_schedule::NotifyEVChargingScheduleResponse;

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("NotifyEVChargingSchedule", respond);

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    // Rejected would only make the vehicle negotiate again.
    payload(&NotifyEVChargingScheduleResponse {
        status: GenericStatusEnumType::Accepted,
        status_info: None,
        custom_data: None,
    })
}
