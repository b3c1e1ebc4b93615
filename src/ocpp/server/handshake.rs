//! A charge point's request for a WebSocket: who it says it is, what it speaks, and how it is told no. By hand, because charge points
//! deviate in ways that a strict server refuses.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::ingest::credentials;
use crate::model::check_id;
use crate::ocpp::websocket::deflate;

const MAX_HEADERS: usize = 64;

/// An answer that ends the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    pub status: &'static str,
    pub text: &'static str,
}

const fn refusal(status: &'static str, text: &'static str) -> Refusal {
    Refusal { status, text }
}

pub(crate) const BAD_REQUEST: Refusal = refusal(
    "400 Bad Request",
    "This is an OCPP central system: connect with a WebSocket to /ocpp/{charge_point_id}.\n",
);
pub(crate) const UNAUTHORISED: Refusal = refusal(
    "401 Unauthorized",
    "User name (the charge point id) or password is wrong.\n",
);
pub(crate) const FORBIDDEN: Refusal = refusal(
    "403 Forbidden",
    "The certificate, or the security profile of this port, is not this charge point's.\n",
);
pub(crate) const UNKNOWN: Refusal = refusal(
    "404 Not Found",
    "This charge point is not in the register.\n",
);
pub(crate) const TAKEN: Refusal = refusal(
    "409 Conflict",
    "A charge point with this identity is connected, better authenticated or alive.\n",
);
pub(crate) const TOO_MANY: Refusal = refusal(
    "429 Too Many Requests",
    "Too many attempts; try again in a minute.\n",
);
pub(crate) const BUSY: Refusal = refusal(
    "503 Service Unavailable",
    "The check of passwords could not run; try again.\n",
);

/// A request that can be answered.
#[derive(Debug)]
pub(crate) struct Request {
    /// The last part of the path.
    pub identity: String,
    /// Path and query, as sent.
    pub target: String,
    /// `Sec-WebSocket-Protocol`, token by token.
    pub protocols: Vec<String>,
    /// The same, as sent.
    pub protocols_sent: Vec<String>,
    /// User and password of `Authorization: Basic`.
    pub login: Option<(String, Vec<u8>)>,
    /// `Authorization`, as sent.
    pub authorization: Option<String>,
    /// `User-Agent`, as sent.
    pub user_agent: Option<String>,
    /// `Connection: Upgrade` is there; some leave it out.
    pub has_connection_upgrade: bool,
    /// What to answer to its offer of compression.
    deflate: Option<String>,
    key: String,
}

/// Reads a request of at most `most` bytes, and what came behind it.
pub(crate) async fn read<S: AsyncRead + Unpin>(
    stream: &mut S,
    most: usize,
) -> std::io::Result<Result<(Request, Vec<u8>), Refusal>> {
    let Some((head, rest)) = read_head(stream, most).await? else {
        return Ok(Err(BAD_REQUEST));
    };
    Ok(Request::parse(&head).map(|request| (request, rest)))
}

/// The head of an HTTP message, and what came behind it; `None` if it does not end within `most` bytes.
pub(crate) async fn read_head<S: AsyncRead + Unpin>(
    stream: &mut S,
    most: usize,
) -> std::io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut head = Vec::with_capacity(1024);
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok(Some((head, rest)));
        }
        if head.len() >= most || stream.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
}

