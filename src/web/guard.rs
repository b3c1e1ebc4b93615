//! Response headers that isolate the page from other sites, and a check of `Host` against DNS rebinding.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::net::TcpListener;

use super::WebConfig;
use super::access::without_port;
use crate::api;

const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Host names that this server accepts.
pub(super) struct Guard {
    hosts: Vec<String>,
    /// Beyond loopback every address is accepted, since the machine's own are not known. DNS rebinding needs a name, so that is safe.
    any_address: bool,
}

impl Guard {
    pub(super) fn new(config: &WebConfig, listener: &TcpListener, tls: bool) -> Self {
        let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "[::1]"]
            .map(str::to_owned)
            .to_vec();
        hosts.extend(listener.local_addr().map(|address| {
            if address.is_ipv6() {
                format!("[{}]", address.ip())
            } else {
                address.ip().to_string()
            }
        }));
        hosts.extend(config.allowed_hosts.iter().map(|host| host.to_lowercase()));
        let any_address = tls
            || listener
                .local_addr()
                .is_ok_and(|address| !address.ip().is_loopback());
        Self { hosts, any_address }
    }

    fn accepts(&self, host: &str) -> bool {
        // The port is not looked at: proxies and tunnels change it.
        let name = without_port(host);
        let address = || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        self.hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
            || (self.any_address && address())
    }
}

pub(super) async fn guard(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let mut response = if host.is_some_and(|host| guard.accepts(host)) {
        next.run(request).await
    } else {
        api::problem(
            StatusCode::MISDIRECTED_REQUEST,
            "this host name is not known here; `web.allowed_hosts` adds the name that people or a reverse proxy use",
        )
    };
    for (name, value) in HEADERS {
        // A page with a form sets its own headers.
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
