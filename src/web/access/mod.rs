//! Authentication and authorisation: every request passes the gate, which requires a login where one is needed.
//!
//! A route that [`requirement`] does not list needs a login, and any method but GET needs an operator: a new route is closed by default.

mod accounts;
mod limits;
mod login;
mod origin;
mod sessions;

pub use accounts::{Accounts, AccountsError};
pub(super) use login::routes;
pub(super) use origin::without_port;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::{Semaphore, watch};

use super::WebConfig;
use limits::Limits;
use origin::Sender;
use sessions::{Key, Sessions};

use crate::api::{self, AuthMethod, Caller, Role};
use crate::model::password::digest;

/// Passwords checked at once: each check takes a core for a quarter of a second, and the engine needs one too.
const CHECKS: usize = 2;
/// Checks that may wait for their turn.
const WAITING: usize = 32;
/// A browser never shows its password window for these.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"fleetgauge\"");

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub address: SocketAddr,
    /// The connection came in by `web.tls_listen`.
    pub tls: bool,
}

/// State of authentication and authorisation.
pub(super) struct Access {
    accounts: watch::Receiver<Arc<Accounts>>,
    sessions: Sessions,
    limits: Limits,
    /// A login is needed on loopback too.
    always: bool,
    /// The setting `web.behind_proxy`.
    behind_proxy: bool,
    names: Vec<String>,
    checks: Semaphore,
    waiting: Semaphore,
}

impl Access {
    pub(super) fn new(
        config: &WebConfig,
        loopback: bool,
        accounts: watch::Receiver<Arc<Accounts>>,
    ) -> Self {
        // A proxy's requests all come from loopback. Without accounts it has a login of its own, or the configuration was refused.
        let proxied =
            config.behind_proxy && (config.users_file.is_some() || config.tokens_file.is_some());
        Self {
            accounts,
            sessions: Sessions::new(config.session_idle, config.session_max, config.max_sessions),
            limits: Limits::new(config.max_failed_logins),
            always: config.require_login || proxied || !loopback,
            behind_proxy: config.behind_proxy,
            names: config
                .allowed_hosts
                .iter()
                .map(|name| name.to_lowercase())
                .collect(),
            checks: Semaphore::new(CHECKS),
            waiting: Semaphore::new(WAITING),
        }
    }

    fn accounts(&self) -> Arc<Accounts> {
        self.accounts.borrow().clone()
    }

    /// Role of a caller without a login.
    fn anonymous(&self, peer: Peer, headers: &HeaderMap) -> Option<Role> {
        if self.always || peer.tls {
            return None;
        }
        if self.accounts().is_empty() {
            return Some(Role::Operator);
        }
        // A request through a proxy that the configuration does not name is not from this machine.
        const PROXIES: [&str; 5] = [
            "forwarded",
            "via",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-real-ip",
        ];
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .map(without_port)
            .unwrap_or_default();
        let local = host.eq_ignore_ascii_case("localhost")
            || host
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        let near = peer.address.ip().to_canonical().is_loopback()
            && !PROXIES.iter().any(|name| headers.contains_key(*name));
        (local && near).then_some(Role::Viewer)
    }

    /// The caller; `None` without a login where one is needed, an error for a token that is not known.
    fn caller(
        self: &Arc<Self>,
        peer: Peer,
        headers: &HeaderMap,
    ) -> Result<Option<Caller>, Box<Response>> {
        if let Some(authorization) = headers.get(header::AUTHORIZATION) {
            let token = authorization
                .as_bytes()
                .split_at_checked(7)
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
            let known = token.and_then(|(_, token)| self.accounts().token(token.trim_ascii()));
            let Some((name, role)) = known else {
                return Err(Box::new(unknown(
                    "the token is not in `web.tokens_file`; send `Authorization: Bearer <token>`",
                )));
            };
            let (access, token) = (self.clone(), name.clone());
            return Ok(Some(Caller {
                name: Some(name),
                role,
                method: AuthMethod::Token,
                expires_in_s: None,
                has_users: self.accounts().has_users(),
                is_still_valid: Arc::new(move || access.accounts().has_token(&token)),
            }));
        }
        if let Some(caller) = self
            .cookie(peer, headers)
            .and_then(|key| self.session_caller(key))
        {
            return Ok(Some(caller));
        }
        Ok(self.anonymous(peer, headers).map(|role| Caller {
            name: None,
            role,
            method: AuthMethod::None,
            expires_in_s: None,
            has_users: self.accounts().has_users(),
            is_still_valid: Arc::new(|| true),
        }))
    }

    fn session_caller(self: &Arc<Self>, key: Key) -> Option<Caller> {
        let (name, role, left) = self.session(key)?;
        let access = self.clone();
        Some(Caller {
            name: Some(name),
            role,
            method: AuthMethod::Session,
            expires_in_s: Some(left.as_secs()),
            has_users: self.accounts().has_users(),
            // An open page counts as use.
            is_still_valid: Arc::new(move || access.session(key).is_some()),
        })
    }

