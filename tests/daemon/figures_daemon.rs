//! What the daemon looks up in its own store: whole years and imported indicators for the targets, the month that has ended for its alert.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::Path;
use std::time::Duration;

use crate::support::clock::{avoid_midnight, today};
use crate::support::{Daemon, TempDir, fleetgauge, wait_for};
use fleetgauge::jurisdiction::UK;
use fleetgauge::units::{Day, FinancialYear, Month};

/// 100 km and so many litres of a diesel ambulance on each day.
fn drive(folder: &Path, days: std::ops::RangeInclusive<Day>, litres: i64) {
    let mut connection = rusqlite::Connection::open(folder.join("data/fleetgauge.db")).unwrap();
    let transaction = connection.transaction().unwrap();
    let sql = "INSERT OR REPLACE INTO activity VALUES (?1, '{\"Vehicle\":\"AMB-101\"}', 100000, ?2, 0, 0, 1)";
    for day in days.start().0..=days.end().0 {
        transaction
            .execute(sql, rusqlite::params![day, litres * 1000])
            .unwrap();
    }
    transaction.commit().unwrap();
}

fn target(daemon: &Daemon, id: &str) -> serde_json::Value {
    let answer = daemon.api("targets");
    let found = answer["targets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|target| target["id"] == id);
    found
        .unwrap_or_else(|| panic!("no {id} in {answer}"))
        .clone()
}

/// The last financial year that ended with `month` or before it.
fn last_whole_year(month: Month) -> FinancialYear {
    let last = today().financial_year(&UK.calendar).0 - 1;
    (0..)
        .map(|back| FinancialYear(last - back))
        .find(|year| year.last_day(&UK.calendar) <= month.last_day())
        .unwrap()
}

/// Every day of the year and on to the end of `month`, which burns half as much again as the months before.
fn drive_until(folder: &Path, year: FinancialYear, month: Month) {
    let first = year
        .first_day(&UK.calendar)
        .min(month.plus(-12).first_day());
    drive(folder, first..=month.plus(-1).last_day(), 10);
    drive(folder, month.first_day()..=month.last_day(), 15);
}

/// A year has one figure: scope 1 with location-based scope 2 of /api/v1/emissions, both with estimates for missing days.
fn assert_target_has_the_years_emissions(daemon: &Daemon, year: FinancialYear) {
    wait_for("the year's tonnes", || {
        !target(daemon, "fleet_2020_21")["current"].is_null()
    });
    let record = target(daemon, "fleet_2020_21");
    let emissions = daemon.api(&format!(
        "emissions?from={}&to={}",
        year.first_day(&UK.calendar),
        year.last_day(&UK.calendar)
    ));
    let in_use = emissions["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["scope"] == "1" || row["scope"] == "2");
    let kg: f64 = in_use.map(|row| row["kgco2e"].as_f64().unwrap()).sum();
    let tonnes = record["current"].as_f64().unwrap();
    assert!(
        kg > 0.0 && (tonnes - kg / 1000.0).abs() < 1e-6,
        "{tonnes} t, {kg} kg"
    );
}

fn assert_ended_month_raises_an_alert(daemon: &Daemon) {
    let firing = || {
        let answer = daemon.api("alerts");
        answer["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|alert| alert["rule"] == "emissions_per_km")
            .cloned()
    };
    wait_for("the alert", || firing().is_some());
    let alert = firing().unwrap();
    assert!(
        alert["annotations"]["summary"]
            .as_str()
            .unwrap()
            .contains("+50.0 %")
            && alert["labels"]["fleet"] == "EMAS",
        "{alert}"
    );
}

fn import_indicators(folder: &Path, csv: &str) {
    std::fs::write(folder.join("figures.csv"), csv).unwrap();
    let mut command = fleetgauge();
    command.args([
        "import",
        "indicators",
        "figures.csv",
        "--config",
        "fleetgauge.toml",
    ]);
    let output = command.current_dir(folder).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn years_indicators_and_the_ended_month_reach_targets_and_alerts() {
    avoid_midnight(Duration::from_secs(60));
    let folder = TempDir::new("figures");
    let register = concat!(env!("CARGO_MANIFEST_DIR"), "/config/register");
    let config = format!("[register]\ndirectory = \"{register}\"\n[store]\ndirectory = \"data\"\n");
    std::fs::write(folder.path().join("fleetgauge.toml"), config).unwrap();
    let daemon = Daemon::start(folder.path(), &[]);
    let before = target(&daemon, "fleet_2020_21");
    assert!(
        before["current"].is_null() && target(&daemon, "d2n2_points")["current"].is_null(),
        "{before}"
    );
    daemon.stop();

    // A month is judged a week after its end.
    let ended = Month::of_day(Day(today().0 - 7)).plus(-1);
    let whole = last_whole_year(ended);
    drive_until(folder.path(), whole, ended);
    let daemon = Daemon::start(folder.path(), &[]);
    assert_target_has_the_years_emissions(&daemon, whole);
    assert_ended_month_raises_an_alert(&daemon);

    // The daemon looks for imports every minute and at its start: the restart saves the minute.
    import_indicators(
        folder.path(),
        &format!("month,organisation,name,value,unit\n{ended},EMAS,charge_points,512,\n"),
    );
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    wait_for("the indicator", || {
        target(&daemon, "d2n2_points")["current"] == 512.0
    });
}
