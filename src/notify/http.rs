//! A small HTTP/1.1 client: one request a connection, plain or TLS, a limit on time and on the answer's size. Follows no redirects, for a
//! token must not go where nobody sent it; uses no proxy.

use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::http::Uri;
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::tls::Tls;

/// Most bytes of an answer, where a request says nothing else.
const ANSWER_BYTES: usize = 1 << 20;

/// A request.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// GET, POST.
    pub method: Method,
    /// `http://` or `https://`.
    pub url: String,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body; may be empty.
    pub body: Vec<u8>,
    /// A longer answer is refused.
    pub max_bytes: usize,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// There is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(String);

/// The client.
#[derive(Clone, Default)]
pub struct HttpClient {
    tls: Tls,
}

impl HttpRequest {
    /// A GET.
    pub fn get(url: &str) -> Self {
        Self {
            method: Method::GET,
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            max_bytes: ANSWER_BYTES,
        }
    }

    /// A POST of JSON.
    pub fn post_json(url: &str, body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self {
            method: Method::POST,
            url: url.to_owned(),
            headers,
            body: body.into_bytes(),
            max_bytes: ANSWER_BYTES,
        }
    }
}

impl HttpResponse {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn broken(error: impl std::fmt::Display) -> HttpError {
    HttpError(error.to_string())
}

impl HttpClient {
    /// With the authorities of a file, or of this machine.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, HttpError> {
        Tls::new(ca_file).map(|tls| Self { tls }).map_err(HttpError)
    }

    pub(super) fn tls(&self) -> &Tls {
        &self.tls
    }

    /// Sends it; all of it must be done within the time.
    pub async fn send(
        &self,
        request: &HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, HttpError> {
        let done = tokio::time::timeout(timeout, self.exchange(request)).await;
        done.unwrap_or_else(|_| {
            Err(HttpError(format!(
                "no answer within {} s",
                timeout.as_secs_f64()
            )))
        })
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        // The address may be a secret; errors name the host only.
        let uri: Uri = request
            .url
            .parse()
            .map_err(|_| HttpError("the address is not a URL".to_owned()))?;
        let secured = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => {
                return Err(HttpError(
                    "the address does not begin with http:// or https://".to_owned(),
                ));
            }
        };
        let host = uri
            .host()
            .ok_or_else(|| HttpError("the address has no host".to_owned()))?
            .trim_matches(['[', ']'])
            .to_owned();
        let port = uri.port_u16().unwrap_or(if secured { 443 } else { 80 });
        let tcp = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(|error| HttpError(format!("{host}:{port}: {error}")))?;
        let _ = tcp.set_nodelay(true);
        let max_bytes = request.max_bytes;
        let request = build(request, &uri)?;
        if secured {
            speak(
                self.tls.connect(&host, tcp).await.map_err(HttpError)?,
                request,
                max_bytes,
            )
            .await
        } else {
            speak(tcp, request, max_bytes).await
        }
    }
}

fn build(request: &HttpRequest, uri: &Uri) -> Result<Request<Full<Bytes>>, HttpError> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // A login in the address is no part of the host.
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
        .map_err(broken)
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    max_bytes: usize,
) -> Result<HttpResponse, HttpError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let answer = async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), max_bytes)
            .collect()
            .await
            .map_err(broken)?;
        Ok(HttpResponse {
            status,
            body: body.to_bytes().to_vec(),
        })
    };
    let mut connection = std::pin::pin!(connection);
    let mut answer = std::pin::pin!(answer);
    // The connection must be driven while the answer is waited for; it may end first, with the answer in its buffers.
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = &mut connection => {
            ended.map_err(broken)?;
            answer.await
        }
    }
}
