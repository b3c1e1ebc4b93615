//! The heat map and the power chart in a real browser, what a viewer is offered, and a fleet of many hundreds on the page.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::fmt::Write;
use std::path::Path;

use crate::support::browser::Browser;
use crate::support::clock::now;
use crate::support::web_client::{PASSWORD, accounts};
use crate::support::{Daemon, TempDir, server, wait_for};
use fleetgauge::model::{RollupRow, RollupSums, Series, Slots, slot_of};
use fleetgauge::store::{Checkpoint, Store, StoreConfig};
use fleetgauge::units::UtcMs;
use serde_json::Value;

fn register(folder: &Path, files: &[(&str, &str)]) {
    std::fs::create_dir(folder.join("register")).unwrap();
    files
        .iter()
        .for_each(|(name, text)| std::fs::write(folder.join("register").join(name), text).unwrap());
    std::fs::write(
        folder.join("fleetgauge.toml"),
        "[register]\ndirectory = \"register\"\n",
    )
    .unwrap();
}

fn settle(browser: &mut Browser, view: &str) {
    wait_for(&format!("the view {view}"), || {
        let ready = format!(
            "document.querySelector('[aria-current]')?.id === 'to-{view}' && document.querySelectorAll('#view section').length > 0 \
             && ![...document.querySelectorAll('#view section div')].some((node) => node.textContent === '…')"
        );
        browser.value(&ready) == true
    });
}

/// The hour of the day, UTC, in which the site is in use.
const BUSY_HOUR: i32 = 9;

/// Ten days of a site: 36 kW and two of two connectors in use from 9 to 10 UTC, nothing else, and nothing known of one other hour of the day:
/// one in the middle of the last 24, whenever the test runs, so that the chart's line has a gap.
fn write_ten_days(folder: &Path, until: UtcMs) {
    let mut store = Store::open(&StoreConfig {
        directory: folder.join("data"),
        ..StoreConfig::default()
    })
    .unwrap()
    .store;
    let mut slots = Slots::default();
    let newest = slot_of(until);
    let hour_of = |slot: i32| slot.rem_euclid(96) / 4;
    let unobserved = [12, 14]
        .map(|hours_ago| hour_of(newest - hours_ago * 4))
        .into_iter()
        .find(|hour| *hour != BUSY_HOUR);
    for slot in newest - 960..newest {
        let hour = hour_of(slot);
        if Some(hour) == unobserved {
            continue;
        }
        let busy = i64::from(hour == BUSY_HOUR);
        *slots.entry(slot) = RollupSums {
            energy_tenth_wh: busy * 90_000,
            peak_w: (busy > 0).then_some(44_000),
            occupied_ms: busy * 1_800_000,
            charging_ms: busy * 900_000,
            observed_ms: 1_800_000,
            ..RollupSums::default()
        };
    }
    let rollups = [Series::Fleet, Series::Site("DER".into())].map(|series| RollupRow {
        series,
        slots: slots.clone(),
    });
    // No engine's snapshot: the history alone.
    let checkpoint = Checkpoint {
        snapshot: b"",
        generation: 1,
        activity: &[],
        rollups: &rollups,
        at: until,
    };
    store.checkpoint(&checkpoint).unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(folder.join("data/fleetgauge.db")).unwrap();
    connection.execute("DELETE FROM checkpoint", []).unwrap();
}

/// Every cell has its words, and the figures of the API stand behind it.
fn assert_heat_map_shows_the_api(browser: &mut Browser, daemon: &Daemon) {
    let map = daemon.api("utilisation");
    let (day, hour) = (0..168)
        .map(|n| (n / 24, n % 24))
        .find(|(day, hour)| map["occupied_ratio"][*day][*hour] == 1.0)
        .unwrap();
    let title = format!(
        "document.querySelectorAll('svg g > title')[{}].textContent",
        day * 24 + hour
    );
    assert_eq!(
        browser.text(&title),
        format!(
            "{} {hour:02}:00: 100.0 %",
            map["weekdays"][day].as_str().unwrap()
        )
    );
    assert!(
        browser.shown("#heat-words").contains("100.0 %"),
        "{}",
        browser.shown("#heat-words")
    );
    let unseen = map["occupied_ratio"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|day| day.as_array().unwrap())
        .filter(|share| share.is_null())
        .count();
    assert_eq!(
        browser
            .value("document.querySelectorAll('svg g .unseen').length")
            .as_u64(),
        Some(unseen as u64)
    );
    assert_eq!(
        browser.value("document.querySelectorAll('#use-by-hour tbody tr').length"),
        168
    );
    let row = browser.text(&format!(
        "document.querySelectorAll('#use-by-hour tbody tr')[{}].textContent",
        day * 24 + hour
    ));
    assert!(row.contains("100.0 %50.0 %"), "{row}");
    // Charging instead of occupied, by the keyboard's event.
    browser.value("(() => { const kind = document.querySelector('[name=heat-kind]'); kind.value = 'charging'; kind.dispatchEvent(new Event('change')); })()");
    wait_for("the share that charges", || {
        browser.shown("#heat-words").contains("charging by hour")
            && browser.shown("#heat-words").contains("50.0 %")
    });
}

