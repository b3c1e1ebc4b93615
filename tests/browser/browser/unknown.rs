//! Unknown figures are not shown as zero.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use super::{publish, quiet, settle};
use crate::support::browser::Browser;
use crate::support::clock::now;
use crate::support::{Daemon, TempDir, server, wait_for};

fn ten_minutes_driven(daemon: &Daemon) {
    for (minutes, km) in [(10, "100000.0"), (0, "100007.5")] {
        let at = now().plus(-minutes * 60_000);
        publish(
            daemon.mqtt,
            &[(
                "fleet/vehicles/AMB-101/telemetry",
                &format!("{{\"ts\":\"{at}\",\"odometer\":{km}}}"),
            )],
        );
    }
}

fn emissions_before_all_data(browser: &mut Browser, daemon: &Daemon) {
    settle(browser, "emissions");
    wait_for("since when", || {
        browser.shown("#view").contains("There are data since")
    });
    let cells = |row: usize| {
        format!("document.querySelectorAll('#emission-months tbody tr')[{row}].textContent")
    };
    assert!(
        browser.text(&cells(12)).ends_with("––––––"),
        "a month before all data: {}",
        browser.text(&cells(12))
    );
    assert!(
        browser.text(&cells(0)).contains('.'),
        "this month: {}",
        browser.text(&cells(0))
    );
    let shown = browser.shown("#view");
    let none = daemon.api("emissions")["no_data"].as_array().unwrap().len();
    assert!(
        shown.contains(&format!("{none} vehicles in service without any data")),
        "{shown}"
    );
    assert!(
        !shown.contains("No base")
            || browser.value("document.querySelectorAll('svg line.goal').length") == 0,
        "{shown}"
    );
    let scope3 = "[...document.querySelectorAll('#year-scopes tbody tr')].find((row) => row.cells[0].textContent === '3').textContent";
    assert!(
        browser.text(scope3).ends_with("–––"),
        "{}",
        browser.text(scope3)
    );
}

fn nobody_is_offline_who_never_came(browser: &mut Browser) {
    browser.value("location.hash = '#/charging'");
    settle(browser, "charging");
    wait_for("charge points", || {
        browser
            .value("document.querySelectorAll('.point .plug').length")
            .as_u64()
            > Some(0)
    });
    let words = "[...new Set([...document.querySelectorAll('.point abbr')].map((node) => node.textContent + node.title))].join()";
    assert_eq!(
        browser.text(words),
        "?not heard",
        "nobody is offline who never was here"
    );
    assert!(
        browser.shown("#use-basis").contains("never heard"),
        "{}",
        browser.shown("#use-basis")
    );
}

fn a_vehicle_never_heard(browser: &mut Browser) {
    browser.value("location.hash = '#/vehicles'");
    settle(browser, "vehicles");
    let row = "[...document.querySelectorAll('#vehicles tbody tr')].find((row) => row.cells[0].textContent === 'AMB-102').textContent";
    let row = browser.text(row);
    assert!(row.contains("never heard") && !row.contains("0.0"), "{row}");
}

fn every_target(browser: &mut Browser, daemon: &Daemon) {
    browser.value("location.hash = '#/targets'");
    settle(browser, "targets");
    let (rows, all) = (
        browser.value("document.querySelectorAll('#targets tbody tr').length"),
        daemon.api("targets"),
    );
    assert_eq!(
        rows.as_u64(),
        Some(all["targets"].as_array().unwrap().len() as u64 - 1),
        "one of them has two names"
    );
    let text = browser.shown("#targets");
    for want in [
        "Air pollutants down by a fifth",
        "overdue",
        "≥ 1,000 charge points",
        "= 7,500.0 t CO2e",
    ] {
        assert!(text.contains(want), "{want} is not in {text}");
    }
}

/// A new store, a vehicle that drove ten minutes, and a charge point that never came.
#[test]
fn what_is_not_known_is_no_zero() {
    const TEST: &str = "what_is_not_known_is_no_zero";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("browser-unknown");
    let register = concat!(env!("CARGO_MANIFEST_DIR"), "/config/register");
    let daemon = Daemon::start(folder.path(), &[("register.directory", register)]);
    ten_minutes_driven(&daemon);
    wait_for("a kilometre", || {
        daemon.api("overview")["today"]["distance_km"].as_f64() > Some(0.0)
    });
    let mut browser = Browser::open(&chromium);
    let url = format!("http://127.0.0.1:{}/", daemon.web);
    browser.go(&format!("{url}#/emissions"));
    emissions_before_all_data(&mut browser, &daemon);
    nobody_is_offline_who_never_came(&mut browser);
    a_vehicle_never_heard(&mut browser);
    every_target(&mut browser, &daemon);
    quiet(&browser, &url);
    // On a wall, what does not fit comes by itself.
    browser.look(1280, 700, true);
    browser.go(&format!("{url}?kiosk=targets"));
    settle(&mut browser, "targets");
    wait_for("the view to move", || {
        browser.value("scrollY").as_f64() > Some(100.0)
    });
    daemon.stop();
}
