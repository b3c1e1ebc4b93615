//! Who may see and do what: every route for every role, on loopback and beyond, by session and by token; foreign pages; commands.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support;
use crate::support::web_client;
use std::path::Path;

use fleetgauge::api::{ROUTES, Route};

use crate::support::web_client::{Answer, OPERATOR, VIEWER, accounts, ask, hash, log_in};
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

/// Who, what he shows, and whether he may look and do.
type Visitor<'a> = (&'a str, &'a [(&'a str, &'a str)], bool, bool);

fn open_to_all_and_closed_to_other_methods(daemon: &Daemon, viewer: &str) {
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

fn told_who_they_are(daemon: &Daemon, cookie: &str) {
    let me = ask(daemon, "GET /api/v1/me", &[("Cookie", cookie)], "");
    assert!(
        me.body
            .contains(r#""login":"session","name":"vic","role":"viewer""#),
        "{me:?}"
    );
    let nobody = ask(daemon, "GET /api/v1/me", &[], "");
    assert_eq!(
        nobody.header("www-authenticate"),
        Some("Bearer realm=\"fleetgauge\"")
    );
    let page = ask(daemon, "GET /?kiosk=1", &[("Accept", "text/html,*/*")], "");
    assert_eq!(
        (page.status, page.header("location")),
        (303, Some("/login?next=/%3Fkiosk%3D1"))
    );
}

#[test]
fn every_route_for_every_role() {
    let folder = TempDir::new("access-routes");
    let mut settings = accounts(folder.path()).to_vec();
    settings.push(("web.require_login", "true"));
    let daemon = Daemon::start(folder.path(), &settings);
    let (ann, vic) = (log_in(&daemon, "ann"), log_in(&daemon, "vic"));
    let (desk, grafana) = (format!("Bearer {OPERATOR}"), format!("bearer {VIEWER}"));
    let origin = format!("http://localhost:{}", daemon.web);
    let visitors: [Visitor<'_>; 8] = [
        ("nobody", &[], false, false),
        (
            "a cookie of nobody",
            &[("Cookie", "fleetgauge=AAAA")],
            false,
            false,
        ),
        (
            "a token of nobody",
            &[("Authorization", "Bearer AAAA")],
            false,
            false,
        ),
        (
            "a password as for charge points",
            &[("Authorization", "Basic YW5uOmI=")],
            false,
            false,
        ),
        ("vic", &[("Cookie", &vic), ("Origin", &origin)], true, false),
        ("ann", &[("Cookie", &ann), ("Origin", &origin)], true, true),
        ("grafana", &[("Authorization", &grafana)], true, false),
        ("desk", &[("Authorization", &desk)], true, true),
    ];
    let further = [
        "/",
        "/js/app.js",
        "/app.css",
        "/metrics",
        "/account",
        "/nothing",
    ]
    .map(|path| ("GET", path.to_owned()));
    for (method, path) in routes().into_iter().chain(further) {
        for (who, shown, sees, does) in visitors {
            let mut headers = shown.to_vec();
            headers.push(JSON);
            let got = status(
                &daemon,
                &format!("{method} {path}"),
                &headers,
                if method == "POST" { "[]" } else { "" },
            );
            let want: &[u16] = match (method, sees, does) {
                (_, false, _) => &[401],
                ("POST", true, false) => &[403],
                ("POST", true, true) => &[400],
                _ if path == "/nothing" => &[404],
                _ => &[200],
            };
            assert!(
                want.contains(&got),
                "{method} {path} as {who}: {got}, not {want:?}"
            );
        }
    }
    open_to_all_and_closed_to_other_methods(&daemon, &grafana);
    told_who_they_are(&daemon, &vic);
    daemon.stop();
}

#[test]
fn on_loopback() {
    // Without accounts, as ever.
    let folder = TempDir::new("access-open");
    let daemon = Daemon::start(folder.path(), &[]);
    let undo = |daemon: &Daemon, headers: &[(&str, &str)]| {
        ask(
            daemon,
            "POST /api/v1/counters/undo",
            &[&[JSON], headers].concat(),
            "{\"entry\": 7}",
        )
        .status
    };
    assert_eq!(undo(&daemon, &[]), 409, "there is no entry 7, but one may");
    assert_eq!(undo(&daemon, &[("Origin", "http://evil.example")]), 403);
    assert_eq!(undo(&daemon, &[("Sec-Fetch-Site", "cross-site")]), 403);
    let me = ask(&daemon, "GET /api/v1/me", &[], "").body;
    assert!(
        me.contains(r#""has_users":false,"login":"none","name":null,"role":"operator""#),
        "{me}"
    );
    assert_eq!(
        web_client::log_in_with(&daemon, "ann", "secret", &[]).status,
        401,
        "nobody can log in"
    );
    daemon.stop();
    // With accounts one may look, and no more.
    let folder = TempDir::new("access-local");
    let mut settings = accounts(folder.path()).to_vec();
    std::fs::write(
        folder.path().join("fleetgauge.toml"),
        "[web]\nallowed_hosts = [\"fleet.example\"]\n",
    )
    .unwrap();
    settings.push(("web.max_sessions", "10"));
    let daemon = Daemon::start(folder.path(), &settings);
    let look = |headers: &[(&str, &str)]| ask(&daemon, "GET /api/v1/overview", headers, "").status;
    assert_eq!(look(&[]), 200);
    assert_eq!(undo(&daemon, &[]), 403);
    assert_eq!(
        undo(&daemon, &[("Authorization", &format!("Bearer {OPERATOR}"))]),
        409
    );
    // Whoever comes through a proxy is not from here.
    for (name, value) in [
        ("X-Forwarded-For", "10.1.2.3"),
        ("Forwarded", "for=10.1.2.3"),
        ("Via", "1.1 proxy"),
        ("Host", "fleet.example"),
    ] {
        assert_eq!(look(&[(name, value)]), 401, "{name}");
    }
    assert_eq!(
        look(&[("Authorization", "Bearer wrong")]),
        401,
        "a wrong token is not worth less than none without a word"
    );
    daemon.stop();
    // Beyond loopback nobody may look without a login, from wherever he comes.
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
    assert_eq!(ask(&daemon, "GET /api/v1/overview", &[], "").status, 401);
    assert_eq!(
        ask(&daemon, "GET /healthz", &[("Host", "192.0.2.7:8310")], "").status,
        200,
        "an address cannot be rebound"
    );
    assert_eq!(
        ask(&daemon, "GET /healthz", &[("Host", "evil.example")], "").status,
        421
    );
    daemon.stop();
}

#[test]
fn foreign_pages_can_do_nothing_with_our_cookie() {
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
        let body = "{\"matchers\":{\"site\":\"A\"},\"duration_s\":60,\"by\":\"eve\"}";
        let all = [&[("Cookie", cookie.as_str()), JSON], headers].concat();
        let got = ask(&daemon, "POST /api/v1/alerts/silence", &all, body);
        assert_eq!(got.status, want, "{headers:?}: {}", got.body);
        let logout = [&[("Cookie", cookie.as_str())], headers].concat();
        if want == 403 {
            assert_eq!(
                ask(&daemon, "POST /logout", &logout, "").status,
                403,
                "{headers:?}"
            );
            assert_eq!(web_client::me(&daemon, &cookie), 200, "still logged in");
        }
    }
    // A form cannot send JSON.
    let form = [
        ("Cookie", cookie.as_str()),
        ("Origin", &own),
        ("Content-Type", "text/plain"),
    ];
    assert_eq!(
        ask(
            &daemon,
            "POST /api/v1/alerts/unsilence",
            &form,
            "{\"id\":1}"
        )
        .status,
        415
    );
    // Nor log a browser in under a name of its own.
    assert_eq!(
        web_client::log_in_with(
            &daemon,
            "ann",
            web_client::PASSWORD,
            &[("Origin", "https://evil.example")]
        )
        .status,
        403
    );
    assert_eq!(
        web_client::log_in_with(
            &daemon,
            "ann",
            web_client::PASSWORD,
            &[("Sec-Fetch-Site", "cross-site")]
        )
        .status,
        403
    );
    // What was done is kept under the name of who was logged in, whatever he wrote.
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

fn command(daemon: &Daemon, folder: &Path, arguments: &[&str]) -> (bool, String) {
    let at = format!("127.0.0.1:{}", daemon.web);
    let output = fleetgauge()
        .current_dir(folder)
        .args(arguments)
        .args(["--at", &at])
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    )
}

#[test]
fn commands_send_a_token() {
    let folder = TempDir::new("access-commands");
    let mut settings = accounts(folder.path()).to_vec();
    settings.push(("web.require_login", "true"));
    let daemon = Daemon::start(folder.path(), &settings);
    std::fs::write(folder.path().join("desk.token"), format!("{OPERATOR}\n")).unwrap();
    std::fs::write(folder.path().join("grafana.token"), VIEWER).unwrap();
    let silence = ["alerts", "silence", "site=A", "--for", "1h", "--by", "bob"];
    for (arguments, token, good, want) in [
        (
            &["alerts", "list"][..],
            "",
            false,
            "hint: name a file with a token",
        ),
        (&["alerts", "list"], "grafana.token", true, "no alerts"),
        (
            &["counters", "list"],
            "grafana.token",
            true,
            "nothing has happened",
        ),
        (&silence, "grafana.token", false, "needs the role operator"),
        (&silence, "desk.token", true, "silence 1 holds"),
        (&["alerts", "list"], "desk.token", true, "bob (desk)"),
        (&["counters", "undo", "7"], "desk.token", false, "7"),
        (
            &["alerts", "list"],
            "nothing.token",
            false,
            "--token-file: nothing.token",
        ),
    ] {
        let further: &[&str] = if token.is_empty() {
            &[]
        } else {
            &["--token-file", token]
        };
        let (worked, text) = command(&daemon, folder.path(), &[arguments, further].concat());
        assert!(
            worked == good && text.contains(want),
            "{arguments:?} {token}: {text}"
        );
    }
    daemon.stop();
}

#[test]
fn files_with_mistakes() {
    let folder = TempDir::new("access-files");
    let good = hash("x");
    let cases = [
        (
            "users_file",
            format!("ann:operator:{good}\n\nvic:admin:{good}\n"),
            "users.txt line 3: the role is neither viewer nor operator\n  hint: a line is `name:role:hash`",
        ),
        (
            "users_file",
            "ann:secret\n".to_owned(),
            "users.txt line 1: there are not three parts",
        ),
        (
            "users_file",
            "ann:viewer:secret\n".to_owned(),
            "is not a person's hash\n  hint: `fleetgauge hash-password --user`",
        ),
        (
            "users_file",
            format!("ann:viewer:{}\n", good.replace("t=5", "t=4")),
            "the hash is too fast",
        ),
        (
            "users_file",
            format!("ann:viewer:{good}\nann:viewer:{good}\n"),
            "line 2: the user stands in the file twice",
        ),
        (
            "users_file",
            "# nobody\n".to_owned(),
            "there is nobody in it",
        ),
        (
            "tokens_file",
            "ann:viewer:secret\n".to_owned(),
            "`web.tokens_file`: users.txt line 1: what follows the second colon is not a token's hash",
        ),
    ];
    for (key, text, want) in cases {
        std::fs::write(folder.path().join("users.txt"), text).unwrap();
        std::fs::write(
            folder.path().join("fleetgauge.toml"),
            format!("[web]\n{key} = \"users.txt\"\n"),
        )
        .unwrap();
        let mut check = fleetgauge();
        let output = check
            .current_dir(folder.path())
            .args(["check-config", "fleetgauge.toml"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && text.contains(want),
            "{want}: {text}"
        );
    }
}
