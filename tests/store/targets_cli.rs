//! `fleetgauge targets` as a user runs it: records without a daemon, what is missing, and plans with all their mistakes at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use crate::support::{TempDir, fleetgauge};
use serde_json::Value;

const REGISTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/register");

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = fleetgauge()
        .current_dir(folder)
        .args(["targets", "--register", REGISTER, "--as-of", "2026-11-24"])
        .args(arguments)
        .env("FLEETGAUGE__TARGET__START", "2022-04-01")
        .env("FLEETGAUGE__TARGET__START_SHARE", "0.5")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The fields of each target in `fleetgauge targets --json`.
const FIELDS: &[&str] = &[
    "id",
    "metric",
    "profile",
    "as_of",
    "current",
    "lower",
    "upper",
    "plan",
    "goal",
    "due",
    "drift",
    "drift_vehicles",
    "gap",
    "required_per_month",
    "recent_per_month",
    "projected_date",
    "p_hit",
    "status",
    "counts",
    "factor_set",
    "method_version",
];

#[test]
fn every_target_has_its_record() {
    let folder = TempDir::new("targets-cli");
    let (code, out, err) = run(folder.path(), &["--json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let answer: Value = serde_json::from_str(&out).unwrap();
    let targets = answer["targets"].as_array().unwrap();
    assert_eq!(
        (targets.len(), &targets[0]["id"], &targets[1]["id"]),
        (16, &"low_emission_share".into(), &"share_low_90".into())
    );
    for target in targets {
        for field in FIELDS {
            assert!(
                target.get(*field).is_some(),
                "{}: no `{field}`",
                target["id"]
            );
        }
    }
    // The same target by its two names.
    for field in [
        "current", "plan", "drift", "gap", "p_hit", "status", "goal", "due",
    ] {
        assert_eq!(targets[0][field], targets[1][field], "{field}");
    }
    assert_eq!(targets[0]["alias_of"], "share_low_90");
    assert!(
        answer["missing"]
            .to_string()
            .contains("yearly tonnes of the fleet"),
        "{}",
        answer["missing"]
    );
}

#[test]
fn the_table_has_each_target_once_and_its_needs() {
    let folder = TempDir::new("targets-table");
    let (code, out, _) = run(folder.path(), &[]);
    assert!(
        code == 0
            && out.contains("share_low_90")
            && out.contains("not_set")
            && !out.contains("low_emission_share"),
        "{out}"
    );
    assert!(
        out.contains("needs baseline.value: the figure of 1990-12-31 in t CO2e"),
        "{out}"
    );
}

#[test]
fn a_plan_has_path_date_and_tonnes() {
    let folder = TempDir::new("targets-plan");
    let plan = "vehicle_id,date,successor_fuel,successor_class\nAMB-101,2026-12-31,DIESEL,\nAMB-102,2027-06-30,,zero\n";
    std::fs::write(folder.path().join("plan.csv"), plan).unwrap();
    let arguments = [
        "--plan",
        "plan.csv",
        "--convert",
        "van=1/month",
        "--tonnes",
        "van_n1_iii=7",
    ];
    let (code, out, err) = run(folder.path(), &[&arguments[..], &["--json"]].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    let answer: Value = serde_json::from_str(&out).unwrap();
    let what_if = &answer["what_if"];
    let share = &what_if["targets"][0];
    assert_eq!(
        (&share["id"], &share["gap_at_due"]),
        (&"share_low_90".into(), &0.into())
    );
    assert!(
        share["reached"].as_str().unwrap() < "2028-03-31"
            && share["path"].as_array().unwrap().len() > 12
    );
    let (vehicles, yearly) = (
        what_if["avoided"]["vehicles"].as_f64().unwrap(),
        what_if["avoided"]["tonnes_per_year"].as_f64().unwrap(),
    );
    assert!(
        (yearly - 7.0 * vehicles).abs() < 1e-9
            && what_if["avoided"]["tonnes"].as_f64().unwrap() < 2.0 * yearly
    );
    let (code, out, _) = run(folder.path(), &arguments[..4]);
    assert!(
        code == 0 && out.contains("month by month") && out.contains("tonnes avoided: not computed"),
        "{out}"
    );
    assert!(out.contains("give --tonnes van_n1_iii="), "{out}");
}

#[test]
fn mistakes_of_a_plan_are_named_all_at_once() {
    let folder = TempDir::new("targets-bad");
    let plan = "vehicle_id,date,successor_fuel,successor_class\nAMB-1,2026-12-31,DIESEL,\nAMB-102,2020-06-30,,zero\nAMB-103,soon,STEAM,\n\
                AMB-104,2027-01-01,,\nAMB-104,2027-01-01,ELECTRICITY,\nAMB-105,2027-01-01,DIESEL,low\nAMB-106,2027-01-01,,green\n";
    std::fs::write(folder.path().join("plan.csv"), plan).unwrap();
    let (code, _, err) = run(folder.path(), &["--plan", "plan.csv"]);
    assert_eq!(code, 78);
    for want in [
        "error: plan.csv line 2, column `vehicle_id`: `AMB-1`: is not in vehicles.csv",
        "line 3, column `date`: `2020-06-30`: is not after 2026-11-24",
        "line 4, column `date`: `soon`: is not a date",
        "line 4, column `successor_fuel`: `STEAM`: is not a fuel",
        "line 5, column `successor_fuel`: is empty",
        "line 6, column `vehicle_id`: `AMB-104`: is already in line 5",
        "line 7, column `successor_class`: `low`: stands beside a fuel",
        "line 8, column `successor_class`: `green`: is not a class",
    ] {
        assert!(err.contains(want), "{err}\n  has no\n{want}");
    }
    std::fs::write(
        folder.path().join("plan.csv"),
        "vehicle,date\nAMB-101,2027-01-01\n",
    )
    .unwrap();
    let (code, _, err) = run(folder.path(), &["--plan", "plan.csv"]);
    assert!(
        code == 78
            && err.contains("column `vehicle`: is not a column")
            && err.contains("column `vehicle_id`: is missing"),
        "{err}"
    );
    for (argument, want) in [
        ("vam=3/month", "did you mean `van`?"),
        ("van=3", "write van=5/month"),
        ("van=-1/month", "not a number of vehicles above 0"),
        ("van=1/month:green", "zero, ultra_low, low, other"),
    ] {
        let (code, _, err) = run(folder.path(), &["--convert", argument]);
        assert!(code == 2 && err.contains(want), "{argument}: {err}");
    }
    std::fs::write(folder.path().join("t.toml"), "[[target]]\nid = \"x\"\n").unwrap();
    std::fs::write(
        folder.path().join("c.toml"),
        "[targets]\nfile = \"t.toml\"\n",
    )
    .unwrap();
    let (code, _, err) = run(folder.path(), &["--config", "c.toml"]);
    assert!(
        code == 78 && err.contains("`target[0]` in t.toml line 1: has no `goal`"),
        "{err}"
    );
}
