//! NotifyReport: a piece of a station's inventory. The books take the states of its EVSEs and plugs, which a station that says nothing
//! after a reconnect tells only here.

use super::super::field::{Times, short};
use super::super::{Request, WORDS};
use super::Action;
use super::place::Place;
use crate::json::Json;
use crate::model::ChargePointMessage;

/// States taken from one piece.
const MOST: usize = 1_000;

/// One element of `reportData`.
#[derive(Default)]
struct Entry {
    place: Place,
    value: Option<String>,
}

/// The states in it; without any it is a sign of life.
pub(super) fn states(json: &mut Json<'_>, times: &mut Times) -> Request {
    let mut found = Vec::new();
    let mut generated_at = None;
    json.object(|json, name| match name {
        "generatedAt" => generated_at = times.read(json),
        "reportData" => json.one_or_many(|json| {
            let mut entry = Entry::default();
            json.object(|json, name| entry.take(json, name));
            if entry.is_state_of_a_plug() && found.len() < MOST {
                found.push(entry);
            }
        }),
        _ => {}
    });
    // `generatedAt` may stand behind the data.
    let messages: Vec<ChargePointMessage> = found
        .iter()
        .filter_map(|entry| Some(entry.place.status(entry.value.as_deref()?, generated_at)))
        .collect();
    if messages.is_empty() {
        return Request::Event(ChargePointMessage::Notice {
            action: Action::NotifyReport.name().to_owned(),
            status: None,
        });
    }
    Request::Events(messages)
}

impl Entry {
    fn take(&mut self, json: &mut Json<'_>, name: &str) {
        match name {
            "variableAttribute" => json.one_or_many(|json| {
                let (mut kind, mut value) = (None, None);
                json.object(|json, name| match name {
                    "type" => kind = short(json, WORDS),
                    "value" => value = short(json, WORDS),
                    _ => {}
                });
                // Without a type it is the actual value.
                if kind.is_none_or(|kind| kind == "Actual") && value.is_some() {
                    self.value = value;
                }
            }),
            name => self.place.take(json, name),
        }
    }

    fn is_state_of_a_plug(&self) -> bool {
        let Place {
            component, evse_id, ..
        } = &self.place;
        self.place.is_availability()
            && *evse_id > 0
            && matches!(component.as_deref(), Some("EVSE" | "Connector"))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::ConnectorStatus;
    use crate::ocpp::codec::v2::report::*;

    #[test]
    fn states_of_plugs_are_taken_and_the_rest_is_not() {
        let text = r#"{"requestId":1,"generatedAt":"2026-08-21T08:00:00Z","seqNo":0,"tbc":true,"reportData":[
            {"component":{"name":"Connector","evse":{"id":2,"connectorId":1}},"variable":{"name":"AvailabilityState"},
             "variableAttribute":[{"type":"Target","value":"Faulted"},{"value":"Occupied"}]},
            {"component":{"name":"ChargingStation"},"variable":{"name":"AvailabilityState"},"variableAttribute":[{"value":"Available"}]},
            {"component":{"name":"EVSE","evse":{"id":1}},"variable":{"name":"Power"},"variableAttribute":[{"value":"0"}]}]}"#;
        let Request::Events(messages) = states(&mut Json::new(text, 16), &mut Times::default())
        else {
            panic!("no states")
        };
        assert_eq!(messages.len(), 1);
        assert!(matches!(
            messages[0],
            ChargePointMessage::Status {
                connector_id: 2,
                part: 1,
                status: ConnectorStatus::Occupied,
                ..
            }
        ));
        let none = states(
            &mut Json::new(r#"{"requestId":1,"reportData":{}}"#, 16),
            &mut Times::default(),
        );
        assert!(matches!(
            none,
            Request::Event(ChargePointMessage::Notice { .. })
        ));
    }
}
