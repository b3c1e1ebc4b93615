//! A charge point's request for a WebSocket (RFC 6455 section 4.2.1), parsed leniently: charge points deviate in ways that a strict server
//! refuses.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::identity::identity;
use super::refusal::{BAD_REQUEST, Refusal};
use crate::ingest::credentials;
use crate::ocpp::websocket::deflate;

const MAX_HEADERS: usize = 64;

/// A valid request.
#[derive(Debug)]
pub(crate) struct Request {
    /// The last segment of the path.
    pub identity: String,
    /// Path and query, as sent.
    pub target: String,
    /// `Sec-WebSocket-Protocol`, token by token.
    pub protocols: Vec<String>,
    /// `Sec-WebSocket-Protocol`, header by header as sent.
    pub protocol_headers: Vec<String>,
    /// User and password of `Authorization: Basic`.
    pub login: Option<(String, Vec<u8>)>,
    /// `Authorization`, as sent.
    pub authorization: Option<String>,
    /// `User-Agent`, as sent.
    pub user_agent: Option<String>,
    /// `Connection: Upgrade` is present. Some charge points leave it out.
    pub has_connection_upgrade: bool,
    /// The response to the offered extensions, if one of them can be accepted.
    deflate: Option<String>,
    /// `Sec-WebSocket-Key` as sent; the response proves that it was received (RFC 6455, section 1.3).
    key: String,
}

/// Reads a request of at most `max_bytes`. Also returns the bytes that arrived behind it.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    max_bytes: usize,
) -> std::io::Result<Result<(Request, Vec<u8>), Refusal>> {
    let Some((head, rest)) = read_head(stream, max_bytes).await? else {
        return Ok(Err(BAD_REQUEST));
    };
    Ok(Request::parse(&head).map(|request| (request, rest)))
}

/// Reads the head of an HTTP message. Also returns the bytes behind it; `None` if the head is longer than `max_bytes` or the stream ends.
pub(crate) async fn read_head<S: AsyncRead + Unpin>(
    stream: &mut S,
    max_bytes: usize,
) -> std::io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut head = Vec::with_capacity(1024);
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok(Some((head, rest)));
        }
        if head.len() >= max_bytes || stream.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
}

impl Request {
    fn parse(head: &[u8]) -> Result<Self, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        if !request.parse(head).is_ok_and(|status| status.is_complete())
            || request.method != Some("GET")
        {
            return Err(BAD_REQUEST);
        }
        let target = request.path.unwrap_or_default().to_owned();
        let headers = Headers(request.headers);
        let (true, Some(key)) = (
            headers.has_token("upgrade", "websocket"),
            headers.first("sec-websocket-key"),
        ) else {
            return Err(BAD_REQUEST);
        };
        let authorization = headers.first("authorization");
        Ok(Self {
            identity: identity(&target).ok_or(BAD_REQUEST)?,
            protocols: headers.tokens("sec-websocket-protocol"),
            protocol_headers: headers
                .values("sec-websocket-protocol")
                .map(str::to_owned)
                .collect(),
            login: authorization.as_deref().and_then(basic_login),
            authorization,
            user_agent: headers.first("user-agent"),
            has_connection_upgrade: headers.has_token("connection", "upgrade"),
            deflate: deflate::negotiate(
                &headers
                    .values("sec-websocket-extensions")
                    .collect::<Vec<_>>(),
            ),
            target,
            key,
        })
    }

    /// The request that is sent to the operator: path, credentials, subprotocols and key stay the same. Compression is not offered,
    /// because the tap could not read compressed messages.
    pub(crate) fn for_operator(&self, host: &str, target: &str) -> String {
        let mut request = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n",
            self.key
        );
        for value in &self.protocol_headers {
            request.push_str(&format!("Sec-WebSocket-Protocol: {value}\r\n"));
        }
        for (name, value) in [
            ("Authorization", &self.authorization),
            ("User-Agent", &self.user_agent),
        ] {
            if let Some(value) = value {
                request.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        request + "\r\n"
    }

    /// Sends the response that opens the WebSocket (RFC 6455 section 4.2.2). Returns true if the charge point may send compressed messages.
    pub(crate) async fn accept<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        protocol: Option<&str>,
        deflate: bool,
    ) -> std::io::Result<bool> {
        let extension = self.deflate.as_deref().filter(|_| deflate);
        let mut response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
            derive_accept_key(self.key.as_bytes())
        );
        for (name, value) in [
            ("Sec-WebSocket-Protocol", protocol),
            ("Sec-WebSocket-Extensions", extension),
        ] {
            if let Some(value) = value {
                response.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        response.push_str("\r\n");
        stream.write_all(response.as_bytes()).await?;
        stream.flush().await?;
        Ok(extension.is_some())
    }
}

struct Headers<'a>(&'a [httparse::Header<'a>]);

impl<'a> Headers<'a> {
    /// The values of all headers with a name. Values that are not UTF-8 are skipped.
    fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .filter_map(|header| std::str::from_utf8(header.value).ok())
    }

    fn first(&self, name: &str) -> Option<String> {
        self.values(name)
            .next()
            .map(|value| value.trim().to_owned())
    }

    /// The members of a comma-separated list.
    fn tokens(&self, name: &str) -> Vec<String> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(|token| token.trim().to_owned())
            .filter(|token| !token.is_empty())
            .collect()
    }

    fn has_token(&self, name: &str, token: &str) -> bool {
        let tokens = self.tokens(name);
        tokens.iter().any(|found| found.eq_ignore_ascii_case(token))
    }
}

/// User and password of HTTP Basic authentication (RFC 7617). The password may be any bytes, because OCPP-J 1.6 security profile 1 sends
/// the decoded AuthorizationKey.
fn basic_login(value: &str) -> Option<(String, Vec<u8>)> {
    let (scheme, encoded) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = credentials::unbase64(encoded.trim())?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some((
        String::from_utf8(decoded[..colon].to_vec()).ok()?,
        decoded[colon + 1..].to_vec(),
    ))
}

#[cfg(test)]
mod tests {
    use crate::ocpp::server::handshake::request::*;

    #[test]
    fn requests_and_their_deviations() {
        let parse = |head: &str| Request::parse(head.replace('\n', "\r\n").as_bytes());
        let request = parse(
            "GET /ocpp/CP1?t=1 HTTP/1.1\nHost: x\nupgrade: WebSocket\nSec-WebSocket-Key: k\nSec-WebSocket-Protocol: ocpp2.0.1, OCPP1.6J\nAuthorization: Basic Q1AxOgD/\nUser-Agent: ACME/1\n\n",
        );
        let request = request.expect("good enough");
        assert_eq!(request.protocols, ["ocpp2.0.1", "OCPP1.6J"]);
        assert_eq!(request.protocol_headers, ["ocpp2.0.1, OCPP1.6J"]);
        assert!(!request.has_connection_upgrade);
        assert_eq!(request.login, Some(("CP1".to_owned(), vec![0, 255])));
        assert_eq!(
            (request.target.as_str(), request.user_agent.as_deref()),
            ("/ocpp/CP1?t=1", Some("ACME/1"))
        );
        assert!(
            parse("GET /ocpp/CP1 HTTP/1.1\nHost: x\n\n").is_err(),
            "no WebSocket"
        );
        assert!(
            parse("POST /ocpp/CP1 HTTP/1.1\nUpgrade: websocket\nSec-WebSocket-Key: k\n\n").is_err()
        );
        assert!(parse("hello\n\n").is_err());
    }
}
