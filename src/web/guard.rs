//! What every answer gets and every request must pass: headers that keep the page to itself, and a known `Host`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::net::TcpListener;

use super::{WebConfig, api};

const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Which names this server answers to.
pub(super) struct Guard {
    hosts: Vec<String>,
}

impl Guard {
    pub fn new(config: &WebConfig, listener: &TcpListener) -> Self {
        let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
        hosts.extend(
            listener
                .local_addr()
                .map(|address| if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() }),
        );
        hosts.extend(config.allowed_hosts.iter().map(|host| host.to_lowercase()));
        Self { hosts }
    }

    fn knows(&self, host: &str) -> bool {
        // The port is not looked at: proxies and tunnels change it.
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => name,
            _ => host,
        };
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

pub(super) async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let mut response = if host.is_some_and(|host| guard.knows(host)) {
        next.run(request).await
    } else {
        api::problem(
            StatusCode::MISDIRECTED_REQUEST,
            "this host name is not known here; `web.allowed_hosts` adds the name a reverse proxy uses",
        )
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