/// The first site with a capacity, its line, the highest of the day; then a week, and another site.
fn assert_power_of_sites_is_shown(browser: &mut Browser) {
    wait_for("the power", || {
        browser.shown("#power-words").contains("Derby")
    });
    let words = browser.shown("#power-words");
    assert!(
        words.contains("capacity 60 kW") && words.contains("highest of the last day 44.0 kW"),
        "{words}"
    );
    assert_eq!(
        browser.value("document.querySelectorAll('polyline.limit').length"),
        1
    );
    assert!(
        browser
            .value("document.querySelectorAll('polyline.mean').length")
            .as_u64()
            > Some(1),
        "an unobserved hour is a gap"
    );
    browser.value("(() => { const span = document.querySelector('[name=power-span]'); span.value = '7'; span.dispatchEvent(new Event('change')); })()");
    wait_for("the week", || {
        browser.shown("#power-words").contains("last week")
    });
    let rows = browser
        .value("document.querySelectorAll('#site-power tbody tr').length")
        .as_u64()
        .unwrap();
    assert!(
        (640..=645).contains(&rows),
        "{rows} quarters of a week without its nights"
    );
    browser.value("(() => { const site = document.querySelector('[name=power-site]'); site.value = 'LEI'; site.dispatchEvent(new Event('change')); })()");
    wait_for("the other site", || {
        browser
            .shown("#power-words")
            .contains("Leicester: 0.0 kW now; sites.csv has no capacity_kw")
    });
}

