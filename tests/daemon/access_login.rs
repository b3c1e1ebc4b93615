//! Logging in and out: cookies, pages without script, ends of sessions, guessing, changed files, TLS.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support::tls;
use crate::support::web_client;
use std::io::{Read, Write};
use std::process::Stdio;

use crate::support::web_client::{
    Answer, PASSWORD, VIEWER, accounts, form, hash, log_in, log_in_with, me, request, request_as,
};
use crate::support::{Daemon, TempDir, fleetgauge, free_port, signal, wait_for};

fn strict(folder: &TempDir, further: &[(&str, &str)]) -> Daemon {
    let settings = [
        &accounts(folder.path())[..],
        &[("web.require_login", "true")],
        further,
    ]
    .concat();
    Daemon::start(folder.path(), &settings)
}

/// The page of the login, and the same after a wrong password, with what was typed given back as text.
fn assert_login_form_is_safe(daemon: &Daemon) {
    let page = request_as(daemon, "GET /login?next=/%3Fkiosk%3D1", &[], "");
    assert!(
        page.status == 200
            && page.body.contains("name=\"next\" value=\"/?kiosk=1\"")
            && page.body.contains("method=\"post\"")
    );
    for (name, want) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(page.header(name), Some(want), "{name}");
    }
    assert!(
        !page.body.contains("<script")
            && !page.body.contains("style=")
            && !page.body.contains("<style"),
        "nothing inline"
    );
    let wrong = log_in_with(daemon, "<b>\"eve", "guess", &[]);
    assert!(
        wrong.status == 401
            && wrong.body.contains("&lt;b&gt;&quot;eve")
            && !wrong.body.contains("<b>"),
        "{wrong:?}"
    );
    assert!(wrong.header("set-cookie").is_none() && !wrong.body.contains("guess"));
}

fn assert_cookie_is_strict_and_accepted(daemon: &Daemon, right: &Answer, cookie: &str) {
    let flags = right
        .header("set-cookie")
        .unwrap()
        .strip_prefix(cookie)
        .unwrap();
    assert_eq!(flags, "; Path=/; HttpOnly; SameSite=Strict");
    assert!(
        cookie.starts_with("fleetgauge=") && cookie.len() > 50,
        "{cookie}"
    );
    assert_eq!(me(daemon, cookie), 200);
    assert_eq!(me(daemon, &format!("other=1; {cookie}")), 200);
    assert_eq!(me(daemon, &cookie[..cookie.len() - 1]), 401);
    let account = request_as(daemon, "GET /account", &[("Cookie", cookie)], "");
    assert!(
        account.body.contains("<strong>ann</strong>")
            && account.body.contains("operator: may also"),
        "{account:?}"
    );
}

