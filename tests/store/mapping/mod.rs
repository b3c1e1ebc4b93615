//! Maps at work: the reference's sample, captures, pointers, times, words, ranges, selectors, and what is left out with its reason.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod readings;

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
fn said(map: &str, message: &Value) -> String {
    let answer = answers(map, &message.to_string()).remove(0);
    let mut said = Vec::new();
    for got in answer["observations"].as_array().unwrap() {
        let at = got
            .get("ts")
            .map_or(String::new(), |at| format!("@{}", at.as_str().unwrap()));
        said.push(format!(
            "{} {}={}{at}",
            got["asset"].as_str().unwrap(),
            got["quantity"].as_str().unwrap(),
            got["value"]
        ));
    }
    for left_out in answer["ignored"].as_array().unwrap() {
        said.push(format!(
            "-{} {}",
            left_out["reason"].as_str().unwrap(),
            left_out["field"].as_str().unwrap_or("*")
        ));
    }
    said.join("; ")
}

#[test]
fn every_sample_line() {
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

/// The map that says most about a topic has it; what no map is for goes to the formats.
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
            said(&maps, &json!({ "topic": topic, "payload": "50" })),
            want,
            "{topic}"
        );
    }
    let site = map("site/{x}", "site:{x}");
    assert_eq!(
        said(
            &site,
            &json!({ "topic": "ovms/u/CAR/metric/v/b/soc", "payload": "50" })
        ),
        "ovms:CAR soc=50"
    );
    assert_eq!(
        said(&site, &json!({ "topic": "elsewhere", "payload": "50" })),
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
fn values_are_read_by_their_field() {
    let odometer = r#"{ path = "/a~1b/~0/0", quantity = "odometer", unit = "mi" }"#;
    let scaled = r#"{ path = "/v", quantity = "fuel_used_total", unit = "ml", scale = 0.5, offset = 1000, valid = [0, 4_211_081_215] }"#;
    let number = r#"{ path = "/v", quantity = "charge_power", unit = "W" }"#;
    let negated = r#"{ path = "/v", quantity = "battery_power", unit = "kW", scale = -1 }"#;
    let state = r#"{ path = "/v", quantity = "charging" }"#;
    let words = r#"{ path = "/v", quantity = "plugged_in", values = { none = false, cable = true, "" = false, "1" = true } }"#;
    let levels = r#"{ path = "/v", quantity = "fuel_level", unit = "fraction", values = { FULL = 1, HALF = 0.5 } }"#;
    let id = r#"{ path = "/v", quantity = "vehicle_ref" }"#;
    let either = r#"{ path = "/better", quantity = "soc", unit = "%" }, { path = "/v", quantity = "soc", unit = "%" }"#;
    let position = r#"{ path = "/v", quantity = "position", unit = "deg" }"#;
    let angles = r#"{ path = "/v/0", quantity = "longitude", unit = "deg" }, { path = "/v/1", quantity = "latitude", unit = "deg", scale = 1e-7 }"#;
    let tag = r#"{ path = "/v", quantity = "vehicle_ref", values = { "7" = "AMB-101" } }"#;
    for (fields, payload, want) in [
        (
            odometer,
            r#"{"a/b":{"~":[52513.5,1]}}"#,
            "x:1 odometer=84512.286",
        ),
        (odometer, r#"{"a/b":{"~":[]}}"#, "-empty /a~1b/~0/0"),
        (odometer, r#"{"a/b":{"~":["0"]}}"#, "-number /a~1b/~0/0"),
        (scaled, r#"{"v":10642800}"#, "x:1 fuel_used_total=5322.4"),
        (scaled, r#"{"v":4211081216}"#, "-number /v"),
        (scaled, r#"{"v":1e400}"#, "-number /v"),
        (number, r#"{"v":" 5312 "}"#, "x:1 charge_power=5.312"),
        (number, r#"{"v":5.312e3}"#, "x:1 charge_power=5.312"),
        (number, r#"{"v":"5,312"}"#, "-number /v"),
        (number, r#"{"v":"5312 W"}"#, "-number /v"),
        (number, r#"{"v":true}"#, "-number /v"),
        (number, r#"{"v":[1]}"#, "-type /v"),
        (number, r#"{"v":{}}"#, "-type /v"),
        (number, r#"{"v":null}"#, "-empty /v"),
        (number, r#"{"v":"nil"}"#, "-empty /v"),
        (number, r#"{"v":""}"#, "-empty /v"),
        (number, r#"{"v":NaN}"#, "-empty /v"),
        (number, r#"{"v":"-Infinity"}"#, "-empty /v"),
        (number, r#"{"w":1}"#, "-empty /v"),
        (number, r#"{"v":1,"v":2000}"#, "x:1 charge_power=2"),
        (negated, r#"{"v":-9}"#, "x:1 battery_power=9"),
        (state, r#"{"v":"Yes"}"#, "x:1 charging=true"),
        (state, r#"{"v":0}"#, "x:1 charging=false"),
        (state, r#"{"v":"maybe"}"#, "-type /v"),
        (words, r#"{"v":"none"}"#, "x:1 plugged_in=false"),
        (words, r#"{"v":""}"#, "x:1 plugged_in=false"),
        (words, r#"{"v":1}"#, "x:1 plugged_in=true"),
        (words, r#"{"v":"Cable"}"#, "-type /v"),
        (words, r#"{"v":null}"#, "-empty /v"),
        (levels, r#"{"v":"HALF"}"#, "x:1 fuel_level=50"),
        (id, r#"{"v":"AMB-\u0031"}"#, "x:1 vehicle_ref=\"AMB-1\""),
        (id, r#"{"v":17}"#, "x:1 vehicle_ref=\"17\""),
        (id, r#"{"v":"a b"}"#, "-id /v"),
        (tag, r#"{"v":7}"#, "x:1 vehicle_ref=\"AMB-101\""),
        (either, r#"{"v":50}"#, "x:1 soc=50; -empty /better"),
        (either, r#"{"v":50,"better":51}"#, "x:1 soc=51"),
        (
            position,
            r#"{"v":[52.48142,-1.89983]}"#,
            "x:1 position=[52.48142,-1.89983]",
        ),
        (
            position,
            r#"{"v":"52.48142, -1.89983"}"#,
            "x:1 position=[52.48142,-1.89983]",
        ),
        (position, r#"{"v":[0,0.0]}"#, "-empty /v"),
        (position, r#"{"v":[1,2,3]}"#, "-type /v"),
        (
            angles,
            r#"{"v":[-1.89983,524814200]}"#,
            "x:1 latitude=52.48142; x:1 longitude=-1.89983",
        ),
        (angles, r#"{"v":[0,0]}"#, ""),
        (angles, r#"{"v":[181,0]}"#, "x:1 latitude=0; -number /v/0"),
    ] {
        assert_eq!(
            said(
                &json_map(fields, ""),
                &json!({ "topic": "t", "payload": payload })
            ),
            want,
            "{fields} {payload}"
        );
    }
}

#[test]
fn times_are_the_devices_own_or_it_is_said() {
    let soc = r#"{ path = "/soc", quantity = "soc", unit = "%" }"#;
    let with = |time: &str, t: &str| {
        let message = json!({ "topic": "t", "payload": format!(r#"{{"soc":50,"t":{t}}}"#), "props": { "timestamp": "1787303702.25" } });
        said(&json_map(soc, &format!("time = {{ {time} }}")), &message)
    };
    let (plain, complaint) = ("x:1 soc=50", "x:1 soc=50; -time /t");
    for (time, t, want) in [
        (
            r#"path = "/t", format = "rfc3339""#,
            r#""2026-08-21T10:15:02.5+01:00""#,
            "x:1 soc=50@2026-08-21T09:15:02.500Z",
        ),
        (
            r#"path = "/t", format = "rfc3339""#,
            r#""2026-08-21T10:15:02""#,
            complaint,
        ),
        (r#"path = "/t", format = "rfc3339""#, "null", complaint),
        (
            r#"path = "/t", format = "unix""#,
            "1787303702.120",
            "x:1 soc=50@2026-08-21T09:15:02.120Z",
        ),
        (
            r#"path = "/t", format = "unix""#,
            "\"1787303702\"",
            "x:1 soc=50@2026-08-21T09:15:02.000Z",
        ),
        (
            r#"path = "/t", format = "unix""#,
            "1787303702120",
            complaint,
        ),
        (
            r#"path = "/t", format = "unix_ms""#,
            "1787303702120",
            "x:1 soc=50@2026-08-21T09:15:02.120Z",
        ),
        (
            r#"path = "/t", format = "unix_ms""#,
            "1787303702120.9",
            "x:1 soc=50@2026-08-21T09:15:02.121Z",
        ),
        (
            r#"path = "/elsewhere", format = "unix""#,
            "1",
            "x:1 soc=50; -time /elsewhere",
        ),
        // Summer time; then the hour that London's clocks show twice: the first one.
        (
            r#"path = "/t", format = "local:Europe/London""#,
            r#""2026-08-21 10:15:02""#,
            "x:1 soc=50@2026-08-21T09:15:02.000Z",
        ),
        (
            r#"path = "/t", format = "local:Europe/London""#,
            r#""2026-10-25T01:30:00""#,
            "x:1 soc=50@2026-10-25T00:30:00.000Z",
        ),
        (
            r#"path = "/t", format = "local:UTC""#,
            r#""2026-08-21T10:15:02""#,
            "x:1 soc=50@2026-08-21T10:15:02.000Z",
        ),
        (
            r#"prop = "timestamp", format = "unix""#,
            "1",
            "x:1 soc=50@2026-08-21T09:15:02.250Z",
        ),
        (
            r#"prop = "time", format = "unix""#,
            "1",
            "x:1 soc=50; -time time",
        ),
        (r#"format = "arrival""#, "\"yesterday\"", plain),
        // Ten minutes ahead of the clock at most, as everywhere.
        (
            r#"path = "/t", format = "rfc3339""#,
            r#""2026-10-26T12:11:00Z""#,
            "-time ts",
        ),
    ] {
        assert_eq!(with(time, t), want, "{time} {t}");
    }
}

#[test]
fn assets_are_named_by_topic_payload_and_properties() {
    let with = |asset: &str, payload: &str| {
        let map = format!(
            "[[map]]\ntopic = \"f/{{a}}/{{b*}}\"\nasset = \"{asset}\"\nfields = [{{ path = \"/soc\", quantity = \"soc\", unit = \"%\" }}]\n"
        );
        said(
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
        assert_eq!(said(&map, &message), want, "{payload}");
    }
}

#[test]
fn what_is_not_json_is_refused_whole() {
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
            said(&map, &json!({ "topic": "t", "payload": payload })),
            want,
            "{payload:.40}"
        );
    }
    let bytes = json!({ "topic": "t", "payload_b64": "//4=" });
    assert_eq!(said(&map, &bytes), "-utf8 *");
}
