//! Dials the operator's central system with the charge point's path, credentials and subprotocols.

use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, TlsStream};
use tokio_tungstenite::tungstenite::http::Uri;

use super::TapConfig;
use crate::ocpp::server::Stream;
use crate::ocpp::server::handshake::{Request, read_head};
use crate::tls::{TlsError, authorities, certificates, client, machine_authorities, private_key};

/// The largest head of an operator's response, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The largest body of a refusal that is passed on, in bytes.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// Connects to the central systems of operators.
#[derive(Clone, Default)]
pub struct Upstream {
    roots: Option<Arc<RootCertStore>>,
    certificate: Option<Arc<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>>,
    /// Made when the first `wss://` URL is dialled, because loading this machine's authorities is slow.
    connector: Arc<OnceLock<TlsConnector>>,
}

/// An accepted connection to an operator.
pub(super) struct Operator {
    pub stream: Stream,
    /// The subprotocol that the operator chose.
    pub protocol: Option<String>,
    /// Bytes that arrived behind the response.
    pub rest: Vec<u8>,
}

/// The reason why there is no connection to the operator.
pub(super) enum DialError {
    /// The operator refused; its response as sent.
    Refused { status: String, response: Vec<u8> },
    /// The operator cannot be reached, or its response is not HTTP.
    Down(String),
}

impl DialError {
    fn down(error: impl std::fmt::Display) -> Self {
        Self::Down(error.to_string())
    }
}

impl Upstream {
    /// Reads the files that the configuration names.
    pub fn read(config: &TapConfig) -> Result<Self, TlsError> {
        let roots = config
            .ca_file
            .as_deref()
            .map(|file| authorities("tap.ca_file", file))
            .transpose()?;
        let certificate = match (
            config.client_certificate_file.as_deref(),
            config.client_key_file.as_deref(),
        ) {
            (Some(certificate), Some(key)) => {
                let chain = certificates("tap.client_certificate_file", certificate)?;
                Some((chain, private_key("tap.client_key_file", key)?))
            }
            _ => None,
        };
        Ok(Self {
            roots: roots.map(Arc::new),
            certificate: certificate.map(Arc::new),
            connector: Arc::default(),
        })
    }

    fn connector(&self) -> Result<TlsConnector, DialError> {
        if let Some(connector) = self.connector.get() {
            return Ok(connector.clone());
        }
        let roots = self.roots.clone().unwrap_or_else(machine_authorities);
        let builder = client(roots);
        let config = match self.certificate.as_deref() {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(DialError::down)?,
        };
        Ok(self
            .connector
            .get_or_init(|| TlsConnector::from(Arc::new(config)))
            .clone())
    }

    /// Dials the operator at `url` as the charge point dialled us.
    pub(super) async fn dial(&self, url: &str, request: &Request) -> Result<Operator, DialError> {
        let Target {
            tls,
            host,
            port,
            path,
        } = Target::resolve(url, &request.target)
            .ok_or_else(|| DialError::down("its address is no ws:// or wss:// URL"))?;
        let tcp = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(DialError::down)?;
        let _ = tcp.set_nodelay(true);
        let mut stream = if tls {
            let name = ServerName::try_from(host.clone()).map_err(DialError::down)?;
            let secured = self
                .connector()?
                .connect(name, tcp)
                .await
                .map_err(DialError::down)?;
            Stream::Tls(Box::new(TlsStream::Client(secured)))
        } else {
            Stream::Plain(tcp)
        };
        let usual = port == if tls { 443 } else { 80 };
        let host = if usual {
            host
        } else {
            format!("{host}:{port}")
        };
        stream
            .write_all(request.for_operator(&host, &path).as_bytes())
            .await
            .map_err(DialError::down)?;
        stream.flush().await.map_err(DialError::down)?;
        read_response(stream).await
    }
}

async fn read_response(mut stream: Stream) -> Result<Operator, DialError> {
    const NOT_HTTP: &str = "its answer is not HTTP";
    let head = read_head(&mut stream, MAX_HEAD_BYTES)
        .await
        .map_err(DialError::down)?;
    let (mut head, mut rest) = head.ok_or_else(|| DialError::down(NOT_HTTP))?;
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    if !response
        .parse(&head)
        .is_ok_and(|status| status.is_complete())
    {
        return Err(DialError::down(NOT_HTTP));
    }
    let header = |name: &str| {
        let found = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name));
        found
            .and_then(|header| std::str::from_utf8(header.value).ok())
            .map(|value| value.trim().to_owned())
    };
    if response.code == Some(101) {
        return Ok(Operator {
            stream,
            protocol: header("sec-websocket-protocol"),
            rest,
        });
    }
    let status = format!(
        "{} {}",
        response.code.unwrap_or_default(),
        response.reason.unwrap_or_default()
    );
    let length = header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(MAX_REFUSAL_BYTES)
        .min(MAX_REFUSAL_BYTES);
    while rest.len() < length && stream.read_buf(&mut rest).await.is_ok_and(|read| read > 0) {}
    head.extend(rest.into_iter().take(length));
    Err(DialError::Refused {
        status,
        response: head,
    })
}

/// The address to dial, and the path of the request.
#[derive(PartialEq, Eq, Debug)]
struct Target {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Target {
    /// If the URL has no path, the charge point's path and query stay as they are. If it has one, that path replaces our `/ocpp`.
    fn resolve(url: &str, target: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let tls = match uri.scheme_str()? {
            "wss" => true,
            "ws" => false,
            _ => return None,
        };
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let base = uri.path().trim_end_matches('/');
        let own = if base.is_empty() {
            target
        } else {
            target.strip_prefix("/ocpp").unwrap_or(target)
        };
        let own = if own.starts_with('/') {
            own.to_owned()
        } else {
            format!("/{own}")
        };
        Some(Self {
            tls,
            host,
            port,
            path: format!("{base}{own}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::tap::upstream::*;

    #[test]
    fn the_path_stays_the_charge_points_own() {
        for (url, target, want) in [
            (
                "ws://op.example:9000",
                "/ocpp/CP%7C1?token=x",
                Some((false, "op.example", 9000, "/ocpp/CP%7C1?token=x")),
            ),
            (
                "wss://op.example/",
                "//CP1",
                Some((true, "op.example", 443, "//CP1")),
            ),
            (
                "wss://op.example/services/ocpp",
                "/ocpp/CP1",
                Some((true, "op.example", 443, "/services/ocpp/CP1")),
            ),
            (
                "ws://[::1]:8080/a/",
                "/b/CP1",
                Some((false, "::1", 8080, "/a/b/CP1")),
            ),
            ("http://op.example", "/CP1", None),
            ("op.example", "/CP1", None),
        ] {
            let found = Target::resolve(url, target);
            let found = found.as_ref().map(|found| {
                (
                    found.tls,
                    found.host.as_str(),
                    found.port,
                    found.path.as_str(),
                )
            });
            assert_eq!(found, want, "{url} {target}");
        }
    }
}
