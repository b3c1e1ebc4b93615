//! Captures of devices with wrong clocks, each under its own name: the distance and the fuel are those that were driven and burnt.

use std::path::Path;

use serde_json::Value;

use crate::support::fleetgauge;

/// Replays the capture of a case.
fn replay(name: &str) -> Value {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/evidence");
    let output = fleetgauge()
        .current_dir(cases.join("mqtt").join(name))
        .args(["replay", "capture.jsonl", "--register"])
        .arg(cases.join("mqtt-register"))
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn sum(answer: &Value, field: &str) -> f64 {
    let rows = answer["emissions"]["rows"].as_array().unwrap();
    rows.iter().map(|row| row[field].as_f64().unwrap()).sum()
}

fn check(name: &str) {
    let path = format!("tests/cases/evidence/mqtt/{name}/expected.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let want: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let want = &want["expect"];
    let answer = replay(name);
    for (measure, field) in [("km", "distance_km"), ("l", "fuel_l")] {
        let Some(range) = want[measure].as_array() else {
            continue;
        };
        let (low, high) = (range[0].as_f64().unwrap(), range[1].as_f64().unwrap());
        let got = sum(&answer, field);
        assert!((low - 0.01..=high + 0.01).contains(&got), "{got} {measure}");
    }
    for id in want["heard"].as_array().into_iter().flatten() {
        let vehicles = answer["vehicles"].as_array().unwrap();
        let vehicle = vehicles.iter().find(|vehicle| vehicle["vehicle_id"] == *id);
        assert!(!vehicle.unwrap()["last_heard_at"].is_null(), "{id}");
    }
}

macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*
    };
}

cases! {
    clock_9min_ahead
    clock_fourteen_months_behind
    clock_one_hour_ahead
    clock_steps_back_in_service
    gps_week_rollover_begins
    native_clock_lost_at_reboot
    native_ts_ns
    native_ts_s
    one_stamp_in_every_message
    rollover_and_fuel
    three_feeds_an_hour_ahead
    traccar_date_2003
    zone_ahead_two_hours
}
