//! Factors: the worked numbers G1 to G5 as the reference prints them (`emissions-golden.json`), year policies, files on top of the
//! compiled-in ones, and every mistake of a file with its line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{TempDir, fleetgauge};
use fleetgauge::app::config::{FactorsConfig, load_factors, load_table};
use fleetgauge::ledger::factors::{
    Change, EmissionFactor, FactorSets, FactorTable, YearPolicy, diff,
};
use fleetgauge::units::{Day, KgCo2ePerLitre};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn golden(key: &str) -> f64 {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../emissions-golden.json")).unwrap();
    all[key].as_f64().unwrap_or_else(|| panic!("{key}"))
}

#[track_caller]
fn near(value: f64, key: &str) {
    let want = golden(key);
    assert!((value - want).abs() < 1e-6, "{key}: {value} is not {want}");
}

fn sets() -> FactorSets {
    load_factors(&FactorsConfig::default()).unwrap()
}

fn fuel(fuel: &str, component: &str, on: &str) -> EmissionFactor<KgCo2ePerLitre> {
    sets().fuel(fuel, component, day(on)).unwrap().value
}

#[test]
fn g1_diesel_by_litres() {
    let (ttw, wtt) = (
        fuel("diesel_avg_blend", "ttw", "2025-06-01"),
        fuel("diesel_avg_blend", "wtt", "2025-06-01"),
    );
    near(100.0 * ttw.kgco2e.get(), "g1.scope1_kg");
    near(100.0 * wtt.kgco2e.get(), "g1.scope3_wtt_kg");
    near(100.0 * (ttw.kgco2e + wtt.kgco2e).get(), "g1.wtw_kg");
    near(
        100.0
            * fuel("diesel_avg_blend", "biogenic_co2", "2025-06-01")
                .kgco2e
                .get(),
        "g1.biogenic_outside_scopes_kgco2",
    );
    for (gas, key) in ["g1.co2_kg", "g1.ch4_kgco2e", "g1.n2o_kgco2e"]
        .into_iter()
        .enumerate()
    {
        near(100.0 * ttw.split.unwrap()[gas].get(), key);
    }
}

#[test]
fn g2_electricity_by_component_and_year() {
    let kwh = |component, on| 100.0 * sets().kwh(component, day(on)).unwrap().value.kgco2e.get();
    near(kwh("generation", "2025-06-01"), "g2.scope2_location_kg");
    near(kwh("td_losses", "2025-06-01"), "g2.scope3_td_kg");
    near(
        kwh("wtt_generation", "2025-06-01") + kwh("wtt_td", "2025-06-01"),
        "g2.scope3_wtt_kg",
    );
    near(
        kwh("generation", "2024-06-01"),
        "g2.scope2_location_kg_2024",
    );
    near(
        kwh("generation", "2026-06-01"),
        "g2.scope2_location_kg_2026",
    );
    let confirmed_by_others = sets().kwh("generation", day("2026-06-01")).unwrap().set;
    assert_eq!(confirmed_by_others.to_string(), "desnz2026+provisional");
    assert_eq!(
        sets()
            .kwh("td_losses", day("2026-06-01"))
            .unwrap()
            .set
            .to_string(),
        "desnz2025+provisional"
    );
}

#[test]
fn g3_kilometres() {
    for (class, fuel) in [
        ("van_n1_iii", "diesel"),
        ("car_average", "petrol"),
        ("car_average", "hybrid"),
        ("hgv_rigid_3_5_7_5t", "diesel"),
    ] {
        for (component, word) in [("ttw", "scope1"), ("wtt", "wtt")] {
            let factor = sets()
                .km(class, &format!("{fuel} {component}"), day("2025-06-01"))
                .unwrap();
            near(
                1000.0 * factor.value.kgco2e.get(),
                &format!("g3.{class}.{fuel}.{word}_kg"),
            );
        }
    }
    let kwh = 1000.0
        * sets()
            .kwh_per_km("van_n1_iii", "bev", day("2025-06-01"))
            .unwrap()
            .value
            .get();
    near(kwh, "g3.van_n1_iii.bev.kwh");
    near(
        kwh * sets().electricity(day("2025-06-01")).unwrap().value.get(),
        "g3.van_n1_iii.bev.scope2_kg_from_kwh",
    );
    let published = sets()
        .km("van_n1_iii", "bev elec_generation", day("2025-06-01"))
        .unwrap()
        .value
        .kgco2e
        .get();
    near(
        1000.0 * published,
        "g3.van_n1_iii.bev.scope2_kg_from_published_km",
    );
}

