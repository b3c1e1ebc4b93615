//! Frozen years: kept as they were at the freeze, later changes beside them, and what a base year makes of both.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::Path;
use std::time::Duration;

use crate::support::clock::{avoid_midnight, today};
use crate::support::{Daemon, TempDir, fleetgauge, wait_for};
use fleetgauge::app::config::{Config, parse_targets_file};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::emissions::{DeclaredRestatement, RestatementReason, restate_year};
use fleetgauge::model::YearVersion;
use fleetgauge::store::{Reader, Store, StoreConfig, keep_years};
use fleetgauge::units::{Day, FinancialYear, KgCo2e};
use serde_json::Value;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn version(as_of: &str, tonnes: &[(&str, &str, f64)]) -> YearVersion {
    let kgco2e = tonnes
        .iter()
        .map(|(owner, scope, tonnes)| {
            (
                ((*owner).into(), (*scope).into()),
                KgCo2e::constant(tonnes * 1000.0),
            )
        })
        .collect();
    YearVersion {
        year: FinancialYear(2020),
        as_of: day(as_of),
        kgco2e,
        factor_sets: "desnz2020".into(),
        method_version: 2,
    }
}

fn declared(
    organisation: Option<&str>,
    reason: RestatementReason,
    tonnes: f64,
) -> DeclaredRestatement {
    let note = "patient transport goes to another trust".to_owned();
    DeclaredRestatement {
        organisation: organisation.map(Into::into),
        year: FinancialYear(2020),
        date: day("2026-04-01"),
        reason,
        effect: KgCo2e::constant(tonnes * 1000.0),
        note,
    }
}

/// 7,500 t in scopes 1 and 2 when the year was frozen.
fn frozen_base_year() -> [YearVersion; 1] {
    [version(
        "2021-06-30",
        &[
            ("EMAS", "1", 7_400.0),
            ("EMAS", "2", 100.0),
            ("EMAS", "3", 9_999.0),
        ],
    )]
}

/// The same year after a factor revision of +2.3 %.
fn revised_base_year() -> YearVersion {
    version(
        "2026-11-25",
        &[
            ("EMAS", "1", 7_400.0 * 1.023),
            ("EMAS", "2", 102.3),
            ("EMAS", "3", 1.0),
        ],
    )
}

/// A contract that was 9 % of the revised base goes to another organisation.
fn transferred_contract() -> DeclaredRestatement {
    declared(None, RestatementReason::Structure, -7_500.0 * 1.023 * 0.09)
}

#[test]
fn a_factor_revision_below_the_threshold_restates_nothing() {
    let rows = restate_year(&frozen_base_year(), &revised_base_year(), &[], &UK.calendar);
    assert!(
        !rows[0].restated && (rows[0].kgco2e_base.get() - 7_500_000.0).abs() < 1e-6,
        "2.3 % are below the threshold: {:?}",
        rows[0]
    );
}

#[test]
fn a_declared_change_restates_the_base_year_together_with_the_revision_g15() {
    let rows = restate_year(
        &frozen_base_year(),
        &revised_base_year(),
        &[transferred_contract()],
        &UK.calendar,
    );
    assert_eq!(rows.len(), 1);
    let both = &rows[0];
    assert!(
        (both.kgco2e_base.get() - 6_981_975.0).abs() < 1e-3
            && (both.change_ratio.get() + 0.06907).abs() < 1e-9,
        "{both:?}"
    );
    assert!(both.restated && both.kgco2e_as_frozen.get() == 7_500_000.0);
    let reasons: Vec<_> = both
        .effects
        .iter()
        .map(|effect| (effect.reason, effect.date.as_deref()))
        .collect();
    assert_eq!(
        reasons,
        [("recalculated", None), ("structure", Some("2026-04-01"))]
    );
}

#[test]
fn the_same_lines_added_in_another_order_are_no_change() {
    let noise = version(
        "2026-11-25",
        &[("EMAS", "1", 7_400.0 + 1e-9), ("EMAS", "2", 100.0)],
    );
    assert!(
        restate_year(&frozen_base_year(), &noise, &[], &UK.calendar)[0]
            .effects
            .is_empty()
    );
}

#[test]
fn a_change_declared_for_another_year_has_no_effect() {
    let other = DeclaredRestatement {
        year: FinancialYear(2021),
        ..transferred_contract()
    };
    assert_eq!(
        restate_year(
            &frozen_base_year(),
            &revised_base_year(),
            &[other],
            &UK.calendar
        )[0]
        .effects
        .len(),
        1
    );
}

