//! Values of JSON messages: numbers, words, ids and positions, by the field that describes them.

use super::{json_map, summary};
use serde_json::json;

const ODOMETER: &str = r#"{ path = "/a~1b/~0/0", quantity = "odometer", unit = "mi" }"#;
const SCALED: &str = r#"{ path = "/v", quantity = "fuel_used_total", unit = "ml", scale = 0.5, offset = 1000, valid = [0, 4_211_081_215] }"#;
const NUMBER: &str = r#"{ path = "/v", quantity = "charge_power", unit = "W" }"#;
const NEGATED: &str = r#"{ path = "/v", quantity = "battery_power", unit = "kW", scale = -1 }"#;
const STATE: &str = r#"{ path = "/v", quantity = "charging" }"#;
const PLUGGED_IN: &str = r#"{ path = "/v", quantity = "plugged_in", values = { none = false, cable = true, "" = false, "1" = true } }"#;
const LEVEL: &str = r#"{ path = "/v", quantity = "fuel_level", unit = "fraction", values = { FULL = 1, HALF = 0.5 } }"#;
const VEHICLE_ID: &str = r#"{ path = "/v", quantity = "vehicle_ref" }"#;
const EITHER: &str = r#"{ path = "/better", quantity = "soc", unit = "%" }, { path = "/v", quantity = "soc", unit = "%" }"#;
const POSITION: &str = r#"{ path = "/v", quantity = "position", unit = "deg" }"#;
const ANGLES: &str = r#"{ path = "/v/0", quantity = "longitude", unit = "deg" }, { path = "/v/1", quantity = "latitude", unit = "deg", scale = 1e-7 }"#;
const TAG: &str = r#"{ path = "/v", quantity = "vehicle_ref", values = { "7" = "AMB-101" } }"#;

/// Field, payload, and the summary of the answer.
type Case = (&'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    for (fields, payload, want) in cases {
        assert_eq!(
            summary(
                &json_map(fields, ""),
                &json!({ "topic": "t", "payload": payload })
            ),
            *want,
            "{fields} {payload}"
        );
    }
}

const NUMBERS: &[Case] = &[
    (
        ODOMETER,
        r#"{"a/b":{"~":[52513.5,1]}}"#,
        "x:1 odometer=84512.286",
    ),
    (ODOMETER, r#"{"a/b":{"~":[]}}"#, "-empty /a~1b/~0/0"),
    (ODOMETER, r#"{"a/b":{"~":["0"]}}"#, "-number /a~1b/~0/0"),
    (SCALED, r#"{"v":10642800}"#, "x:1 fuel_used_total=5322.4"),
    (SCALED, r#"{"v":4211081216}"#, "-number /v"),
    (SCALED, r#"{"v":1e400}"#, "-number /v"),
    (NUMBER, r#"{"v":" 5312 "}"#, "x:1 charge_power=5.312"),
    (NUMBER, r#"{"v":5.312e3}"#, "x:1 charge_power=5.312"),
    (NUMBER, r#"{"v":"5,312"}"#, "-number /v"),
    (NUMBER, r#"{"v":"5312 W"}"#, "-number /v"),
    (NUMBER, r#"{"v":true}"#, "-number /v"),
    (NUMBER, r#"{"v":[1]}"#, "-type /v"),
    (NUMBER, r#"{"v":{}}"#, "-type /v"),
    (NUMBER, r#"{"v":null}"#, "-empty /v"),
    (NUMBER, r#"{"v":"nil"}"#, "-empty /v"),
    (NUMBER, r#"{"v":""}"#, "-empty /v"),
    (NUMBER, r#"{"v":NaN}"#, "-empty /v"),
    (NUMBER, r#"{"v":"-Infinity"}"#, "-empty /v"),
    (NUMBER, r#"{"w":1}"#, "-empty /v"),
    (NUMBER, r#"{"v":1,"v":2000}"#, "x:1 charge_power=2"),
    (NEGATED, r#"{"v":-9}"#, "x:1 battery_power=9"),
];

#[test]
fn numbers_are_converted_to_the_unit_of_the_quantity() {
    check(NUMBERS);
}

const WORDS: &[Case] = &[
    (STATE, r#"{"v":"Yes"}"#, "x:1 charging=true"),
    (STATE, r#"{"v":0}"#, "x:1 charging=false"),
    (STATE, r#"{"v":"maybe"}"#, "-type /v"),
    (PLUGGED_IN, r#"{"v":"none"}"#, "x:1 plugged_in=false"),
    (PLUGGED_IN, r#"{"v":""}"#, "x:1 plugged_in=false"),
    (PLUGGED_IN, r#"{"v":1}"#, "x:1 plugged_in=true"),
    (PLUGGED_IN, r#"{"v":"Cable"}"#, "-type /v"),
    (PLUGGED_IN, r#"{"v":null}"#, "-empty /v"),
    (LEVEL, r#"{"v":"HALF"}"#, "x:1 fuel_level=50"),
];

#[test]
fn states_and_words_are_translated() {
    check(WORDS);
}

const IDS: &[Case] = &[
    (
        VEHICLE_ID,
        r#"{"v":"AMB-\u0031"}"#,
        "x:1 vehicle_ref=\"AMB-1\"",
    ),
    (VEHICLE_ID, r#"{"v":17}"#, "x:1 vehicle_ref=\"17\""),
    (VEHICLE_ID, r#"{"v":"a b"}"#, "-id /v"),
    (TAG, r#"{"v":7}"#, "x:1 vehicle_ref=\"AMB-101\""),
];

#[test]
fn ids_are_checked() {
    check(IDS);
}

const ALTERNATIVES: &[Case] = &[
    (EITHER, r#"{"v":50}"#, "x:1 soc=50; -empty /better"),
    (EITHER, r#"{"v":50,"better":51}"#, "x:1 soc=51"),
];

#[test]
fn a_second_field_stands_in_for_the_first() {
    check(ALTERNATIVES);
}

const POSITIONS: &[Case] = &[
    (
        POSITION,
        r#"{"v":[52.48142,-1.89983]}"#,
        "x:1 position=[52.48142,-1.89983]",
    ),
    (
        POSITION,
        r#"{"v":"52.48142, -1.89983"}"#,
        "x:1 position=[52.48142,-1.89983]",
    ),
    (POSITION, r#"{"v":[0,0.0]}"#, "-empty /v"),
    (POSITION, r#"{"v":[1,2,3]}"#, "-type /v"),
    (
        ANGLES,
        r#"{"v":[-1.89983,524814200]}"#,
        "x:1 latitude=52.48142; x:1 longitude=-1.89983",
    ),
    (ANGLES, r#"{"v":[0,0]}"#, ""),
    (ANGLES, r#"{"v":[181,0]}"#, "x:1 latitude=0; -number /v/0"),
];

#[test]
fn positions_are_pairs_or_two_fields() {
    check(POSITIONS);
}
