//! Payloads as charging stations send them.

use crate::ocpp::codec::v2::*;

fn requests(action: Action, payload: &str) -> Request {
    decode(
        action,
        &mut Json::new(payload, 32),
        &TokenHasher::new(&[1; 32]),
    )
    .0
}

fn request(action: Action, payload: &str) -> ChargePointMessage {
    match requests(action, payload) {
        Request::Event(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_transaction_event() {
    let message = request(
        Action::TransactionEvent,
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
        (event.samples[0].register_dwh, event.samples[0].power_mw),
        (Some(125_000), Some(7_000_000))
    );
    assert_eq!(
        event.samples[0].signed.as_ref().map(|signed| signed.bytes),
        Some(4)
    );
}

#[test]
fn powers_of_ten_beside_the_value() {
    for (value, multiplier, want) in [
        ("1500", -3, Some(15)),
        ("1.5", 3, Some(15_000)),
        ("15", 0, Some(150)),
        ("9", 300, None),
        ("1", -9, Some(0)),
    ] {
        let message = request(
            Action::MeterValues,
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
                samples.first().and_then(|sample| sample.register_dwh),
                connector_id
            ),
            (want, 1),
            "{value} {multiplier}"
        );
    }
}

#[test]
fn states_come_in_two_messages() {
    let status = request(
        Action::StatusNotification,
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
        Action::NotifyEvent,
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
fn nothing_at_all_is_lived_with() {
    for (name, action, new) in ACTIONS {
        requests(*action, "{}");
        requests(*action, "[]");
        assert_eq!(
            Action::from_name(OcppVersion::V201, name).is_some(),
            !new,
            "{name}"
        );
        assert_eq!(
            Action::from_name(OcppVersion::V21, name),
            Some(*action),
            "{name}"
        );
    }
    let boot = request(
        Action::BootNotification,
        r#"{"reason":"PowerUp","chargingStation":{"vendorName":"ACME","model":"M2"}}"#,
    );
    assert!(matches!(boot, ChargePointMessage::Boot { vendor, .. } if vendor == "ACME"));
}