#[test]
fn an_organisations_change_counts_for_it_and_for_all_together() {
    let frozen = frozen_base_year();
    let rows = restate_year(
        &frozen,
        &frozen[0],
        &[
            declared(Some("EMAS"), RestatementReason::Error, -300.0),
            declared(Some("ACUTE"), RestatementReason::Method, -80.0),
        ],
        &UK.calendar,
    );
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.organisation.as_deref(), row.restated))
        .collect();
    assert_eq!(
        found,
        [(None, true), (Some("ACUTE"), false), (Some("EMAS"), false)],
        "5.07 % together, 4 % of EMAS; ACUTE had none"
    );
}

#[test]
fn a_kept_version_of_a_year_is_never_changed() {
    let folder = TempDir::new("frozen-store");
    let config = StoreConfig {
        directory: folder.path().into(),
        ..StoreConfig::default()
    };
    drop(Store::open(&config).unwrap());
    let first = version("2021-06-30", &[("EMAS", "1", 1.0), ("ACUTE", "1", 2.0)]);
    keep_years(folder.path(), std::slice::from_ref(&first)).unwrap();
    keep_years(
        folder.path(),
        &[version("2021-06-30", &[("EMAS", "1", 9.0)])],
    )
    .unwrap();
    let later = version("2021-07-15", &[("EMAS", "1", 1.5)]);
    keep_years(folder.path(), std::slice::from_ref(&later)).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(
        reader
            .year_versions(day("2020-04-01"), day("2021-03-31"), &UK.calendar)
            .unwrap(),
        [first, later]
    );
    assert_eq!(
        reader
            .year_versions(day("2020-04-02"), day("2022-03-31"), &UK.calendar)
            .unwrap(),
        [],
        "not all of the year"
    );
}

#[test]
fn declared_changes_are_read_with_every_mistake() {
    let read = |text: &str| {
        parse_targets_file(text, "t.toml", &Config::default()).map_err(|errors| errors.to_string())
    };
    let good = "[[restatement]]\norganisation = \"EMAS\"\nyear = 2020\ndate = \"2026-04-01\"\nreason = \"structure\"\ntonnes = -690.5\n";
    let found = read(good).unwrap().restatements;
    assert_eq!(
        (found[0].year, found[0].reason, found[0].effect),
        (
            FinancialYear(2020),
            RestatementReason::Structure,
            KgCo2e::constant(-690_500.0)
        )
    );
    for (from, to, want) in [
        (
            "\"structure\"",
            "\"growth\"",
            "`restatement[0].reason` in t.toml line 5: `growth` is not known\n  hint: one of: structure, method, error",
        ),
        (
            "tonnes = -690.5\n",
            "",
            "has no `tonnes`\n  hint: t CO2e that the year gains, such as -675.0",
        ),
        (
            "year = 2020\n",
            "",
            "has no `year`\n  hint: the April it starts in",
        ),
        (
            "date = \"2026-04-01\"",
            "date = \"April\"",
            "`restatement[0].date` in t.toml line 4",
        ),
        ("tonnes", "tons", "did you mean `tonnes`?"),
        (
            "[[restatement]]",
            "[restatement]",
            "write [[restatement]] with two brackets",
        ),
    ] {
        let error = read(&good.replace(from, to)).unwrap_err();
        assert!(error.contains(want), "{error}");
    }
}

/// 100 km and so many litres of a diesel ambulance on each day.
fn drive(folder: &Path, year: FinancialYear, litres: i64) {
    let mut connection = rusqlite::Connection::open(folder.join("data/fleetgauge.db")).unwrap();
    let transaction = connection.transaction().unwrap();
    let sql = "INSERT OR REPLACE INTO activity VALUES (?1, '{\"Vehicle\":\"AMB-101\"}', 100000, ?2, 0, 0, 1)";
    for day in year.first_day(&UK.calendar).0..=year.last_day(&UK.calendar).0 {
        transaction
            .execute(sql, rusqlite::params![day, litres * 1000])
            .unwrap();
    }
    transaction.commit().unwrap();
}

