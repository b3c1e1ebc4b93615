//! Frames in every spelling, malformed frames, and frames mutated at random.

use crate::model::ChargePointMessage;
use crate::ocpp::codec::frame::*;

fn parse_as(text: &str, version: OcppVersion) -> Frame<'_> {
    let hasher = TokenHasher::new(&[0; 32]);
    parse(
        text,
        &ParseOptions {
            version,
            hasher: &hasher,
            max_depth: 32,
            repair_metering: true,
        },
    )
}

#[test]
fn requests_parse_in_every_spelling() {
    for (text, want) in [
        (r#"[2,"1","Heartbeat",{}]"#, r#""1""#),
        (" [ 2 , 17 , \"Heartbeat\" , null ]\n", "17"),
        (r#"[2,"1","Heartbeat"]"#, r#""1""#),
        (r#"["2","1","Heartbeat",{}]"#, r#""1""#),
    ] {
        let Frame::Call {
            id,
            request,
            silent,
            ..
        } = parse_as(text, OcppVersion::V16)
        else {
            panic!("{text}")
        };
        assert_eq!(
            (id, request, silent),
            (want, Request::Event(ChargePointMessage::Heartbeat), false),
            "{text}"
        );
    }
}

#[test]
fn actions_belong_to_their_version() {
    for version in [OcppVersion::V201, OcppVersion::V21] {
        assert!(matches!(
            parse_as(r#"[2,"1","StartTransaction",{}]"#, version),
            Frame::Unknown { id: "\"1\"", .. }
        ));
    }
    assert!(matches!(
        parse_as(r#"[2,"1","Coffee",{}]"#, OcppVersion::V16),
        Frame::Unknown { silent: false, .. }
    ));
    assert!(matches!(
        parse_as(
            r#"[6,"1","NotifyPeriodicEventStream",{"id":1}]"#,
            OcppVersion::V21
        ),
        Frame::Call { silent: true, .. }
    ));
}

#[test]
fn responses_and_errors_parse_in_every_spelling() {
    assert!(matches!(
        parse_as(r#"[3,"1",{"a":[1]}]"#, OcppVersion::V16),
        Frame::Result {
            id: "\"1\"",
            payload: r#"{"a":[1]}"#
        }
    ));
    assert!(matches!(
        parse_as(r#"[3,"1"]"#, OcppVersion::V16),
        Frame::Result { payload: "{}", .. }
    ));
    for text in [
        r#"[4,"1","GenericError","",{}]"#,
        r#"[4,"1","GenericError"]"#,
        r#"[4,"1","GenericError",null,"words"]"#,
        r#"[4,7,"GenericError","x",[],6]"#,
    ] {
        assert!(
            matches!(parse_as(text, OcppVersion::V16), Frame::Error { code, answers_result: false, .. } if code == "GenericError")
        );
    }
    assert!(matches!(
        parse_as(r#"[5,"1","x","",{}]"#, OcppVersion::V21),
        Frame::Error {
            answers_result: true,
            ..
        }
    ));
    assert!(matches!(
        parse_as(r#"[9,"1","X",{}]"#, OcppVersion::V21),
        Frame::Other { kind: 9 }
    ));
}

#[test]
fn the_id_of_a_malformed_request_is_found() {
    for (text, want) in [
        (r#"[2,"a\"b","Authorize",{"idTag":,}]"#, Some(r#""a\"b""#)),
        (r#"[2, 17 ,"MeterValues",{"connectorId":1"#, Some("17")),
        (r#"[2,"1","Heartbeat",[]]"#, Some(r#""1""#)),
        (r#"[2,"1",{}]"#, Some(r#""1""#)),
        (r#"[,2,"1","Heartbeat",{}]"#, Some(r#""1""#)),
        (r#"[2,"1"#, None),
        (r#"[2,,"X",{}]"#, None),
        (r#"{"a":1}"#, None),
        ("", None),
        ("[", None),
        ("[2,\"a\u{1}b\",X", None),
        ("[2,null,\"X\",{}]", None),
        (r#"[2,"1","Heartbeat",{}] x"#, Some(r#""1""#)),
    ] {
        let Frame::Malformed { call_id, .. } = parse_as(text, OcppVersion::V16) else {
            panic!("{text}")
        };
        assert_eq!(call_id, want, "{text}");
    }
}

#[test]
fn only_metering_is_repaired() {
    let text = r#"[2,"1","MeterValues",{"connectorId":1,"transactionId":,"meterValue":[{"timestamp":"2026-08-21T09:15:02","sampledValue":[,{"value":"5"}]}]}]"#;
    let Frame::Call {
        request:
            Request::Event(ChargePointMessage::MeterValues {
                samples,
                transaction_id,
                ..
            }),
        repaired,
        zoneless,
        ..
    } = parse_as(text, OcppVersion::V16)
    else {
        panic!("repaired")
    };
    assert_eq!(
        (
            samples.len(),
            samples[0].register_tenth_wh,
            transaction_id,
            repaired,
            zoneless
        ),
        (1, Some(50), None, true, true)
    );
    let hasher = TokenHasher::new(&[0; 32]);
    let strict = ParseOptions {
        version: OcppVersion::V16,
        hasher: &hasher,
        max_depth: 32,
        repair_metering: false,
    };
    assert!(matches!(
        parse(text, &strict),
        Frame::Malformed {
            call_id: Some("\"1\""),
            ..
        }
    ));
    assert!(matches!(
        parse_as(
            r#"[2,"1","StopTransaction",{"transactionId":,}]"#,
            OcppVersion::V16
        ),
        Frame::Malformed {
            call_id: Some("\"1\""),
            ..
        }
    ));
}

#[test]
fn frames_that_nest_too_deep_are_malformed() {
    let deep = format!(
        r#"[2,"1","DataTransfer",{{"data":{}{}}}]"#,
        "[".repeat(40),
        "]".repeat(40)
    );
    assert!(matches!(
        parse_as(&deep, OcppVersion::V16),
        Frame::Malformed {
            call_id: Some("\"1\""),
            reason: RejectReason::TooDeep,
            ..
        }
    ));
}

#[test]
fn no_mutated_frame_panics() {
    let frames = [
        (
            OcppVersion::V16,
            r#"[2,"17","StopTransaction",{"transactionId":4711,"idTag":"04A1","meterStop":"1,5","timestamp":"2026-08-21T09:15:02+01","transactionData":[
            {"timestamp":"2026-08-21T09:15:02Z","sampledValue":[{"value":" 9.6","unit":"kWh","phase":"L1-N","context":"Transaction.End"},{"value":"é"}]}]}]"#,
        ),
        (
            OcppVersion::V21,
            r#"[2,"17","TransactionEvent",{"eventType":"Updated","timestamp":"2026-08-21T09:15:02Z","seqNo":3,"transactionInfo":{"transactionId":"t\u00e9","chargingState":"Charging"},
            "evse":{"id":1,"connectorId":1},"idToken":{"idToken":"04A1","type":"ISO14443"},"meterValue":[{"timestamp":"2026-08-21T09:15:02Z","sampledValue":[{"value":9.6,"unitOfMeasure":{"unit":"kWh","multiplier":-3}}]}]}]"#,
        ),
    ];
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut understood = 0;
    for round in 0..40_000 {
        let (version, frame) = frames[round % frames.len()];
        let mut bytes = frame.as_bytes().to_vec();
        for _ in 0..random(5) {
            let at = random(bytes.len());
            bytes[at] = b"[]{}\",:0-9e\\ \xff\0"[random(15)];
        }
        bytes.truncate(bytes.len() - random(bytes.len()) * usize::from(random(3) == 0));
        let text = String::from_utf8_lossy(&bytes);
        understood += usize::from(matches!(parse_as(&text, version), Frame::Call { .. }));
    }
    assert!(
        understood > 5_000,
        "the mutations are too wild to reach the payload: {understood}"
    );
}
