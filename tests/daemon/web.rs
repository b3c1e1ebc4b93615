//! The API of a living daemon, and the demo as a new user starts it. `tests/browser/` looks at the page.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Daemon, Process, TempDir, fleetgauge, http, signal, wait_for};

fn request(daemon: &Daemon, line: &str, host: &str) -> (u16, String) {
    http(
        daemon.web,
        &format!("{line} HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
    )
}

/// Path, status, and what the answer contains.
const QUESTIONS: &[(&str, u16, &str)] = &[
    ("/", 200, "<title>fleetgauge</title>"),
    ("/js/live.js", 200, "EventSource"),
    ("/js/settings.js", 200, "import"),
    ("/app.css", 200, "body"),
    ("/healthz", 200, "ok"),
    ("/readyz", 200, "\"ready\":true"),
    (
        "/metrics",
        200,
        "# TYPE fleetgauge_messages_received_total counter",
    ),
    ("/nothing", 404, "error"),
    ("/api/v1/overview", 200, "\"share\":0.7"),
    ("/api/v1/vehicles", 200, "AMB-101"),
    ("/api/v1/charge-points", 200, "DER-CP-01"),
    ("/api/v1/targets", 200, "path_not_set"),
    ("/api/v1/targets", 200, "\"nhs_all_zev\""),
    ("/api/v1/transition", 200, "by_organisation"),
    (
        "/api/v1/transition?from=2025-02&to=2025-03",
        200,
        "\"months\":[{\"month\":\"2025-02\",\"day\":\"2025-02-28\",\"change\":",
    ),
    (
        "/api/v1/transition?from=2025-13",
        400,
        "`from`: `2025-13` is not a month",
    ),
    (
        "/api/v1/transition?from=2025-03&to=2025-02",
        400,
        "`to` is before `from`",
    ),
    ("/api/v1/alerts", 200, "\"silences\":[]"),
    ("/api/v1/sessions", 200, "\"sessions\":[]"),
    (
        "/api/v1/sessions?from=2026-11-01&to=2026-11-24T09:00:00Z&charge_point=DER-CP-01&vehicle=AMB-101",
        200,
        "\"sessions\":[]",
    ),
    (
        "/api/v1/sessions?from=yesterday",
        400,
        "`from`: `yesterday` is not a time",
    ),
    (
        "/api/v1/sessions?form=2026-11-01",
        400,
        "`form` is not a parameter",
    ),
    (
        "/api/v1/emissions?from=2026-04-01&to=2026-11-24&by=scope,organisation,site,vehicle_class,tier",
        200,
        "\"rows\":[",
    ),
    (
        "/api/v1/emissions?by=role,vehicle",
        200,
        "\"method_version\":3",
    ),
    (
        "/api/v1/air?from=2025-04-01&to=2026-03-31",
        200,
        "\"status\":\"not_set\",\"all_met\":null,\"supply\":\"the base year",
    ),
    ("/api/v1/air?by=fleet", 400, "`by` is not a parameter"),
    (
        "/api/v1/air?from=2026-05-01&to=2026-04-01",
        400,
        "`to` is before `from`",
    ),
    (
        "/api/v1/emissions?from=2019-04-01&to=2026-03-31",
        400,
        "request at most 1827 days (five years) at once",
    ),
    (
        "/api/v1/emissions?by=colour",
        400,
        "`by`: `colour` is not a list",
    ),
    (
        "/api/v1/emissions?from=2026-05-01&to=2026-04-01",
        400,
        "`to` is before `from`",
    ),
    ("/api/v1/overview?x=1", 400, "`x` is not a parameter"),
    ("/api/v1/rejects", 200, "\"newest\":[]"),
    ("/api/v1/overview", 200, "\"headline\":\"On "),
    (
        "/api/v1/what-if?per_month=2.5",
        200,
        "\"per_month\":2.5,\"successor\":\"zero\"",
    ),
    (
        "/api/v1/what-if?per_month=-1",
        400,
        "`per_month`: `-1` is not a number of vehicles",
    ),
    ("/api/v1/charge-points", 200, "\"capacity_kw\":"),
    ("/api/v1/settings", 200, "FLEETGAUGE__REGISTER__DIRECTORY"),
    ("/api/v1/nothing", 404, "error"),
];

#[test]
fn questions_good_and_bad() {
    let folder = TempDir::new("web-api");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config/register");
    let daemon = Daemon::start(folder.path(), &[("register.directory", example)]);
    for &(path, code, want) in QUESTIONS {
        let (status, body) = daemon.get(path);
        assert!(
            status == code && body.contains(want),
            "{path}: {status} {}",
            body.chars().take(300).collect::<String>()
        );
    }
    assert_eq!(
        request(&daemon, "POST /api/v1/overview", "Host: localhost\r\n").0,
        405
    );
    assert_eq!(
        request(&daemon, "GET /", "Host: evil.example\r\n").0,
        421,
        "DNS rebinding"
    );
    assert_eq!(
        request(&daemon, "GET /", "Host: 127.0.0.1:1\r\n").0,
        200,
        "ports change behind tunnels"
    );
    daemon.stop();
}

#[test]
fn headers_that_keep_the_page_to_itself() {
    let folder = TempDir::new("web-headers");
    let daemon = Daemon::start(folder.path(), &[]);
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.web)).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let head = answer
        .split("\r\n\r\n")
        .next()
        .unwrap()
        .to_ascii_lowercase();
    for want in [
        "content-security-policy: default-src 'none'; script-src 'self'",
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
        "referrer-policy: no-referrer",
    ] {
        assert!(head.contains(want), "{want} is not in\n{head}");
    }
    let page = answer.split("\r\n\r\n").nth(1).unwrap();
    assert!(
        !page.contains("http://")
            && !page.contains("https://")
            && !page.contains("<script>")
            && !page.contains(" style="),
        "nothing from outside, nothing inline"
    );
    // Malformed requests harm nobody.
    for bytes in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", daemon.web)).unwrap();
        stream.write_all(bytes).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
    }
    assert_eq!(daemon.get("/healthz").0, 200);
}

