//! A checkpoint adds the activity since the one before to what the store has of the day; it never replaces it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::mqtt_publish::publish;
use crate::support::{Daemon, TempDir, wait_for};
use fleetgauge::units::UtcMs;

/// Kilometres of the days around now.
fn distance_km(daemon: &Daemon, now: UtcMs) -> f64 {
    let day = |offset: i64| now.plus(offset * 86_400_000).to_string()[..10].to_owned();
    let answer = daemon.api(&format!("activity?from={}&to={}", day(-2), day(0)));
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| row["distance_km"].as_f64().unwrap()).sum()
}

#[test]
fn a_checkpoint_adds_to_the_days_activity() {
    let folder = TempDir::new("checkpoint-adds");
    let now = UtcMs(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap());
    let mut odometer = 1_000;
    for run in 0..3 {
        let daemon = Daemon::start(folder.path(), &[]);
        for step in 0..2 {
            let at = now.plus((i64::from(run * 2 + step) - 60) * 60_000);
            let payload = format!("{{\"ts\":\"{at}\",\"odometer\":{odometer}}}");
            publish(&daemon, "fleet/vehicles/V-1/telemetry", &payload);
            odometer += 1;
        }
        // The first reading is the baseline, each later one a kilometre.
        let expected = f64::from(run * 2 + 1);
        wait_for("the kilometres of all runs", || {
            (distance_km(&daemon, now) - expected).abs() < 1e-9
        });
        // The end writes a checkpoint.
        daemon.stop();
    }
    let daemon = Daemon::start(folder.path(), &[]);
    assert!((distance_km(&daemon, now) - 5.0).abs() < 1e-9);
}
