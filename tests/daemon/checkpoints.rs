//! A checkpoint adds the activity since the one before to what the store has of the day, it never replaces it, and is made under load too.

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

#[test]
fn checkpoints_are_made_under_load_that_never_pauses() {
    let folder = TempDir::new("store-load");
    let daemon = Daemon::start(
        folder.path(),
        &[("store.checkpoint_inbox", "64KiB"), ("log.level", "warn")],
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut options = rumqttc::MqttOptions::new("load", "127.0.0.1", daemon.mqtt);
        options
            .set_inflight(1_000)
            .set_request_channel_capacity(2_000);
        let (client, mut events) = rumqttc::AsyncClient::new(options, 2_000);
        let publisher = tokio::spawn(async move {
            for km in 0..40_000u32 {
                let payload = format!("{{\"odometer\":{}.{:03}}}", km / 100, km % 100 * 10);
                client
                    .publish(
                        "fleet/vehicles/L/telemetry",
                        rumqttc::QoS::AtLeastOnce,
                        false,
                        payload,
                    )
                    .await
                    .unwrap();
            }
        });
        let mut acknowledged = 0;
        while acknowledged < 40_000 {
            acknowledged += u32::from(matches!(
                events.poll().await.unwrap(),
                rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))
            ));
        }
        publisher.await.unwrap();
    });
    let (checkpoints, bytes) = (
        daemon.metric("fleetgauge_checkpoints_total"),
        daemon.metric("fleetgauge_inbox_bytes_total"),
    );
    assert!(
        checkpoints >= bytes / (64.0 * 1024.0) / 4.0,
        "{checkpoints} checkpoints for {bytes} bytes"
    );
    daemon.stop();
}