/// Usable on a phone, in the dark and for those who do not see it.
fn assert_usable_on_a_phone_and_in_the_dark(browser: &mut Browser) {
    let mut wrong = Vec::new();
    for (width, dark) in [(1280, false), (360, true)] {
        browser.look(width, 800, dark);
        let found = browser.value(include_str!("../support/access.js"));
        wrong.extend(found.as_array().unwrap().iter().map(Value::to_string));
        let wide = browser
            .value("document.documentElement.scrollWidth")
            .as_u64()
            .unwrap();
        assert!(
            wide <= u64::from(width),
            "{wide} wide on a screen of {width}"
        );
        if let Some(folder) = std::env::var_os("FLEETGAUGE_SCREENSHOTS") {
            browser.value(
                "document.querySelector('#power-words').closest('section').scrollIntoView()",
            );
            std::fs::write(
                Path::new(&folder).join(format!("history-{width}.png")),
                browser.picture(),
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_charging_view_has_a_heat_map_and_the_power_of_a_site() {
    const TEST: &str = "the_charging_view_has_a_heat_map_and_the_power_of_a_site";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("history-browser");
    register(
        folder.path(),
        &[
            (
                "sites.csv",
                "site_id,name,capacity_kw\nDER,Derby,60\nLEI,Leicester,\n",
            ),
            (
                "charge_points.csv",
                "charge_point_id,site,connectors,max_power_kw\nCP1,DER,2,50\nCP2,LEI,1,50\n",
            ),
        ],
    );
    write_ten_days(folder.path(), now());
    let daemon = Daemon::start(folder.path(), &[]);
    let mut browser = Browser::open(&chromium);
    let url = format!("http://127.0.0.1:{}/", daemon.web);
    browser.go(&format!("{url}#/charging"));
    settle(&mut browser, "charging");
    wait_for("the heat map", || {
        browser
            .value("document.querySelectorAll('svg .heat, svg .unseen').length")
            .as_u64()
            > Some(168)
    });
    assert_heat_map_shows_the_api(&mut browser, &daemon);
    assert_power_of_sites_is_shown(&mut browser);
    assert_usable_on_a_phone_and_in_the_dark(&mut browser);
    assert_eq!(browser.errors, Vec::<String>::new(), "the console is quiet");
    daemon.stop();
}

#[test]
fn a_viewer_sees_no_commands_for_operators() {
    const TEST: &str = "a_viewer_sees_no_commands_for_operators";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("history-viewer");
    let settings = "[[alert]]\nname = \"any\"\nmeasurement = \"fleet_transition\"\nfield = \"vehicles_total\"\nbelow = 1.0\nfor = \"0s\"\nseverity = \"warning\"\nsummary = \"No vehicles\"\n";
    std::fs::write(folder.path().join("fleetgauge.toml"), settings).unwrap();
    let daemon = Daemon::start(folder.path(), &accounts(folder.path()));
    let mut browser = Browser::open(&chromium);
    let shown = "[...document.querySelectorAll('.ack, .silence, .unsilence, [name=by]')].filter((node) => node.getClientRects().length).length";
    for (name, offered) in [("ann", true), ("vic", false)] {
        browser.call(
            "Page.navigate",
            serde_json::json!({ "url": format!("http://127.0.0.1:{}/login?next=%2F", daemon.web) }),
        );
        wait_for("the login page", || {
            browser.text("document.title").starts_with("Log in")
        });
        browser.text(&format!(
            "document.getElementById('name').value = '{name}'; document.getElementById('password').value = '{PASSWORD}'; document.querySelector('button').click(); ''"
        ));
        wait_for("the page", || {
            browser.text("document.title").ends_with(" · fleetgauge")
        });
        browser.value("location.hash = '#/alerts'");
        settle(&mut browser, "alerts");
        wait_for("who is looking", || {
            browser
                .text("document.getElementById('account')?.textContent || ''")
                .contains(name)
        });
        assert_eq!(
            browser.value("document.body.classList.contains('viewer')"),
            !offered,
            "{name}"
        );
        assert_eq!(browser.value(shown).as_u64() > Some(0), offered, "{name}");
        browser.call("Network.clearBrowserCookies", serde_json::json!({}));
    }
    daemon.stop();
}

/// 800 vehicles, of which 200 are electric, 300 charge points with 600 connectors, and 70 sites.
fn write_large_register(folder: &Path) {
    let mut vehicles = "vehicle_id,organisation,site,role,category,fuel\n".to_owned();
    let mut points = "charge_point_id,site,connectors,max_power_kw\n".to_owned();
    let mut sites = "site_id,name,capacity_kw\n".to_owned();
    (0..70).for_each(|n| writeln!(sites, "S{n:02},Premises {n},{}", 50 + n).unwrap());
    for n in 0..800 {
        let fuel = ["DIESEL", "ELECTRICITY"][usize::from(n % 4 == 0)];
        writeln!(
            vehicles,
            "VEH-{n:03},EMAS,S{:02},emergency,van,{fuel}",
            n % 70
        )
        .unwrap();
    }
    (0..300).for_each(|n| writeln!(points, "CP-{n:03},S{:02},2,22", n % 70).unwrap());
    register(
        folder,
        &[
            (
                "organisations.csv",
                "organisation_id,name\nEMAS,East Midlands\n",
            ),
            ("sites.csv", &sites),
            ("vehicles.csv", &vehicles),
            ("charge_points.csv", &points),
        ],
    );
}

/// The number of elements that a selector finds.
fn count(browser: &mut Browser, selector: &str) -> Value {
    browser.value(&format!("document.querySelectorAll('{selector}').length"))
}

/// Sets a field of the filter as a user does.
fn set_filter(browser: &mut Browser, field: &str, value: &str) {
    browser.value(&format!(
        "(() => {{ const field = document.querySelector('[name={field}]'); field.value = '{value}'; field.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"
    ));
}

fn wait_for_vehicle_count(browser: &mut Browser, want: &str) {
    wait_for(want, || browser.shown("#vehicle-count") == want);
}

/// Opens a view of a daemon with the large register.
fn open_large_fleet(chromium: &Path, folder: &TempDir, view: &str) -> (Daemon, Browser) {
    write_large_register(folder.path());
    let daemon = Daemon::start(folder.path(), &[]);
    let mut browser = Browser::open(chromium);
    browser.go(&format!("http://127.0.0.1:{}/#/{view}", daemon.web));
    settle(&mut browser, view);
    (daemon, browser)
}

#[test]
fn many_hundred_vehicles_are_shown_and_filtered() {
    const TEST: &str = "many_hundred_vehicles_are_shown_and_filtered";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("history-many");
    let (daemon, mut browser) = open_large_fleet(&chromium, &folder, "vehicles");
    wait_for_vehicle_count(&mut browser, "800 of 800 vehicles");
    assert_eq!(count(&mut browser, "#vehicles tbody tr"), 800);
    set_filter(&mut browser, "text", "veh-77");
    wait_for_vehicle_count(&mut browser, "10 of 800 vehicles");
    assert_eq!(count(&mut browser, "#vehicles tbody tr"), 10);
    set_filter(&mut browser, "text", "");
    set_filter(&mut browser, "class", "zero");
    wait_for_vehicle_count(&mut browser, "200 of 800 vehicles");
    assert_eq!(browser.errors, Vec::<String>::new(), "the console is quiet");
    daemon.stop();
}

#[test]
fn hundreds_of_charge_points_are_shown_with_their_connectors_and_sites() {
    const TEST: &str = "hundreds_of_charge_points_are_shown_with_their_connectors_and_sites";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("history-points");
    let (daemon, mut browser) = open_large_fleet(&chromium, &folder, "charging");
    wait_for("all charge points", || count(&mut browser, ".point") == 300);
    assert_eq!(count(&mut browser, ".point .plug"), 600);
    assert_eq!(
        browser.value("document.querySelector('[name=power-site]').options.length"),
        70
    );
    assert_eq!(browser.errors, Vec::<String>::new(), "the console is quiet");
    daemon.stop();
}
