//! Who may see and do what: every route for every role, on loopback and beyond, by session and by token; foreign pages; commands.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod command_line;

use crate::support;
use crate::support::web_client;
use std::path::Path;

use fleetgauge::api::{ROUTES, Route};

use crate::support::web_client::{Answer, OPERATOR, VIEWER, accounts, hash, log_in, request_as};
use crate::support::{Daemon, TempDir, fleetgauge};

/// Method and path of every route of the API, from its table: a new route cannot be forgotten here.
fn routes() -> Vec<(&'static str, String)> {
    let method = |route: &Route| {
        if route.method == "post" {
            "POST"
        } else {
            "GET"
        }
    };
    let found: Vec<_> = ROUTES
        .iter()
        .map(|route| (method(route), format!("/api/v1{}", route.path)))
        .collect();
    assert!(
        found.len() > 20 && found.iter().filter(|(method, _)| *method == "POST").count() >= 4,
        "{found:?}"
    );
    found
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Status only: an event stream would not end.
fn status(daemon: &Daemon, line: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    use std::io::Read;
    let mut stream = web_client::open(daemon, line, headers, body);
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    Answer::parse(&String::from_utf8_lossy(&first)).status
}

/// A caller with the headers by which it authenticates.
struct Caller<'a> {
    name: &'a str,
    headers: &'a [(&'a str, &'a str)],
    may_view: bool,
    may_operate: bool,
}

impl<'a> Caller<'a> {
    fn new(
        name: &'a str,
        headers: &'a [(&'a str, &'a str)],
        may_view: bool,
        may_operate: bool,
    ) -> Self {
        Self {
            name,
            headers,
            may_view,
            may_operate,
        }
    }
}

fn assert_login_pages_are_open_and_other_methods_refused(daemon: &Daemon, viewer: &str) {
    for path in ["/healthz", "/readyz", "/login", "/login.css", "/icon.svg"] {
        assert_eq!(
            status(daemon, &format!("GET {path}"), &[], ""),
            200,
            "{path} without a login"
        );
    }
    for line in [
        "DELETE /api/v1/overview",
        "POST /",
        "PUT /metrics",
        "OPTIONS /api/v1/alerts/ack",
    ] {
        assert_eq!(status(daemon, line, &[], ""), 401, "{line}");
        assert_eq!(
            status(daemon, line, &[("Authorization", viewer)], ""),
            403,
            "{line}"
        );
    }
}

fn assert_callers_are_named(daemon: &Daemon, cookie: &str) {
    let me = request_as(daemon, "GET /api/v1/me", &[("Cookie", cookie)], "");
    assert!(
        me.body
            .contains(r#""login":"session","name":"vic","role":"viewer""#),
        "{me:?}"
    );
    let anonymous = request_as(daemon, "GET /api/v1/me", &[], "");
    assert_eq!(
        anonymous.header("www-authenticate"),
        Some("Bearer realm=\"fleetgauge\"")
    );
    let page = request_as(daemon, "GET /?kiosk=1", &[("Accept", "text/html,*/*")], "");
    assert_eq!(
        (page.status, page.header("location")),
        (303, Some("/login?next=/%3Fkiosk%3D1"))
    );
}

/// Statuses with which a caller may be answered.
fn expected_statuses(
    method: &str,
    path: &str,
    may_view: bool,
    may_operate: bool,
) -> &'static [u16] {
    match (method, may_view, may_operate) {
        (_, false, _) => &[401],
        ("POST", true, false) => &[403],
        ("POST", true, true) => &[400],
        _ if path == "/nothing" => &[404],
        _ => &[200],
    }
}

/// Routes that are not of the API.
fn pages() -> impl Iterator<Item = (&'static str, String)> {
    [
        "/",
        "/js/app.js",
        "/app.css",
        "/metrics",
        "/account",
        "/nothing",
    ]
    .into_iter()
    .map(|path| ("GET", path.to_owned()))
}

/// Every route and page is answered to this caller as its role allows.
fn assert_routes_for(daemon: &Daemon, caller: &Caller<'_>) {
    let headers = [caller.headers, &[JSON]].concat();
    for (method, path) in routes().into_iter().chain(pages()) {
        let body = if method == "POST" { "[]" } else { "" };
        let found = status(daemon, &format!("{method} {path}"), &headers, body);
        let want = expected_statuses(method, &path, caller.may_view, caller.may_operate);
        assert!(
            want.contains(&found),
            "{method} {path} as {}: {found}, not {want:?}",
            caller.name
        );
    }
}

