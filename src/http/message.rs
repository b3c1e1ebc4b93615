//! Requests, responses and errors of the HTTP client.

use hyper::Method;

/// The largest response, in bytes, unless a request sets another limit.
const MAX_RESPONSE_BYTES: usize = 1 << 20;

/// A request by HTTP or HTTPS.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// GET or POST.
    pub method: Method,
    /// An `http://` or `https://` URL.
    pub url: String,
    /// Headers besides Host, User-Agent and Connection.
    pub headers: Vec<(&'static str, String)>,
    /// The body, which may be empty.
    pub body: Vec<u8>,
    /// A larger response is an error.
    pub max_bytes: usize,
}

impl HttpRequest {
    /// A GET request.
    pub fn get(url: &str) -> Self {
        Self {
            method: Method::GET,
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            max_bytes: MAX_RESPONSE_BYTES,
        }
    }

    /// A POST request with a JSON body.
    pub fn post_json(url: &str, body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self {
            method: Method::POST,
            url: url.to_owned(),
            headers,
            body: body.into_bytes(),
            max_bytes: MAX_RESPONSE_BYTES,
        }
    }
}

/// A response, whatever its status.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The body without its transfer coding, at most the request's limit in bytes.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The reason why there is no response.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(pub(super) String);

impl HttpError {
    pub(super) fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}
