//! Monthly figures of other systems, over MQTT and by CSV: one table, the newest counts, durable before the acknowledgement, limited.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use crate::support::clock::{avoid_midnight, this_month};
use crate::support::{Daemon, TempDir, fleetgauge, wait_for};

/// Publishes and waits for each acknowledgement.
fn publish(port: u16, messages: &[(&str, &str)]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, mut events) =
            rumqttc::AsyncClient::new(rumqttc::MqttOptions::new("figures", "127.0.0.1", port), 10);
        for (topic, payload) in messages {
            client
                .publish(*topic, rumqttc::QoS::AtLeastOnce, false, *payload)
                .await
                .unwrap();
            while !matches!(
                events.poll().await.unwrap(),
                rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))
            ) {}
        }
    });
}

fn figures(daemon: &Daemon) -> Vec<String> {
    let answer = daemon.api("indicators");
    let row = |row: &serde_json::Value| {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let known = row["registered"].as_bool().unwrap();
        format!(
            "{} {} {} {} {} {} {known}",
            text("organisation"),
            text("name"),
            text("month"),
            row["value"],
            text("unit"),
            text("source")
        )
    };
    answer["indicators"]
        .as_array()
        .unwrap()
        .iter()
        .map(row)
        .collect()
}

fn import(folder: &TempDir, text: &str) {
    std::fs::write(folder.path().join("figures.csv"), text).unwrap();
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
}

/// A daemon with one registered organisation that keeps three figures; its configuration also serves imports beside it.
fn start(folder: &TempDir) -> Daemon {
    std::fs::create_dir_all(folder.path().join("register")).unwrap();
    std::fs::write(
        folder.path().join("register/organisations.csv"),
        "organisation_id,name\nEMAS,Ambulances\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("fleetgauge.toml"),
        "[register]\ndirectory = \"register\"\n",
    )
    .unwrap();
    Daemon::start(folder.path(), &[("limits.max_indicators", "3")])
}

const LANDFILL: (&str, &str) = (
    "fleet/indicators/EMAS/landfill",
    "{\"month\":\"2026-02\",\"value\":4.25,\"unit\":\"t\"}",
);

/// Imports two figures and publishes three, of which one replaces an imported one; then one too many and one that is no number.
fn import_and_publish(folder: &TempDir, daemon: &Daemon) {
    import(
        folder,
        "month,organisation,name,value,unit\n2026-01,EMAS,landfill,3.5,t\n2026-02,EMAS,landfill,4,t\n",
    );
    publish(
        daemon.mqtt,
        &[
            LANDFILL,
            (
                "fleet/indicators/TRUST/points",
                "{\"month\":\"2026-02\",\"value\":12}",
            ),
            ("fleet/indicators/EMAS/points", "17"),
            ("fleet/indicators/EMAS/one_too_many", "1"),
            ("fleet/indicators/EMAS/landfill", "much"),
        ],
    );
}

/// The table after [`import_and_publish`]. A figure without a month is of the running one.
fn expected_figures() -> [String; 4] {
    [
        "EMAS landfill 2026-01 3.5 t csv true".to_owned(),
        "EMAS landfill 2026-02 4.25 t mqtt true".to_owned(),
        format!("EMAS points {} 17.0 - mqtt true", this_month()),
        "TRUST points 2026-02 12.0 - mqtt false".to_owned(),
    ]
}

#[test]
fn published_and_imported_figures_are_one_table_that_survives_a_kill() {
    avoid_midnight(Duration::from_secs(60));
    let folder = TempDir::new("indicators");
    let daemon = start(&folder);
    import_and_publish(&folder, &daemon);
    let want = expected_figures();
    assert_eq!(figures(&daemon), want);
    assert_eq!(daemon.metric("fleetgauge_indicators_refused_total"), 1.0);
    assert_eq!(
        daemon.metric("fleetgauge_rejected_total{source=\"mqtt\",reason=\"syntax\"}"),
        1.0
    );
    daemon.kill();
    let daemon = start(&folder);
    assert_eq!(figures(&daemon), want);
    // The stop writes a checkpoint.
    daemon.stop();
    let daemon = start(&folder);
    assert_eq!(figures(&daemon), want);
}

#[test]
fn a_figure_published_again_does_not_undo_its_correction_by_csv() {
    avoid_midnight(Duration::from_secs(60));
    let folder = TempDir::new("indicators-corrected");
    let daemon = start(&folder);
    import_and_publish(&folder, &daemon);
    daemon.stop();
    let daemon = start(&folder);
    import(
        &folder,
        "month,organisation,name,value,unit\n2026-02,EMAS,landfill,5,t\n",
    );
    let mut want = expected_figures();
    want[1] = "EMAS landfill 2026-02 5.0 t csv true".to_owned();
    assert_eq!(figures(&daemon), want);
    // As a broker repeats a retained message.
    publish(daemon.mqtt, &[LANDFILL]);
    wait_for("the message", || {
        daemon.metric("fleetgauge_messages_accepted_total{source=\"mqtt\"}") >= 1.0
    });
    assert_eq!(figures(&daemon), want);
}

#[test]
fn decode_shows_indicators() {
    let mut command = fleetgauge();
    command
        .arg("decode")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let line = "{\"topic\":\"fleet/indicators/EMAS/landfill\",\"payload\":\"{\\\"month\\\":\\\"2026-02\\\",\\\"value\\\":1.5}\"}\n";
    process
        .stdin
        .take()
        .unwrap()
        .write_all(line.as_bytes())
        .unwrap();
    let output = process.wait_with_output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let want = serde_json::json!({ "organisation": "EMAS", "indicator": "landfill", "month": "2026-02", "value": 1.5, "unit": null });
    assert_eq!(answer["observations"], serde_json::json!([want]));
}
