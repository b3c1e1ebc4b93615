//! Logging in and out with a form that needs no script.

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::accounts::is_password;
use super::origin::{self, Sender};
use super::{Access, Peer};
use crate::api::{AuthMethod, Caller, Role};
use crate::model::MINUTE;
use crate::model::Stats;
use crate::web::WebState;
use crate::web::page::file;

/// Larger forms are not ours.
const MAX_FORM_BYTES: usize = 4 * 1024;
const LONGEST_NEXT: usize = 500;
const LOGIN: &str = include_str!("login.html");
const ACCOUNT: &str = include_str!("account.html");
/// Forms may be sent, and only to this server; and the browser may send `Origin`, which `no-referrer` would set to `null`.
const FORM_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::CACHE_CONTROL, "no-store"),
];

/// `/login`, `/logout`, `/account`.
pub(crate) fn routes() -> Router<WebState> {
    Router::new()
        .route("/login", get(form).post(log_in))
        .route(
            "/login.css",
            get(|| file("text/css; charset=utf-8", include_str!("login.css"))),
        )
        .route("/logout", post(log_out))
        .route("/account", get(account))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
}

#[derive(Deserialize)]
struct Wanted {
    /// Where to go afterwards.
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

impl Login {
    /// The form again, with the name and the way back, and a message.
    fn again(&self, status: StatusCode, message: &str) -> Response {
        answer(
            status,
            LOGIN,
            &[
                ("message", message),
                ("name", &self.name),
                ("next", safe(&self.next)),
            ],
        )
    }

    fn too_many_failed(&self) -> Response {
        let mut refused = self.again(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many logins have failed. Please try again in a minute.",
        );
        refused
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(MINUTE.as_secs()));
        refused
    }
}

async fn form(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Query(wanted): Query<Wanted>,
) -> Response {
    if caller.is_some_and(|Extension(caller)| caller.method == AuthMethod::Session) {
        return redirect(safe(&wanted.next));
    }
    let message = if state.access.accounts().has_users() {
        ""
    } else {
        "Nobody can log in yet: web.users_file names no users."
    };
    answer(
        StatusCode::OK,
        LOGIN,
        &[
            ("message", message),
            ("name", ""),
            ("next", safe(&wanted.next)),
        ],
    )
}

async fn log_in(
    State(state): State<WebState>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Form(login): Form<Login>,
) -> Response {
    let access = &state.access;
    // A foreign page could log a browser in under a name of its own, and read later what its user did.
    if origin::sender(&headers, &access.names) != Sender::Ours {
        return login.again(
            StatusCode::FORBIDDEN,
            "The form was not sent from this page. Please try again here.",
        );
    }
    let address = access.address(peer, &headers);
    if !access.limits.attempt(address, &login.name) {
        Stats::add(&state.stats.logins_limited, 1);
        tracing::warn!(%address, "login refused unchecked: too many have failed (`web.max_failed_logins`)");
        return login.too_many_failed();
    }
    match check(access, &login).await {
        Checked::Good(hash) => {
            access.limits.succeeded(address, &login.name);
            // A second login in the same browser ends the session of the first.
            access
                .cookie(peer, &headers)
                .inspect(|key| access.sessions.end(key));
            let Some(secret) = access.sessions.begin(Arc::from(login.name.as_str()), hash) else {
                return login.again(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The system gives no random numbers. Please try again.",
                );
            };
            tracing::info!(name = %login.name, %address, "logged in");
            with_cookie(redirect(safe(&login.next)), access, peer, &secret, "")
        }
        Checked::Wrong => {
            Stats::add(&state.stats.logins_failed, 1);
            // Without the name: people type their password there.
            tracing::warn!(%address, "login failed: wrong name or password");
            login.again(
                StatusCode::UNAUTHORIZED,
                "The name or the password is wrong.",
            )
        }
        Checked::Busy => {
            access.limits.succeeded(address, &login.name);
            Stats::add(&state.stats.logins_limited, 1);
            login.again(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many logins at once. Please try again.",
            )
        }
    }
}

enum Checked {
    /// By this hash.
    Good(Arc<str>),
    Wrong,
    Busy,
}

