//! Positions are personal data: no row has them unless `engine.positions` is on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read;
use std::path::Path;

use crate::support::mqtt_publish::publish;
use crate::support::{Daemon, TempDir, wait_for};
use fleetgauge::store::Reader;

/// All rows that wait in the outbox, as text.
fn rows(store: &Path) -> String {
    let reader = Reader::open(store).unwrap();
    let (mut rows, mut position) = (String::new(), 0);
    while let Some(batch) = reader.outbox_after(position).unwrap() {
        position = batch.id;
        flate2::read::MultiGzDecoder::new(batch.gzip.as_slice())
            .read_to_string(&mut rows)
            .unwrap();
    }
    rows
}

fn rows_with(settings: &[(&str, &str)]) -> String {
    let folder = TempDir::new("positions");
    let daemon = Daemon::start(folder.path(), settings);
    let payload = "{\"odometer\":1200,\"position\":[52.48142,-1.89983]}";
    publish(&daemon, "fleet/vehicles/V-1/telemetry", payload);
    wait_for("the vehicle", || {
        daemon.api("vehicles")["vehicles"][0]["odometer_km"] == 1200.0
    });
    daemon.stop();
    rows(&folder.path().join("data"))
}

#[test]
fn positions_are_written_only_where_they_are_switched_on() {
    let off = rows_with(&[]);
    assert!(
        off.contains("vehicle_telemetry") && off.contains("odometer_km=1200"),
        "{off}"
    );
    for part in ["latitude", "longitude", "52.48", "1.899"] {
        assert!(!off.contains(part), "{part} in {off}");
    }
    let on = rows_with(&[("engine.positions", "true")]);
    assert!(
        on.contains("latitude_deg=52.48142") && on.contains("longitude_deg=-1.89983"),
        "{on}"
    );
}