/// Says no.
pub(crate) async fn refuse<S: AsyncWrite + Unpin>(
    stream: &mut S,
    refusal: &Refusal,
) -> std::io::Result<()> {
    let challenge = if refusal.status.starts_with("401") {
        "WWW-Authenticate: Basic realm=\"ocpp\"\r\n"
    } else {
        ""
    };
    let answer = format!(
        "HTTP/1.1 {}\r\n{challenge}Content-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        refusal.status,
        refusal.text.len(),
        refusal.text
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;
    stream.shutdown().await
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
        let values = |name: &str| {
            let named: Vec<&str> = request
                .headers
                .iter()
                .filter(|header| header.name.eq_ignore_ascii_case(name))
                .filter_map(|header| std::str::from_utf8(header.value).ok())
                .collect();
            named
        };
        let first = |name: &str| values(name).first().map(|value| value.trim().to_owned());
        let upgrade = values("upgrade")
            .iter()
            .any(|value| value.trim().eq_ignore_ascii_case("websocket"));
        let has_connection_upgrade = values("connection")
            .iter()
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
        let (true, Some(key)) = (upgrade, first("sec-websocket-key")) else {
            return Err(BAD_REQUEST);
        };
        let protocols_sent: Vec<String> = values("sec-websocket-protocol")
            .into_iter()
            .map(str::to_owned)
            .collect();
        let protocols = protocols_sent
            .iter()
            .flat_map(|value| value.split(','))
            .map(|token| token.trim().to_owned());
        let authorization = first("authorization");
        let target = request.path.unwrap_or_default().to_owned();
        Ok(Self {
            identity: identity(&target).ok_or(BAD_REQUEST)?,
            protocols: protocols.filter(|token| !token.is_empty()).collect(),
            protocols_sent,
            login: authorization.as_deref().and_then(basic),
            authorization,
            user_agent: first("user-agent"),
            has_connection_upgrade,
            deflate: deflate::negotiate(&values("sec-websocket-extensions")),
            target,
            key,
        })
    }

    /// The same request to the operator: its path, credentials, subprotocols and key as they are, but no offer of compression, so that
    /// what passes can be read.
    pub fn to_operator(&self, host: &str, target: &str) -> String {
        let mut request = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n",
            self.key
        );
        let protocols = self
            .protocols_sent
            .iter()
            .map(|value| ("Sec-WebSocket-Protocol", value));
        let others = [
            ("Authorization", &self.authorization),
            ("User-Agent", &self.user_agent),
        ];
        for (name, value) in protocols.chain(
            others
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_ref()?))),
        ) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request + "\r\n"
    }

    /// Says yes, with the subprotocol agreed on. True if compressed messages may come.
    pub async fn accept<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        protocol: Option<&str>,
        deflate: bool,
    ) -> std::io::Result<bool> {
        let extension = self.deflate.as_deref().filter(|_| deflate);
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
            derive_accept_key(self.key.as_bytes())
        );
        for (name, value) in [
            ("Sec-WebSocket-Protocol", protocol),
            ("Sec-WebSocket-Extensions", extension),
        ] {
            if let Some(value) = value {
                answer.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        answer.push_str("\r\n");
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
        Ok(extension.is_some())
    }
}

/// The last part of the path that is not empty, percent-decoded once: charge points put double slashes, prefixes and whole URLs there.
fn identity(path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next()?;
    let last = path.rsplit('/').find(|segment| !segment.is_empty())?;
    let decoded = percent_decoded(last)?;
    // The bare endpoint names nobody.
    if decoded.eq_ignore_ascii_case("ocpp") {
        return None;
    }
    check_id(&decoded).is_ok().then_some(decoded)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// User and password of `Basic ...`. The password may be any bytes (OCPP 1.6 security: the decoded AuthorizationKey).
fn basic(value: &str) -> Option<(String, Vec<u8>)> {
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
    use crate::ocpp::server::handshake::*;

    #[test]
    fn identities_as_charge_points_write_them() {
        for (path, want) in [
            ("/ocpp/CP-1", Some("CP-1")),
            ("//ocpp//CP_1/", Some("CP_1")),
            ("/ws://host:9000/ocpp/CP_1/SERIAL", Some("SERIAL")),
            ("/ocpp/RDAM%7C123?x=1", Some("RDAM|123")),
            ("/ocpp/a%2Fb", None),
            ("/ocpp/%zz", None),
            ("/ocpp/a%", None),
            ("/ocpp/", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(identity(path).as_deref(), want, "{path}");
        }
    }

    #[test]
    fn requests_and_their_deviations() {
        let parse = |head: &str| Request::parse(head.replace('\n', "\r\n").as_bytes());
        let request = parse(
            "GET /ocpp/CP1?t=1 HTTP/1.1\nHost: x\nupgrade: WebSocket\nSec-WebSocket-Key: k\nSec-WebSocket-Protocol: ocpp2.0.1, OCPP1.6J\nAuthorization: Basic Q1AxOgD/\nUser-Agent: ACME/1\n\n",
        );
        let request = request.expect("good enough");
        assert_eq!(request.protocols, ["ocpp2.0.1", "OCPP1.6J"]);
        assert_eq!(request.protocols_sent, ["ocpp2.0.1, OCPP1.6J"]);
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
