//! Logging in and out in a real browser, without script: what it says of itself must be enough for the gate.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::net::UdpSocket;

use crate::support::browser::Browser;
use crate::support::web_client::{PASSWORD, accounts};
use crate::support::{Daemon, TempDir, free_port, server, wait_for};

/// This machine's address in a network, if it has one. Nothing is sent.
fn own_address() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket
        .local_addr()
        .ok()
        .map(|address| address.ip().to_string())
        .filter(|address| !address.starts_with("127."))
}

#[test]
fn a_browser_logs_in_and_out() {
    const TEST: &str = "a_browser_logs_in_and_out";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("access-browser");
    let port = free_port();
    let listen = format!("0.0.0.0:{port}");
    let settings = [
        &accounts(folder.path())[..],
        &[("web.listen", &listen), ("web.allow_plain_http", "true")],
    ]
    .concat();
    let daemon = Daemon::start_on(folder.path(), (free_port(), free_port(), port), &settings);
    let mut browser = Browser::open(&chromium);
    // Browsers send Sec-Fetch-Site to loopback; to another address without TLS only `Origin`.
    let beyond = own_address();
    for host in ["127.0.0.1", "localhost"]
        .into_iter()
        .chain(beyond.as_deref())
    {
        browser.call(
            "Page.navigate",
            serde_json::json!({ "url": format!("http://{host}:{}/?kiosk=1", daemon.web) }),
        );
        wait_for("the login page", || {
            browser.text("document.title").starts_with("Log in")
        });
        for (password, want) in [
            ("wrong", "The name or the password is wrong."),
            (PASSWORD, ""),
        ] {
            let fill = format!(
                "document.getElementById('name').value = 'ann'; document.getElementById('password').value = '{password}';"
            );
            browser.text(&fill);
            browser.text("document.querySelector('button').click(); ''");
            if want.is_empty() {
                wait_for("the page", || {
                    browser.text("document.title").ends_with(" · fleetgauge")
                });
            } else {
                wait_for("the refusal", || {
                    browser.text("document.querySelector('.message')?.textContent || ''") == want
                });
            }
        }
        assert_eq!(
            browser.text("location.pathname + location.search"),
            "/?kiosk=1"
        );
        assert_eq!(
            browser.text("document.cookie"),
            "",
            "no script sees the cookie"
        );
        // What a page of ours sends by itself is enough to do something.
        let silence = "fetch('/api/v1/alerts/silence', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ matchers: { site: 'A' }, duration_s: 60 }) }).then((answer) => { document.title = 'answered ' + answer.status; }); ''";
        browser.text(silence);
        wait_for("the answer", || {
            browser.text("document.title") == "answered 200"
        });
        browser.call(
            "Page.navigate",
            serde_json::json!({ "url": format!("http://{host}:{}/account", daemon.web) }),
        );
        wait_for("the account", || {
            browser
                .text("document.body.innerText")
                .contains("operator: may also")
        });
        browser.text("document.querySelector('button').click(); ''");
        wait_for("the login page again", || {
            browser.text("document.title").starts_with("Log in")
        });
        browser.call(
            "Page.navigate",
            serde_json::json!({ "url": format!("http://{host}:{}/account", daemon.web) }),
        );
        wait_for("no account any more", || {
            browser.text("location.pathname") == "/login"
        });
    }
    // A 401 of the wrong password is told on the console as well; nothing else may be.
    let strange: Vec<_> = browser
        .errors
        .iter()
        .filter(|error| !error.contains("401"))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    daemon.stop();
}