#[test]
fn every_route_checks_the_role_of_its_caller() {
    let folder = TempDir::new("access-routes");
    let mut settings = accounts(folder.path()).to_vec();
    settings.push(("web.require_login", "true"));
    let daemon = Daemon::start(folder.path(), &settings);
    let (ann, vic) = (log_in(&daemon, "ann"), log_in(&daemon, "vic"));
    let (desk, grafana) = (format!("Bearer {OPERATOR}"), format!("bearer {VIEWER}"));
    let origin = format!("http://localhost:{}", daemon.web);
    let strangers: [(&str, &[(&str, &str)]); 4] = [
        ("no login", &[]),
        ("an unknown cookie", &[("Cookie", "fleetgauge=AAAA")]),
        ("an unknown token", &[("Authorization", "Bearer AAAA")]),
        (
            "a charge point's password",
            &[("Authorization", "Basic YW5uOmI=")],
        ),
    ];
    for (name, headers) in strangers {
        assert_routes_for(&daemon, &Caller::new(name, headers, false, false));
    }
    let vic_headers = [("Cookie", vic.as_str()), ("Origin", &origin)];
    let ann_headers = [("Cookie", ann.as_str()), ("Origin", &origin)];
    for caller in [
        Caller::new("vic", &vic_headers, true, false),
        Caller::new("ann", &ann_headers, true, true),
        Caller::new("grafana", &[("Authorization", &grafana)], true, false),
        Caller::new("desk", &[("Authorization", &desk)], true, true),
    ] {
        assert_routes_for(&daemon, &caller);
    }
    assert_login_pages_are_open_and_other_methods_refused(&daemon, &grafana);
    assert_callers_are_named(&daemon, &vic);
    daemon.stop();
}

/// Status of a command that an operator alone may give; 409 is an operator's, because there is no entry 7.
fn undo(daemon: &Daemon, headers: &[(&str, &str)]) -> u16 {
    request_as(
        daemon,
        "POST /api/v1/counters/undo",
        &[&[JSON], headers].concat(),
        "{\"entry\": 7}",
    )
    .status
}

/// Status of what a viewer may see.
fn view(daemon: &Daemon, headers: &[(&str, &str)]) -> u16 {
    request_as(daemon, "GET /api/v1/overview", headers, "").status
}

