//! Payloads as charge points send them.

use crate::json::Json;
use crate::model::{
    ChargePointMessage, ConnectorStatus, MeterSample, OcppVersion, ReadingContext, TokenHasher,
};
use crate::ocpp::codec::{Action, Request};

fn request(action: &str, payload: &str) -> ChargePointMessage {
    let action = Action::from_name(OcppVersion::V16, action).unwrap();
    let hasher = TokenHasher::new(&[1; 32]);
    match action.decode(&mut Json::new(payload, 32), &hasher).0 {
        Request::Event(message) => message,
        other => panic!("{other:?}"),
    }
}

fn meter(sampled_value: &str) -> MeterSample {
    let payload = format!(
        r#"{{"connectorId":1,"meterValue":[{{"timestamp":"2026-08-21T09:15:02Z","sampledValue":{sampled_value}}}]}}"#
    );
    match request("MeterValues", &payload) {
        ChargePointMessage::MeterValues { samples, .. } => {
            samples.into_iter().next().unwrap_or_default()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn registers_parse_in_every_spelling() {
    for (sampled, want) in [
        (r#"[{"value":"12345"}]"#, Some(123_450)),
        (r#"[{"value":12345.6}]"#, Some(123_456)),
        (r#"[{"value":" 12.3456 ","unit":"kWh"}]"#, Some(123_456)),
        (r#"[{"value":"12,5","unit":"Wh"}]"#, Some(125)),
        (
            r#"{"value":"7","measurand":"Energy.Active.Import.Register"}"#,
            Some(70),
        ),
        (
            r#"[{"value":"1","phase":"L1"},{"value":"2","phase":"L2"},{"value":"3","phase":"L3-N"}]"#,
            Some(60),
        ),
        (r#"[{"value":"9","phase":"L1"}]"#, Some(90)),
        (r#"[{"value":"9","phase":"L1"},{"value":"11"}]"#, Some(110)),
        (
            r#"[{"value":"1","location":"Inlet"},{"value":"2","location":"Outlet"},{"value":"3"}]"#,
            Some(20),
        ),
        (r#"[{"value":"NaN"},{"value":""},{"value":null}]"#, None),
        (r#"[{"value":"AAAA","format":"SignedData"}]"#, None),
        (
            r#"[{"value":"5","measurand":"Energy.Active.Import.Interval"}]"#,
            None,
        ),
        (r#"[{"value":"5","unit":"furlong"}]"#, None),
        ("[]", None),
        ("\"x\"", None),
    ] {
        assert_eq!(meter(sampled).register_tenth_wh, want, "{sampled}");
    }
}

#[test]
fn other_measurands_are_converted() {
    let sample = meter(
        r#"[{"value":"7.36","measurand":"Power.Active.Import","unit":"kW","context":"Transaction.End"},
            {"value":"16","measurand":"Current.Import","phase":"L1"},{"value":"15.5","measurand":"Current.Import","phase":"L2"},
            {"value":"230","measurand":"Voltage","phase":"L1-N"},{"value":"232","measurand":"Voltage","phase":"L2-N"},{"value":"400","measurand":"Voltage","phase":"L1-L2"},
            {"value":"80","measurand":"SoC","unit":"Percent"},{"value":"-3.5","measurand":"Temperature","unit":"Celcius"}]"#,
    );
    assert_eq!(sample.power_milliwatts, Some(7_360_000));
    assert_eq!(sample.current_ma, Some(16_000));
    assert_eq!(sample.voltage_mv, Some(231_000));
    assert_eq!(
        (sample.soc_millipercent, sample.temperature_mc),
        (Some(80_000), Some(-3_500))
    );
    assert_eq!(sample.context, ReadingContext::End);
}

#[test]
fn samples_come_in_time_order() {
    let message = request(
        "MeterValues",
        r#"{"connectorId":"2","transactionId":0,"meterValue":[
            {"timestamp":"2026-08-21T09:16:00Z","sampledValue":[{"value":"2"}]},{"timestamp":"2026-08-21T09:15:00Z","sampledValue":[{"value":"1"}]}]}"#,
    );
    let ChargePointMessage::MeterValues {
        connector_id,
        transaction_id,
        samples,
    } = message
    else {
        panic!("MeterValues")
    };
    assert_eq!((connector_id, transaction_id), (2, None));
    assert_eq!(
        samples
            .iter()
            .map(|sample| sample.register_tenth_wh)
            .collect::<Vec<_>>(),
        [Some(10), Some(20)]
    );
}

#[test]
fn transactions_decode_odd_fields() {
    let start = request(
        "StartTransaction",
        r#"{"connectorId":1,"idTag":"04:a1","meterStart":"100","timestamp":"2026-08-21 09:15:02","extra":[]}"#,
    );
    let ChargePointMessage::StartTransaction {
        connector_id,
        id_token,
        meter_start_tenth_wh,
        at,
        ..
    } = start
    else {
        panic!("start")
    };
    assert_eq!(
        (connector_id, meter_start_tenth_wh, at.is_some()),
        (1, Some(1000), true)
    );
    assert_eq!(id_token, TokenHasher::new(&[1; 32]).hash("04A1"));
    for (json, want) in [
        ("-1", Some(-1)),
        ("0", None),
        ("\"17\"", Some(17)),
        ("null", None),
        ("{}", None),
    ] {
        let stop = request(
            "StopTransaction",
            &format!(r#"{{"transactionId":{json},"meterStop":5.5}}"#),
        );
        let ChargePointMessage::StopTransaction {
            transaction_id,
            meter_stop_tenth_wh,
            ..
        } = stop
        else {
            panic!("stop")
        };
        assert_eq!(
            (transaction_id, meter_stop_tenth_wh),
            (want, Some(55)),
            "{json}"
        );
    }
}

#[test]
fn states_outside_the_standard_are_accepted() {
    for (word, want) in [
        ("Charging", ConnectorStatus::Charging),
        (" Available ", ConnectorStatus::Available),
        ("Occupied", ConnectorStatus::Occupied),
        ("Error", ConnectorStatus::Unknown),
    ] {
        let message = request(
            "StatusNotification",
            &format!(r#"{{"status":"{word}","errorCode":"NoError"}}"#),
        );
        let ChargePointMessage::Status {
            connector_id,
            status,
            error_code,
            ..
        } = message
        else {
            panic!("status")
        };
        assert_eq!(
            (connector_id, status, error_code),
            (0, want, None),
            "{word}"
        );
    }
}

#[test]
fn every_action_decodes_an_empty_payload() {
    let hasher = TokenHasher::new(&[1; 32]);
    for action in Action::all(OcppVersion::V16) {
        action.decode(&mut Json::new("{}", 32), &hasher);
        action.decode(&mut Json::new("[]", 32), &hasher);
    }
}
