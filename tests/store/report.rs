//! `fleetgauge report` on a small store: figures in every format, the change on last year, nothing added that has no sum, words for gaps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use crate::support::{TempDir, fleetgauge};
use fleetgauge::model::{ActivityData, ActivityKey, ActivityRow, EnergyUser, Subject};
use fleetgauge::store::{Checkpoint, Store, StoreConfig};
use fleetgauge::units::{Metres, Millilitres, TenthWattHours};
use serde_json::Value;

const FILES: [(&str, &str); 4] = [
    (
        "organisations.csv",
        "organisation_id,name\nEMAS,Ambulance <trust> & co\nACUTE,Acute\n",
    ),
    (
        "sites.csv",
        "site_id,name,organisation\nDERBY,Derby,EMAS\nBUXTON,Buxton,ACUTE\n",
    ),
    (
        "vehicles.csv",
        "vehicle_id,organisation,site,role,category,fuel,euro,mass_kg,in_service_from,ownership\n\
         A1,EMAS,DERBY,emergency,van,DIESEL,EURO 6,3500,2020-01-01,owned\n\
         A2,EMAS,DERBY,emergency,van,DIESEL,EURO 5,3500,2025-06-01,leased\n\
         E1,ACUTE,BUXTON,support,car,ELECTRICITY,,,2020-01-01,owned\n",
    ),
    (
        "charge_points.csv",
        "charge_point_id,organisation,site,mode,connectors,access\nCP1,ACUTE,BUXTON,csms,2,fleet\n",
    ),
];

fn row(day: &str, subject: Subject, activity: ActivityData) -> ActivityRow {
    ActivityRow {
        key: ActivityKey {
            day: day.parse().unwrap(),
            subject,
        },
        activity,
    }
}

/// 1,000 km on so many litres.
fn diesel(day: &str, vehicle: &str, litres: i64) -> ActivityRow {
    let activity = ActivityData {
        distance: Metres(1_000_000),
        fuel: Millilitres(litres * 1000),
        metered: ActivityData::FUEL_METERED,
        ..ActivityData::default()
    };
    row(day, Subject::Vehicle(vehicle.into()), activity)
}

fn charged(user: EnergyUser, kwh: i64) -> ActivityRow {
    let subject = Subject::Charging {
        charge_point: "CP1".into(),
        user,
    };
    let activity = ActivityData {
        charged: TenthWattHours(kwh * 10_000),
        ..ActivityData::default()
    };
    row("2026-03-10", subject, activity)
}