/// A register of one vehicle, a declared restatement of the year, and a daemon that freezes at once.
fn write_settings(folder: &Path, year: FinancialYear) {
    std::fs::create_dir(folder.join("register")).unwrap();
    let vehicles = "vehicle_id,organisation,category,fuel,mass_kg\nAMB-101,EMAS,van,DIESEL,3500\n";
    std::fs::write(folder.join("register/vehicles.csv"), vehicles).unwrap();
    let targets = "[[restatement]]\norganisation = \"EMAS\"\nyear = YEAR\ndate = \"2026-04-01\"\nreason = \"method\"\ntonnes = -0.1\nnote = \"idling is left out\"\n";
    std::fs::write(
        folder.join("targets.toml"),
        targets.replace("YEAR", &year.0.to_string()),
    )
    .unwrap();
    let config = "[register]\ndirectory = \"register\"\n[store]\ndirectory = \"data\"\n[engine]\nfreeze_after = \"0s\"\n[targets]\nfile = \"targets.toml\"\n";
    std::fs::write(folder.join("fleetgauge.toml"), config).unwrap();
}

/// The frozen years in an answer about emissions.
fn frozen(daemon: &Daemon, query: &str) -> Vec<Value> {
    let answer = daemon.api(query);
    answer["restatements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "frozen_year")
        .cloned()
        .collect()
}

/// The figures of the whole year, and of a period that goes on after it.
fn emissions_queries(year: FinancialYear) -> [String; 2] {
    let (first, last) = (year.first_day(&UK.calendar), year.last_day(&UK.calendar));
    [last, Day(last.0 + 20)].map(|to| format!("emissions?from={first}&to={to}"))
}

fn kg(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap()
}

/// The rows of all organisations and of EMAS, with the same figure before and after. Returns that figure.
fn assert_just_frozen(rows: &[Value]) -> f64 {
    let first = kg(&rows[0], "kgco2e_as_frozen");
    assert!(
        first > 0.0 && (kg(&rows[0], "kgco2e_recalculated") - first).abs() < 1e-6,
        "{rows:?}"
    );
    assert_eq!(
        (
            rows.len(),
            rows[0]["organisation"].is_null(),
            &rows[1]["organisation"]
        ),
        (2, true, &"EMAS".into())
    );
    first
}

/// A tenth more by late data, and the declared -0.1 t.
fn assert_restated_beside_the_frozen_figure(row: &Value, first: f64) {
    assert_eq!(kg(row, "kgco2e_as_frozen"), first, "{row}");
    assert!(
        (kg(row, "kgco2e_recalculated") - first * 1.1).abs() < first * 1e-6,
        "{row}"
    );
    assert!(
        (kg(row, "kgco2e_with_effects") - (first * 1.1 - 100.0)).abs() < first * 1e-6,
        "{row}"
    );
    assert_eq!(
        (row["restated"].as_bool(), &row["effects"][1]["reason"]),
        (Some(true), &"method".into())
    );
}

/// Moves the freeze a month into the past.
fn backdate_freeze(folder: &Path) {
    let connection = rusqlite::Connection::open(folder.join("data/fleetgauge.db")).unwrap();
    connection
        .execute("UPDATE year_figure SET as_of = as_of - 30", [])
        .unwrap();
}

/// The report of a financial year.
fn report(folder: &Path, year: FinancialYear) -> String {
    let period = format!("{}-{:02}", year.0, (year.0 + 1) % 100);
    let output = fleetgauge()
        .current_dir(folder)
        .args(["report", "--config", "fleetgauge.toml", "--period", &period])
        .output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

#[test]
fn late_data_stand_beside_the_figures_of_a_frozen_year() {
    avoid_midnight(Duration::from_secs(60));
    let folder = TempDir::new("frozen-daemon");
    let year = FinancialYear(today().financial_year(&UK.calendar).0 - 1);
    write_settings(folder.path(), year);
    let daemon = Daemon::start(folder.path(), &[]);
    daemon.api("overview");
    daemon.stop();
    drive(folder.path(), year, 10);
    let daemon = Daemon::start(folder.path(), &[]);
    let queries = emissions_queries(year);
    wait_for("the freeze", || !frozen(&daemon, &queries[0]).is_empty());
    let first = assert_just_frozen(&frozen(&daemon, &queries[0]));
    daemon.stop();

    backdate_freeze(folder.path());
    drive(folder.path(), year, 11);
    let daemon = Daemon::start(folder.path(), &[]);
    let versions = |rows: &[Value]| rows[0]["versions"].as_array().unwrap().len();
    wait_for("the new version", || {
        versions(&frozen(&daemon, &queries[0])) == 2
    });
    for query in queries {
        assert_restated_beside_the_frozen_figure(&frozen(&daemon, &query)[0], first);
    }
    daemon.stop();
    let text = report(folder.path(), year);
    assert!(
        text.contains("Frozen years") && text.contains("method -0.1"),
        "{text}"
    );
}
