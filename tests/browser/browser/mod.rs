//! The built-in page in a real browser, against a running daemon with real traffic.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod accessibility;
mod screenshots;
mod unknown;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::browser::Browser;
use crate::support::{Daemon, Process, TempDir, fleetgauge, free_port, http, server, wait_for};
use serde_json::Value;

const VIEWS: [&str; 10] = [
    "overview",
    "transition",
    "emissions",
    "charging",
    "sessions",
    "vehicles",
    "targets",
    "alerts",
    "quality",
    "settings",
];

fn demo() -> (Process, u16) {
    let mut command = fleetgauge();
    for section in ["WEB", "OCPP", "LISTENER"] {
        command.env(
            format!("FLEETGAUGE__{section}__LISTEN"),
            format!("127.0.0.1:{}", free_port()),
        );
    }
    let mut process = Process::start(
        command
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
    )
}

/// An MQTT 3.1.1 device that publishes with QoS 1 and waits for each PUBACK.
fn publish(port: u16, messages: &[(&str, &str)]) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(b"\x10\x0f\0\x04MQTT\x04\x02\0\x3c\0\x03dev")
        .unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    for (topic, payload) in messages {
        let length = 4 + topic.len() + payload.len();
        let mut packet = vec![0x32, u8::try_from(length).unwrap(), 0, topic.len() as u8];
        assert!(length < 128);
        packet.extend([topic.as_bytes(), &[0, 1], payload.as_bytes()].concat());
        stream.write_all(&packet).unwrap();
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer[0], 0x40, "PUBACK");
    }
}