#[test]
fn g4_implied_electric_share() {
    let per_km = sets()
        .kwh_per_km("car_average", "bev", day("2025-06-01"))
        .unwrap()
        .value
        .get();
    near(900.0 / per_km / 12_000.0, "g4.implied_electric_share");
}

#[test]
fn g5_year_policies() {
    let set = |policy, on: &str| {
        let sets = sets().with_policy(policy);
        let found = sets.litre("diesel_avg_blend", day(on)).unwrap();
        (found.value.get(), found.set.to_string())
    };
    for (on, want) in [
        ("2024-03-31", "desnz2023"),
        ("2024-04-01", "desnz2024"),
        ("2025-12-31", "desnz2025"),
        ("2026-01-15", "desnz2025"),
    ] {
        assert_eq!(set(YearPolicy::Majority, on).1, want, "{on}");
    }
    assert_eq!(
        set(YearPolicy::Calendar, "2026-01-15").1,
        "desnz2025+provisional"
    );
    assert_eq!(set(YearPolicy::Calendar, "2025-01-15").1, "desnz2025");
    near(
        10_000.0 * set(YearPolicy::Majority, "2024-10-01").0,
        "g5.fy2024_25_kg_set2024",
    );
    near(
        10_000.0 * set(YearPolicy::Majority, "2025-10-01").0,
        "g5.same_with_set2025_kg",
    );
    near(
        (set(YearPolicy::Majority, "2025-10-01").0 / set(YearPolicy::Majority, "2024-10-01").0
            - 1.0)
            * 100.0,
        "g5.difference_pct",
    );
    for on in ["2024-04-01", "2024-12-31", "2025-01-01", "2025-03-31"] {
        let (factor, id) = set(YearPolicy::Blended, on);
        near(factor, "g5.blended_factor");
        near(10_000.0 * factor, "g5.blended_kg");
        assert_eq!(id, "desnz2024-2025");
    }
    assert_eq!(
        set(YearPolicy::Blended, "2025-10-01").1,
        "desnz2025-2026+provisional"
    );
}

const HEADER: &str = "factor_id,vehicle_class,fuel,euro,unit,kgco2e,kgco2,kgco2e_ch4,kgco2e_n2o,scope,component,valid_from,valid_to,source,confidence,version\n";

