//! The WebSocket handshake: who is it, may it, and which OCPP version. Done by hand because charge points deviate in ways that a strict
//! server refuses, and because checking a password must not hold up the others.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Shared, Unknown};
use crate::ingest::credentials;
use crate::model::register::Register;
use crate::model::{OcppVersion, RejectReason, check_id};

/// Most bytes of a request's head.
const HEAD_BYTES: usize = 8 * 1024;
const MOST_HEADERS: usize = 64;
/// The subprotocols, the best first, in the spellings seen in the field (IANA's registry has the first of each).
const SPELLINGS: [(OcppVersion, &[&str]); 3] = [
    (OcppVersion::V21, &["ocpp2.1", "ocpp2.1j", "ocpp21"]),
    (OcppVersion::V201, &["ocpp2.0.1", "ocpp2.0.1j", "ocpp201"]),
    (OcppVersion::V16, &["ocpp1.6", "ocpp1.6j", "ocpp16", "ocpp1.6-j"]),
];

/// Agreed.
pub(super) struct Accepted {
    /// As in the register, else as in the path.
    pub charge_point: Arc<str>,
    /// `None` if there is none in common: then only goodbye is to be said.
    pub version: Option<OcppVersion>,
    /// Not in the register: answered, but not booked.
    pub quarantined: bool,
    /// Bytes that came after the request.
    pub rest: Vec<u8>,
}

/// An answer that ends the connection.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    status: &'static str,
    text: &'static str,
}

const fn refusal(status: &'static str, text: &'static str) -> Refusal {
    Refusal { status, text }
}

const BAD_REQUEST: Refusal =
    refusal("400 Bad Request", "This is an OCPP central system: connect with a WebSocket to /ocpp/{charge_point_id}.\n");
const UNAUTHORISED: Refusal = refusal("401 Unauthorized", "User name (the charge point id) or password is wrong.\n");
const UNKNOWN: Refusal = refusal("404 Not Found", "This charge point is not in the register.\n");
const BUSY: Refusal = refusal("503 Service Unavailable", "The check of passwords could not run; try again.\n");

/// Reads the request and answers it; `None` if it was refused.
pub(super) async fn shake(stream: &mut TcpStream, shared: &Shared) -> std::io::Result<Option<Accepted>> {
    let mut head = Vec::with_capacity(1024);
    let end = loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if head.len() >= HEAD_BYTES || stream.read_buf(&mut head).await? == 0 {
            return refuse(stream, shared, &BAD_REQUEST).await;
        }
    };
    let rest = head.split_off(end);
    let request = match Request::parse(&head) {
        Ok(request) => request,
        Err(refusal) => return refuse(stream, shared, &refusal).await,
    };
    let register = shared.register.borrow().clone();
    let (charge_point, quarantined) = match admit(&request, shared, &register).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refuse(stream, shared, &refusal).await,
    };
    if !request.says_upgrade {
        tracing::info!(%charge_point, "its handshake has no `Connection: Upgrade`; taken all the same");
    }
    let enabled = register.charge_point(&charge_point).and_then(|known| known.ocpp_versions.as_deref());
    let enabled = enabled.unwrap_or(&shared.config.versions);
    let chosen = choose(&request.protocols, enabled);
    let (version, protocol) = match chosen {
        Some((version, spelling)) => (Some(version), format!("Sec-WebSocket-Protocol: {spelling}\r\n")),
        // A client that offered none must get none.
        None if request.protocols.is_empty() && !shared.config.require_subprotocol && enabled.contains(&OcppVersion::V16) => {
            (Some(OcppVersion::V16), String::new())
        }
        None => {
            let spoken: Vec<_> = enabled.iter().map(|version| version.name()).collect();
            tracing::warn!(%charge_point, offered = ?request.protocols, ?spoken, "refused: no OCPP version in common");
            (None, String::new())
        }
    };
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n{protocol}\r\n",
        derive_accept_key(request.key.as_bytes())
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(Some(Accepted { charge_point, version, quarantined, rest }))
}

