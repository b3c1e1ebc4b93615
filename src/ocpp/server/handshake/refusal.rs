//! The HTTP responses that refuse a WebSocket, and end the connection.

use tokio::io::{AsyncWrite, AsyncWriteExt};

/// A response that ends the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    /// The status code and its reason phrase.
    pub status: &'static str,
    /// The body, for the installer who reads the charge point's log.
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
pub(crate) const CONFLICT: Refusal = refusal(
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

impl Refusal {
    /// Sends the response and closes the stream.
    pub(crate) async fn send<S: AsyncWrite + Unpin>(&self, stream: &mut S) -> std::io::Result<()> {
        let challenge = if self.status.starts_with("401") {
            "WWW-Authenticate: Basic realm=\"ocpp\"\r\n"
        } else {
            ""
        };
        let response = format!(
            "HTTP/1.1 {}\r\n{challenge}Content-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
            self.status,
            self.text.len(),
            self.text
        );
        stream.write_all(response.as_bytes()).await?;
        stream.flush().await?;
        stream.shutdown().await
    }
}
