//! Uptime in a running daemon: over the API, over a kill, with bad queries, and with opening hours that change.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use crate::support::ocpp_client::{Socket, dial};
use crate::support::{Daemon, TempDir, wait_for};
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig, ViewContext};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    ChargePointEvent, ChargePointMessage, ConnectorStatus, Deviations, Fact, Observation,
    TokenHasher,
};
use fleetgauge::units::{Month, UtcMs};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

fn register(folder: &std::path::Path) {
    let files = [
        (
            "sites.csv",
            "site_id,opening_hours\nS,Mon-Sun 00:00-24:00\n",
        ),
        (
            "charge_points.csv",
            "charge_point_id,site,connectors,max_power_kw,access\nCP1,S,2,50,public\nCP2,S,1,22,public\nCP3,S,1,150,fleet\n",
        ),
    ];
    std::fs::create_dir_all(folder.join("register")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join("register").join(name), text).unwrap();
    }
}

fn link(daemon: &Daemon, charge_point: &str) -> Socket {
    dial(daemon, &format!("/ocpp/{charge_point}"), Some("ocpp1.6"))
        .unwrap()
        .0
}

fn status(socket: &mut Socket, connector: u32, status: &str, error: &str) {
    let frame = format!(
        r#"[2,"s","StatusNotification",{{"connectorId":{connector},"errorCode":"{error}","status":"{status}","vendorErrorCode":"V{connector}"}}]"#
    );
    socket.send(Message::text(frame)).unwrap();
    socket.read().unwrap();
}

const HOUR_MS: i64 = 3_600_000;

fn register_with_opening_hours(hours: &str) -> Arc<Register> {
    let sites = format!("site_id,opening_hours\nS,{hours}\n");
    let files = [
        ("sites.csv", sites.as_str()),
        ("charge_points.csv", "charge_point_id,site\nCP1,S\n"),
    ];
    let files = files
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec();
    let hasher = TokenHasher::new(&[2; 32]);
    Arc::new(Register::parse(&RegisterFiles::from_bytes(files), &hasher).unwrap())
}

/// An engine whose register has no opening hours.
fn engine(start: UtcMs) -> Engine {
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
    Engine::new(
        EngineConfig::default(),
        profile,
        register_with_opening_hours(""),
        factors,
        1,
        start,
    )
}

/// The connector is available from the first minute on; then there are heartbeats.
fn message_of_minute(minute: i64) -> ChargePointMessage {
    if minute > 0 {
        return ChargePointMessage::Heartbeat;
    }
    ChargePointMessage::Status {
        connector_id: 1,
        part: 0,
        status: ConnectorStatus::Available,
        error_code: None,
        vendor_error_code: None,
        info: None,
        at: None,
    }
}

/// Runs three hours with new opening hours after the first. Returns the counters of each row.
fn counters_of_three_hours(engine: &mut Engine, start: UtcMs) -> Vec<Vec<i64>> {
    let mut rows = Vec::new();
    for minute in 0..=180 {
        let now = start.plus(minute * 60_000);
        let event = ChargePointEvent {
            charge_point: "CP1".into(),
            received_at: now,
            deviations: Deviations::default(),
            message: message_of_minute(minute),
        };
        engine.handle(&Observation::ChargePoint(event), now);
        if minute == 60 {
            engine.set_register(register_with_opening_hours("Mon 10:00-11:00"), now);
        }
        engine.handle_timeout(now);
        while let Some(fact) = engine.poll_output() {
            if let Fact::ConnectorTime(row) = fact {
                rows.push([&row.class_ms[..], &[row.maintenance_ms, row.closed_ms]].concat());
            }
        }
    }
    rows
}

#[test]
fn counters_of_connector_rows_never_fall_when_opening_hours_change() {
    let start: UtcMs = "2026-11-23T08:00:00Z".parse().unwrap();
    let rows = counters_of_three_hours(&mut engine(start), start);
    assert_eq!(rows.len(), 13, "one every 15 minutes");
    for (before, after) in rows.iter().zip(&rows[1..]) {
        assert!(
            before
                .iter()
                .zip(after)
                .all(|(before, after)| before <= after)
        );
    }
}

#[test]
fn new_opening_hours_apply_from_their_load_on() {
    let start: UtcMs = "2026-11-23T08:00:00Z".parse().unwrap();
    let mut engine = engine(start);
    counters_of_three_hours(&mut engine, start);
    let month = Month::of(start, UK.zone());
    let context = ViewContext {
        now: start.plus(4 * HOUR_MS),
        late: 0,
        rejected: 0,
    };
    let uptime = serde_json::to_value(engine.uptime_view(&context, month, month)).unwrap();
    let figures = connector(&uptime, "CP1", 1);
    assert_adds_up(&figures);
    let times = (
        figures["wall_ms"].as_i64(),
        figures["exempt"]["closed"]["available_ms"].as_i64(),
    );
    assert_eq!(
        times,
        (Some(4 * HOUR_MS), Some(2 * HOUR_MS)),
        "closed from 09:00 to 10:00 and from 11:00 on: {figures}"
    );
}

