//! NotifyEvent: changes in the device model. The ledger stores availability (which replaces StatusNotification in OCPP 2.1) and
//! problems.

use super::device_model::VariableRef;
use crate::json::Json;
use crate::model::ChargePointMessage;
use crate::ocpp::codec::MAX_TEXT;
use crate::ocpp::codec::action::{Decoding, Definition, Request};
use crate::ocpp::codec::field::{Times, short};
use crate::ocpp::codec::response::empty;
use crate::units::UtcMs;

/// Messages made of one request; a station has far fewer variables that matter here.
const MAX_MESSAGES: usize = 1_000;

pub(super) const ACTION: Definition = Definition::new("NotifyEvent", decode, empty);

fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let mut messages = Vec::new();
    json.object(|json, name| {
        if name != "eventData" {
            return;
        }
        json.one_or_many(|json| {
            let mut event = Event::default();
            json.object(|json, name| event.field(json, name, &mut decoding.times));
            if messages.len() < MAX_MESSAGES {
                messages.extend(event.message());
            }
        });
    });
    Request::Events(messages)
}

/// One element of `eventData`.
#[derive(Default)]
struct Event {
    at: Option<UtcMs>,
    value: Option<String>,
    variable: VariableRef,
    tech_code: Option<String>,
    cleared: bool,
}

impl Event {
    fn field(&mut self, json: &mut Json<'_>, name: &str, times: &mut Times) {
        match name {
            "timestamp" => self.at = times.parse(json),
            "actualValue" => self.value = short_or_literal(json),
            "techCode" => self.tech_code = short(json, MAX_TEXT),
            "cleared" => self.cleared = json.boolean().unwrap_or(false),
            name => self.variable.field(json, name),
        }
    }

    fn message(self) -> Option<ChargePointMessage> {
        let value = self.value.unwrap_or_default();
        if self.variable.is_availability() {
            return Some(self.variable.status(&value, self.at));
        }
        match self.variable.variable.as_deref()? {
            "Problem" => Some(ChargePointMessage::Problem {
                connector_id: self.variable.evse_id,
                component: self.variable.component.unwrap_or_default(),
                code: self.tech_code,
                present: !self.cleared && !value.eq_ignore_ascii_case("false"),
                at: self.at,
            }),
            _ => None,
        }
    }
}

/// The standard has a text here; a bare `true` is accepted.
fn short_or_literal(json: &mut Json<'_>) -> Option<String> {
    match json.peek() {
        Some(b't' | b'f') => json.boolean().map(|value| value.to_string()),
        _ => short(json, MAX_TEXT),
    }
}
