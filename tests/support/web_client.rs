//! A client of the page: users and tokens in files, requests with all their headers, a login.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use fleetgauge::model::password::{PersonCost, hash_person, hash_token};

use crate::support::Daemon;

pub const PASSWORD: &str = "correct horse & battery";
pub const OPERATOR: &str = "operator-operator-operator-operator";
pub const VIEWER: &str = "viewer-viewer-viewer-viewer-viewer";

/// The cheapest hash that the daemon accepts: tests log in often.
pub fn hash(password: &str) -> String {
    hash_person(
        password.as_bytes(),
        &[7; 16],
        PersonCost {
            memory_kib: 7168,
            passes: 5,
        },
    )
    .unwrap()
}

/// `users.txt` with ann (operator) and vic (viewer), `tokens.txt` with desk (operator) and grafana (viewer).
pub fn accounts(folder: &Path) -> [(&'static str, &'static str); 2] {
    let hash = hash(PASSWORD);
    std::fs::write(
        folder.join("users.txt"),
        format!("# people\nann:operator:{hash}\nvic:viewer:{hash}\n"),
    )
    .unwrap();
    let (operator, viewer) = (
        hash_token(OPERATOR.as_bytes()),
        hash_token(VIEWER.as_bytes()),
    );
    std::fs::write(
        folder.join("tokens.txt"),
        format!("desk:operator:{operator}\ngrafana:viewer:{viewer}\n"),
    )
    .unwrap();
    [
        ("web.users_file", "users.txt"),
        ("web.tokens_file", "tokens.txt"),
    ]
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        Self {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| {
            line.split(':')
                .next()
                .is_some_and(|key| key.eq_ignore_ascii_case(name))
        })?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    /// `name=value` of the cookie it sets.
    pub fn cookie(&self) -> Option<String> {
        self.header("set-cookie")?
            .split(';')
            .next()
            .map(str::to_owned)
    }
}

/// A request as text; `Host` is localhost with the port unless it is among the headers.
pub fn request(port: u16, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!(
        "{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    if !headers.iter().any(|(name, _)| *name == "Host") {
        text.push_str(&format!("Host: localhost:{port}\r\n"));
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text + "\r\n" + body
}

/// Opens a connection and sends a request.
pub fn open(daemon: &Daemon, line: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, daemon.web)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
        .write_all(request(daemon.web, line, headers, body).as_bytes())
        .unwrap();
    stream
}

/// Sends a request and reads the answer.
pub fn request_as(daemon: &Daemon, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut answer = Vec::new();
    let _ = open(daemon, line, headers, body).read_to_end(&mut answer);
    Answer::parse(&String::from_utf8_lossy(&answer))
}

/// What a browser sends with a form of ours.
pub fn form(name: &str, password: &str, next: &str) -> String {
    let encoded = |text: &str| {
        text.replace('&', "%26")
            .replace('<', "%3C")
            .replace('"', "%22")
            .replace(' ', "+")
    };
    format!(
        "name={}&password={}&next={}",
        encoded(name),
        encoded(password),
        encoded(next)
    )
}

/// Sends the login form, with further headers.
pub fn log_in_with(
    daemon: &Daemon,
    name: &str,
    password: &str,
    further: &[(&str, &str)],
) -> Answer {
    let origin = format!("http://localhost:{}", daemon.web);
    let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded")];
    if !further
        .iter()
        .any(|(name, _)| *name == "Origin" || *name == "Sec-Fetch-Site")
    {
        headers.push(("Origin", &origin));
    }
    headers.extend(further);
    request_as(
        daemon,
        "POST /login",
        &headers,
        &form(name, password, "/?kiosk=1"),
    )
}

/// Logs in; the cookie.
pub fn log_in(daemon: &Daemon, name: &str) -> String {
    let answer = log_in_with(daemon, name, PASSWORD, &[]);
    assert_eq!(answer.status, 303, "{answer:?}\n{}", daemon.log());
    answer.cookie().unwrap()
}

/// `/api/v1/me` with a cookie: the status.
pub fn me(daemon: &Daemon, cookie: &str) -> u16 {
    request_as(daemon, "GET /api/v1/me", &[("Cookie", cookie)], "").status
}
