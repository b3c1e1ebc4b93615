//! Recorded messages through `fleetgauge decode`: every folder under `tests/frames/mqtt/<format>/`, every line of the
//! sample captures, and a table of bad input.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_messages;

use std::fs;
use std::path::{Path, PathBuf};

use bad_messages::{BAD_MESSAGES, ODOMETER, TELEMETRY};
use fleetgauge::app::cli::decode::{DecodeError, formats, run};
use fleetgauge::jurisdiction::UK;
use fleetgauge::model::{AssetKind, FeedFormat, Reading, RejectReason};
use fleetgauge::telemetry::{DECODERS, Decoders, Formats, Message, Sink};
use fleetgauge::units::UtcMs;
use serde_json::{Value, json};

/// A day after the frames.
fn now() -> UtcMs {
    "2026-08-22T12:00:00Z".parse().unwrap()
}

fn frames() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames/mqtt")
}

/// Decodes a capture; one answer per line.
fn answers(format: &str, capture: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    run(&formats(format).unwrap(), capture, &mut output, now()).unwrap();
    String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn answer(topic: &str, payload: &[u8]) -> Value {
    let line = json!({ "topic": topic, "payload_b64": base64(payload) }).to_string();
    answers("auto", line.as_bytes()).remove(0)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| {
            bits << 8 | u32::from(*chunk.get(i).unwrap_or(&0))
        });
        for i in 0..=chunk.len() {
            text.push(DIGITS[(bits >> (18 - 6 * i)) as usize & 63] as char);
        }
    }
    text
}

fn reasons(answer: &Value) -> Vec<&str> {
    answer["ignored"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["reason"].as_str().unwrap())
        .collect()
}

fn close(got: &Value, want: &Value, tolerance: f64) -> bool {
    (got.as_f64().unwrap_or(f64::NAN) - want.as_f64().unwrap()).abs() <= tolerance
}

fn same_value(got: &Value, want: &Value, unit: &Value) -> bool {
    let tolerance = if unit == "deg" { 5e-8 } else { 0.0005 };
    match want {
        Value::Number(_) => close(got, want, tolerance),
        Value::Array(parts) => got.as_array().is_some_and(|got| {
            got.len() == parts.len() && got.iter().zip(parts).all(|(g, w)| close(g, w, tolerance))
        }),
        _ => got == want,
    }
}

/// Every expected observation once, in any order, and nothing else.
fn assert_observations(name: &str, got: &Value, want: &Value) {
    let mut got: Vec<Value> = got.as_array().unwrap().clone();
    for want in want.as_array().unwrap() {
        let found = got.iter().position(|got| {
            ["asset", "quantity", "unit", "ts"]
                .iter()
                .all(|key| got.get(key) == want.get(key))
                && same_value(&got["value"], &want["value"], &want["unit"])
        });
        let found = found.unwrap_or_else(|| panic!("{name}: missing {want} among {got:?}"));
        got.remove(found);
    }
    assert!(got.is_empty(), "{name}: not expected {got:?}");
}

#[test]
fn every_folder_decodes_as_recorded() {
    for decoder in DECODERS {
        let folder = frames().join(decoder.name);
        let cases: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap_or_else(|_| {
                panic!(
                    "format `{}` has no frames: record some in {}",
                    decoder.name,
                    folder.display()
                )
            })
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(
            !cases.is_empty(),
            "format `{}` has no frames: record some in {}",
            decoder.name,
            folder.display()
        );
        for case in cases {
            for format in ["auto", decoder.name] {
                check_case(&case, format);
            }
        }
    }
}

