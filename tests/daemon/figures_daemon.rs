//! What the daemon looks up in its own store: whole years and imported indicators for the targets, the month that has ended for its alert.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Daemon, TempDir, fleetgauge, wait_for};
use fleetgauge::jurisdiction::UK;
use fleetgauge::units::{Day, FinancialYear, Month, UtcMs};

fn today() -> Day {
    Day::of(
        UtcMs(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_millis() as i64,
        ),
        UK.zone(),
    )
}

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

#[test]
fn years_indicators_and_the_ended_month_reach_targets_and_alerts() {
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

    // The last whole April-March year, all of it, and on to the end of the last month; which burns half as much again as a year before.
    // That is judged a week after its end.
    let ended = Month::of_day(Day(today().0 - 7)).plus(-1);
    let whole = (0..)
        .map(|back| FinancialYear(today().financial_year(&UK.calendar).0 - 1 - back))
        .find(|year| year.last_day(&UK.calendar) <= ended.last_day())
        .unwrap();
    drive(
        folder.path(),
        whole
            .first_day(&UK.calendar)
            .min(ended.plus(-12).first_day())..=ended.plus(-1).last_day(),
        10,
    );
    drive(folder.path(), ended.first_day()..=ended.last_day(), 15);

    let daemon = Daemon::start(folder.path(), &[]);
    wait_for("the year's tonnes", || {
        !target(&daemon, "fleet_2020_21")["current"].is_null()
    });
    let record = target(&daemon, "fleet_2020_21");
    // One year has one figure: scope 1 with location-based scope 2 of /api/v1/emissions, silence filled in both.
    let emissions = daemon.api(&format!(
        "emissions?from={}&to={}",
        whole.first_day(&UK.calendar),
        whole.last_day(&UK.calendar)
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
    let firing = || {
        let answer = daemon.api("alerts");
        answer["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|alert| alert["rule"] == "emissions_per_km")
            .cloned()
    };
    eprintln!("{} {} {}", daemon.api("alerts"), ended, daemon.log());
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

    // Imported beside the running daemon, which looks every minute; not waited for here, it looks at its start too.
    std::fs::write(
        folder.path().join("figures.csv"),
        format!("month,organisation,name,value,unit\n{ended},EMAS,charge_points,512,\n"),
    )
    .unwrap();
    let mut command = fleetgauge();
    command.args([
        "import",
        "indicators",
        "figures.csv",
        "--config",
        "fleetgauge.toml",
    ]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    wait_for("the indicator", || {
        target(&daemon, "d2n2_points")["current"] == 512.0
    });
}
