//! From an accepted TCP connection to an authenticated request for a WebSocket: TLS, the request, the limits, the authentication.

mod identity;
mod refusal;
mod request;

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

pub(crate) use self::refusal::{
    BAD_REQUEST, BUSY, CONFLICT, FORBIDDEN, Refusal, TOO_MANY, UNAUTHORISED, UNKNOWN,
};
pub(crate) use self::request::{Request, read_head, read_request};
use super::authentication::{Authentication, TransportSecurity, authenticate};
use super::{Shared, Stream, tls};
use crate::model::Stats;

/// A connection that is authenticated. Its request is not answered yet.
pub(crate) struct PendingConnection {
    /// The stream, with or without TLS.
    pub stream: Stream,
    /// The request for a WebSocket.
    pub request: Request,
    /// The bytes that arrived behind the request.
    pub rest: Vec<u8>,
    /// The result of the authentication.
    pub authentication: Authentication,
    /// The charge point's address.
    pub address: IpAddr,
}

impl PendingConnection {
    /// Answers with a refusal.
    pub(crate) async fn refuse(mut self, shared: &Shared, refusal: &Refusal) {
        refuse(&mut self.stream, shared, refusal).await;
    }
}

/// Counts and sends a refusal, within the time of a handshake.
pub(super) async fn refuse(stream: &mut Stream, shared: &Shared, refusal: &Refusal) {
    Stats::count(&shared.stats.connections_refused);
    let timeout = shared.config.handshake_timeout;
    let _ = tokio::time::timeout(timeout, refusal.send(stream)).await;
}

/// The end of a handshake that is not an error of the line: an authenticated connection, or a stream that gets a refusal.
pub(super) type Outcome = Result<Box<PendingConnection>, (Stream, Refusal)>;

/// Performs the handshake up to, but not including, the response to the request.
pub(super) async fn handshake(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    mutual: bool,
    shared: &Shared,
) -> std::io::Result<Outcome> {
    let address = peer.ip();
    if shared.limits.is_blocked(address) {
        Stats::count(&shared.stats.handshakes_limited);
        return Ok(Err((Stream::Plain(stream), TOO_MANY)));
    }
    let (mut stream, security) = secure(stream, peer, tls, mutual).await?;
    let (request, rest) = match read_request(&mut stream, shared.config.max_head_bytes).await? {
        Ok(request) => request,
        Err(refusal) => return Ok(Err((stream, refusal))),
    };
    if !shared.limits.allow(&request.identity) {
        Stats::count(&shared.stats.handshakes_limited);
        tracing::warn!(charge_point = %request.identity, "charge point refused: it connects more than `ocpp.max_handshakes` times a minute");
        return Ok(Err((stream, TOO_MANY)));
    }
    let register = shared.register.borrow().clone();
    let authentication = match authenticate(&request, &security, address, shared, &register).await {
        Ok(authentication) => authentication,
        Err(refusal) => return Ok(Err((stream, refusal))),
    };
    if !request.has_connection_upgrade {
        tracing::info!(charge_point = %authentication.charge_point, "charge point accepted although its handshake has no `Connection: Upgrade`");
    }
    Ok(Ok(Box::new(PendingConnection {
        stream,
        request,
        rest,
        authentication,
        address,
    })))
}

/// Performs the TLS handshake where the listener has TLS.
async fn secure(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    mutual: bool,
) -> std::io::Result<(Stream, TransportSecurity)> {
    let Some(acceptor) = tls else {
        return Ok((Stream::Plain(stream), TransportSecurity::Plain));
    };
    let stream = acceptor
        .accept(stream)
        .await
        .inspect_err(|error| tracing::info!(%peer, %error, "TLS handshake failed"))?;
    let security = if mutual {
        let certificates = stream.get_ref().1.peer_certificates();
        let names = certificates
            .and_then(<[_]>::first)
            .map(tls::names)
            .unwrap_or_default();
        TransportSecurity::Mutual(names)
    } else {
        TransportSecurity::Tls
    };
    let stream = Stream::Tls(Box::new(TlsStream::Server(stream)));
    Ok((stream, security))
}