/// Rows of a factor file, and what the error of each must contain; empty where there is none.
const MISTAKES: [(&str, &str); 17] = [
    (
        "desnz2025.x,any,diesel,,gallon,1,,,,1,ttw,2025-01-01,,s,c,",
        "`gallon` is not kWh, litre",
    ),
    (
        "desnz2025.x,any,diesel,,litre,1,,,,1,generation,2025-01-01,,s,c,",
        "`generation` is not published per litre",
    ),
    (
        "desnz2025.x,any,diesel,,litre,1,,,,3,ttw,2025-01-01,,s,c,",
        "`ttw` is scope 1",
    ),
    (
        "desnz2025.x,any,diesel,,litre,0,,,,1,ttw,2025-01-01,,s,c,",
        "only a battery-electric tailpipe is",
    ),
    (
        "desnz2025.x,any,diesel,,litre,-1,,,,1,ttw,2025-01-01,,s,c,",
        "is not a number from 0 up",
    ),
    (
        "desnz2025.x,any,diesel,,litre,,,,,1,ttw,2025-01-01,,s,c,",
        "is empty: leave the row out",
    ),
    (
        "desnz2025.x,any,diesel,,litre,1,0.9,0.05,0.0499,1,ttw,2025-01-01,,s,c,",
        "the gases add up to 0.99990",
    ),
    (
        "desnz2025.x,any,diesel,,litre,1,0.9,,,1,ttw,2025-01-01,,s,c,",
        "the gas split is not whole",
    ),
    (
        "desnz2025.x,any,diesel,,litre,1,,,,1,ttw,2025-02-30,,s,c,",
        "is not a date such as",
    ),
    (
        "desnz2025.x,any,diesel,,litre,1,,,,1,ttw,2025-01-01,2026-12-31,s,c,",
        "`2026-12-31` is not a date from valid_from",
    ),
    (
        "desnz2024.x,any,diesel,,litre,1,,,,1,ttw,2025-01-01,,s,c,",
        "names another year than valid_from, 2025",
    ),
    (
        "desnz2025.x,any,diesel,,litre,1,,,,1,ttw,2025-01-01,,,c,",
        "an auditor needs to know",
    ),
    (
        "desnz2025.x,any,diesel,,litre,1,,,,1,ttw,2025-01-01,,s,c,0",
        "is not a whole number from 1 to 255",
    ),
    (
        ",any,diesel,,litre,1,,,,1,ttw,2025-01-01,,s,c,",
        "every factor needs its id",
    ),
    (
        "desnz2025.ok,any,diesel,,litre,1,0.9,0.05,0.05004,1,ttw,2025-01-01,2025-12-31,s,c,",
        "",
    ),
    (
        "desnz2025.ok,any,diesel,,litre,2,,,,1,ttw,2025-01-01,,s,c,",
        "is already in mine.csv line 16",
    ),
    (
        "desnz2025.ok,any,diesel,,litre,2,,,,1,ttw,2025-01-01,,s,c,2",
        "",
    ),
];

#[test]
fn every_mistake_is_named_at_once_with_its_line() {
    let text = HEADER.to_owned() + &MISTAKES.map(|(row, _)| row).join("\n");
    let errors = FactorTable::parse(
        &[],
        &[
            ("mine.csv", &text),
            ("other.csv", "a,b\n1,2\n"),
            ("targets.csv", "target_id\nx\n"),
        ],
    )
    .unwrap_err();
    let shown = errors.to_string();
    for (index, (row, want)) in MISTAKES.iter().enumerate() {
        let line = format!("mine.csv line {},", index + 2);
        let found = shown
            .lines()
            .any(|text| text.starts_with(&line) && text.contains(want));
        assert_eq!(found, !want.is_empty(), "{row}: {want}\n{shown}");
    }
    assert!(
        shown.contains("other.csv line 1: is no factor file") && !shown.contains("targets.csv"),
        "{shown}"
    );
    let air = "factor_id,vehicle_class,fuel,euro,unit,g_nox,g_pm25,g_pm10,g_nox_urban,g_nox_rural,g_nox_motorway,g_pm25_urban,g_pm25_rural,g_pm25_motorway,component,valid_from,valid_to,source,confidence\nx,car_medium,diesel,6,g/km,0.5,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,exhaust_hot,2019-01-01,,s,c\n";
    assert!(
        FactorTable::parse(&[], &[("air.csv", air)])
            .unwrap_err()
            .to_string()
            .contains("which is 0.10000")
    );
}

