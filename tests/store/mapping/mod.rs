//! Maps at work: the reference's sample, captures, pointers, times, words, ranges, selectors, and what is left out with its reason.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod readings;
mod times;
mod values;

use std::sync::Arc;

use crate::support::{TempDir, fleetgauge};
use fleetgauge::app::cli::decode::{formats, run_with};
use fleetgauge::jurisdiction::{UK, compiled_in_zone};
use fleetgauge::model::{AssetKind, FeedFormat, Reading, RejectReason};
use fleetgauge::telemetry::mapping::Mappings;
use fleetgauge::telemetry::{Decoders, Formats, Message, Sink};
use fleetgauge::units::UtcMs;
use serde_json::{Value, json};

fn now() -> UtcMs {
    "2026-10-26T12:00:00Z".parse().unwrap()
}

fn mappings(text: &str) -> Arc<Mappings> {
    let zone = |name: &str| compiled_in_zone(name).ok_or_else(String::new);
    Arc::new(
        Mappings::parse(&[("test.toml", text)], &zone)
            .unwrap_or_else(|errors| panic!("error: {errors}")),
    )
}

/// One answer a line of the capture.
fn answers(map: &str, capture: &str) -> Vec<Value> {
    let mut output = Vec::new();
    let decoders = Decoders::with_mappings(mappings(map)).reporting_absent();
    run_with(
        decoders,
        &formats("auto").unwrap(),
        capture.as_bytes(),
        &mut output,
        now(),
    )
    .unwrap();
    String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// `asset quantity=value@ts ...; reason field ...` of one message.
fn summary(map: &str, message: &Value) -> String {
    let answer = answers(map, &message.to_string()).remove(0);
    let mut parts = Vec::new();
    for got in answer["observations"].as_array().unwrap() {
        let at = got
            .get("ts")
            .map_or(String::new(), |at| format!("@{}", at.as_str().unwrap()));
        parts.push(format!(
            "{} {}={}{at}",
            got["asset"].as_str().unwrap(),
            got["quantity"].as_str().unwrap(),
            got["value"]
        ));
    }
    for left_out in answer["ignored"].as_array().unwrap() {
        parts.push(format!(
            "-{} {}",
            left_out["reason"].as_str().unwrap(),
            left_out["field"].as_str().unwrap_or("*")
        ));
    }
    parts.join("; ")
}

#[test]
fn every_sample_line_gives_the_expected_observations() {
    let (map, capture) = (
        include_str!("../../samples/generic_mapping.toml"),
        include_str!("../../samples/generic_mapping.jsonl"),
    );
    let got = answers(map, capture);
    assert_eq!(got.len(), capture.lines().count());
    for (line, got) in capture.lines().zip(got) {
        let case: Value = serde_json::from_str(line).unwrap();
        let (want, got) = (
            case["expect"].as_array().unwrap(),
            got["observations"].as_array().unwrap(),
        );
        assert_eq!(want.len(), got.len(), "{line}");
        for want in want {
            let found = got.iter().find(|got| {
                ["asset", "quantity", "unit", "ts"]
                    .iter()
                    .all(|key| got.get(key) == want.get(key))
            });
            let found = found.unwrap_or_else(|| panic!("{line}: {got:?}"));
            match want["value"].as_f64() {
                Some(value) => assert!(
                    (found["value"].as_f64().unwrap() - value).abs() <= 0.0005,
                    "{line}: {found}"
                ),
                None => assert_eq!(found["value"], want["value"], "{line}"),
            }
        }
    }
}

/// The map with the most literal levels decodes a topic; topics without a map are left to the formats.
#[test]
fn the_map_with_more_literal_levels_wins_and_formats_come_last() {
    let map = |topic: &str, asset: &str| {
        format!(
            "[[map]]\ntopic = \"{topic}\"\nasset = \"{asset}\"\nformat = \"value\"\nfields = [{{ quantity = \"soc\", unit = \"%\" }}]\n"
        )
    };
    let maps = [
        map("#", "all:x"),
        map("a/{x}/{y}", "two:{y}/{x}"),
        map("a/{x}/c", "first:{x}"),
        map("a/{x}/c", "second:{x}"),
        map("a/{x}_c/{y}", "part:{x}"),
        map("a/b/c", "literal:x"),
        map("+/b/{z}", "late:{z}"),
        map("/deep/{rest*}", "deep:{rest}"),
        map("ovms/me/{car}/metric/v/b/soc", "{car}"),
    ]
    .concat();
    for (topic, want) in [
        ("a/b/c", "literal:x soc=50"),
        ("a/q/c", "first:q soc=50"),
        ("a/q/r", "two:r/q soc=50"),
        ("a/q_c/r", "part:q soc=50"),
        ("a/b/r", "two:r/b soc=50"),
        ("z/b/r", "late:r soc=50"),
        ("/deep/r/s", "deep:r/s soc=50"),
        ("/deep", "all:x soc=50"),
        ("anything", "all:x soc=50"),
        ("ovms/me/AMB-1/metric/v/b/soc", "AMB-1 soc=50"),
        ("a/q /c", "-id *"),
        ("a//c", "-id *"),
    ] {
        assert_eq!(
            summary(&maps, &json!({ "topic": topic, "payload": "50" })),
            want,
            "{topic}"
        );
    }
    let site = map("site/{x}", "site:{x}");
    assert_eq!(
        summary(
            &site,
            &json!({ "topic": "ovms/u/CAR/metric/v/b/soc", "payload": "50" })
        ),
        "ovms:CAR soc=50"
    );
    assert_eq!(
        summary(&site, &json!({ "topic": "elsewhere", "payload": "50" })),
        "-unknown_topic *"
    );
}

/// A JSON map on the topic `t` with these fields and further keys.
fn json_map(fields: &str, more: &str) -> String {
    format!(
        "[[map]]\ntopic = \"t\"\nasset = \"x:1\"\nformat = \"json\"\n{more}\nfields = [{fields}]\n"
    )
}

#[test]
fn assets_are_named_by_topic_payload_and_properties() {
    let with = |asset: &str, payload: &str| {
        let map = format!(
            "[[map]]\ntopic = \"f/{{a}}/{{b*}}\"\nasset = \"{asset}\"\nfields = [{{ path = \"/soc\", quantity = \"soc\", unit = \"%\" }}]\n"
        );
        summary(
            &map,
            &json!({ "topic": "f/1/2/3", "payload": payload, "props": { "vehicleName": "VAN-1", "bad": "a b" } }),
        )
    };
    for (asset, payload, want) in [
        ("x:{a}-{b}", r#"{"soc":50}"#, "x:1-2/3 soc=50"),
        (
            "x:{/d/id}",
            r#"{"soc":50,"d":{"id":"b1A"}}"#,
            "x:b1A soc=50",
        ),
        (
            "x:{/d/id}/{a}",
            r#"{"soc":50,"d":{"id":17}}"#,
            "x:17/1 soc=50",
        ),
        ("{/d/id}", r#"{"soc":50,"d":{"id":"\u0041"}}"#, "A soc=50"),
        ("x:{/d/id}", r#"{"soc":50}"#, "-id *"),
        ("x:{/d/id}", r#"{"soc":50,"d":{"id":null}}"#, "-id *"),
        ("x:{/d/id}", r#"{"soc":50,"d":{"id":"a b"}}"#, "-id *"),
        ("x:{/d/id}", r#"{"soc":50,"d":{"id":[1]}}"#, "-id *"),
        (
            "fleetwise:{prop:vehicleName}",
            r#"{"soc":50}"#,
            "fleetwise:VAN-1 soc=50",
        ),
        ("x:{prop:bad}", r#"{"soc":50}"#, "-id *"),
        ("x:{prop:none}", r#"{"soc":50}"#, "-id *"),
    ] {
        assert_eq!(with(asset, payload), want, "{asset} {payload}");
    }
}

#[test]
fn selectors_choose_fields_and_retained_copies_can_be_left_out() {
    let fields = r#"{ when = "odo", path = "/v", quantity = "odometer", unit = "m" },
        { when = 7, path = "/v", quantity = "soc", unit = "%" }, { path = "/ign", quantity = "ignition" }"#;
    let map = json_map(
        fields,
        "select = { path = \"/kind\" }\nignore = [\"retained\"]",
    );
    for (payload, retain, want) in [
        (
            r#"{"kind":"odo","v":84512345,"ign":1}"#,
            false,
            "x:1 odometer=84512.345; x:1 ignition=true",
        ),
        (
            r#"{"kind":7,"v":50,"ign":1}"#,
            false,
            "x:1 soc=50; x:1 ignition=true",
        ),
        (
            r#"{"kind":"temp","v":50,"ign":1}"#,
            false,
            "x:1 ignition=true; -unknown_key /kind",
        ),
        (
            r#"{"v":50,"ign":0}"#,
            false,
            "x:1 ignition=false; -empty /kind",
        ),
        (r#"{"kind":7,"v":50,"ign":1}"#, true, "-empty retain"),
    ] {
        let message = json!({ "topic": "t", "payload": payload, "retain": retain });
        assert_eq!(summary(&map, &message), want, "{payload}");
    }
}

#[test]
fn a_payload_that_is_not_json_is_refused_whole() {
    let map = json_map(r#"{ path = "/v", quantity = "soc", unit = "%" }"#, "");
    for (payload, want) in [
        (r#"{"v":50"#, "-syntax *"),
        (r#"{"v":50} and more"#, "-syntax *"),
        (r#"{"v":50}{"v":51}"#, "-syntax *"),
        (r#"{"v" 50}"#, "-syntax *"),
        ("50", "-syntax *"),
        ("online", "-syntax *"),
        (
            &format!("{{\"x\":{}1{},\"v\":50}}", "[".repeat(40), "]".repeat(40)),
            "-too_deep *",
        ),
        (
            &format!("{{\"v\":50,\"x\":\"{}\"}}", "y".repeat(300_000)),
            "-too_large *",
        ),
        // Nothing is known.
        ("", "-empty payload"),
        ("null", "-empty payload"),
        ("[]", "-empty /v"),
    ] {
        assert_eq!(
            summary(&map, &json!({ "topic": "t", "payload": payload })),
            want,
            "{payload:.40}"
        );
    }
    let bytes = json!({ "topic": "t", "payload_b64": "//4=" });
    assert_eq!(summary(&map, &bytes), "-utf8 *");
}
