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

use crate::support::carbon_intensity_api::{Grid, forecast};
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

fn now() -> UtcMs {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    UtcMs(since.as_millis() as i64)
}

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

#[test]
fn sessions_and_days_stand_beside_the_reported_figures() {
    let folder = TempDir::new("intensity-view");
    site(&folder);
    let (sessions, slots) = sessions_and_slots();
    fill(&folder, &sessions, &slots);
    let daemon = Daemon::start(folder.path(), &[("register.directory", "register")]);
    let emissions = daemon.api("emissions?from=2026-07-01&to=2026-07-02");
    let view = daemon.api("intensity?from=2026-07-01&to=2026-07-02");
    assert_eq!(
        daemon.api("emissions?from=2026-07-01&to=2026-07-02"),
        emissions
    );
    let of = |id: &str| {
        view["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["id"] == id)
            .unwrap()
            .clone()
    };
    let near = |value: &Value, want: f64| {
        assert!(
            (value.as_f64().unwrap() - want).abs() < 1e-6,
            "{value} is not {want}"
        )
    };
    near(&of("g6")["kgco2_operational"], 1.005);
    near(&of("g6")["mean_g_per_kwh"], 143.571_428_571);
    assert_eq!(
        of("g6")["energy_wh_by_basis"],
        json!({ "forecast": 7_000.0 })
    );
    let rest = of("rest");
    assert_eq!(
        rest["energy_wh_by_basis"],
        json!({ "national": 1_000.0, "last_week": 1_000.0, "annual": 1_000.0 })
    );
    // The annual factors of 2026/27 by whatever set holds: of generation and of losses, because half-hourly intensities contain losses.
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
    let annual = rest["kgco2_operational"].as_f64().unwrap() - 0.2 - 0.3;
    assert!((annual - of_day("2026-07-02")).abs() < 1e-6, "{rest}");
    let compared = |row: &&Value| row["day"] == "2026-07-02" && row["site"] == "BUXTON";
    let compared = view["days"]
        .as_array()
        .unwrap()
        .iter()
        .find(compared)
        .unwrap();
    near(&compared["kgco2e_annual_with_losses"], of_day("2026-07-02"));
    assert_eq!(
        of("nation")["energy_wh_by_basis"],
        json!({ "actual": 1_000.0 })
    );
    days_begin_at_midnight_in_london(&view);
    assert_eq!(view["areas"][1]["name"], "East Midlands");
    // Half a session asked for is half a session.
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
    what_cannot_be_asked_is_said(&daemon);
}

fn days_begin_at_midnight_in_london(view: &Value) {
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

fn what_cannot_be_asked_is_said(daemon: &Daemon) {
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

#[test]
fn rows_follow_the_intensity() {
    let folder = TempDir::new("intensity-rows");
    site(&folder);
    let start = UtcMs(now().plus(-6 * 3_600_000).0.div_euclid(HALF_HOUR_MS) * HALF_HOUR_MS);
    fill(
        &folder,
        &[session(
            "s",
            "DERBY",
            json!({ "Vehicle": "A1" }),
            start,
            &[2_000],
        )],
        &[],
    );
    let grid = Grid::start();
    grid.set(|mood| mood.array = true);
    let url = grid.url();
    let settings = [
        ("register.directory", "register"),
        ("intensity.enabled", "true"),
        ("intensity.url", url.as_str()),
    ];
    let daemon = Daemon::start(folder.path(), &settings);
    let g = forecast(9, start);
    let row = |g: i64, basis: &str| {
        let kg = 2.0 * g as f64 / 1000.0;
        format!(
            "charging_intensity,site=DERBY,user=fleet energy_wh=2000.0,intensity_g_per_kwh={g}.0,kgco2_operational={kg:?},{basis} {}",
            start.0
        )
    };
    wait_for("the region's row", || {
        lines(&folder, "charging_intensity").last()
            == Some(&row(g, "basis_code=1i,basis=\"forecast\""))
    });
    assert_eq!(daemon.metric("fleetgauge_intensity_failures_total"), 0.0);
    // A revision writes the same row anew; a register read again asks again.
    grid.set(|mood| mood.revised_by = 50);
    support::signal(daemon.id(), "HUP");
    wait_for("the revision", || {
        lines(&folder, "charging_intensity").last()
            == Some(&row(g + 50, "basis_code=1i,basis=\"forecast\""))
    });
    let days = daemon.api(&format!(
        "intensity?from={}&to={}",
        Day::of(start, UK.zone()),
        Day::of(now(), UK.zone())
    ));
    assert_eq!(
        days["sessions"][0]["mean_g_per_kwh"].as_f64(),
        Some(g as f64 + 50.0)
    );
    daemon.stop();
    // An address that cannot be asked is a mistake of the configuration; one that does not answer stops nothing.
    let settings = [
        ("register.directory", "register"),
        ("intensity.enabled", "true"),
        ("intensity.url", "http://127.0.0.1:9"),
    ];
    let daemon = Daemon::start(folder.path(), &settings);
    wait_for("a failure", || {
        daemon.metric("fleetgauge_intensity_failures_total") > 0.0
    });
    assert_eq!(daemon.get("/readyz").0, 200);
    wait_for("a word about it", || {
        daemon
            .log()
            .contains("carbon intensity: http://127.0.0.1:9")
    });
    daemon.stop();
}

#[test]
fn the_services_certificate_is_checked() {
    const TEST: &str = "the_services_certificate_is_checked";
    let folder = TempDir::new("intensity-tls");
    let Some(authority) = tls::Authority::new(TEST, folder.path()) else {
        return;
    };
    authority.sign("grid", "localhost", "DNS:localhost");
    let grid = Grid::start_secured(folder.path());
    // The machine's authorities are those of this file.
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
            ("INTENSITY__URL", format!("https://{host}:{}", grid.port)),
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