fn api(port: u16, path: &str) -> Value {
    let (status, body) = http(
        port,
        &format!("GET /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    );
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// A view is open and nothing on it still waits.
fn settle(browser: &mut Browser, view: &str) {
    wait_for(&format!("the view {view}"), || {
        let ready = format!(
            "document.querySelector('[aria-current]')?.id === 'to-{view}' && document.querySelectorAll('#view section').length > 0 \
             && ![...document.querySelectorAll('#view section div')].some((node) => node.textContent === '…')"
        );
        browser.value(&ready) == true
    });
}

fn quiet(browser: &Browser, url: &str) {
    assert_eq!(browser.errors, Vec::<String>::new(), "the console is quiet");
    // What a page brings along and the browser's own icons for fields of dates are no requests.
    let ours = |request: &str| {
        request.starts_with(url)
            || request.starts_with("data:")
            || request.starts_with(&format!("blob:{url}"))
    };
    let outside: Vec<&String> = browser
        .requests
        .iter()
        .filter(|request| !ours(request))
        .collect();
    assert!(outside.is_empty(), "nothing from outside: {outside:?}");
}

/// A page of the demonstration; `None` if the test is skipped. The process ends with the value.
struct Demo {
    _process: Process,
    port: u16,
    url: String,
    browser: Browser,
}

impl Demo {
    fn open(test: &str, fragment: &str) -> Option<Self> {
        let chromium = server(test, "chromium")?;
        let (process, port) = demo();
        let url = format!("http://127.0.0.1:{port}/");
        let mut browser = Browser::open(&chromium);
        browser.go(&format!("{url}{fragment}"));
        Some(Self {
            _process: process,
            port,
            url,
            browser,
        })
    }
}

/// The number that an element shows before its unit.
fn shown_number(browser: &mut Browser, selector: &str) -> f64 {
    let text = browser.shown(selector);
    let number = text.split(' ').next().unwrap();
    number.replace(',', "").parse().unwrap()
}

#[test]
fn the_overview_shows_the_figures_of_the_api() {
    let Some(mut demo) = Demo::open("the_overview_shows_the_figures_of_the_api", "") else {
        return;
    };
    let browser = &mut demo.browser;
    wait_for("a finished session on the page", || {
        browser.shown("#latest tbody").contains("min")
    });
    let (page, overview) = (
        browser.text("document.body.innerText"),
        api(demo.port, "overview"),
    );
    let counted = format!(
        "{} of {} vehicles",
        overview["transition"]["low_or_better"], overview["transition"]["in_scope"]
    );
    let headline = overview["headline"].as_str().unwrap();
    assert!(
        headline.contains(&counted) && headline.contains("the path asks for"),
        "{headline}"
    );
    for want in [
        headline,
        "10 more must change to reach 90.0 % by 31 Mar 2028",
        "14 of 14 online",
        "demonstration with simulated data",
    ] {
        assert!(page.contains(want), "`{want}` is not on the page:\n{page}");
    }
    let path = browser.value("document.querySelector('svg.chart polyline.share').points.length");
    assert!(path.as_u64().unwrap() > 10, "the share is drawn");
    quiet(&demo.browser, &demo.url);
}

#[test]
fn the_overview_changes_without_a_reload() {
    let Some(mut demo) = Demo::open("the_overview_changes_without_a_reload", "") else {
        return;
    };
    let browser = &mut demo.browser;
    settle(browser, "overview");
    wait_for("a finished session on the page", || {
        browser.shown("#latest tbody").contains("min")
    });
    browser.value("window.marked = true");
    let before = browser.shown("#distance");
    wait_for("the page to change by itself", || {
        browser.shown("#distance") != before
    });
    let shown = shown_number(browser, "#distance");
    let of_the_api = api(demo.port, "overview")["today"]["distance_km"]
        .as_f64()
        .unwrap();
    assert!(
        shown <= of_the_api + 0.1 && shown > of_the_api * 0.7,
        "the page shows {shown} km, the API has {of_the_api} km"
    );
    assert_eq!(browser.value("window.marked"), true, "no reload");
    quiet(&demo.browser, &demo.url);
}

#[test]
fn the_transition_shows_the_months_of_the_api() {
    let fragment = "#/transition?from=2025-02&to=2025-04";
    let Some(mut demo) = Demo::open("the_transition_shows_the_months_of_the_api", fragment) else {
        return;
    };
    let browser = &mut demo.browser;
    settle(browser, "transition");
    wait_for("three months", || {
        browser.value("document.querySelectorAll('#months tbody tr').length") == 3
    });
    let month = &api(demo.port, "transition?from=2025-03&to=2025-03")["months"][0];
    let row = browser.text("document.querySelectorAll('#months tbody tr')[1].textContent");
    assert!(
        row.starts_with(&format!(
            "Mar 2025{}{}",
            month["low_or_better"], month["in_scope"]
        )),
        "{row}: {month}"
    );
    quiet(&demo.browser, &demo.url);
}

#[test]
fn the_what_if_slider_shows_the_outcome_of_the_api() {
    const TEST: &str = "the_what_if_slider_shows_the_outcome_of_the_api";
    let Some(mut demo) = Demo::open(TEST, "#/transition?from=2025-02&to=2025-04") else {
        return;
    };
    let browser = &mut demo.browser;
    settle(browser, "transition");
    browser.value("window.marked = true");
    browser.value(
        "(() => { const slider = document.getElementById('per-month'); slider.value = 2; slider.dispatchEvent(new Event('input', { bubbles: true })); })()",
    );
    wait_for("the answer to what-if", || {
        browser.shown("#what-if").contains("With 2.0 a month")
    });
    let what_if = api(demo.port, "what-if?per_month=2");
    let share = format!(
        "{:.1} %",
        what_if["outcome"]["share_at_due"].as_f64().unwrap() * 100.0
    );
    assert!(
        browser.shown("#what-if").contains(&share),
        "{}: {what_if}",
        browser.shown("#what-if")
    );
    assert_eq!(
        browser.value("document.querySelectorAll('polyline.whatif').length"),
        1
    );
    assert_eq!(browser.value("window.marked"), true, "no reload");
    quiet(&demo.browser, &demo.url);
}

#[test]
fn sessions_and_vehicles_are_filtered_and_downloaded_as_csv() {
    const TEST: &str = "sessions_and_vehicles_are_filtered_and_downloaded_as_csv";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let (_process, port) = demo();
    wait_for("a finished session", || {
        api(port, "sessions")["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|session| !session["ended_at"].is_null())
    });
    let mut browser = Browser::open(&chromium);
    let url = format!("http://127.0.0.1:{port}/");
    browser.go(&format!("{url}#/sessions"));
    settle(&mut browser, "sessions");
    let point = api(port, "sessions")["sessions"][0]["charge_point_id"]
        .as_str()
        .unwrap()
        .to_owned();
    browser.value(&format!(
        "(() => {{ const form = document.querySelector('form'); form.elements.charge_point.value = '{point}'; form.requestSubmit(); }})()"
    ));
    wait_for("the filter in the address", || {
        browser.text("location.hash") == format!("#/sessions?charge_point={point}")
    });
    settle(&mut browser, "sessions");
    let points = "[...new Set([...document.querySelectorAll('#sessions tbody tr')].map((row) => row.cells[2].textContent.split(' ')[0]))].join()";
    wait_for("only that charge point", || browser.text(points) == point);
    browser.value("[...document.querySelectorAll('button')].find((button) => button.textContent === 'CSV').click()");
    let file = PathBuf::from(browser.downloads()).join("sessions.csv");
    wait_for("the file", || file.exists());
    let text = std::fs::read_to_string(&file).unwrap();
    let mut reader = csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap().as_bytes());
    assert_eq!(reader.headers().unwrap().iter().nth(5), Some("energy_kwh"));
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert!(
        !rows.is_empty() && rows.iter().all(|row| row[2].starts_with(&point)),
        "{text}"
    );
    // Vehicles: the filter stands in the address, and sorting by a heading works.
    browser.value("location.hash = '#/vehicles?class=zero'");
    settle(&mut browser, "vehicles");
    let zero = api(port, "overview")["transition"]["zero"]
        .as_u64()
        .unwrap();
    wait_for("zero-emission vehicles", || {
        browser
            .shown("#vehicle-count")
            .starts_with(&format!("{zero} of "))
    });
    browser.value(
        "[...document.querySelectorAll('#vehicles .sort')].find((button) => button.textContent.startsWith('Odometer')).click()",
    );
    let sorted = "(() => { const km = [...document.querySelectorAll('#vehicles tbody tr')].map((row) => Number(row.cells[7].textContent.replaceAll(',', ''))); \
                  return km.length > 3 && km.every((one, index) => index === 0 || km[index - 1] <= one); })()";
    assert_eq!(browser.value(sorted), true);
    quiet(&browser, &url);
}

const REGISTER: (&str, &str) = (
    "register.directory",
    concat!(env!("CARGO_MANIFEST_DIR"), "/config/register"),
);

/// A daemon in which AMB-101 has raised an alert and AMB-102 has sent a message that is no JSON.
fn daemon_with_an_alert_and_a_reject(folder: &TempDir) -> Daemon {
    let settings = "[[alert]]\nname = \"far\"\nmeasurement = \"vehicle_telemetry\"\nfield = \"odometer_km\"\nabove = 100000.0\nfor = \"0s\"\nseverity = \"warning\"\nsummary = \"Far driven\"\n";
    std::fs::write(folder.path().join("fleetgauge.toml"), settings).unwrap();
    let daemon = Daemon::start(folder.path(), &[REGISTER]);
    publish(
        daemon.mqtt,
        &[
            (
                "fleet/vehicles/AMB-101/telemetry",
                "{\"odometer\": 100001.5}",
            ),
            (
                "fleet/vehicles/AMB-102/telemetry",
                "{\"odometer\": <b>not a number</b>",
            ),
        ],
    );
    wait_for("a firing alert", || {
        daemon.api("alerts")["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|alert| alert["state"] == "firing")
    });
    daemon
}

/// Opens a view of a daemon; returns the page's address too.
fn open_view(chromium: &Path, daemon: &Daemon, view: &str) -> (Browser, String) {
    let mut browser = Browser::open(chromium);
    let url = format!("http://127.0.0.1:{}/", daemon.web);
    browser.go(&format!("{url}#/{view}"));
    settle(&mut browser, view);
    (browser, url)
}

#[test]
fn an_alert_is_acknowledged_and_silenced_on_the_page() {
    const TEST: &str = "an_alert_is_acknowledged_and_silenced_on_the_page";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("browser-alerts");
    let daemon = daemon_with_an_alert_and_a_reject(&folder);
    let (mut browser, url) = open_view(&chromium, &daemon, "alerts");
    browser.value(
        "(() => { const by = document.querySelector('[name=by]'); by.value = 'Ann'; document.querySelector('.ack').click(); })()",
    );
    wait_for("the acknowledgement on the page", || {
        browser.shown("#alerts").contains("acknowledged by Ann")
    });
    let alerts = daemon.api("alerts");
    assert!(
        alerts["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|alert| alert["acked"]["by"] == "Ann")
    );
    browser.value("document.querySelector('.silence').click()");
    wait_for("the silence on the page", || {
        browser.shown("#silences").contains("Ann")
    });
    let silences = || daemon.api("alerts")["silences"].as_array().unwrap().len();
    assert_eq!(silences(), 1);
    browser.value("document.querySelector('.unsilence').click()");
    wait_for("the end of the silence", || silences() == 0);
    quiet(&browser, &url);
}

#[test]
fn a_rejected_payload_is_shown_as_text() {
    const TEST: &str = "a_rejected_payload_is_shown_as_text";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("browser-rejects");
    let daemon = daemon_with_an_alert_and_a_reject(&folder);
    let (mut browser, url) = open_view(&chromium, &daemon, "quality");
    wait_for("the raw message", || {
        browser.shown("#rejects").contains("<b>not a number</b>")
    });
    quiet(&browser, &url);
}

#[test]
fn an_open_page_reconnects_after_a_restart() {
    const TEST: &str = "an_open_page_reconnects_after_a_restart";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("browser-restart");
    let daemon = Daemon::start(folder.path(), &[REGISTER]);
    let (mut browser, _) = open_view(&chromium, &daemon, "quality");
    let ports = (daemon.mqtt, daemon.ocpp, daemon.web);
    daemon.stop();
    wait_for("the loss on the page", || {
        browser.shown("#clock").contains("does not answer")
    });
    let daemon = Daemon::start_on(folder.path(), ports, &[REGISTER]);
    wait_for("the stream to come back", || {
        !browser.shown("#clock").contains("does not answer")
    });
    daemon.stop();
}
