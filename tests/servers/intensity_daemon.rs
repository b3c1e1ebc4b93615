//! What a daemon makes of half-hourly intensities: operational figures by session, day and site, and rows; the reported figures stay as
//! they are.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support;
use crate::support::tls;
use std::io::Read as _;

use crate::support::carbon_intensity_api::{CarbonIntensityApi, forecast};
use crate::support::clock::{now, today};
use crate::support::{
    Daemon, Process, TempDir, fleetgauge, free_port, http, wait_for, wait_for_port,
};
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::jurisdiction::UK;
use fleetgauge::model::{ClosedSession, GridArea, IntensitySlot, SessionRecord};
use fleetgauge::store::{Commit, Reader, Store, StoreConfig};
use fleetgauge::units::{Day, GramsCo2PerKwh, UtcMs};
use serde_json::{Value, json};

const HALF_HOUR_MS: i64 = 1_800_000;

/// A closed session with its Wh by half-hour from `start` on.
fn session(id: &str, site: &str, user: Value, start: UtcMs, wh: &[i64]) -> ClosedSession {
    let half_hours: Vec<Value> = wh
        .iter()
        .enumerate()
        .map(|(n, wh)| json!({ "start": start.plus(n as i64 * HALF_HOUR_MS).0, "dwh": wh * 10 }))
        .collect();
    let end = start.plus(wh.len() as i64 * HALF_HOUR_MS);
    let record = json!({
        "id": id, "charge_point": "CP1", "site": site, "connector_id": 1, "transaction_id": 1,
        "started_at": start.0, "ended_at": end.0, "energy_dwh": wh.iter().sum::<i64>() * 10, "half_hours": half_hours,
        "plugged_ms": 0, "unplugged_at": null, "charging_ended_at": null, "charging_ms": 0, "peak_power_mw": null, "user": user,
        "id_token": null, "method": "meter", "quality": [], "stop_reason": null,
    });
    let record: SessionRecord = serde_json::from_value(record).unwrap();
    ClosedSession {
        record,
        kgco2e_location: Some(1.0),
    }
}

fn site(folder: &TempDir) {
    std::fs::create_dir(folder.path().join("register")).unwrap();
    std::fs::write(
        folder.path().join("register/sites.csv"),
        "site_id,region_id\nDERBY,9\nBUXTON,\n",
    )
    .unwrap();
}

fn fill(folder: &TempDir, sessions: &[ClosedSession], slots: &[IntensitySlot]) {
    let settings = StoreConfig {
        directory: folder.path().join("data"),
        ..StoreConfig::default()
    };
    let mut store = Store::open(&settings).unwrap().store;
    store
        .commit(&Commit {
            at: now(),
            inbox: &[],
            lines: &[],
            points: 0,
            sessions,
            notifications: &[],
        })
        .unwrap();
    store.put_intensity(slots, UtcMs(0)).unwrap();
}

/// G6's sessions and slots, and what else half-hours can lack.
fn sessions_and_slots() -> (Vec<ClosedSession>, Vec<IntensitySlot>) {
    let start: UtcMs = "2026-07-01T22:30:00Z".parse().unwrap();
    let slot = |area, start: UtcMs, forecast: Option<f64>, actual: Option<f64>| IntensitySlot {
        area: GridArea(area),
        start,
        forecast: forecast.map(GramsCo2PerKwh::constant),
        actual: actual.map(GramsCo2PerKwh::constant),
        vintage: start,
    };
    // G6's energies and intensities, over London's midnight; then one half-hour only the nation has, one of last week, one of nothing.
    let at = |n: i64| start.plus(n * HALF_HOUR_MS);
    let slots = vec![
        slot(9, at(0), Some(120.0), None),
        slot(9, at(1), Some(180.0), None),
        slot(9, at(2), Some(90.0), None),
        slot(0, at(3), Some(1.0), Some(200.0)),
        slot(9, at(4).plus(-7 * 86_400_000), Some(300.0), None),
    ];
    let vehicle = json!({ "Vehicle": "A1" });
    let sessions = vec![
        session(
            "g6",
            "DERBY",
            vehicle.clone(),
            start,
            &[2_000, 3_500, 1_500],
        ),
        session(
            "rest",
            "DERBY",
            vehicle.clone(),
            at(3),
            &[1_000, 1_000, 1_000],
        ),
        session("staff", "DERBY", json!("Staff"), at(1), &[1_000]),
        session("nation", "BUXTON", vehicle, at(3), &[1_000]),
    ];
    (sessions, slots)
}

/// A daemon with the sessions and slots of [`sessions_and_slots`].
fn daemon_with_sessions(folder: &TempDir) -> Daemon {
    site(folder);
    let (sessions, slots) = sessions_and_slots();
    fill(folder, &sessions, &slots);
    Daemon::start(folder.path(), &[("register.directory", "register")])
}

const BOTH_DAYS: &str = "from=2026-07-01&to=2026-07-02";

