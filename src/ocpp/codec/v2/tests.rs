//! Payloads as charging stations send them.

use crate::json::Json;
use crate::model::{
    ChargePointMessage, ConnectorStatus, OcppVersion, TokenHasher, TransactionEventKind,
};
use crate::ocpp::codec::{Action, Request};

fn requests(action: &str, payload: &str) -> Request {
    let action = Action::from_name(OcppVersion::V21, action).unwrap();
    let hasher = TokenHasher::new(&[1; 32]);
    action.decode(&mut Json::new(payload, 32), &hasher).0
}

fn request(action: &str, payload: &str) -> ChargePointMessage {
    match requests(action, payload) {
        Request::Event(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_transaction_event_decodes_all_its_fields() {
    let message = request(
        "TransactionEvent",
        r#"{"eventType":"Started","timestamp":"2026-08-21T09:15:02Z","triggerReason":"CablePluggedIn","seqNo":0,"offline":true,
            "transactionInfo":{"transactionId":"tx-1","chargingState":"EVConnected","timeSpentCharging":60,"stoppedReason":"Local","remoteStartId":7},
            "idToken":{"idToken":"04:a1","type":"ISO14443"},"evse":{"id":2,"connectorId":1},"customData":{"vendorId":"x"},
            "meterValue":[{"timestamp":"2026-08-21T09:15:02Z","sampledValue":[
                {"value":12.5,"context":"Transaction.Begin","unitOfMeasure":{"unit":"Wh","multiplier":3},"signedMeterValue":{"signedMeterData":"AAAA","signingMethod":"x"}},
                {"value":7000,"measurand":"Power.Active.Import","unitOfMeasure":{"unit":"W"}}]}]}"#,
    );
    let ChargePointMessage::Transaction(event) = message else {
        panic!("TransactionEvent")
    };
    assert_eq!(
        (
            event.kind,
            event.transaction_id.as_str(),
            event.seq_no,
            event.offline
        ),
        (TransactionEventKind::Started, "tx-1", Some(0), true)
    );
    assert_eq!(
        (event.evse_id, event.charging_state, event.charging_s),
        (Some(2), Some(ConnectorStatus::Preparing), Some(60))
    );
    assert_eq!(event.id_token, TokenHasher::new(&[1; 32]).hash("04A1"));
    assert_eq!(
        (
            event.samples[0].register_tenth_wh,
            event.samples[0].power_milliwatts
        ),
        (Some(125_000), Some(7_000_000))
    );
    assert_eq!(
        event.samples[0].signed.as_ref().map(|signed| signed.bytes),
        Some(4)
    );
}

#[test]
fn values_are_scaled_by_their_power_of_ten() {
    for (value, multiplier, want) in [
        ("1500", -3, Some(15)),
        ("1.5", 3, Some(15_000)),
        ("15", 0, Some(150)),
        ("9", 300, None),
        ("1", -9, Some(0)),
    ] {
        let message = request(
            "MeterValues",
            &format!(
                r#"{{"evseId":1,"meterValue":{{"sampledValue":[{{"value":{value},"unitOfMeasure":{{"multiplier":{multiplier}}}}}]}}}}"#
            ),
        );
        let ChargePointMessage::MeterValues {
            samples,
            connector_id,
            ..
        } = message
        else {
            panic!("MeterValues")
        };
        assert_eq!(
            (
                samples.first().and_then(|sample| sample.register_tenth_wh),
                connector_id
            ),
            (want, 1),
            "{value} {multiplier}"
        );
    }
}

#[test]
fn states_come_in_two_kinds_of_message() {
    let status = request(
        "StatusNotification",
        r#"{"timestamp":"2026-08-21T09:15:02Z","connectorStatus":"Occupied","evseId":1,"connectorId":2}"#,
    );
    assert!(matches!(
        status,
        ChargePointMessage::Status {
            connector_id: 1,
            part: 2,
            status: ConnectorStatus::Occupied,
            ..
        }
    ));
    let Request::Events(events) = requests(
        "NotifyEvent",
        r#"{"generatedAt":"2026-08-21T09:15:02Z","seqNo":0,"eventData":[
            {"eventId":1,"timestamp":"2026-08-21T09:15:02Z","actualValue":"Faulted","component":{"name":"Connector","evse":{"id":1,"connectorId":1}},"variable":{"name":"AvailabilityState"}},
            {"eventId":2,"actualValue":"true","techCode":"E12","component":{"name":"ElectricalFeed","evse":{"id":1}},"variable":{"name":"Problem"}},
            {"eventId":3,"actualValue":true,"cleared":true,"component":{"name":"ElectricalFeed"},"variable":{"name":"Problem"}},
            {"eventId":4,"actualValue":"20","component":{"name":"X"},"variable":{"name":"Temperature"}}]}"#,
    ) else {
        panic!("events")
    };
    assert_eq!(events.len(), 3);
    assert!(matches!(
        &events[0],
        ChargePointMessage::Status {
            status: ConnectorStatus::Faulted,
            connector_id: 1,
            ..
        }
    ));
    assert!(
        matches!(&events[1], ChargePointMessage::Problem { present: true, code: Some(code), connector_id: 1, .. } if code == "E12")
    );
    assert!(matches!(
        &events[2],
        ChargePointMessage::Problem {
            present: false,
            connector_id: 0,
            ..
        }
    ));
}

#[test]
fn every_action_decodes_an_empty_payload() {
    for action in Action::all(OcppVersion::V21) {
        requests(action.name(), "{}");
        requests(action.name(), "[]");
    }
    let boot = request(
        "BootNotification",
        r#"{"reason":"PowerUp","chargingStation":{"vendorName":"ACME","model":"M2"}}"#,
    );
    assert!(matches!(boot, ChargePointMessage::Boot { vendor, .. } if vendor == "ACME"));
}

#[test]
fn new_actions_of_2_1_are_unknown_in_2_0_1() {
    let (old, new): (Vec<_>, Vec<_>) = Action::all(OcppVersion::V21)
        .partition(|action| Action::from_name(OcppVersion::V201, action.name()).is_some());
    assert_eq!((old.len(), new.len()), (25, 13));
    assert_eq!(Action::all(OcppVersion::V201).count(), 25);
    let name = "NotifySettlement";
    assert_eq!(Action::from_name(OcppVersion::V201, name), None);
    assert!(Action::from_name(OcppVersion::V21, name).is_some());
}
