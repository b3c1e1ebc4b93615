//! The base address of the API, without login, query or fragment; paths are appended to it.

/// Scheme, host, port and path prefix of all requests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Base {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Base {
    /// Parses `http://host:port/path` or `https://...`; `None` if it is neither.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (tls, rest) = match url.split_once("://")? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if authority.is_empty()
            || authority.contains('@')
            || rest.contains(bad)
            || rest.contains(['?', '#'])
        {
            return None;
        }
        let usual = if tls { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            // `[::1]` alone ends with its bracket.
            Some((host, port)) if !authority.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, usual),
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        (!host.is_empty()).then(|| Self {
            tls,
            host,
            port,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == if self.tls { 443 } else { 80 } {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// The address of a path of it.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{}{path}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use crate::intensity::address::*;

    #[test]
    fn addresses() {
        let parsed =
            |url| Base::parse(url).map(|base| (base.tls, base.authority(), base.port, base.path));
        for (url, want) in [
            (
                "https://api.carbonintensity.org.uk",
                Some((true, "api.carbonintensity.org.uk", 443, "")),
            ),
            (
                "http://127.0.0.1:8080/ci/",
                Some((false, "127.0.0.1:8080", 8080, "/ci")),
            ),
            ("http://[::1]:8080", Some((false, "[::1]:8080", 8080, ""))),
            ("https://[::1]", Some((true, "[::1]", 443, ""))),
            ("ftp://x", None),
            ("api.carbonintensity.org.uk", None),
            ("http://", None),
            ("http://a:b", None),
            ("http://u@a", None),
            ("http://a/b?c", None),
            ("http://a b", None),
        ] {
            assert_eq!(
                parsed(url),
                want.map(|(tls, authority, port, path)| (
                    tls,
                    authority.to_owned(),
                    port,
                    path.to_owned()
                )),
                "{url}"
            );
        }
    }
}
