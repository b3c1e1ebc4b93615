//! What the store's whole years give the targets: the same tonnes as `/api/v1/emissions` has, and staff travel from mileage claims.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use crate::support::{TempDir, fleetgauge};
use fleetgauge::model::{ActivityData, ActivityKey, ActivityRow, Subject};
use fleetgauge::store::{Checkpoint, Store, StoreConfig};
use fleetgauge::units::{Day, Metres, Month};
use serde_json::Value;

const VEHICLES: &str = "vehicle_id,organisation,category,fuel,euro,mass_kg,in_service_from
A1,EMAS,van,DIESEL,EURO 6,3500,2020-01-01
QUIET,EMAS,van,DIESEL,EURO 6,3500,2020-01-01
";

/// 3,000 km of van A1 in each of twelve months.
fn van_rows(first: Month) -> Vec<ActivityRow> {
    let row = |day: Day| ActivityRow {
        key: ActivityKey {
            day,
            subject: Subject::Vehicle("A1".into()),
        },
        activity: ActivityData {
            distance: Metres(1_500_000),
            ..ActivityData::default()
        },
    };
    (0..12)
        .map(|index| first.plus(index))
        .flat_map(|month| [row(month.first_day()), row(month.last_day())])
        .collect()
}

/// Runs the command in the folder; what it printed.
fn run(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = fleetgauge()
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// 3,000 km of one van in each month of 2024/25, and claims in so many of them; the other van is silent.
fn site(name: &str, claims: i32) -> TempDir {
    let folder = TempDir::new(name);
    std::fs::create_dir_all(folder.path().join("register")).unwrap();
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    write("register/vehicles.csv", VEHICLES);
    write(
        "register/organisations.csv",
        "organisation_id,name\nEMAS,Ambulances\n",
    );
    write("fleetgauge.toml", "[register]\ndirectory = \"register\"\n");
    let first: Month = "2024-04".parse().unwrap();
    let config = StoreConfig {
        directory: folder.path().join("data"),
        ..StoreConfig::default()
    };
    let mut opened = Store::open(&config).unwrap();
    opened
        .store
        .checkpoint(&Checkpoint {
            snapshot: b"not an engine's",
            generation: 1,
            activity: &van_rows(first),
            rollups: &[],
            at: fleetgauge::units::UtcMs(0),
        })
        .unwrap();
    drop(opened);
    let mut text = "month,organisation,vehicle_class,distance_km\n".to_owned();
    (0..claims).for_each(|index| writeln!(text, "{},EMAS,car,1000", first.plus(index)).unwrap());
    write("claims.csv", &text);
    let arguments = [
        "import",
        "mileage",
        "claims.csv",
        "--config",
        "fleetgauge.toml",
    ];
    run(folder.path(), &arguments);
    folder
}

fn report(folder: &Path) -> Value {
    let arguments = [
        "report",
        "--config",
        "fleetgauge.toml",
        "--period",
        "2024-25",
        "--format",
        "json",
    ];
    serde_json::from_slice(&run(folder, &arguments)).unwrap()
}

fn target<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["targets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|target| target["id"] == id)
        .unwrap()
}

#[test]
fn a_target_has_the_tonnes_that_the_report_has() {
    let folder = site("years-same", 0);
    let report = report(folder.path());
    let scopes = report["emissions"]["total"]["scopes"].as_array().unwrap();
    let in_use: f64 = scopes
        .iter()
        .filter(|row| row["scope"] == "1" || row["scope"] == "2")
        .filter_map(|row| row["kgco2e"].as_f64())
        .sum();
    let tonnes = target(&report, "fleet_2020_21")["value"].as_f64().unwrap();
    // The silent van is filled in by its class in both: some 72,000 km at 0.27365 kg, not 36,000.
    assert!(
        (in_use / (72_000.0 * 0.27365) - 1.0).abs() < 0.01,
        "{in_use}"
    );
    assert!(
        (tonnes - in_use / 1000.0).abs() < 1e-9,
        "{tonnes} t of the target, {in_use} kg of the report"
    );
}

#[test]
fn staff_travel_comes_from_claims_and_is_marked_so() {
    let folder = site("years-claims", 12);
    let report_with = report(folder.path());
    let found = target(&report_with, "nhs_staff_travel");
    // 12,000 km of an average car, unknown fuel, in 2024: scope 3.6.
    let tonnes = found["value"].as_f64().unwrap();
    assert!(
        (tonnes - 12_000.0 * 0.16691 / 1000.0).abs() < 1e-6,
        "{tonnes}"
    );
    assert!(
        found["figure_proxy"]
            .as_str()
            .unwrap()
            .contains("mileage claims"),
        "{found}"
    );
    assert!(target(&report_with, "fleet_2020_21")["figure_proxy"].is_null());
    // A month without claims is not a month without travel; no claims at all are no figure.
    for (name, claims) in [("years-gap", 11), ("years-none", 0)] {
        let folder = site(name, claims);
        assert!(
            target(&report(folder.path()), "nhs_staff_travel")["value"].is_null(),
            "{claims} months"
        );
    }
}
