//! NotifyEVChargingNeeds: the vehicle requests a charging schedule.

use ocpp_rs::v21::messages::notify_ev_charging_needs::{
    NotifyEVChargingNeedsResponse, NotifyEVChargingNeedsStatusEnumType,
};

use crate::ocpp::codec::action::{Definition, ResponseInputs};
use crate::ocpp::codec::notice::notice;
use crate::ocpp::codec::response::payload;

pub(super) const ACTION: Definition = notice!("NotifyEVChargingNeeds", respond);

fn respond(_: &ResponseInputs<'_>) -> Result<String, String> {
    payload(&NotifyEVChargingNeedsResponse {
        status: NotifyEVChargingNeedsStatusEnumType::Rejected,
        status_info: None,
        custom_data: None,
    })
}
