//! `/api/v1/history` and `/api/v1/utilisation` of a running daemon, over kills and restarts.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::Path;

use crate::support::{self, Daemon, TempDir, clock, free_port, wait_for};
use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, connect, http::HeaderValue};

/// A charge point's frames, each answered.
fn charge_point(port: u16, id: &str, frames: &[(&str, Json)]) -> Vec<Json> {
    let mut request = format!("ws://127.0.0.1:{port}/ocpp/{id}")
        .into_client_request()
        .unwrap();
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("ocpp1.6"),
    );
    let (mut socket, _) = connect(request).unwrap();
    let mut answers: Vec<Json> = Vec::new();
    for (action, payload) in frames {
        let mut payload = payload.clone();
        if payload["transactionId"] == "newest" {
            payload["transactionId"] = answers
                .iter()
                .rev()
                .find_map(|answer| answer.get("transactionId"))
                .unwrap()
                .clone();
        }
        socket
            .send(Message::text(
                json!([2, answers.len().to_string(), action, payload]).to_string(),
            ))
            .unwrap();
        answers.push(loop {
            if let Message::Text(text) = socket.read().unwrap() {
                break serde_json::from_str::<Json>(&text).unwrap()[2].clone();
            }
        });
    }
    answers
}

fn sum(view: &Json, column: &str) -> f64 {
    let index = view["columns"]
        .as_array()
        .unwrap()
        .iter()
        .position(|name| name == column)
        .unwrap();
    view["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row[index].as_f64())
        .sum()
}

fn write_register(folder: &Path) {
    std::fs::create_dir(folder.join("register")).unwrap();
    let write =
        |name: &str, text: &str| std::fs::write(folder.join("register").join(name), text).unwrap();
    write(
        "sites.csv",
        "site_id,name,capacity_kw\nDER,Derby,100\nLEI,Leicester,\n",
    );
    write(
        "charge_points.csv",
        "charge_point_id,site,connectors,max_power_kw\nCP1,DER,2,50\nCP2,DER,1,50\nCP3,LEI,1,50\n",
    );
    std::fs::write(
        folder.join("fleetgauge.toml"),
        "[register]\ndirectory = \"register\"\n",
    )
    .unwrap();
}

/// CP1 delivers 150 Wh and CP3 40 Wh; CP1 repeats its messages.
fn charge(daemon: &Daemon) {
    let now = || Json::from(clock::now().to_string());
    let values = |wh: i64, watts: i64| {
        let sampled = json!([{"value": wh.to_string()}, {"value": watts.to_string(), "measurand": "Power.Active.Import"}]);
        json!({"connectorId": 1, "transactionId": "newest", "meterValue": [{"timestamp": now(), "sampledValue": sampled}]})
    };
    let status = |status: &str| json!({"connectorId": 1, "status": status, "errorCode": "NoError"});
    let start = json!({"connectorId": 1, "idTag": "A1", "meterStart": 1000, "timestamp": now()});
    let half = values(1050, 11_000);
    charge_point(
        daemon.ocpp,
        "CP1",
        &[
            ("StatusNotification", status("Preparing")),
            ("StartTransaction", start.clone()),
            ("StatusNotification", status("Charging")),
            ("MeterValues", half.clone()),
            ("MeterValues", values(1150, 7_000)),
            ("MeterValues", half),
            ("StartTransaction", start.clone()),
        ],
    );
    charge_point(
        daemon.ocpp,
        "CP3",
        &[
            ("StartTransaction", start),
            ("MeterValues", values(1040, 3_000)),
        ],
    );
}

/// Every query and step gives the same energy.
fn assert_energy(daemon: &Daemon, what: &str) {
    for (query, wh) in [
        ("", 190.0),
        ("site=DER", 150.0),
        ("site=LEI", 40.0),
        ("charge_point=CP1", 150.0),
        ("charge_point=CP2", 0.0),
        ("site=NOWHERE", 0.0),
    ] {
        for step in ["15m", "1d"] {
            let view = daemon.api(&format!("history?step={step}&{query}"));
            assert_eq!(
                sum(&view, "energy_wh"),
                wh,
                "{what}: {query} {step}: {view}"
            );
        }
    }
}

fn assert_names_capacity_and_selected_columns(daemon: &Daemon) {
    let site = daemon.api("history?site=DER");
    assert_eq!(
        (&site["site_name"], &site["capacity_kw"], &site["step"]),
        (&json!("Derby"), &json!(100.0), &json!("15m"))
    );
    assert_eq!(site["columns"][0], "start");
    assert!(
        sum(&site, "peak_power_w") >= 11_000.0 && sum(&site, "observed_s") > 0.0,
        "{site}"
    );
    let selected = daemon.api("history?site=DER&fields=peak_power_w,energy_wh&step=1d");
    assert_eq!(
        selected["columns"],
        json!(["day", "peak_power_w", "energy_wh"])
    );
    assert_eq!(selected["rows"][0].as_array().unwrap().len(), 3);
}

/// By weekday and hour: observed only where something was.
fn assert_utilisation_is_null_where_unobserved(daemon: &Daemon) {
    let map = daemon.api("utilisation?site=DER");
    let observed: Vec<f64> = map["observed_connector_h"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|day| day.as_array().unwrap())
        .map(|h| h.as_f64().unwrap())
        .collect();
    assert_eq!(
        (map["weekdays"][0].as_str(), observed.len()),
        (Some("Monday"), 168)
    );
    assert!(
        observed.iter().sum::<f64>() > 0.0 && observed.iter().filter(|h| **h > 0.0).count() <= 2,
        "{observed:?}"
    );
    let flat = |name: &str| {
        map[name]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|day| day.as_array().unwrap().clone())
            .collect::<Vec<_>>()
    };
    for (ratio, hours) in flat("occupied_ratio")
        .iter()
        .chain(&flat("charging_ratio"))
        .zip(observed.iter().chain(&observed))
    {
        assert_eq!(ratio.is_null(), *hours == 0.0, "unobserved is null, not 0");
        assert!(
            ratio
                .as_f64()
                .is_none_or(|ratio| (0.0..=1.0).contains(&ratio))
        );
    }
    assert!(
        flat("occupied_ratio")
            .iter()
            .filter_map(Json::as_f64)
            .sum::<f64>()
            > 0.0
    );
}

