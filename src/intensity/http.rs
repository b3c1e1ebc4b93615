//! One GET over HTTP/1.1, plain or TLS, as small as it can be: a connection of its own, a whole body within limits, or why not.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Largest answer: 14 days of a region with its generation mix are about 600 KiB.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Where requests go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Base {
    /// Of `http://host:port/path` or `https://...`; `None` if it is neither.
    pub fn of(url: &str) -> Option<Self> {
        let (tls, rest) = match url.split_once("://")? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if authority.is_empty() || authority.contains('@') || rest.contains(bad) || rest.contains(['?', '#']) {
            return None;
        }
        let usual = if tls { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            // `[::1]` alone ends with its bracket.
            Some((host, port)) if !authority.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, usual),
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        (!host.is_empty()).then(|| Self { tls, host, port, path: path.trim_end_matches('/').to_owned() })
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }
}

/// This machine's authorities, read when the first `https://` is asked.
#[derive(Clone, Default)]
pub struct Authorities(Arc<OnceLock<TlsConnector>>);

impl Authorities {
    fn connector(&self) -> Result<TlsConnector, String> {
        if let Some(connector) = self.0.get() {
            return Ok(connector.clone());
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(text)?;
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Ok(self.0.get_or_init(|| TlsConnector::from(Arc::new(config))).clone())
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// Status and body of a GET.
pub async fn get(base: &Base, authorities: &Authorities, path: &str) -> Result<(u16, Vec<u8>), String> {
    let tcp = TcpStream::connect((base.host.as_str(), base.port)).await.map_err(text)?;
    let request = format!(
        "GET {}{path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nUser-Agent: fleetgauge/{}\r\nConnection: close\r\n\r\n",
        base.path,
        base.authority(),
        env!("CARGO_PKG_VERSION")
    );
    if base.tls {
        let name = ServerName::try_from(base.host.clone()).map_err(text)?;
        exchange(authorities.connector()?.connect(name, tcp).await.map_err(text)?, &request).await
    } else {
        exchange(tcp, &request).await
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Result<(u16, Vec<u8>), String> {
    stream.write_all(request.as_bytes()).await.map_err(text)?;
    stream.flush().await.map_err(text)?;
    let mut answer = Vec::new();
    loop {
        // Some servers end TLS without a word; what is missing then is seen by the length.
        let ended = stream.read_buf(&mut answer).await.unwrap_or(0) == 0;
        if answer.len() > MOST_BYTES {
            return Err(format!("the answer has more than {MOST_BYTES} bytes"));
        }
        if let Some(whole) = read(&answer, ended)? {
            return Ok(whole);
        }
        if ended {
            return Err("the connection ended before the answer did".to_owned());
        }
    }
}

/// Status and body, once all of it is there.
fn read(answer: &[u8], ended: bool) -> Result<Option<(u16, Vec<u8>)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    response.parse(answer).map_err(|error| format!("the answer is not HTTP: {error}"))?;
    let status = response.code.ok_or("the answer has no status")?;
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).trim().to_lowercase())
    };
    let body = &answer[head + 4..];
    if header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        return Ok(unchunk(body)?.map(|body| (status, body)));
    }
    match header("content-length") {
        Some(length) => {
            let length: usize = length.parse().map_err(|_| "the answer's length is no number")?;
            Ok(body.get(..length).map(|body| (status, body.to_vec())))
        }
        None => Ok(ended.then(|| (status, body.to_vec()))),
    }
}

/// A chunked body (RFC 9112 section 7.1); `None` while the last chunk is missing.
fn unchunk(mut body: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut whole = Vec::new();
    loop {
        let Some(end) = body.windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let line = std::str::from_utf8(&body[..end]).map_err(text)?;
        let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
            .map_err(|_| "a chunk of the answer has no size")?;
        if size == 0 {
            return Ok(Some(whole));
        }
        let start = end + 2;
        let Some(chunk) = start.checked_add(size).and_then(|end| body.get(start..end)) else { return Ok(None) };
        whole.extend_from_slice(chunk);
        body = body.get(start + size + 2..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let told = |url| Base::of(url).map(|base| (base.tls, base.authority(), base.port, base.path));
        for (url, want) in [
            ("https://api.carbonintensity.org.uk", Some((true, "api.carbonintensity.org.uk", 443, ""))),
            ("http://127.0.0.1:8080/ci/", Some((false, "127.0.0.1:8080", 8080, "/ci"))),
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
                told(url),
                want.map(|(tls, authority, port, path)| (tls, authority.to_owned(), port, path.to_owned())),
                "{url}"
            );
        }
    }

    #[test]
    fn bodies_in_every_coding_and_in_pieces() {
        let body = |answer: &str, ended| {
            read(answer.as_bytes(), ended).map(|found| found.map(|(_, body)| String::from_utf8_lossy(&body).into_owned()))
        };
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        ] {
            let cut = answer.len() - if answer.contains("chunked") { 4 } else { 0 };
            for end in 0..cut {
                assert_eq!(body(&answer[..end], false), Ok(None), "{end} {answer}");
            }
            assert_eq!(body(answer, false), Ok(Some("hello".to_owned())));
        }
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nhel", false), Ok(None));
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nhello", true), Ok(Some("hello".to_owned())), "until the end");
        for answer in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(read(answer.as_bytes(), false).is_err(), "{answer}");
        }
        assert_eq!(
            read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", false),
            Ok(None),
            "no overflow"
        );
    }
}
