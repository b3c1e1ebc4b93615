//! Logging in and out in a real browser: the headers that it sends by itself must be enough for the checks of origin.

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

/// A daemon with accounts that listens on every address of this machine.
fn daemon_on_all_addresses(folder: &TempDir) -> Daemon {
    let port = free_port();
    let listen = format!("0.0.0.0:{port}");
    let settings = [
        &accounts(folder.path())[..],
        &[("web.listen", &listen), ("web.allow_plain_http", "true")],
    ]
    .concat();
    Daemon::start_on(folder.path(), (free_port(), free_port(), port), &settings)
}

fn wait_for_login_page(browser: &mut Browser) {
    wait_for("the login page", || {
        browser.text("document.title").starts_with("Log in")
    });
}

/// Fills in the form and sends it.
fn submit_login(browser: &mut Browser, password: &str) {
    browser.text(&format!(
        "document.getElementById('name').value = 'ann'; document.getElementById('password').value = '{password}';"
    ));
    browser.text("document.querySelector('button').click(); ''");
}

/// Once with a wrong password, then with the right one; the browser comes to the page that it wanted.
fn log_in(browser: &mut Browser, site: &str) {
    browser.go(&format!("{site}/?kiosk=1"));
    wait_for_login_page(browser);
    submit_login(browser, "wrong");
    wait_for("the refusal", || {
        browser.text("document.querySelector('.message')?.textContent || ''")
            == "The name or the password is wrong."
    });
    submit_login(browser, PASSWORD);
    wait_for("the page", || {
        browser.text("document.title").ends_with(" · fleetgauge")
    });
    assert_eq!(
        browser.text("location.pathname + location.search"),
        "/?kiosk=1"
    );
    assert_eq!(
        browser.text("document.cookie"),
        "",
        "no script sees the cookie"
    );
}

/// The headers that a browser sends by itself with a request of our page are enough for a command.
fn assert_page_may_silence(browser: &mut Browser) {
    let silence = "fetch('/api/v1/alerts/silence', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ matchers: { site: 'A' }, duration_s: 60 }) }).then((answer) => { document.title = 'answered ' + answer.status; }); ''";
    browser.text(silence);
    wait_for("the answer", || {
        browser.text("document.title") == "answered 200"
    });
}

fn log_out(browser: &mut Browser, site: &str) {
    let account = format!("{site}/account");
    browser.go(&account);
    wait_for("the account", || {
        browser
            .text("document.body.innerText")
            .contains("operator: may also")
    });
    browser.text("document.querySelector('button').click(); ''");
    wait_for_login_page(browser);
    browser.go(&account);
    wait_for("no account any more", || {
        browser.text("location.pathname") == "/login"
    });
}

#[test]
fn a_browser_logs_in_and_out() {
    const TEST: &str = "a_browser_logs_in_and_out";
    let Some(chromium) = server(TEST, "chromium") else {
        return;
    };
    let folder = TempDir::new("access-browser");
    let daemon = daemon_on_all_addresses(&folder);
    let mut browser = Browser::open(&chromium);
    // Browsers send Sec-Fetch-Site to loopback; to another address without TLS only `Origin`.
    let beyond = own_address();
    for host in ["127.0.0.1", "localhost"]
        .into_iter()
        .chain(beyond.as_deref())
    {
        let site = format!("http://{host}:{}", daemon.web);
        log_in(&mut browser, &site);
        assert_page_may_silence(&mut browser);
        log_out(&mut browser, &site);
    }
    // The 401 of the wrong password is an error on the console as well; there may be no other.
    let unexpected: Vec<_> = browser
        .errors
        .iter()
        .filter(|error| !error.contains("401"))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
    daemon.stop();
}