/// A folder holds one message (`topic`, `payload`, `retained` if it is, `expected.json`), or a session: `messages.jsonl`, in order, each line
/// with what it must give (`expect`) and the reasons of what is left out (`ignored`). `named_only` marks topics that do not determine the format.
fn check_case(case: &Path, format: &str) {
    let name = case.display().to_string();
    if format == "auto" && case.join("named_only").exists() {
        return;
    }
    if let Ok(session) = fs::read_to_string(case.join("messages.jsonl")) {
        let got = answers(format, session.as_bytes());
        assert_eq!(got.len(), session.lines().count(), "{name}");
        for (number, (line, got)) in session.lines().zip(got).enumerate() {
            let line: Value = serde_json::from_str(line).unwrap();
            let name = format!("{name}, line {}", number + 1);
            assert_observations(&name, &got["observations"], &line["expect"]);
            assert_reasons(&name, &got, line.get("ignored").unwrap_or(&json!([])));
        }
        return;
    }
    let topic = fs::read_to_string(case.join("topic"))
        .unwrap_or_else(|error| panic!("{name}/topic: {error}"));
    let payload = fs::read(case.join("payload")).unwrap();
    let line = json!({ "topic": topic.trim(), "payload_b64": base64(&payload), "retain": case.join("retained").exists() });
    let expected: Value =
        serde_json::from_slice(&fs::read(case.join("expected.json")).unwrap()).unwrap();
    let got = answers(format, line.to_string().as_bytes()).remove(0);
    assert_observations(&name, &got["observations"], &expected["observations"]);
    assert_reasons(&name, &got, &expected["ignored"]);
}

fn assert_reasons(name: &str, got: &Value, want: &Value) {
    let want: Vec<&str> = want
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason.as_str().unwrap())
        .collect();
    assert_eq!(reasons(got), want, "{name}: {got}");
}

#[test]
fn every_folder_belongs_to_a_format() {
    for entry in fs::read_dir(frames()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            DECODERS.iter().any(|decoder| decoder.name == name),
            "tests/frames/mqtt/{name}: no such format"
        );
    }
}

/// Captures of the reference by format.
const SAMPLES: [(&str, &str); 19] = [
    ("autopi", "autopi"),
    ("evcc", "evcc"),
    ("flespi", "flespi"),
    ("goe", "goe"),
    ("native", "native"),
    ("ocpp_bridge", "ocpp_bridge"),
    ("openwb", "openwb"),
    ("ovms", "ovms"),
    ("shelly", "shelly"),
    ("sparkplug", "sparkplug_b"),
    ("tasmota", "tasmota"),
    ("teltonika", "teltonika_json"),
    ("tesla", "tesla_fleet_telemetry"),
    ("teslamate", "teslamate"),
    ("traccar", "traccar"),
    ("viss", "vss_viss"),
    ("wallbox", "wallbox"),
    ("wican", "wican"),
    ("wican", "j1939"),
];

#[test]
fn every_sample_line_decodes_as_expected() {
    for (format, file) in SAMPLES
        .into_iter()
        .filter(|(format, _)| DECODERS.iter().any(|decoder| decoder.name == *format))
    {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/samples/{file}.jsonl"));
        let capture = fs::read_to_string(&path).unwrap();
        for option in ["auto", format] {
            let got = answers(option, capture.as_bytes());
            assert_eq!(got.len(), capture.lines().count(), "one answer a line");
            for (line, got) in capture.lines().zip(got) {
                let case: Value = serde_json::from_str(line).unwrap();
                assert_observations(line, &got["observations"], &case["expect"]);
            }
        }
    }
}

#[test]
fn bad_messages_get_one_reason() {
    for &(topic, payload, reason) in BAD_MESSAGES {
        assert_refused(topic, payload, reason);
    }
}

fn assert_refused(topic: &str, payload: &[u8], reason: &str) {
    let got = answer(topic, payload);
    let shown = String::from_utf8_lossy(&payload[..payload.len().min(60)]).into_owned();
    assert_eq!(reasons(&got), [reason], "{topic} {shown}: {got}");
    assert_eq!(got["observations"], json!([]), "{topic} {shown}");
}