fn session_of(view: &Value, id: &str) -> Value {
    let rows = view["sessions"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap().clone()
}

fn assert_near(value: &Value, want: f64) {
    assert!(
        (value.as_f64().unwrap() - want).abs() < 1e-6,
        "{value} is not {want}"
    )
}

#[test]
fn a_session_has_the_intensity_of_its_half_hours_by_the_best_basis() {
    let folder = TempDir::new("intensity-view");
    let daemon = daemon_with_sessions(&folder);
    let emissions = daemon.api(&format!("emissions?{BOTH_DAYS}"));
    let view = daemon.api(&format!("intensity?{BOTH_DAYS}"));
    assert_eq!(
        daemon.api(&format!("emissions?{BOTH_DAYS}")),
        emissions,
        "the reported figures stay as they are"
    );
    let g6 = session_of(&view, "g6");
    assert_near(&g6["kgco2_operational"], 1.005);
    assert_near(&g6["mean_g_per_kwh"], 143.571_428_571);
    for (id, want) in [
        ("g6", json!({ "forecast": 7_000.0 })),
        (
            "rest",
            json!({ "national": 1_000.0, "last_week": 1_000.0, "annual": 1_000.0 }),
        ),
        ("nation", json!({ "actual": 1_000.0 })),
    ] {
        assert_eq!(session_of(&view, id)["energy_wh_by_basis"], want, "{id}");
    }
    assert_eq!(view["areas"][1]["name"], "East Midlands");
}

/// Half-hourly intensities contain losses, so the annual factor that replaces one is that of generation and of losses.
#[test]
fn a_half_hour_without_intensity_has_the_annual_factor_with_losses() {
    let folder = TempDir::new("intensity-annual");
    let daemon = daemon_with_sessions(&folder);
    let view = daemon.api(&format!("intensity?{BOTH_DAYS}"));
    let sets = load_factors(&FactorsConfig::default()).unwrap();
    let of_day = |day: &str| {
        sets.electricity_with_losses(day.parse().unwrap())
            .unwrap()
            .value
            .get()
    };
    assert!(
        (of_day("2025-07-01") - (0.177 + 0.01853)).abs() < 1e-9,
        "set 2025"
    );
    let rest = session_of(&view, "rest");
    let annual = rest["kgco2_operational"].as_f64().unwrap() - 0.2 - 0.3;
    assert!((annual - of_day("2026-07-02")).abs() < 1e-6, "{rest}");
    let buxton = |row: &&Value| row["day"] == "2026-07-02" && row["site"] == "BUXTON";
    let days = view["days"].as_array().unwrap();
    let compared = days.iter().find(buxton).unwrap();
    assert_near(&compared["kgco2e_annual_with_losses"], of_day("2026-07-02"));
}

#[test]
fn a_session_over_midnight_in_london_is_divided_between_its_days() {
    let folder = TempDir::new("intensity-days");
    let daemon = daemon_with_sessions(&folder);
    let view = daemon.api(&format!("intensity?{BOTH_DAYS}"));
    assert_days_begin_at_midnight_in_london(&view);
    let second = daemon.api("intensity?from=2026-07-02&to=2026-07-02");
    let sum = |view: &Value| {
        view["days"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["energy_wh"].as_f64().unwrap())
            .sum::<f64>()
    };
    assert_eq!((sum(&view), sum(&second)), (12_000.0, 10_000.0));
}

fn assert_days_begin_at_midnight_in_london(view: &Value) {
    let day = |day: &str, site: &str, user: &str| {
        let rows = view["days"].as_array().unwrap();
        rows.iter()
            .find(|row| row["day"] == day && row["site"] == site && row["user"] == user)
            .unwrap()["energy_wh"]
            .as_f64()
    };
    assert_eq!(
        day("2026-07-01", "DERBY", "fleet"),
        Some(2_000.0),
        "before midnight in London, 23:00 UTC"
    );
    assert_eq!(day("2026-07-02", "DERBY", "fleet"), Some(8_000.0));
    assert_eq!(
        (
            day("2026-07-02", "DERBY", "sold_on"),
            day("2026-07-02", "BUXTON", "fleet")
        ),
        (Some(1_000.0), Some(1_000.0))
    );
}

#[test]
fn bad_queries_of_intensity_are_refused_with_their_mistake() {
    let folder = TempDir::new("intensity-queries");
    let daemon = Daemon::start(folder.path(), &[]);
    for (query, want) in [
        ("from=2026-01-01&to=2026-12-31", "at most 92 days"),
        ("from=x", "is not a day"),
        ("by=site", "is not a parameter"),
    ] {
        let (status, body) = daemon.get(&format!("/api/v1/intensity?{query}"));
        assert!(
            status == 400 && body.contains(want),
            "{query}: {status} {body}"
        );
    }
}

/// All lines of a measurement in the outbox.
fn lines(folder: &TempDir, measurement: &str) -> Vec<String> {
    let reader = Reader::open(&folder.path().join("data")).unwrap();
    let (mut after, mut found) = (0, Vec::new());
    while let Some(batch) = reader.outbox_after(after).unwrap() {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(batch.gzip.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        found.extend(
            text.lines()
                .filter(|line| line.starts_with(measurement))
                .map(str::to_owned),
        );
        after = batch.id;
    }
    found
}

/// A session of 2 kWh in Derby that began six hours ago, at a full half-hour. Returns its start.
fn fill_with_one_session(folder: &TempDir) -> UtcMs {
    site(folder);
    let start = UtcMs(now().plus(-6 * 3_600_000).0.div_euclid(HALF_HOUR_MS) * HALF_HOUR_MS);
    let vehicle = json!({ "Vehicle": "A1" });
    fill(
        folder,
        &[session("s", "DERBY", vehicle, start, &[2_000])],
        &[],
    );
    start
}

/// A daemon that requests intensities from `url`.
fn daemon_with_intensity_from(folder: &TempDir, url: &str) -> Daemon {
    let settings = [
        ("register.directory", "register"),
        ("intensity.enabled", "true"),
        ("intensity.url", url),
    ];
    Daemon::start(folder.path(), &settings)
}

/// Waits until the newest row is of the session with this intensity.
fn wait_for_row(folder: &TempDir, start: UtcMs, g_per_kwh: i64) {
    let kg = 2.0 * g_per_kwh as f64 / 1000.0;
    let row = format!(
        "charging_intensity,site=DERBY,user=fleet energy_wh=2000.0,intensity_g_per_kwh={g_per_kwh}.0,kgco2_operational={kg:?},basis_code=1i,basis=\"forecast\" {}",
        start.0
    );
    wait_for(&row, || {
        lines(folder, "charging_intensity").last() == Some(&row)
    });
}

#[test]
fn a_row_is_written_anew_when_its_intensity_is_revised() {
    let folder = TempDir::new("intensity-rows");
    let start = fill_with_one_session(&folder);
    let service = CarbonIntensityApi::start();
    service.set(|behaviour| behaviour.array = true);
    let daemon = daemon_with_intensity_from(&folder, &service.url());
    let g_per_kwh = forecast(9, start);
    wait_for_row(&folder, start, g_per_kwh);
    assert_eq!(daemon.metric("fleetgauge_intensity_failures_total"), 0.0);
    // A reloaded register makes the daemon request intensities again.
    service.set(|behaviour| behaviour.revised_by = 50);
    support::signal(daemon.id(), "HUP");
    wait_for_row(&folder, start, g_per_kwh + 50);
    let view = daemon.api(&format!(
        "intensity?from={}&to={}",
        Day::of(start, UK.zone()),
        today()
    ));
    assert_eq!(
        view["sessions"][0]["mean_g_per_kwh"].as_f64(),
        Some(g_per_kwh as f64 + 50.0)
    );
    daemon.stop();
}

#[test]
fn a_service_that_does_not_answer_is_logged_and_stops_nothing() {
    let folder = TempDir::new("intensity-silent");
    fill_with_one_session(&folder);
    let daemon = daemon_with_intensity_from(&folder, "http://127.0.0.1:9");
    wait_for("a failure", || {
        daemon.metric("fleetgauge_intensity_failures_total") > 0.0
    });
    assert_eq!(daemon.get("/readyz").0, 200);
    wait_for("its line in the log", || {
        daemon
            .log()
            .contains("carbon intensity: http://127.0.0.1:9")
    });
    daemon.stop();
}

#[test]
fn the_certificate_of_the_intensity_service_is_checked() {
    const TEST: &str = "the_certificate_of_the_intensity_service_is_checked";
    let folder = TempDir::new("intensity-tls");
    let Some(authority) = tls::Authority::new(TEST, folder.path()) else {
        return;
    };
    authority.sign("grid", "localhost", "DNS:localhost");
    let service = CarbonIntensityApi::start_secured(folder.path());
    // SSL_CERT_FILE replaces the machine's authorities.
    for (trusted, host, good) in [
        ("ca.pem", "localhost", true),
        ("ca.pem", "127.0.0.1", false),
        ("grid.csr", "localhost", false),
    ] {
        let web = free_port();
        let mut command = fleetgauge();
        command
            .arg("run")
            .current_dir(folder.path())
            .stderr(std::process::Stdio::null());
        command
            .env("SSL_CERT_FILE", folder.path().join(trusted))
            .env_remove("SSL_CERT_DIR");
        for (key, value) in [
            ("LISTENER__ENABLED", "false".to_owned()),
            ("OCPP__ENABLED", "false".to_owned()),
            ("WEB__LISTEN", format!("127.0.0.1:{web}")),
            ("INTENSITY__ENABLED", "true".to_owned()),
            ("INTENSITY__URL", format!("https://{host}:{}", service.port)),
        ] {
            command.env(format!("FLEETGAUGE__{key}"), value);
        }
        let daemon = Process::start(&mut command);
        wait_for_port(web);
        let counted = |name: &str| {
            let (_, text) = http(
                web,
                "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            );
            !text.contains(&format!("fleetgauge_intensity_{name}_total 0"))
        };
        wait_for("an answer or a failure", || {
            counted("answers") || counted("failures")
        });
        assert_eq!(
            (counted("answers"), counted("failures")),
            (good, !good),
            "{trusted} {host}"
        );
        daemon.end();
    }
}