async fn check(access: &Access, login: &Login) -> Checked {
    let accounts = access.accounts();
    let Some(hash) = accounts.hash_of(&login.name) else {
        return Checked::Wrong;
    };
    let (Ok(_permit), password) = (access.waiting.try_acquire(), login.password.clone()) else {
        return Checked::Busy;
    };
    let Ok(_turn) = access.checks.acquire().await else {
        return Checked::Busy;
    };
    let stored = hash.clone();
    match tokio::task::spawn_blocking(move || is_password(&stored, password.as_bytes())).await {
        Ok(true) if accounts.role_of(&login.name, &hash).is_some() => Checked::Good(hash),
        Ok(_) => Checked::Wrong,
        Err(_) => Checked::Busy,
    }
}

async fn log_out(
    State(state): State<WebState>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    let access = &state.access;
    if origin::sender(&headers, &access.names) != Sender::Ours {
        return answer(
            StatusCode::FORBIDDEN,
            LOGIN,
            &[
                ("message", "Please log out on the page itself."),
                ("name", ""),
                ("next", "/"),
            ],
        );
    }
    access
        .cookie(peer, &headers)
        .inspect(|key| access.sessions.end(key));
    with_cookie(redirect("/login"), access, peer, "", "; Max-Age=0")
}

async fn account(Extension(caller): Extension<Caller>) -> Response {
    let role = match caller.role {
        Role::Viewer => "viewer: may see everything",
        Role::Operator => {
            "operator: may also acknowledge and silence alerts and undo counter events"
        }
    };
    let (known, unknown) = if caller.method == AuthMethod::Session {
        ("", "hidden")
    } else {
        ("hidden", "")
    };
    answer(
        StatusCode::OK,
        ACCOUNT,
        &[
            ("name", caller.display_name()),
            ("role", role),
            ("known", known),
            ("unknown", unknown),
        ],
    )
}

fn with_cookie(
    mut response: Response,
    access: &Access,
    peer: Peer,
    value: &str,
    further: &str,
) -> Response {
    let secure = if access.secure(peer) { "; Secure" } else { "" };
    let cookie = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{further}",
        access.cookie_name(peer)
    );
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// 303: the browser requests the address with GET.
pub(super) fn redirect(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (
        StatusCode::SEE_OTHER,
        [
            (header::LOCATION, to),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
    )
        .into_response()
}

/// The login page, with the way back in its query.
pub(super) fn address(wanted: &str) -> String {
    let mut text = "/login?next=".to_owned();
    for byte in wanted.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte))
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// A place on this page, and nowhere else.
fn safe(next: &str) -> &str {
    // Browsers read `//host` and `/\host` as another host.
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    let sound = next.len() <= LONGEST_NEXT && next.bytes().all(|byte| byte.is_ascii_graphic());
    if local && sound && !next.starts_with("/login") {
        next
    } else {
        "/"
    }
}

/// A template's `{{name}}` filled with texts.
fn answer(status: StatusCode, template: &str, texts: &[(&str, &str)]) -> Response {
    let mut body = String::with_capacity(template.len() + 256);
    let mut rest = template;
    // Each part once, from the front: what was filled in is not looked at again.
    while let Some((before, (name, after))) = rest
        .split_once("{{")
        .and_then(|(before, tail)| Some((before, tail.split_once("}}")?)))
    {
        body.push_str(before);
        body.push_str(&escaped(
            texts
                .iter()
                .find(|(known, _)| *known == name)
                .map_or("", |(_, text)| text),
        ));
        rest = after;
    }
    body.push_str(rest);
    let mut response = (status, body).into_response();
    for (name, value) in FORM_HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use crate::web::access::login::*;

    #[test]
    fn the_way_back_leads_nowhere_else() {
        for good in ["/", "/api/v1/sessions?from=2026-11-01", "/?kiosk=1"] {
            assert_eq!(safe(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: a",
            "/login",
            "/é",
        ] {
            assert_eq!(safe(bad), "/", "{bad}");
        }
        assert_eq!(address("/?a=b&c"), "/login?next=/%3Fa%3Db%26c");
        assert_eq!(escaped("<a href=\"'&"), "&lt;a href=&quot;&#39;&amp;");
    }
}