/// March of two years: 1,000 km and 100 l of A1 in each month, 200 l of A2 only in the later one, 100 kWh of E1, some of it unallocated.
fn site(name: &str) -> TempDir {
    let folder = TempDir::new(name);
    std::fs::create_dir_all(folder.path().join("register")).unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.path().join("register").join(name), text).unwrap();
    }
    let renewable = "site,from,to,share,factor_kgco2e_per_kwh\nBUXTON,2020-01-01,,1,0\n";
    std::fs::write(folder.path().join("register/renewable.csv"), renewable).unwrap();
    std::fs::write(
        folder.path().join("fleetgauge.toml"),
        "[register]\ndirectory = \"register\"\n",
    )
    .unwrap();
    let activity = [
        diesel("2025-03-10", "A1", 100),
        diesel("2026-03-10", "A1", 90),
        diesel("2026-03-11", "A2", 200),
        charged(EnergyUser::Vehicle("E1".into()), 100),
        charged(EnergyUser::Unallocated, 10),
        charged(EnergyUser::Staff, 5),
    ];
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
            activity: &activity,
            rollups: &[],
            at: fleetgauge::units::UtcMs(0),
        })
        .unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = fleetgauge()
        .current_dir(folder)
        .args(["report", "--config", "fleetgauge.toml"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn json(folder: &Path, period: &str) -> Value {
    let (code, out, err) = run(folder, &["--period", period, "--format", "json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    serde_json::from_str(&out).unwrap()
}

fn scope<'a>(group: &'a Value, name: &str) -> &'a Value {
    group["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["scope"] == name)
        .unwrap_or(&Value::Null)
}

fn near(value: &Value, want: f64) {
    assert!(
        (value.as_f64().unwrap() - want).abs() < 1e-6,
        "{value} is not {want}"
    );
}

#[test]
fn figures_are_those_of_the_golden_factors() {
    let folder = site("report-json");
    let report = json(folder.path(), "2026-03");
    let total = &report["emissions"]["total"];
    // Diesel 2025: 2.57082 kg/l; grid 2025: 0.177 kg/kWh (DESNZ conversion factors 2025, sheets Fuels and UK electricity). March belongs to the year that began in April before.
    near(&scope(total, "1")["kgco2e"], 290.0 * 2.57082);
    near(&scope(total, "2")["kgco2e"], 110.0 * 0.177);
    near(&scope(total, "2_market")["kgco2e"], 0.0);
    // Tier 2 has 5 %: both vehicles' fuel is by their own totals.
    near(&scope(total, "1")["sd_kgco2e"], 290.0 * 2.57082 * 0.05);
    near(&scope(total, "1")["tiers_kgco2e"]["2"], 290.0 * 2.57082);
    near(&report["charging"]["energy_staff_public_kwh"], 5.0);
    near(&report["charging"]["energy_unallocated_kwh"], 10.0);
    assert!(
        report["charging"]["uptime_note"]
            .as_str()
            .unwrap()
            .contains("/api/v1/uptime"),
        "{}",
        report["charging"]
    );
    assert_eq!(
        report["restatements"]["effects"].as_array().unwrap().len(),
        0
    );
    near(&report["data_quality"]["completeness_ratio"], 1.0);
    near(
        &report["data_quality"]["last_year_completeness_ratio"],
        1.0 / 2.0,
    );
    let league = report["league_organisations"].as_array().unwrap();
    let emas = league
        .iter()
        .find(|row| row["organisation"] == "EMAS")
        .unwrap();
    near(&emas["kgco2e_per_km"], 290.0 * 2.57082 / 2000.0);
    near(&emas["kgco2e_per_vehicle"], 290.0 * 2.57082 / 2.0);
    assert_eq!(
        (&emas["vehicles"], &emas["vehicles_low"]),
        (&2.into(), &1.into())
    );
    // Energy is known, kilometres are not: no ratio, and not zero.
    let acute = league
        .iter()
        .find(|row| row["organisation"] == "ACUTE")
        .unwrap();
    assert!(
        acute["kgco2e_per_km"].is_null() && acute["distance_km"].is_null(),
        "{acute}"
    );
}

#[test]
fn a_period_to_come_is_refused() {
    let folder = site("report-future");
    let (code, out, err) = run(folder.path(), &["--period", "2099-00"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("2099/00 begins on 2099-04-01, which is in the future")
            && err.contains("hint: "),
        "{err}"
    );
}

#[test]
fn organisations_add_up_and_change_is_on_the_same_days_of_last_year() {
    let folder = site("report-sums");
    for period in [
        "2026-03",
        "2025-26",
        "2025-26-Q4",
        "2026-Q1",
        "2026-03-05..2026-03-20",
    ] {
        let report = json(folder.path(), period);
        let emissions = &report["emissions"];
        for row in emissions["total"]["scopes"].as_array().unwrap() {
            let name = row["scope"].as_str().unwrap();
            for field in ["kgco2e", "last_year_kgco2e"] {
                let parts = emissions["organisations"].as_array().unwrap().iter();
                let sum: f64 = parts
                    .filter_map(|group| scope(group, name)[field].as_f64())
                    .sum();
                assert!(
                    (sum - row[field].as_f64().unwrap_or(0.0)).abs() < 1e-9,
                    "{period} {name} {field}"
                );
            }
        }
        if period.len() < 12 && period != "2025-26" {
            let months = emissions["months"].as_array().unwrap().iter();
            let sum: f64 = months
                .filter_map(|month| month["scope_1_kgco2e"].as_f64())
                .sum();
            near(&scope(&emissions["total"], "1")["kgco2e"], sum);
        }
    }
    let report = json(folder.path(), "2026-03");
    // 2024: 2.51279 kg/l.
    let (now, before) = (290.0 * 2.57082, 100.0 * 2.51279);
    near(
        &scope(&report["emissions"]["total"], "1")["last_year_kgco2e"],
        before,
    );
    near(
        &scope(&report["emissions"]["total"], "1")["change_ratio"],
        now / before - 1.0,
    );
    // Nothing was charged last year: there is no change to state.
    assert!(scope(&report["emissions"]["total"], "2")["change_ratio"].is_null());
}

#[test]
fn both_views_of_scope_two_stand_in_columns_and_have_no_sum() {
    let folder = site("report-market");
    for format in ["md", "csv", "json", "html", "returns"] {
        let (code, out, _) = run(folder.path(), &["--period", "2026-03", "--format", format]);
        assert_eq!(code, 0);
        // 19.47 by location, 0 by market, 745.5378 of fuel: no sum of a scope 2 with anything.
        for sum in [
            "765.0078",
            "765.01",
            "0.765",
            "scope_1_and_2",
            "total_kgco2e",
        ] {
            assert!(!out.contains(sum), "{format} holds {sum}");
        }
    }
    let (_, out, _) = run(folder.path(), &["--period", "2026-03", "--format", "csv"]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[0],
        "section,organisation,site,metric,unit,value,value_last_year,note"
    );
    let find = |start: &str| {
        *lines
            .iter()
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("no {start}\n{out}"))
    };
    assert!(find("emissions,ACUTE,,scope_2_location,kgCO2e,").contains("19.4"));
    assert!(
        find("emissions,ACUTE,,scope_2_market,kgCO2e,")
            .starts_with("emissions,ACUTE,,scope_2_market,kgCO2e,0,,")
    );
    assert!(
        find("league,ACUTE,,kgco2e_per_km,")
            .starts_with("league,ACUTE,,kgco2e_per_km,kgCO2e/km,,,")
    );
    let mut reader = csv::Reader::from_reader(out.as_bytes());
    assert!(reader.records().all(|row| row.unwrap().len() == 8));
}

#[test]
fn returns_are_vehicles_by_kind() {
    let folder = site("report-returns");
    let (code, out, err) = run(
        folder.path(),
        &["--period", "2026-03", "--format", "returns"],
    );
    assert_eq!(code, 0);
    assert!(err.contains("note: "), "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[0],
        "organisation,period,vehicle_type,fuel,euro,ownership,emergency,class,count,km,litres,kwh,kgco2e_scope_1,kgco2e_scope_2_location,kgco2e_scope_2_market,kgco2e_scope_3,kgco2_outside_of_scopes"
    );
    assert!(
        lines.iter().any(|line| line.starts_with(
            "EMAS,2026-03-01..2026-03-31,van,DIESEL,6,owned,yes,low,1,1000.0,90.0,,231.3738,,,"
        )),
        "{out}"
    );
    assert!(
        lines.iter().any(|line| line.starts_with(
            "ACUTE,2026-03-01..2026-03-31,car,ELECTRICITY,unknown,owned,no,zero,1,,,100.0,,17."
        )),
        "{out}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains(",no vehicle named,") && line.contains(",,,,10.0,,")),
        "{out}"
    );
}

#[test]
fn markdown_states_the_figures_in_words() {
    let folder = site("report-md");
    let (code, out, _) = run(folder.path(), &["--period", "2026-03"]);
    assert_eq!(code, 0);
    for want in [
        "# Fleet emissions report 2026-03",
        "| EMAS | 0.7 | +196.7 % | none booked | no comparison | none booked | no comparison |",
        "| ACUTE | none booked | no comparison | 0.0 | no comparison | 0.0 | no comparison |",
        "| EMAS | 0.373 | 0.251 | 2 of 2.0 | 372.77 | 50.0 % (1 of 2) | 2,000 | not known |",
        "| ACUTE | not known | not known | 0 of 1.0 |",
        "year policy: majority",
        "nothing is restated",
        "completeness: 100.0 % (3 of 3 vehicle months have data); last year 50.0 %",
        "Uptime: ",
    ] {
        assert!(out.contains(want), "no {want}\n{out}");
    }
}

#[test]
fn html_is_complete_and_has_no_script_and_no_link() {
    let folder = site("report-html");
    let (code, _, err) = run(
        folder.path(),
        &["--period", "2025-26", "--format", "html", "--out", "r.html"],
    );
    assert_eq!((code, err.as_str()), (0, ""));
    let text = std::fs::read_to_string(folder.path().join("r.html")).unwrap();
    for bad in [
        "<script",
        "javascript:",
        "http://",
        "https://",
        "<link",
        "<img",
        " on",
        "url(",
    ] {
        assert!(bad == " on" || !text.contains(bad), "{bad}");
    }
    assert!(
        text.contains("<svg")
            && text.matches("<svg").count() <= text.matches("<table").count()
            && text.contains("@media print")
    );
    let mut open: Vec<&str> = Vec::new();
    for tag in text.split('<').skip(1) {
        let name = tag.split([' ', '>', '/', '\n']).next().unwrap();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), closed.split('>').next(), "{tag}");
        } else if !tag.starts_with('!')
            && !tag.split('>').next().unwrap().ends_with('/')
            && name != "meta"
        {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn missing_figures_are_stated() {
    let folder = TempDir::new("report-empty");
    let output = fleetgauge()
        .current_dir(folder.path())
        .args(["report", "--period", "2026-03"])
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && out.contains("no emissions can be computed"),
        "{out}"
    );
    assert!(
        out.contains("no store can be read") && out.contains("give --register DIR"),
        "{out}"
    );
    assert!(
        !folder.path().join("data").exists(),
        "a report writes nothing"
    );
    for bad in [
        "2025",
        "2025-27",
        "2025-Q5",
        "2026-02-30..2026-03-01",
        "yesterday",
    ] {
        let output = fleetgauge()
            .args(["report", "--period", bad])
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && err.contains("hint: write 2025-26"),
            "{bad}: {err}"
        );
    }
    let site = site("report-out");
    let (code, _, err) = run(
        site.path(),
        &["--period", "2026-03", "--out", "nowhere/r.md"],
    );
    assert!(code == 1 && err.contains("hint: `--out`"), "{err}");
}

#[test]
fn pollutants_are_compared_with_a_base_stretch_of_the_store() {
    let folder = site("report-air-base");
    let nox = |report: &Value| report["air"]["pollutants"][0].clone();
    assert_eq!(nox(&json(folder.path(), "2026-03"))["status"], "not_set");
    let config = "[register]\ndirectory = \"register\"\n[air]\nbase_from = \"2025-03-01\"\nbase_to = \"2025-03-31\"\n";
    std::fs::write(folder.path().join("fleetgauge.toml"), config).unwrap();
    let found = nox(&json(folder.path(), "2026-03"));
    // A1 then; A1 and a Euro 5 one now.
    assert_eq!(found["status"], "not_met", "{found}");
    near(&found["change_from_base_ratio"], 2.29291 / 1.02464 - 1.0);
    // A quarter is no March.
    assert_eq!(
        nox(&json(folder.path(), "2026-Q1"))["status"],
        "not_comparable"
    );
}