fn connector(uptime: &Value, charge_point: &str, id: u32) -> Value {
    let list = uptime["connectors"].as_array().unwrap();
    let wanted = |of: &&Value| of["charge_point_id"] == charge_point && of["connector_id"] == id;
    list.iter()
        .find(wanted)
        .unwrap_or_else(|| panic!("{charge_point}/{id}: {uptime}"))
        .clone()
}

fn assert_adds_up(figures: &Value) {
    let classes: i64 = figures["class"]
        .as_object()
        .unwrap()
        .values()
        .map(|ms| ms.as_i64().unwrap())
        .sum();
    assert_eq!(Some(classes), figures["wall_ms"].as_i64(), "{figures}");
}

fn assert_statuses_are_classed(uptime: &Value) {
    assert_eq!(
        uptime["connectors"].as_array().unwrap().len(),
        4,
        "{uptime}"
    );
    for (charge_point, id, class) in [
        ("CP1", 1, "available"),
        ("CP1", 2, "faulted"),
        ("CP2", 1, "occupied"),
        ("CP3", 1, "faulted"),
    ] {
        let found = connector(uptime, charge_point, id);
        assert_eq!(
            (found["class_now"].as_str(), found["site"].as_str()),
            (Some(class), Some("S"))
        );
        assert_adds_up(&found);
    }
    let scope: Vec<_> = uptime["charge_points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["pcpr_in_scope"].clone())
        .collect();
    assert_eq!(
        scope,
        [true, false, false],
        "public, and 50 kW or more: {uptime}"
    );
    assert_eq!(uptime["all"]["pcpr_charge_points_in_scope"], 1);
    let fault = &uptime["charge_points"][0]["top_faults"][0];
    assert_eq!(
        (
            fault["error_code"].as_str(),
            fault["vendor_error_code"].as_str()
        ),
        (Some("GroundFailure"), Some("V2"))
    );
    assert!(
        uptime["norms"]
            .as_array()
            .unwrap()
            .iter()
            .any(|norm| norm["source"].as_str().unwrap().contains("SI 2023/1168"))
    );
}

fn assert_all_years_add_up(daemon: &Daemon) {
    let uptime = daemon.api("uptime?from=2020-01&to=2099-12");
    uptime["connectors"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(assert_adds_up);
    assert_adds_up(&uptime["all"]);
    assert_adds_up(&uptime["sites"][0]);
    assert_eq!(
        uptime["all"]["class"]["offline_ms"], 0,
        "time without the daemon is no downtime of a charge point: {uptime}"
    );
    let other_year = daemon.api("uptime?from=2020-01&to=2020-12");
    assert_eq!(
        (
            &other_year["all"]["wall_ms"],
            &other_year["all"]["nevi_uptime_ratio"]
        ),
        (&0.into(), &Value::Null)
    );
}

fn assert_bad_periods_are_refused(daemon: &Daemon) {
    for (path, want) in [
        (
            "uptime?from=2026-13",
            "`from`: `2026-13` is not a month such as 2026-11",
        ),
        ("uptime?to=2026-11-24", "`to`: `2026-11-24` is not a month"),
        ("uptime?from=2026-05&to=2026-04", "`to` is before `from`"),
        (
            "uptime?form=2026-05",
            "`form` is not a parameter: known are from, to",
        ),
    ] {
        let (status, body) = daemon.get(&format!("/api/v1/{path}"));
        assert!(
            status == 400 && body.contains(want),
            "{path}: {status} {body}"
        );
    }
}

#[test]
fn uptime_survives_a_kill_and_counts_the_time_without_a_daemon_as_not_observed() {
    let folder = TempDir::new("uptime-kill");
    register(folder.path());
    let settings = [
        ("register.directory", "register"),
        ("engine.offline_grace", "1m"),
    ];
    let daemon = Daemon::start(folder.path(), &settings);
    let ports = (daemon.mqtt, daemon.ocpp, daemon.web);
    let mut links = ["CP1", "CP2", "CP3"].map(|id| link(&daemon, id));
    status(&mut links[0], 1, "Available", "NoError");
    status(&mut links[0], 2, "Faulted", "GroundFailure");
    status(&mut links[1], 1, "Charging", "NoError");
    status(&mut links[2], 1, "Unavailable", "NoError");
    let uptime = daemon.api("uptime");
    assert_statuses_are_classed(&uptime);
    let before = connector(&uptime, "CP1", 1);
    daemon.kill();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let daemon = Daemon::start_on(folder.path(), ports, &settings);
    wait_for("the ledger", || {
        daemon.api("uptime")["connectors"].as_array().unwrap().len() == 4
    });
    let after = connector(&daemon.api("uptime"), "CP1", 1);
    assert_eq!(
        (after["class_now"].as_str(), &after["first_observed_at"]),
        (Some("not_observed"), &before["first_observed_at"])
    );
    assert!(
        after["class"]["not_observed_ms"].as_i64().unwrap() >= 1_400,
        "{after}"
    );
    assert_adds_up(&after);
    let mut links = ["CP1", "CP2", "CP3"].map(|id| link(&daemon, id));
    wait_for("its link", || {
        connector(&daemon.api("uptime"), "CP1", 1)["class_now"] == "available"
    });
    status(&mut links[0], 2, "Available", "NoError");
    assert_all_years_add_up(&daemon);
    assert_bad_periods_are_refused(&daemon);
    daemon.stop();
}