/// After a login the browser is sent to this site only.
fn assert_redirects_stay_on_this_site(daemon: &Daemon, origin: &str) {
    for next in [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
    ] {
        let body = form("ann", PASSWORD, next);
        let headers = [
            ("Origin", origin),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        assert_eq!(
            request_as(daemon, "POST /login", &headers, &body).header("location"),
            Some("/"),
            "{next}"
        );
    }
    let long = form(&"a".repeat(5_000), PASSWORD, "/");
    let headers = [
        ("Origin", origin),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    assert_eq!(
        request_as(daemon, "POST /login", &headers, &long).status,
        413
    );
}

#[test]
fn a_browser_without_script_logs_in_and_out() {
    let folder = TempDir::new("login-form");
    let daemon = strict(&folder, &[]);
    assert_login_form_is_safe(&daemon);
    let right = log_in_with(&daemon, "ann", PASSWORD, &[]);
    assert_eq!(
        (right.status, right.header("location")),
        (303, Some("/?kiosk=1"))
    );
    let cookie = right.cookie().unwrap();
    assert_cookie_is_strict_and_accepted(&daemon, &right, &cookie);
    // A second login leaves no first session behind.
    let second = log_in_with(&daemon, "ann", PASSWORD, &[("Cookie", &cookie)])
        .cookie()
        .unwrap();
    assert_eq!((me(&daemon, &cookie), me(&daemon, &second)), (401, 200));
    // An open page is closed by the logout.
    let mut stream = web_client::open(&daemon, "GET /api/v1/events", &[("Cookie", &second)], "");
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let origin = format!("http://localhost:{}", daemon.web);
    let out = request_as(
        &daemon,
        "POST /logout",
        &[("Cookie", &second), ("Origin", &origin)],
        "",
    );
    assert_eq!(
        (out.status, out.header("set-cookie")),
        (
            303,
            Some("fleetgauge=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
        )
    );
    assert_eq!(me(&daemon, &second), 401);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_redirects_stay_on_this_site(&daemon, &origin);
    let log = daemon.log();
    assert!(
        !log.contains(PASSWORD) && !log.contains("eve") && !log.contains(&cookie[11..]),
        "{log}"
    );
    daemon.stop();
}

#[test]
fn sessions_expire_and_are_limited() {
    // Used all the time, and over all the same. That an unused one ends sooner is tested in sessions.rs, where time stands still.
    let folder = TempDir::new("login-expiry");
    let daemon = strict(
        &folder,
        &[("web.session_idle", "1s"), ("web.session_max", "1s")],
    );
    let cookie = log_in(&daemon, "vic");
    wait_for("the end of the session", || me(&daemon, &cookie) == 401);
    daemon.stop();
    let folder = TempDir::new("login-sessions");
    let daemon = strict(&folder, &[("web.max_sessions", "1")]);
    let first = log_in(&daemon, "vic");
    let second = log_in(&daemon, "ann");
    assert_eq!(
        (me(&daemon, &first), me(&daemon, &second)),
        (401, 200),
        "one at a time"
    );
    daemon.stop();
}

#[test]
fn changed_files_of_users_and_tokens_apply_at_once() {
    let folder = TempDir::new("login-reload");
    let daemon = strict(&folder, &[]);
    let (ann, vic) = (log_in(&daemon, "ann"), log_in(&daemon, "vic"));
    let users = folder.path().join("users.txt");
    std::fs::write(&users, "ann:operator:broken\n").unwrap();
    signal(daemon.id(), "HUP");
    wait_for("a word about the broken file", || {
        daemon.log().contains("users.txt line 1")
    });
    assert_eq!(
        (me(&daemon, &ann), me(&daemon, &vic)),
        (200, 200),
        "the old ones stay in force"
    );
    // ann has another password, vic is gone, so is grafana.
    std::fs::write(&users, format!("ann:viewer:{}\n", hash("another password"))).unwrap();
    std::fs::write(folder.path().join("tokens.txt"), "").unwrap();
    signal(daemon.id(), "HUP");
    wait_for("the end of ann's session", || me(&daemon, &ann) == 401);
    assert_eq!(me(&daemon, &vic), 401);
    assert_eq!(
        request_as(
            &daemon,
            "GET /api/v1/me",
            &[("Authorization", &format!("Bearer {VIEWER}"))],
            ""
        )
        .status,
        401
    );
    assert_eq!(
        log_in_with(&daemon, "ann", "another password", &[]).status,
        303
    );
    daemon.stop();
}

/// Three wrong logins are allowed, and addresses are the proxy's.
fn limited(folder: &TempDir) -> Daemon {
    strict(
        folder,
        &[("web.max_failed_logins", "3"), ("web.behind_proxy", "true")],
    )
}

fn log_in_from(daemon: &Daemon, name: &str, password: &str, address: &str) -> Answer {
    log_in_with(daemon, name, password, &[("X-Forwarded-For", address)])
}

fn guess_four_times(daemon: &Daemon, name: &str, address: &str) -> [u16; 4] {
    [0; 4].map(|_| log_in_from(daemon, name, "guess", address).status)
}

#[test]
fn wrong_passwords_lock_the_name_and_the_address_for_a_while() {
    let folder = TempDir::new("login-guess");
    let daemon = limited(&folder);
    assert_eq!(
        guess_four_times(&daemon, "ann", "10.0.0.1"),
        [401, 401, 401, 429]
    );
    let refused = log_in_from(&daemon, "ann", PASSWORD, "10.0.0.1");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("60")),
        "right, but too late"
    );
    for (name, address, why) in [
        ("vic", "10.0.0.1", "the address"),
        (
            "vic",
            "10.0.0.2, 10.0.0.1",
            "an address that the proxy has not seen counts for nothing",
        ),
        ("ANN", "10.0.0.2", "the name, from elsewhere"),
    ] {
        let answer = log_in_from(&daemon, name, PASSWORD, address);
        assert_eq!(answer.status, 429, "{why}");
    }
    // An unknown name is counted as a known one is.
    assert_eq!(
        guess_four_times(&daemon, "nobody", "10.0.0.3"),
        [401, 401, 401, 429]
    );
    let token = format!("Bearer {VIEWER}");
    let metrics = request_as(&daemon, "GET /metrics", &[("Authorization", &token)], "").body;
    for want in [
        "fleetgauge_web_logins_failed_total 6\n",
        "fleetgauge_web_logins_limited_total 6\n",
    ] {
        assert!(metrics.contains(want), "{metrics}");
    }
    daemon.stop();
}

#[test]
fn users_at_other_addresses_log_in_while_one_is_locked() {
    let folder = TempDir::new("login-others");
    let daemon = limited(&folder);
    guess_four_times(&daemon, "ann", "10.0.0.1");
    let good = log_in_from(&daemon, "vic", PASSWORD, "10.0.0.1, 10.0.0.2");
    assert_eq!(good.status, 303, "others go on");
    let cookie = good.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-fleetgauge=")
            && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
        "{good:?}"
    );
    assert_eq!(
        [0; 5].map(|_| log_in_from(&daemon, "vic", PASSWORD, "10.0.0.2").status),
        [303; 5],
        "good logins are not counted"
    );
    daemon.stop();
}

