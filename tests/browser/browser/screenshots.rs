//! `FLEETGAUGE_SCREENSHOTS=folder cargo test --test browser screenshots` makes a picture of every view, light and dark, wide and narrow.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::{Path, PathBuf};

use super::{VIEWS, api, demo, settle};
use crate::support::browser::Browser;
use crate::support::{server, wait_for};

#[test]
fn screenshots() {
    let Some(folder) = std::env::var_os("FLEETGAUGE_SCREENSHOTS").map(PathBuf::from) else {
        return;
    };
    let Some(chromium) = server("screenshots", "chromium") else {
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    let (_process, port) = demo();
    wait_for("a finished session", || {
        api(port, "sessions")["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|session| !session["ended_at"].is_null())
    });
    let mut browser = Browser::open(&chromium);
    browser.go(&format!("http://127.0.0.1:{port}/"));
    every_view(&mut browser, &folder);
    for_the_readme(&mut browser, &folder);
    browser.look(1920, 1080, true);
    browser.go(&format!("http://127.0.0.1:{port}/?kiosk"));
    wait_for("the kiosk", || {
        browser.value("!!document.body?.classList.contains('kiosk')") == true
    });
    settle(&mut browser, "overview");
    std::fs::write(folder.join("overview-kiosk.png"), browser.picture()).unwrap();
    browser.look(1000, 1400, true);
    browser.go(&format!("http://127.0.0.1:{port}/#/targets"));
    browser.call(
        "Emulation.setEmulatedMedia",
        serde_json::json!({ "media": "print" }),
    );
    settle(&mut browser, "targets");
    std::fs::write(folder.join("targets-print.png"), browser.picture()).unwrap();
}

fn every_view(browser: &mut Browser, folder: &Path) {
    for (name, width, dark) in [
        ("light", 1280, false),
        ("dark", 1280, true),
        ("phone", 390, false),
    ] {
        browser.look(width, 900, dark);
        for view in VIEWS {
            browser.value(&format!("location.hash = '#/{view}'"));
            settle(browser, view);
            if view == "transition" {
                browser.value("(() => { const slider = document.getElementById('per-month'); slider.value = 1; slider.dispatchEvent(new Event('input')); })()");
                wait_for("the answer to what-if", || {
                    browser.shown("#what-if").contains("With")
                });
            }
            std::fs::write(folder.join(format!("{view}-{name}.png")), browser.picture()).unwrap();
        }
    }
}

/// What a screen shows at once, and smaller.
fn for_the_readme(browser: &mut Browser, folder: &Path) {
    std::fs::create_dir_all(folder.join("readme")).unwrap();
    for (view, name, dark) in [
        ("overview", "light", false),
        ("transition", "light", false),
        ("charging", "light", false),
        ("emissions", "light", false),
        ("overview", "dark", true),
    ] {
        browser.look(1280, 700, dark);
        browser.value(&format!("location.hash = '#/{view}'"));
        settle(browser, view);
        let clip =
            serde_json::json!({ "x": 0, "y": 0, "width": 1265, "height": 700, "scale": 0.65 });
        let shot = browser.call(
            "Page.captureScreenshot",
            serde_json::json!({ "format": "png", "clip": clip }),
        );
        let picture = data_encoding::BASE64
            .decode(shot["data"].as_str().unwrap().as_bytes())
            .unwrap();
        std::fs::write(
            folder.join("readme").join(format!("{view}-{name}.png")),
            picture,
        )
        .unwrap();
    }
}