#[test]
fn metrics_are_prometheus_text() {
    let folder = TempDir::new("web-metrics");
    let daemon = Daemon::start(folder.path(), &[]);
    let (_, text) = daemon.get("/metrics");
    let mut typed = std::collections::BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(
                typed.insert(rest.split(' ').next().unwrap().to_owned()),
                "one TYPE per family: {line}"
            );
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(
                value.parse::<f64>().is_ok() && typed.contains(series.split('{').next().unwrap()),
                "{line}"
            );
        }
    }
    assert!(typed.iter().all(|name| name.starts_with("fleetgauge_")) && typed.len() > 15);
}

/// The demo, its page's port, and how long it took to say so.
fn demo() -> (Process, u16, Duration) {
    let started = Instant::now();
    let mut process = Process::start(
        fleetgauge()
            .arg("demo")
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    );
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let port = line
        .split("http://127.0.0.1:")
        .nth(1)
        .and_then(|rest| rest.split('/').next()?.parse().ok());
    (
        process,
        port.unwrap_or_else(|| panic!("no address in {line:?}")),
        started.elapsed(),
    )
}

fn api(port: u16, path: &str) -> serde_json::Value {
    let (status, body) = http(
        port,
        &format!("GET /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    );
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn the_demo_lives_within_half_a_minute_and_leaves_nothing_behind() {
    let (process, port, _) = demo();
    let started = Instant::now();
    wait_for("a finished session", || {
        api(port, "sessions")["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|session| !session["ended_at"].is_null())
    });
    assert!(started.elapsed() < Duration::from_secs(30));
    let overview = api(port, "overview");
    assert!(
        overview["data"]["vehicles_heard_24h"].as_u64().unwrap() >= 60,
        "{overview}"
    );
    assert!(
        overview["charge_points"]["online"].as_u64().unwrap() >= 12,
        "{overview}"
    );
    for (section, key) in [
        ("today", "distance_km"),
        ("today", "fuel_l"),
        ("today", "scope1_kgco2e"),
        ("today", "scope2_location_kgco2e"),
        ("charge_points", "power_w"),
    ] {
        assert!(
            overview[section][key].as_f64().unwrap() > 0.0,
            "{key}: {overview}"
        );
    }
    assert_eq!(
        overview["data"]["rejected"],
        0,
        "our own fleet is understood: {}",
        api(port, "rejects")
    );
    let sessions = api(port, "sessions");
    assert!(
        sessions["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|session| session["quality"].as_array().unwrap().is_empty()),
        "{sessions}"
    );
    let store = std::env::temp_dir().join(format!("fleetgauge-demo-{}", process.0.id()));
    assert!(store.exists());
    let id = process.0.id();
    signal(id, "INT");
    let mut process = process;
    assert!(process.0.wait().unwrap().success());
    assert!(!store.exists(), "the temporary store is gone");
}
