//! A small HTTP/1.1 client for notifiers and the carbon intensity API.
//!
//! One request per connection, plain or TLS, with a limit on time and on the size of the response. It follows no redirects, because a
//! token must not go to an address that is not configured, and it uses no proxy.

mod message;
mod tls;

use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::http::Uri;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

pub use self::message::{HttpError, HttpRequest, HttpResponse};
pub use self::tls::TlsClient;

/// The client. Cheap to clone.
#[derive(Clone, Default)]
pub struct HttpClient {
    tls: TlsClient,
}

impl HttpClient {
    /// Checks servers against the authorities of a PEM file, or against this machine's if there is no file.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, HttpError> {
        TlsClient::new(ca_file)
            .map(|tls| Self { tls })
            .map_err(HttpError)
    }

    /// The TLS client that this client uses, for other protocols to the same server.
    pub fn tls(&self) -> &TlsClient {
        &self.tls
    }

    /// Sends a request and reads the whole response within `timeout`.
    pub async fn send(
        &self,
        request: &HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, HttpError> {
        tokio::time::timeout(timeout, self.exchange(request))
            .await
            .unwrap_or_else(|_| {
                Err(HttpError(format!(
                    "no answer within {} s",
                    timeout.as_secs_f64()
                )))
            })
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let target = Target::parse(&request.url)?;
        let (host, port) = (target.host.as_str(), target.port);
        let tcp = TcpStream::connect((host, port))
            .await
            .map_err(|error| HttpError(format!("{host}:{port}: {error}")))?;
        let _ = tcp.set_nodelay(true);
        let message = build(request, &target.uri)?;
        if target.tls {
            let stream = self.tls.connect(host, tcp).await.map_err(HttpError)?;
            send_over(stream, message, request.max_bytes).await
        } else {
            send_over(tcp, message, request.max_bytes).await
        }
    }
}

/// Where a request goes.
struct Target {
    uri: Uri,
    tls: bool,
    host: String,
    port: u16,
}

impl Target {
    /// The URL may be a secret (chat webhooks), so errors do not repeat it.
    fn parse(url: &str) -> Result<Self, HttpError> {
        let error = |text: &str| HttpError(text.to_owned());
        let uri: Uri = url.parse().map_err(|_| error("the address is not a URL"))?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => {
                return Err(error("the address does not begin with http:// or https://"));
            }
        };
        let host = uri
            .host()
            .ok_or_else(|| error("the address has no host"))?
            .trim_matches(['[', ']'])
            .to_owned();
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self {
            uri,
            tls,
            host,
            port,
        })
    }
}

fn build(request: &HttpRequest, uri: &Uri) -> Result<Request<Full<Bytes>>, HttpError> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // User information in the URL is not part of the Host header (RFC 9110 section 7.2).
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut builder = Request::builder()
        .method(request.method.clone())
        .uri(path)
        .header(header::HOST, host)
        .header(
            header::USER_AGENT,
            concat!("fleetgauge/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONNECTION, "close");
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    builder
        .body(Full::new(Bytes::from(request.body.clone())))
        .map_err(HttpError::new)
}

async fn send_over(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    max_bytes: usize,
) -> Result<HttpResponse, HttpError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(HttpError::new)?;
    let response = async {
        let response = sender.send_request(request).await.map_err(HttpError::new)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), max_bytes)
            .collect()
            .await
            .map_err(HttpError::new)?;
        Ok(HttpResponse {
            status,
            body: body.to_bytes().to_vec(),
        })
    };
    let mut connection = std::pin::pin!(connection);
    let mut response = std::pin::pin!(response);
    // hyper makes progress only while the connection is polled. It may end first, with the response in its buffers.
    tokio::select! {
        biased;
        response = &mut response => response,
        ended = &mut connection => {
            ended.map_err(HttpError::new)?;
            response.await
        }
    }
}