#[test]
fn history_survives_kills_and_restarts() {
    let folder = TempDir::new("history-daemon");
    write_register(folder.path());
    let ports = (free_port(), free_port(), free_port());
    let daemon = Daemon::start_on(folder.path(), ports, &[]);
    assert_eq!(
        daemon.api("history")["rows"],
        json!([]),
        "a daemon without data has no history"
    );
    charge(&daemon);
    assert_energy(&daemon, "not yet on any checkpoint");
    assert_names_capacity_and_selected_columns(&daemon);
    daemon.kill();
    let daemon = Daemon::start_on(folder.path(), ports, &[]);
    assert_energy(&daemon, "after a kill, from the inbox");
    daemon.stop();
    let daemon = Daemon::start_on(folder.path(), ports, &[("store.checkpoint_interval", "1s")]);
    assert_energy(&daemon, "after a stop, from the checkpoint");
    // The messages again: known sessions, nothing new. And checkpoints in between.
    let before = daemon.metric("fleetgauge_checkpoints_total");
    charge_point(daemon.ocpp, "CP2", &[("Heartbeat", json!({}))]);
    wait_for("a checkpoint", || {
        daemon.metric("fleetgauge_checkpoints_total") > before
    });
    assert_energy(&daemon, "after a checkpoint");
    daemon.kill();
    let daemon = Daemon::start_on(folder.path(), ports, &[]);
    assert_energy(&daemon, "after a kill behind the checkpoint");
    assert_utilisation_is_null_where_unobserved(&daemon);
    daemon.stop();
}

/// Queries that are refused, and part of the error.
const BAD_QUERIES: &[(&str, &str)] = &[
    ("history?step=1h", "`step`: `1h` is not 15m or 1d"),
    (
        "history?fields=energy_wh,volts",
        "is not a list of energy_wh, power_w, peak_power_w, occupied_s",
    ),
    (
        "history?site=A&charge_point=B",
        "give `site` or `charge_point`, not both",
    ),
    (
        "history?from=yesterday",
        "`from`: `yesterday` is not a time such as",
    ),
    (
        "history?from=2026-11-02&to=2026-11-01",
        "`to` is not after `from`",
    ),
    (
        "history?from=2024-01-01&to=2026-11-01",
        "request at most 400 days at once with step=15m",
    ),
    (
        "history?from=2010-01-01&to=2026-11-01&step=1d",
        "request at most 3660 days at once with step=1d",
    ),
    (
        "history?vehicle=A",
        "`vehicle` is not a parameter: known are from, to, step, site, charge_point, fields",
    ),
    ("utilisation?from=2026-11", "`from`: `2026-11` is not a day"),
    (
        "utilisation?from=2024-11-01&to=2026-11-01",
        "request at most 400 days at once",
    ),
    (
        "utilisation?from=2026-11-02&to=2026-11-01",
        "`to` is before `from`",
    ),
    ("utilisation?step=15m", "`step` is not a parameter"),
];

#[test]
fn bad_queries_are_refused_with_their_mistake() {
    let folder = TempDir::new("history-queries");
    let daemon = Daemon::start(folder.path(), &[]);
    for (query, want) in BAD_QUERIES {
        let (status, body) = daemon.get(&format!("/api/v1/{query}"));
        let error = serde_json::from_str::<Json>(&body).unwrap()["error"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            status == 400 && error.contains(want),
            "{query}: {status} {error}"
        );
    }
    daemon.stop();
}

#[test]
fn queries_with_an_open_or_extreme_end_are_answered() {
    let folder = TempDir::new("history-ends");
    let daemon = Daemon::start(folder.path(), &[]);
    for query in [
        "history?from=0001-01-01",
        "history?to=9999-12-31T23:59:59Z",
        "history?from=2026-11-01&step=1d",
        "utilisation?from=0001-01-01",
        "utilisation?to=9999-12-31",
    ] {
        assert_eq!(daemon.get(&format!("/api/v1/{query}")).0, 200, "{query}");
    }
    daemon.stop();
}

/// With 503 a client is to try again; no request is left without an answer, and later ones succeed.
#[test]
fn many_queries_at_once_are_answered_or_refused() {
    let folder = TempDir::new("history-many");
    let daemon = Daemon::start(folder.path(), &[]);
    let threads: Vec<_> = (0..24)
        .map(|_| {
            let port = daemon.web;
            let request =
                "GET /api/v1/utilisation HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            std::thread::spawn(move || support::http(port, request).0)
        })
        .collect();
    for thread in threads {
        assert!([200, 503].contains(&thread.join().unwrap()));
    }
    wait_for("an answer", || daemon.get("/api/v1/utilisation").0 == 200);
    daemon.stop();
}