/// A daemon with accounts and TLS on a port of its own.
fn daemon_with_tls(folder: &TempDir, port: u16) -> Daemon {
    let listen = format!("127.0.0.1:{port}");
    let settings = [
        &accounts(folder.path())[..],
        &[
            ("web.tls_listen", listen.as_str()),
            ("web.certificate_file", "web.pem"),
            ("web.key_file", "web.key"),
        ],
    ]
    .concat();
    Daemon::start(folder.path(), &settings)
}

#[test]
fn a_login_over_tls_sets_a_secure_cookie() {
    let folder = TempDir::new("login-tls");
    const TEST: &str = "a_login_over_tls_sets_a_secure_cookie";
    let Some(authority) = tls::Authority::new(TEST, folder.path()) else {
        return;
    };
    authority.sign("web", "localhost", "DNS:localhost");
    let port = free_port();
    let daemon = daemon_with_tls(&folder, port);
    let exchange = |line: &str, headers: &[(&str, &str)], body: &str| {
        Answer::parse(&tls::exchange(
            folder.path(),
            port,
            &request(port, line, headers, body),
        ))
    };
    // A client that begins a handshake and falls silent delays no other.
    let mut silent = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    silent.write_all(b"\x16\x03\x01").unwrap();
    assert_eq!(
        exchange("GET /api/v1/overview", &[], "").status,
        401,
        "never without a login"
    );
    assert_eq!(
        daemon.get("/api/v1/overview").0,
        200,
        "on loopback without TLS anyone may view"
    );
    let origin = format!("https://localhost:{port}");
    let headers = [
        ("Origin", origin.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let answer = exchange("POST /login", &headers, &form("ann", PASSWORD, "/"));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-fleetgauge=")
            && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    let cookie = answer.cookie().unwrap();
    assert_eq!(
        exchange("GET /api/v1/me", &[("Cookie", &cookie)], "").status,
        200
    );
    daemon.stop();
}

#[test]
fn a_key_of_another_certificate_is_an_error_of_the_configuration() {
    const TEST: &str = "a_key_of_another_certificate_is_an_error_of_the_configuration";
    let folder = TempDir::new("login-tls-key");
    let Some(authority) = tls::Authority::new(TEST, folder.path()) else {
        return;
    };
    authority.sign("web", "localhost", "DNS:localhost");
    authority.sign("other", "localhost", "");
    accounts(folder.path());
    std::fs::write(
        folder.path().join("fleetgauge.toml"),
        "[web]\ntls_listen = \"127.0.0.1:0\"\nusers_file = \"users.txt\"\ncertificate_file = \"web.pem\"\nkey_file = \"other.key\"\n",
    )
    .unwrap();
    let output = fleetgauge()
        .current_dir(folder.path())
        .args(["check-config", "fleetgauge.toml"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("`web.key_file`: other.key: ") && text.contains("hint:"),
        "{text}"
    );
}

#[test]
fn passwords_and_tokens_are_hashed_for_the_files() {
    for (arguments, secret, want) in [
        (
            &["hash-password", "--user"][..],
            "correct horse",
            "$argon2id$v=19$m=19456,t=2,p=1$",
        ),
        (&["hash-password", "--user"], "tiny", "shorter than 8"),
        (&["hash-token"], VIEWER, "sha256$"),
        (&["hash-token"], "a word", "at least 32 random characters"),
    ] {
        let mut command = fleetgauge();
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(secret.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            text.contains(want) && !text.contains(secret),
            "{arguments:?}: {text}"
        );
    }
}
