//! Which page sent a request: ours, a foreign one, or none, for other programs. Browsers state it in headers that pages cannot change.

use axum::http::{HeaderMap, HeaderName, header};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a request comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sender {
    /// From a page of ours.
    Ours,
    /// From another site's page: with the cookie of this browser, but against the will of its user.
    Foreign,
    /// No header states it: not a browser of this decade.
    Unknown,
}

/// The sender of a request. `names` are further names of this server, for proxies that put their own into `Host`.
pub(super) fn sender(headers: &HeaderMap, names: &[String]) -> Sender {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // Sent to secure addresses and to localhost only, so `Origin` must do for the others. `none` is the address bar.
    match text(&SEC_FETCH_SITE) {
        Some("same-origin") => return Sender::Ours,
        Some("none") | None => {}
        Some(_) => return Sender::Foreign,
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Sender::Unknown;
    };
    let origin = origin.to_str().unwrap_or_default();
    // `null` is a page that hides its origin.
    let Some(authority) = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))
    else {
        return Sender::Foreign;
    };
    let host = text(&header::HOST).unwrap_or_default();
    let ours = authority.eq_ignore_ascii_case(host)
        || names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(without_port(authority)));
    if ours { Sender::Ours } else { Sender::Foreign }
}

/// `host:port` or `[::1]:port` to the host.
pub(crate) fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() =>
        {
            name
        }
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use crate::web::access::origin::*;

    #[test]
    fn the_sender_follows_from_the_headers() {
        for (site, origin, want) in [
            ("", "", Sender::Unknown),
            ("none", "", Sender::Unknown),
            ("same-origin", "null", Sender::Ours),
            ("same-site", "http://localhost:3000", Sender::Foreign),
            ("cross-site", "http://localhost:8310", Sender::Foreign),
            ("cross-site", "", Sender::Foreign),
            ("", "http://localhost:8310", Sender::Ours),
            ("", "http://LOCALHOST:8310", Sender::Ours),
            ("", "http://localhost:3000", Sender::Foreign),
            ("", "http://localhost", Sender::Foreign),
            ("", "https://fleet.example", Sender::Ours),
            ("", "https://fleet.example:8443", Sender::Ours),
            ("", "https://fleet.example.evil.example", Sender::Foreign),
            ("", "https://evil.example", Sender::Foreign),
            ("", "null", Sender::Foreign),
            ("", "localhost:8310", Sender::Foreign),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "localhost:8310".parse().expect("a value"));
            for (name, value) in [(SEC_FETCH_SITE, site), (header::ORIGIN, origin)] {
                if !value.is_empty() {
                    headers.insert(name, value.parse().expect("a value"));
                }
            }
            assert_eq!(
                sender(&headers, &["fleet.example".to_owned()]),
                want,
                "{site} {origin}"
            );
        }
    }
}