#[test]
fn a_folder_of_factors_overrides_the_shipped_ones() {
    let folder = TempDir::new("factors");
    let own = HEADER.to_owned()
        + "desnz2024.fuel.diesel_avg_blend.litre.ttw,any,diesel_avg_blend,,litre,2.6,,,,1,ttw,2024-01-01,2024-12-31,erratum,found-official-copy,\n\
           desnz2026.elec.uk.generation,any,electricity,,kWh,0.13096,,,,2,generation,2026-01-01,2026-12-31,official file,found-official-copy,\n\
           desnz2027.elec.uk.generation,any,electricity,,kWh,0.12,,,,2,generation,2027-01-01,2027-12-31,official file,found-official-copy,\n";
    std::fs::write(folder.path().join("own.csv"), own).unwrap();
    let config = FactorsConfig {
        directory: Some(folder.path().into()),
        ..FactorsConfig::default()
    };
    let table = load_table(&config).unwrap();
    let corrected = &table.rows["desnz2024.fuel.diesel_avg_blend.litre.ttw"];
    assert_eq!(
        (
            corrected.version,
            corrected.replaced.map(|value| value.main())
        ),
        (2, Some(2.51279))
    );
    let sets = load_factors(&config).unwrap();
    for (on, want) in [
        ("2026-06-01", "desnz2026"),
        ("2027-06-01", "desnz2027"),
        ("2028-06-01", "desnz2027+provisional"),
    ] {
        assert_eq!(sets.electricity(day(on)).unwrap().set.to_string(), want);
    }
    assert_eq!(
        sets.litre("diesel_avg_blend", day("2024-06-01"))
            .unwrap()
            .set
            .to_string(),
        "desnz2024+v2"
    );
    let twin =
        HEADER.to_owned() + "mine,any,diesel_avg_blend,,litre,2.6,,,,1,ttw,2024-01-01,,s,c,\n";
    std::fs::write(folder.path().join("own.csv"), twin).unwrap();
    assert!(
        load_table(&config)
            .unwrap_err()
            .contains("as `desnz2024.fuel.diesel_avg_blend.litre.ttw` already")
    );
}

#[test]
fn years_are_kept_apart() {
    let row = |id: &str, class: &str, year: i32, value: f64| {
        format!("desnz{year}.{id},{class},diesel,,km,{value},,,,1,ttw,{year}-01-01,,s,c,\n")
    };
    let text = HEADER.to_owned()
        + &row("a", "van_a", 2024, 0.1)
        + &row("b", "van_b", 2024, 0.2)
        + &row("c", "van_c", 2024, 0.3)
        + &row("d", "van_d", 2024, 0.4)
        + &row("a", "van_a", 2025, 0.11)
        + &row("bb", "van_bb", 2025, 0.2)
        + &row("d", "van_d", 2025, 0.4)
        + &row("e", "van_e", 2025, 0.5);
    let table = FactorTable::parse(&[("t.csv", &text)], &[]).unwrap();
    let found: Vec<_> = diff(&table, 2024, 2025)
        .iter()
        .map(|change| change.change)
        .collect();
    assert_eq!(
        found,
        [
            Change::Changed,
            Change::Relabelled,
            Change::Added,
            Change::Removed,
            Change::Unchanged
        ]
    );
}

#[test]
fn the_command_lists_and_compares() {
    let run = |arguments: &[&str]| {
        let output = fleetgauge().args(arguments).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let json =
        |arguments: &[&str]| serde_json::from_str::<serde_json::Value>(&run(arguments).1).unwrap();
    let all = json(&["factors", "list", "--json"]);
    let rows = all["factors"].as_array().unwrap();
    assert!(
        rows.len() > 1_500
            && rows
                .iter()
                .all(|row| row["source"] != "" && row["confidence"] != ""),
        "{}",
        rows.len()
    );
    assert_eq!(
        all["not_published"].as_array().unwrap().len(),
        4,
        "zeros printed in 2020 are missing values"
    );
    let of_2026 = json(&["factors", "list", "--year", "2026", "--json"]);
    assert_eq!(of_2026["factors"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &of_2026["factors"][0]["provisional"],
            &of_2026["factors"][0]["kgco2e"]
        ),
        (&true.into(), &0.13096.into())
    );
    let change = json(&["factors", "diff", "2024", "2025", "--json"]);
    let diesel = change["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["after_id"] == "desnz2025.fuel.diesel_avg_blend.litre.ttw");
    near(
        diesel.unwrap()["change_ratio"].as_f64().unwrap() * 100.0,
        "g5.difference_pct",
    );
    let (code, text, _) = run(&["factors", "diff", "2024", "2025"]);
    assert!(
        code == Some(0) && text.contains("2.51279 -> 2.57082  +2.3 %"),
        "{text}"
    );
    let (code, _, error) = run(&["factors", "list", "--year", "1990"]);
    assert!(
        code == Some(2) && error.contains("there are 2019, 2020"),
        "{error}"
    );
}