    /// Name, role and remaining time of a session. A look counts as use.
    fn session(&self, key: Key) -> Option<(Arc<str>, Role, Duration)> {
        let (name, hash, left) = self.sessions.find(&key)?;
        let Some(role) = self.accounts().role_of(&name, &hash) else {
            // The user was taken out of the file, or has another password.
            self.sessions.end(&key);
            return None;
        };
        Some((name, role, left))
    }

    fn secure(&self, peer: Peer) -> bool {
        peer.tls || self.behind_proxy
    }

    /// With `__Host-`, no other host and no unencrypted page can set it.
    fn cookie_name(&self, peer: Peer) -> &'static str {
        if self.secure(peer) {
            "__Host-fleetgauge"
        } else {
            "fleetgauge"
        }
    }

    fn cookie(&self, peer: Peer, headers: &HeaderMap) -> Option<Key> {
        let name = self.cookie_name(peer);
        let all = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'));
        let ours = all
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name);
        ours.map(|(_, value)| digest(value.as_bytes()))
    }

    /// Address that a failed login counts against.
    fn address(&self, peer: Peer, headers: &HeaderMap) -> IpAddr {
        // The proxy itself appended the last address; the ones before it are the client's own claim.
        let forwarded = headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok());
        let seen = forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        seen.filter(|_| self.behind_proxy)
            .unwrap_or(peer.address.ip())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Requirement {
    /// Open without a login.
    None,
    /// A login of any role.
    Viewer,
    /// A login with the role operator.
    Operator,
}

/// What a route requires.
fn requirement(method: &Method, path: &str) -> Requirement {
    match path {
        // What the login page itself needs, and what a supervisor without a login checks.
        "/login" | "/logout" | "/login.css" | "/icon.svg" | "/healthz" | "/readyz" => {
            Requirement::None
        }
        _ if method == Method::GET || method == Method::HEAD => Requirement::Viewer,
        _ => Requirement::Operator,
    }
}

/// Authenticates the caller and checks its role.
pub(super) async fn gate(
    State(access): State<Arc<Access>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<Peer>>().copied() else {
        return api::problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "it is not known where this connection comes from",
        );
    };
    let required = requirement(request.method(), request.uri().path());
    let caller = match access.caller(peer, request.headers()) {
        Ok(caller) => caller,
        Err(_) if required == Requirement::None => None,
        Err(refused) => return *refused,
    };
    match &caller {
        _ if required == Requirement::None => {}
        None => return login_required(&request),
        Some(caller) if required == Requirement::Operator => {
            if let Some(refused) = refuse_command(&access, caller, request.headers()) {
                return refused;
            }
        }
        Some(_) => {}
    }
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    request.extensions_mut().insert(peer);
    next.run(request).await
}

fn refuse_command(access: &Access, caller: &Caller, headers: &HeaderMap) -> Option<Response> {
    if caller.role < Role::Operator {
        let text = "this needs the role operator; log in at /login, or send a token of an operator";
        return Some(api::problem(StatusCode::FORBIDDEN, text));
    }
    let sender = origin::sender(headers, &access.names);
    let good = match caller.method {
        // No browser sends a token by itself.
        AuthMethod::Token => true,
        AuthMethod::Session => sender == Sender::Ours,
        AuthMethod::None => sender != Sender::Foreign,
    };
    let text = "this comes from a foreign page; a browser has to name this server in `Origin`, other programs send a token";
    (!good).then(|| api::problem(StatusCode::FORBIDDEN, text))
}

fn login_required(request: &Request) -> Response {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    if request.method() == Method::GET && accept.contains("text/html") {
        let wanted = request
            .uri()
            .path_and_query()
            .map_or("/", |wanted| wanted.as_str());
        return login::redirect(&login::address(wanted));
    }
    unknown(
        "a login is needed: at /login with a browser, with `Authorization: Bearer <token>` otherwise",
    )
}

fn unknown(text: &str) -> Response {
    let mut response = api::problem(StatusCode::UNAUTHORIZED, text);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, CHALLENGE);
    response
}

#[cfg(test)]
mod tests {
    use crate::web::access::*;

    #[test]
    fn an_unlisted_route_needs_a_login() {
        assert_eq!(
            requirement(&Method::GET, "/api/v1/new"),
            Requirement::Viewer
        );
        assert_eq!(
            requirement(&Method::DELETE, "/api/v1/new"),
            Requirement::Operator
        );
        for near in ["/login/", "//login", "/Login", "/healthz/..", "/metrics"] {
            assert_eq!(
                requirement(&Method::GET, near),
                Requirement::Viewer,
                "{near}"
            );
        }
    }
}
