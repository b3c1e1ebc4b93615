//! Variables of the OCPP 2.x device model: component, EVSE, connector and variable (part 2, `ComponentType`, `VariableType`).

use super::super::MAX_TEXT;
use super::super::field::{number, short};
use crate::json::Json;
use crate::model::{ChargePointMessage, ConnectorStatus};
use crate::units::UtcMs;

/// A reference to a variable of a component.
#[derive(Default)]
pub(super) struct VariableRef {
    pub component: Option<String>,
    pub variable: Option<String>,
    pub evse_id: u32,
    /// A connector of the EVSE; 0 for the whole EVSE.
    pub connector_id: u32,
}

impl VariableRef {
    /// Decodes the field of that name, if it is `component` or `variable`.
    pub(super) fn field(&mut self, json: &mut Json<'_>, name: &str) {
        match name {
            "component" => {
                json.object(|json, name| match name {
                    "name" => self.component = short(json, MAX_TEXT),
                    "evse" => (self.evse_id, self.connector_id) = evse(json),
                    _ => {}
                });
            }
            "variable" => {
                json.object(|json, name| {
                    if name == "name" {
                        self.variable = short(json, MAX_TEXT);
                    }
                });
            }
            _ => {}
        }
    }

    /// Whether a connector, an EVSE or the station can be used.
    pub(super) fn is_availability(&self) -> bool {
        self.variable.as_deref() == Some("AvailabilityState")
    }

    /// The availability as a message.
    pub(super) fn status(&self, value: &str, at: Option<UtcMs>) -> ChargePointMessage {
        ChargePointMessage::Status {
            connector_id: self.evse_id,
            part: self.connector_id,
            status: ConnectorStatus::from_name(value),
            error_code: None,
            vendor_error_code: None,
            info: None,
            at,
        }
    }
}

/// `EVSEType`: `id` and `connectorId`, 0 where one is missing.
pub(super) fn evse(json: &mut Json<'_>) -> (u32, u32) {
    let (mut evse_id, mut connector_id) = (0, 0);
    json.object(|json, name| match name {
        "id" => evse_id = number(json),
        "connectorId" => connector_id = number(json),
        _ => {}
    });
    (evse_id, connector_id)
}
