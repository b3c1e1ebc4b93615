//! Every view is usable by keyboard, on a phone, in the dark and on a wall.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use super::*;

#[test]
fn the_first_stop_of_the_tab_key_leads_to_the_content() {
    const TEST: &str = "the_first_stop_of_the_tab_key_leads_to_the_content";
    let Some(mut demo) = Demo::open(TEST, "") else {
        return;
    };
    let browser = &mut demo.browser;
    settle(browser, "overview");
    for (key, code) in [("Tab", 9), ("Enter", 13)] {
        for kind in ["keyDown", "keyUp"] {
            let text = if key == "Enter" && kind == "keyDown" {
                "\r"
            } else {
                ""
            };
            let press = serde_json::json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            browser.call("Input.dispatchKeyEvent", press);
        }
    }
    assert_eq!(browser.text("document.activeElement.id"), "view");
    quiet(&demo.browser, &demo.url);
}

/// Mistakes of accessibility in a view, and a page that is wider than the screen.
fn accessibility_mistakes(browser: &mut Browser, view: &str, width: u32) -> Vec<String> {
    browser.value(&format!("location.hash = '#/{view}'"));
    settle(browser, view);
    let found = browser.value(include_str!("../../support/access.js"));
    let mut mistakes: Vec<String> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|mistake| format!("{view} ({width}): {mistake}"))
        .collect();
    let wide = browser
        .value("document.documentElement.scrollWidth")
        .as_u64()
        .unwrap();
    if wide > u64::from(width) {
        mistakes.push(format!("{view}: {wide} wide on a screen of {width}"));
    }
    mistakes
}

#[test]
fn every_view_is_accessible_on_a_phone_and_in_the_dark() {
    const TEST: &str = "every_view_is_accessible_on_a_phone_and_in_the_dark";
    let Some(mut demo) = Demo::open(TEST, "") else {
        return;
    };
    let browser = &mut demo.browser;
    settle(browser, "overview");
    let mut mistakes = Vec::new();
    for (width, dark) in [(1280, false), (360, true)] {
        browser.look(width, 800, dark);
        for view in VIEWS {
            mistakes.extend(accessibility_mistakes(browser, view, width));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    quiet(&demo.browser, &demo.url);
}

#[test]
fn the_kiosk_has_no_menu() {
    let Some(mut demo) = Demo::open("the_kiosk_has_no_menu", "?kiosk") else {
        return;
    };
    let browser = &mut demo.browser;
    wait_for("the kiosk", || {
        browser.value("!!document.body?.classList.contains('kiosk')") == true
    });
    settle(browser, "overview");
    assert_eq!(
        browser.value("getComputedStyle(document.getElementById('views')).display"),
        "none"
    );
    quiet(&demo.browser, &demo.url);
}