async fn refuse(stream: &mut TcpStream, shared: &Shared, refusal: &Refusal) -> std::io::Result<Option<Accepted>> {
    crate::model::Stats::count(&shared.stats.connections_refused);
    let challenge = if refusal.status.starts_with("401") { "WWW-Authenticate: Basic realm=\"ocpp\"\r\n" } else { "" };
    let answer = format!(
        "HTTP/1.1 {}\r\n{challenge}Content-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        refusal.status,
        refusal.text.len(),
        refusal.text
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(None)
}

/// The register decides who may come; a charge point with a password there must show it.
async fn admit(request: &Request, shared: &Shared, register: &Register) -> Result<(Arc<str>, bool), Refusal> {
    let Some(known) = register.charge_point(&request.identity) else {
        let identity = Arc::from(request.identity.as_str());
        return match shared.config.unknown {
            Unknown::Accept => Ok((identity, false)),
            Unknown::Quarantine => {
                let detail = "not in the register: answered, but nothing it says is booked";
                shared.stats.reject((shared.clock)(), "ocpp", &identity, RejectReason::NotRegistered, detail, b"");
                Ok((identity, true))
            }
            Unknown::Refuse => {
                tracing::warn!(charge_point = %identity, "refused: not in the register (charge_points.csv); see `ocpp.unknown`");
                Err(UNKNOWN)
            }
        };
    };
    if request.strictly_refused(shared) {
        tracing::warn!(charge_point = %known.id, "refused: its handshake has no `Connection: Upgrade` (`ocpp.strict_upgrade`)");
        return Err(BAD_REQUEST);
    }
    let Some(hash) = &known.auth else { return Ok((known.id.clone(), false)) };
    let Some((user, password)) = &request.login else {
        tracing::warn!(charge_point = %known.id, "refused: it sends no password, the register has one");
        return Err(UNAUTHORISED);
    };
    if !user.eq_ignore_ascii_case(&known.id) {
        tracing::warn!(charge_point = %known.id, "refused: its user name is not its id");
        return Err(UNAUTHORISED);
    }
    if shared.logins.knows(hash, password) {
        return Ok((known.id.clone(), false));
    }
    let (stored, given) = (hash.clone(), password.clone());
    match tokio::task::spawn_blocking(move || credentials::verify(&stored, &given)).await {
        Ok(true) => {
            shared.logins.note(hash, password);
            Ok((known.id.clone(), false))
        }
        Ok(false) => {
            tracing::warn!(charge_point = %known.id, "refused: wrong password");
            Err(UNAUTHORISED)
        }
        Err(_) => Err(BUSY),
    }
}

/// The best version that both speak, in the charge point's own spelling. Some send the whole list as one token.
fn choose<'a>(offered: &'a [String], enabled: &[OcppVersion]) -> Option<(OcppVersion, &'a str)> {
    let spoken = SPELLINGS.iter().filter(|(version, _)| enabled.contains(version));
    let mut found = spoken.filter_map(|(version, spellings)| {
        let named = offered.iter().find(|token| spellings.contains(&token.to_ascii_lowercase().as_str()))?;
        Some((*version, named.as_str()))
    });
    found.next()
}

#[derive(Debug)]
struct Request {
    identity: String,
    key: String,
    protocols: Vec<String>,
    login: Option<(String, Vec<u8>)>,
    /// `Connection: Upgrade` is there; some leave it out.
    says_upgrade: bool,
}

impl Request {
    fn parse(head: &[u8]) -> Result<Self, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        if !request.parse(head).is_ok_and(|status| status.is_complete()) || request.method != Some("GET") {
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
        let upgrade = values("upgrade").iter().any(|value| value.trim().eq_ignore_ascii_case("websocket"));
        let says_upgrade = values("connection")
            .iter()
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
        let key = values("sec-websocket-key").first().map(|key| key.trim().to_owned());
        let (true, Some(key)) = (upgrade, key) else { return Err(BAD_REQUEST) };
        let protocols =
            values("sec-websocket-protocol").into_iter().flat_map(|value| value.split(',')).map(|token| token.trim().to_owned());
        let login = values("authorization").first().and_then(|value| basic(value));
        Ok(Self {
            identity: identity(request.path.unwrap_or_default()).ok_or(BAD_REQUEST)?,
            key,
            protocols: protocols.filter(|token| !token.is_empty()).collect(),
            login,
            says_upgrade,
        })
    }

    fn strictly_refused(&self, shared: &Shared) -> bool {
        shared.config.strict_upgrade && !self.says_upgrade
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
    Some((String::from_utf8(decoded[..colon].to_vec()).ok()?, decoded[colon + 1..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "GET /ocpp/CP1 HTTP/1.1\nHost: x\nupgrade: WebSocket\nSec-WebSocket-Key: k\nSec-WebSocket-Protocol: ocpp2.0.1, OCPP1.6J\nAuthorization: Basic Q1AxOgD/\n\n",
        );
        let request = request.expect("good enough");
        let all = [OcppVersion::V16, OcppVersion::V201, OcppVersion::V21];
        assert_eq!(choose(&request.protocols, &all), Some((OcppVersion::V201, "ocpp2.0.1")));
        assert_eq!(choose(&request.protocols, &all[..1]), Some((OcppVersion::V16, "OCPP1.6J")));
        assert!(!request.says_upgrade);
        assert_eq!(request.login, Some(("CP1".to_owned(), vec![0, 255])));
        assert!(parse("GET /ocpp/CP1 HTTP/1.1\nHost: x\n\n").is_err(), "no WebSocket");
        assert!(parse("POST /ocpp/CP1 HTTP/1.1\nUpgrade: websocket\nSec-WebSocket-Key: k\n\n").is_err());
        assert!(parse("hello\n\n").is_err());
        assert_eq!(choose(&["ocpp2.0".to_owned()], &all), None);
    }
}
