//! The presets compiled in: what each makes of its bridge's messages, and that every file in config/mappings/ is one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use fleetgauge::app::cli::decode::{formats, run_with};
use fleetgauge::app::config::MappingConfig;
use fleetgauge::app::{load_mappings, preset_names};
use fleetgauge::telemetry::Decoders;
use fleetgauge::units::UtcMs;
use serde_json::{Value, json};

/// Preset, topic, payload, and what comes of it.
const CASES: [(&str, &str, &str, &str); 31] = [
    (
        "saic",
        "saic/u1/vehicles/LSJW1/drivetrain/mileage",
        "45210.0",
        "mg:LSJW1 odometer=45210",
    ),
    (
        "saic",
        "saic/u1/vehicles/LSJW1/drivetrain/mileage",
        "0.0",
        "",
    ),
    (
        "saic",
        "saic/u1/vehicles/LSJW1/drivetrain/soc",
        "76.5",
        "mg:LSJW1 soc=76.5",
    ),
    (
        "saic",
        "saic/u1/vehicles/LSJW1/drivetrain/range",
        "310",
        "mg:LSJW1 range=310",
    ),
    (
        "saic",
        "saic/u1/vehicles/LSJW1/drivetrain/charging",
        "True",
        "mg:LSJW1 charging=true",
    ),
    (
        "saic",
        "saic/u1/vehicles/LSJW1/drivetrain/chargerConnected",
        "false",
        "mg:LSJW1 plugged_in=false",
    ),
    (
        "mazda2mqtt",
        "mazda2mqtt/JM1/chargeInfo/batteryLevelPercentage",
        "80",
        "mazda:JM1 soc=80",
    ),
    (
        "mazda2mqtt",
        "mazda2mqtt/JM1/chargeInfo/drivingRangeKm",
        "151.5",
        "mazda:JM1 range=151.5",
    ),
    (
        "mazda2mqtt",
        "mazda2mqtt/JM1/chargeInfo/charging",
        "false",
        "mazda:JM1 charging=false",
    ),
    (
        "mazda2mqtt",
        "mazda2mqtt/JM1/chargeInfo/pluggedIn",
        "True",
        "mazda:JM1 plugged_in=true",
    ),
    (
        "mz2mqtt",
        "mz2mqtt/JM1/chargeInfo/batteryLevelPercentage",
        "80",
        "mazda:JM1 soc=80",
    ),
    (
        "mz2mqtt",
        "mz2mqtt/JM1/chargeInfo/drivingRangeKm",
        "151.5",
        "mazda:JM1 range=151.5",
    ),
    (
        "mz2mqtt",
        "mz2mqtt/JM1/chargeInfo/charging",
        "true",
        "mazda:JM1 charging=true",
    ),
    (
        "mz2mqtt",
        "mz2mqtt/JM1/chargeInfo/pluggedIn",
        "false",
        "mazda:JM1 plugged_in=false",
    ),
    (
        "volvo2mqtt",
        "homeassistant/sensor/YV1_battery_charge_level/state",
        "63",
        "volvo:YV1 soc=63",
    ),
    (
        "volvo2mqtt",
        "homeassistant/sensor/YV1_battery_charge_level/state",
        "unavailable",
        "",
    ),
    (
        "volvo2mqtt",
        "homeassistant/sensor/YV1_electric_range/state",
        "210",
        "volvo:YV1 range=210",
    ),
    (
        "phev2mqtt",
        "phev/battery/level",
        "50",
        "phev:outlander soc=50",
    ),
    (
        "phev2mqtt",
        "phev/battery/level",
        "94",
        "phev:outlander soc=100",
    ),
    (
        "phev2mqtt",
        "phev/battery/level",
        "6",
        "phev:outlander soc=0",
    ),
    ("phev2mqtt", "phev/battery/level", "5", ""),
    ("phev2mqtt", "phev/battery/level", "255", ""),
    (
        "phev2mqtt",
        "phev/charge/charging",
        "on",
        "phev:outlander charging=true",
    ),
    (
        "phev2mqtt",
        "phev/charge/plug",
        "unplugged",
        "phev:outlander plugged_in=false",
    ),
    (
        "twcmanager",
        "TWC/A1B2/lifetimekWh",
        "4321",
        "twcmanager:A1B2 energy_import_total=4321",
    ),
    (
        "zappi",
        "myenergi/zappi/12345678",
        r#"{"che":2.04,"div":5312,"sno":12345678,"pst":"C2"}"#,
        "zappi:12345678 session_energy=2.04; zappi:12345678 charge_power=5.312; zappi:12345678 charging=true",
    ),
    (
        "zappi",
        "myenergi/zappi/12345678",
        r#"{"che":0,"div":0,"pst":"A"}"#,
        "zappi:12345678 session_energy=0; zappi:12345678 charge_power=0; zappi:12345678 charging=false",
    ),
    ("zappi", "myenergi/zappi/12345678", r#"{"pst":"F"}"#, ""),
    (
        "geotab",
        "geotab/out",
        r#"{"device":{"id":"b1A"},"diagnostic":{"id":"DiagnosticOdometerId"},"dateTime":"2026-08-21T09:15:02.000Z","data":84512345}"#,
        "geotab:b1A odometer=84512.345@2026-08-21T09:15:02.000Z",
    ),
    (
        "geotab",
        "geotab/out",
        r#"{"device":{"id":"b1A"},"diagnostic":{"id":"DiagnosticTotalFuelUsedId"},"dateTime":"2026-08-21T09:15:02Z","data":5321.4}"#,
        "geotab:b1A fuel_used_total=5321.4@2026-08-21T09:15:02.000Z",
    ),
    (
        "geotab",
        "geotab/out",
        r#"{"device":{"id":"b1A"},"diagnostic":{"id":"DiagnosticOutsideTemperatureId"},"data":20}"#,
        "",
    ),
];

fn summary(presets: &[&str], topic: &str, payload: &str) -> String {
    let config = MappingConfig {
        files: Vec::new(),
        presets: presets.iter().map(|name| (*name).to_owned()).collect(),
    };
    let decoders = Decoders::with_mappings(
        load_mappings(&config).unwrap_or_else(|errors| panic!("error: {errors}")),
    );
    let line = json!({ "topic": topic, "payload": payload }).to_string();
    let mut output = Vec::new();
    run_with(
        decoders,
        &formats("auto").unwrap(),
        line.as_bytes(),
        &mut output,
        UtcMs(1_787_400_000_000),
    )
    .unwrap();
    let answer: Value = serde_json::from_slice(&output).unwrap();
    let observation = |got: &Value| {
        let at = got
            .get("ts")
            .map_or(String::new(), |at| format!("@{}", at.as_str().unwrap()));
        format!(
            "{} {}={}{at}",
            got["asset"].as_str().unwrap(),
            got["quantity"].as_str().unwrap(),
            got["value"]
        )
    };
    answer["observations"]
        .as_array()
        .unwrap()
        .iter()
        .map(observation)
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn each_preset_reads_its_bridge() {
    let all: Vec<&str> = preset_names().collect();
    for (preset, topic, payload, want) in CASES {
        for presets in [&[preset][..], &all] {
            assert_eq!(
                summary(presets, topic, payload),
                want,
                "{preset} {topic} {payload}"
            );
        }
    }
    for name in all {
        assert!(
            CASES.iter().any(|(preset, ..)| *preset == name),
            "preset `{name}` has no case"
        );
    }
}

/// Amps that call themselves power.
#[test]
fn twcmanagers_power_is_not_read() {
    assert_eq!(summary(&["twcmanager"], "TWC/A1B2/power", "16"), "");
}

#[test]
fn every_file_is_a_preset_and_names_its_source() {
    let mut names = Vec::new();
    for entry in
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/mappings")).unwrap()
    {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            names.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with("# ") && text.contains("# Source"),
                "{}",
                path.display()
            );
        }
    }
    names.sort();
    assert_eq!(names, preset_names().collect::<Vec<_>>());
}