#[test]
fn without_accounts_callers_on_loopback_are_operators() {
    let folder = TempDir::new("access-open");
    let daemon = Daemon::start(folder.path(), &[]);
    assert_eq!(undo(&daemon, &[]), 409);
    assert_eq!(undo(&daemon, &[("Origin", "http://evil.example")]), 403);
    assert_eq!(undo(&daemon, &[("Sec-Fetch-Site", "cross-site")]), 403);
    let me = request_as(&daemon, "GET /api/v1/me", &[], "").body;
    assert!(
        me.contains(r#""has_users":false,"login":"none","name":null,"role":"operator""#),
        "{me}"
    );
    assert_eq!(
        web_client::log_in_with(&daemon, "ann", "secret", &[]).status,
        401,
        "there are no users to log in"
    );
    daemon.stop();
}

#[test]
fn with_accounts_callers_on_loopback_may_view_and_nothing_else() {
    let folder = TempDir::new("access-local");
    let mut settings = accounts(folder.path()).to_vec();
    std::fs::write(
        folder.path().join("fleetgauge.toml"),
        "[web]\nallowed_hosts = [\"fleet.example\"]\n",
    )
    .unwrap();
    settings.push(("web.max_sessions", "10"));
    let daemon = Daemon::start(folder.path(), &settings);
    assert_eq!(view(&daemon, &[]), 200);
    assert_eq!(undo(&daemon, &[]), 403);
    assert_eq!(
        undo(&daemon, &[("Authorization", &format!("Bearer {OPERATOR}"))]),
        409
    );
    // A caller behind a proxy is not on loopback.
    for (name, value) in [
        ("X-Forwarded-For", "10.1.2.3"),
        ("Forwarded", "for=10.1.2.3"),
        ("Via", "1.1 proxy"),
        ("Host", "fleet.example"),
    ] {
        assert_eq!(view(&daemon, &[(name, value)]), 401, "{name}");
    }
    assert_eq!(
        view(&daemon, &[("Authorization", "Bearer wrong")]),
        401,
        "a wrong token is refused where no token is accepted"
    );
    daemon.stop();
}

#[test]
fn beyond_loopback_every_caller_needs_a_login() {
    let folder = TempDir::new("access-beyond");
    let port = support::free_port();
    let mut settings = accounts(folder.path()).to_vec();
    let listen = format!("0.0.0.0:{port}");
    settings.extend([
        ("web.listen", listen.as_str()),
        ("web.allow_plain_http", "true"),
    ]);
    let daemon = Daemon::start_on(
        folder.path(),
        (support::free_port(), support::free_port(), port),
        &settings,
    );
    assert_eq!(view(&daemon, &[]), 401);
    let health = |host: &str| request_as(&daemon, "GET /healthz", &[("Host", host)], "").status;
    assert_eq!(
        health("192.0.2.7:8310"),
        200,
        "an address cannot be rebound"
    );
    assert_eq!(health("evil.example"), 421);
    daemon.stop();
}

/// Ann silences an alert from a page that sends these headers: the status, and with 403 the logout is refused too.
fn assert_silence_and_logout(daemon: &Daemon, cookie: &str, headers: &[(&str, &str)], want: u16) {
    let body = "{\"matchers\":{\"site\":\"A\"},\"duration_s\":60,\"by\":\"eve\"}";
    let cookie_header = ("Cookie", cookie);
    let all = [&[cookie_header, JSON], headers].concat();
    let answer = request_as(daemon, "POST /api/v1/alerts/silence", &all, body);
    assert_eq!(answer.status, want, "{headers:?}: {}", answer.body);
    if want == 403 {
        let logout = [&[cookie_header], headers].concat();
        assert_eq!(
            request_as(daemon, "POST /logout", &logout, "").status,
            403,
            "{headers:?}"
        );
        assert_eq!(web_client::me(daemon, cookie), 200, "still logged in");
    }
}

#[test]
fn pages_of_other_origins_cannot_use_the_cookie() {
    let folder = TempDir::new("access-csrf");
    let daemon = Daemon::start(folder.path(), &accounts(folder.path()));
    let cookie = log_in(&daemon, "ann");
    let own = format!("http://localhost:{}", daemon.web);
    let neighbour = format!("http://localhost:{}", daemon.web - 1);
    for (headers, want) in [
        (&[("Origin", own.as_str())][..], 200),
        (
            &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
            200,
        ),
        (&[], 403),
        (&[("Origin", "null")], 403),
        (&[("Origin", "https://evil.example")], 403),
        (&[("Origin", &neighbour)], 403),
        (&[("Sec-Fetch-Site", "same-site"), ("Origin", &own)], 403),
        (&[("Sec-Fetch-Site", "cross-site")], 403),
    ] {
        assert_silence_and_logout(&daemon, &cookie, headers, want);
    }
    // A silence is kept under the name of the logged-in user, whatever the body claims.
    let alerts = daemon.api("alerts");
    let by: Vec<_> = alerts["silences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|silence| silence["by"].as_str().unwrap())
        .collect();
    assert_eq!(by, ["ann", "ann"]);
    assert!(
        daemon.log().contains("silenced alerts for 60 s"),
        "{}",
        daemon.log()
    );
    daemon.stop();
}

/// A form can send text/plain to any site without asking, JSON it cannot.
#[test]
fn commands_are_accepted_as_json_only() {
    let folder = TempDir::new("access-form");
    let daemon = Daemon::start(folder.path(), &accounts(folder.path()));
    let cookie = log_in(&daemon, "ann");
    let own = format!("http://localhost:{}", daemon.web);
    let headers = [
        ("Cookie", cookie.as_str()),
        ("Origin", &own),
        ("Content-Type", "text/plain"),
    ];
    let answer = request_as(
        &daemon,
        "POST /api/v1/alerts/unsilence",
        &headers,
        "{\"id\":1}",
    );
    assert_eq!(answer.status, 415);
    daemon.stop();
}

#[test]
fn pages_of_other_origins_cannot_log_a_browser_in() {
    let folder = TempDir::new("access-login-csrf");
    let daemon = Daemon::start(folder.path(), &accounts(folder.path()));
    for header in [
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let answer = web_client::log_in_with(&daemon, "ann", web_client::PASSWORD, &[header]);
        assert_eq!(answer.status, 403, "{header:?}");
    }
    daemon.stop();
}
