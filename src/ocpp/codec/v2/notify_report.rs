//! NotifyReport: a part of a station's inventory. The ledger stores the states of EVSEs and connectors: some stations report them nowhere
//! else after a reconnect.

use super::device_model::VariableRef;
use crate::json::Json;
use crate::model::ChargePointMessage;
use crate::ocpp::codec::MAX_TEXT;
use crate::ocpp::codec::action::{Decoding, Definition, Request};
use crate::ocpp::codec::field::short;
use crate::ocpp::codec::response::empty;

/// States taken from one part; a station has far fewer connectors.
const MAX_STATES: usize = 1_000;

pub(super) const ACTION: Definition = Definition::new("NotifyReport", decode, empty);

/// The states in it; without any it is a sign of life.
fn decode(json: &mut Json<'_>, decoding: &mut Decoding<'_>) -> Request {
    let mut found = Vec::new();
    let mut generated_at = None;
    json.object(|json, name| match name {
        "generatedAt" => generated_at = decoding.times.parse(json),
        "reportData" => json.one_or_many(|json| {
            let mut entry = Entry::default();
            json.object(|json, name| entry.field(json, name));
            if entry.is_connector_state() && found.len() < MAX_STATES {
                found.push(entry);
            }
        }),
        _ => {}
    });
    // Only now: `generatedAt` may come after the data.
    let messages: Vec<ChargePointMessage> = found
        .iter()
        .filter_map(|entry| {
            let value = entry.value.as_deref()?;
            Some(entry.variable.status(value, generated_at))
        })
        .collect();
    if messages.is_empty() {
        return Request::Event(ChargePointMessage::Notice {
            action: "NotifyReport".to_owned(),
            status: None,
        });
    }
    Request::Events(messages)
}

/// One element of `reportData`.
#[derive(Default)]
struct Entry {
    variable: VariableRef,
    value: Option<String>,
}

impl Entry {
    fn field(&mut self, json: &mut Json<'_>, name: &str) {
        match name {
            "variableAttribute" => json.one_or_many(|json| {
                let (mut kind, mut value) = (None, None);
                json.object(|json, name| match name {
                    "type" => kind = short(json, MAX_TEXT),
                    "value" => value = short(json, MAX_TEXT),
                    _ => {}
                });
                // Without a type it is the actual value.
                if kind.is_none_or(|kind| kind == "Actual") && value.is_some() {
                    self.value = value;
                }
            }),
            name => self.variable.field(json, name),
        }
    }

    fn is_connector_state(&self) -> bool {
        let VariableRef {
            component, evse_id, ..
        } = &self.variable;
        self.variable.is_availability()
            && *evse_id > 0
            && matches!(component.as_deref(), Some("EVSE" | "Connector"))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{ConnectorStatus, TokenHasher};
    use crate::ocpp::codec::field::Times;
    use crate::ocpp::codec::v2::notify_report::*;

    fn decode_text(text: &str) -> Request {
        let hasher = TokenHasher::new(&[1; 32]);
        let mut decoding = Decoding {
            hasher: &hasher,
            times: Times::default(),
        };
        decode(&mut Json::new(text, 16), &mut decoding)
    }

    #[test]
    fn only_states_of_connectors_are_taken() {
        let text = r#"{"requestId":1,"generatedAt":"2026-08-21T08:00:00Z","seqNo":0,"tbc":true,"reportData":[
            {"component":{"name":"Connector","evse":{"id":2,"connectorId":1}},"variable":{"name":"AvailabilityState"},
             "variableAttribute":[{"type":"Target","value":"Faulted"},{"value":"Occupied"}]},
            {"component":{"name":"ChargingStation"},"variable":{"name":"AvailabilityState"},"variableAttribute":[{"value":"Available"}]},
            {"component":{"name":"EVSE","evse":{"id":1}},"variable":{"name":"Power"},"variableAttribute":[{"value":"0"}]}]}"#;
        let Request::Events(messages) = decode_text(text) else {
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
        let none = decode_text(r#"{"requestId":1,"reportData":{}}"#);
        assert!(matches!(
            none,
            Request::Event(ChargePointMessage::Notice { .. })
        ));
    }
}