#[test]
fn messages_beyond_a_limit_are_refused_and_those_at_the_limit_decoded() {
    let nested = |open: &str, close: &str, inner: &str| {
        format!("{}{inner}{}", open.repeat(10_000), close.repeat(10_000)).into_bytes()
    };
    let samples = |count: usize| {
        let samples = vec![r#"{"soc":1}"#; count].join(",");
        format!(r#"{{"odometer":1,"samples":[{samples}]}}"#).into_bytes()
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (TELEMETRY, vec![b' '; 2_000_000], "too_large"),
        (TELEMETRY, vec![b'{'; 65_537], "too_large"),
        (TELEMETRY, nested("[", "]", ""), "type"),
        (TELEMETRY, nested("{\"a\":", "}", "1"), "too_deep"),
        (
            TELEMETRY,
            format!(
                r#"{{"odometer":5,"x":{}1{}}}"#,
                "[".repeat(10_000),
                "]".repeat(10_000)
            )
            .into_bytes(),
            "too_deep",
        ),
        (TELEMETRY, samples(1_025), "too_many_samples"),
        (ODOMETER, vec![b'1'; 2_000_000], "too_large"),
    ];
    for (topic, payload, reason) in cases {
        assert_refused(topic, &payload, reason);
    }
    let full = answer(TELEMETRY, &samples(1_024));
    assert_eq!(full["observations"].as_array().unwrap().len(), 1_025);
    // Ten minutes and a second ahead: the feed's history judges its clock.
    let ahead = br#"{"ts":"2026-08-22T12:10:01Z","odometer":5}"#;
    assert_eq!(answer(TELEMETRY, ahead)["ignored"], json!([]));
}

#[test]
fn bad_fields_do_not_cost_the_others() {
    for (field, reason) in [
        (r#""odometer":1e400"#, "number"),
        (r#""odometer":-0.001"#, "number"),
        (r#""odometer":99999999999999999999999999"#, "number"),
        (r#""odometer":"1e400""#, "number"),
        (r#""odometer":"0x10""#, "number"),
        (r#""odometer":NaN"#, "number"),
        (r#""odometer":Infinity"#, "number"),
        (r#""odometer":{"value":1,"unit":"parsec"}"#, "unit"),
        (r#""odometer":{"value":1,"unit":7}"#, "unit"),
        (r#""odometer":{"unit":"km"}"#, "type"),
        (r#""odometer":{"value":{"value":1}}"#, "type"),
        (r#""odometer":[1,2]"#, "type"),
        (r#""odometer":true"#, "type"),
        (r#""ignition":1"#, "type"),
        (r#""ignition":{"value":true,"unit":"km"}"#, "unit"),
        (r#""position":[1]"#, "type"),
        (r#""position":[1,2,3]"#, "type"),
        (r#""position":"52,1""#, "type"),
        (r#""position":[0,180.0000001]"#, "number"),
        (r#""vehicle_ref":17"#, "type"),
        (r#""vehicle_ref":"a/b""#, "id"),
        (r#""id_tag":"\u0000""#, "id"),
        (r#""ts":"2026-08-22T11:00:00""#, "time"),
        (r#""ts":1787303702"#, "time"),
        (r#""ts":"0001-01-01T00:00:00Z""#, "time"),
        (r#""ts":{}"#, "time"),
        (r#""v":"one""#, "type"),
        (r#""samples":{}"#, "type"),
        (r#""samples":[1]"#, "type"),
        (r#""colour":"red""#, "unknown_key"),
        (r#""":0"#, "unknown_key"),
    ] {
        let got = answer(
            "fleet/vehicles/AMB-101/telemetry",
            format!(r#"{{{field},"soc":50}}"#).as_bytes(),
        );
        assert_eq!(reasons(&got), [reason], "{field}: {got}");
        assert_observations(
            field,
            &got["observations"],
            &json!([{ "asset": "AMB-101", "quantity": "soc", "value": 50, "unit": "%" }]),
        );
    }
}

#[test]
fn a_message_full_of_unknown_keys_is_counted_key_by_key() {
    let keys: Vec<String> = (0..5_000).map(|i| format!(r#""k{i}":{i}"#)).collect();
    let got = answer(
        "fleet/vehicles/AMB-101/telemetry",
        format!("{{{},\"soc\":50}}", keys.join(",")).as_bytes(),
    );
    assert_eq!(reasons(&got), vec!["unknown_key"; 5_000]);
    assert_eq!(got["observations"].as_array().unwrap().len(), 1);
}

#[test]
fn a_bad_line_is_reported_and_decoding_goes_on() {
    let capture = b"{\"topic\":\"fleet/vehicles/A/status\",\"payload\":\"online\",\"expect\":[1e999],\"props\":{}}\n\
        not json\n\n\xff\xfe\n{\"topic\":7,\"payload\":\"\"}\n{\"topic\":\"t\"}\n{\"topic\":\"t\",\"payload_b64\":\"*\"}\n\
        {\"topic\":\"fleet/vehicles/A/status\",\"payload\":\"offline\"}";
    let got = answers("auto", capture);
    assert_eq!(got.len(), 8);
    for (index, want) in [
        (1, "syntax"),
        (2, "syntax"),
        (3, "utf8"),
        (4, "syntax"),
        (5, "empty"),
        (6, "syntax"),
    ] {
        assert_eq!(reasons(&got[index]), [want], "line {}", index + 1);
        assert_eq!(got[index]["ignored"][0]["line"], json!(index + 1));
    }
    assert_eq!(got[0]["observations"][0]["value"], json!(true));
    assert_eq!(got[7]["observations"][0]["value"], json!(false));
}

#[test]
fn a_line_without_end_is_not_kept() {
    let mut capture = vec![b'x'; 17 * 1024 * 1024];
    capture
        .extend_from_slice(b"\n{\"topic\":\"fleet/vehicles/A/status\",\"payload\":\"online\"}\n");
    let got = answers("auto", &capture);
    assert_eq!((got.len(), reasons(&got[0])), (2, vec!["too_large"]));
    assert_eq!(reasons(&got[1]), [""; 0]);
}

#[test]
fn a_named_format_refuses_foreign_topics_and_unknown_names_are_reported() {
    let line = br#"{"topic":"ovms/u/CAR/metric/v/b/soc","payload":"50"}"#;
    assert_eq!(reasons(&answers("native", line)[0]), ["unknown_topic"]);
    match formats("ovsm") {
        Err(error @ DecodeError::UnknownFormat { .. }) => {
            assert!(error.to_string().contains("native, ovms"), "{error}")
        }
        other => panic!("{other:?}"),
    }
}

/// Kind, format, retained flag, arrival and own time of each reading.
struct Readings(Vec<(AssetKind, FeedFormat, bool, UtcMs, Option<UtcMs>)>);

impl Sink for Readings {
    fn reading(&mut self, r: Reading<'_>) {
        assert!(!r.entries.is_empty());
        self.0
            .push((r.kind, r.format, r.retained, r.received_at, r.at));
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        panic!("{reason:?} {field} {detail}");
    }
}

/// Topic, payload, and whether the message is a retained one.
const FLAGGED_MESSAGES: &[(&str, &str, bool)] = &[
    (
        "fleet/vehicles/A/telemetry",
        r#"{"ts":"1787303702120","soc":1}"#,
        false,
    ),
    (
        "fleet/chargers/A/telemetry",
        r#"{"ts":null,"charge_power":1}"#,
        true,
    ),
    ("fleet/meters/A/status", "online", true),
    ("ovms/u/A/metric/v/b/soc", "1", true),
    // Known and empty: no reading, no complaint.
    (
        "fleet/vehicles/A/telemetry",
        r#"{"v":1,"seq":4,"soc":null}"#,
        false,
    ),
    ("fleet/vehicles/A/status", "", true),
];

/// What the command does not print but the engine needs.
#[test]
fn readings_carry_kind_format_and_flags() {
    let mut got = Readings(Vec::new());
    for (topic, payload, retained) in FLAGGED_MESSAGES {
        let message = Message {
            zone: UK.zone(),
            topic,
            payload: payload.as_bytes(),
            retained: *retained,
            received_at: now(),
            properties: &[],
        };
        Decoders::default()
            .decode(&Formats::ByTopic, &message, &mut got)
            .unwrap();
    }
    let native = FeedFormat::new(0);
    let ovms = FeedFormat {
        number: 1,
        digits: 6,
    };
    let at = Some(UtcMs(1_787_303_702_120));
    let want = [
        (AssetKind::Vehicle, native, false, now(), at),
        (AssetKind::Charger, native, true, now(), None),
        (AssetKind::Meter, native, true, now(), None),
        (AssetKind::Vehicle, ovms, true, now(), None),
    ];
    assert_eq!(got.0, want);
}
