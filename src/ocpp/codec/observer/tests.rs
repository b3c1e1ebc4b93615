//! The transaction id comes from the response, and each request counts once.

use crate::model::TokenHasher;
use crate::ocpp::codec::observer::*;

const START: &str = r#"[2,"7","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-08-21T09:15:02Z"}]"#;

struct Connection {
    observer: Observer,
    hasher: TokenHasher,
    out: Vec<ObservedMessage>,
}

impl Connection {
    fn new() -> Self {
        Self {
            observer: Observer::new(OcppVersion::V16),
            hasher: TokenHasher::new(&[0; 32]),
            out: Vec::new(),
        }
    }

    fn observe(&mut self, origin: Origin, text: &str) -> Result<(), RejectedFrame> {
        let options = ParseOptions {
            version: OcppVersion::V16,
            hasher: &self.hasher,
            max_depth: 32,
            repair_metering: true,
        };
        self.observer
            .observe(origin, text, &options, UtcMs(0), &mut self.out)
    }
}

#[test]
fn transaction_ids_come_from_the_response() {
    let mut connection = Connection::new();
    connection.observe(Origin::ChargePoint, START).unwrap();
    assert!(connection.out.is_empty(), "not before the response");
    let change = r#"[2,"c1","ChangeAvailability",{"connectorId":1,"type":"Inoperative"}]"#;
    connection.observe(Origin::Csms, change).unwrap();
    let response = r#"[3,"7",{"transactionId":4711,"idTagInfo":{"status":"Accepted"}}]"#;
    connection.observe(Origin::Csms, response).unwrap();
    connection.observe(Origin::ChargePoint, START).unwrap();
    assert_eq!(connection.out.len(), 1, "once");
    assert!(matches!(
        connection.out[0].message,
        ChargePointMessage::StartTransaction {
            issue: Issue::Theirs(Some(4711)),
            ..
        }
    ));
    let scheduled = r#"[3,"c1",{"status":"Scheduled"}]"#;
    connection.observe(Origin::ChargePoint, scheduled).unwrap();
    assert!(matches!(
        connection.out[1].message,
        ChargePointMessage::AvailabilityChanged {
            connector_id: 1,
            operative: false
        }
    ));
}

#[test]
fn a_start_without_a_response_has_no_id() {
    let mut connection = Connection::new();
    connection.observe(Origin::ChargePoint, START).unwrap();
    // The next request shows that no response will follow.
    let heartbeat = r#"[2,"9","Heartbeat",{}]"#;
    connection.observe(Origin::ChargePoint, heartbeat).unwrap();
    assert!(matches!(
        connection.out[0].message,
        ChargePointMessage::StartTransaction {
            issue: Issue::Theirs(None),
            ..
        }
    ));
}

#[test]
fn malformed_frames_and_unknown_actions_are_rejected() {
    let mut connection = Connection::new();
    assert!(connection.observe(Origin::ChargePoint, "[2").is_err());
    let unknown = r#"[2,"1","Coffee",{}]"#;
    assert!(connection.observe(Origin::ChargePoint, unknown).is_err());
}
