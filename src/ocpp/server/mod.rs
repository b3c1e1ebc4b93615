//! Where charge points come in: TCP, TLS, the request for a WebSocket, who may enter, and one link per identity. Behind it is either our
//! own central system ([`crate::ocpp::session`]) or the way through to the operator's ([`super::tap`]).

mod authentication;
mod config;
pub(crate) mod handshake;
mod limits;
pub(crate) mod links;
mod stream;
pub(crate) mod subprotocol;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::{TlsAcceptor, TlsStream};

pub use self::config::{OcppConfig, Unknown};
use self::limits::Limits;
use self::links::{AuthMethod, ConnectionSlot, Links, SlotTaken};
pub(crate) use self::stream::Stream;
pub use self::tls::Acceptors;
use super::tap;
use super::tap::Upstream;
use crate::ingest::capture::Capture;
use crate::ingest::{ArrivalClock, FrameSender};
use crate::model::register::Register;
use crate::model::{Stats, TokenHasher};
use crate::ocpp::server::authentication::TransportSecurity;
pub(crate) use crate::ocpp::server::authentication::{Authentication, Route};
use crate::ocpp::server::handshake::{Refusal, Request};
use crate::ocpp::session;

/// What all charge points' connections share.
pub(crate) struct Shared {
    pub config: OcppConfig,
    pub frames: FrameSender,
    pub register: watch::Receiver<Arc<Register>>,
    pub hasher: TokenHasher,
    pub clock: ArrivalClock,
    pub stats: Arc<Stats>,
    pub capture: Capture,
    pub links: Links,
    pub upstream: Upstream,
    /// Logins that were good, so that a fleet that reconnects at once does not burn a core on PBKDF2.
    logins: crate::ingest::credentials::VerifiedLogins,
    limits: Limits,
    pub shutdown: watch::Receiver<bool>,
}

impl Shared {
    /// Takes the place of a charge point's identity, or says that it is taken.
    pub async fn acquire_slot(
        &self,
        charge_point: &str,
        method: AuthMethod,
        address: IpAddr,
    ) -> Result<ConnectionSlot, Refusal> {
        match self.links.acquire(charge_point, method, address).await {
            Ok(slot) => {
                Stats::add(&self.stats.ocpp_replaced, u64::from(slot.took_over));
                Ok(slot)
            }
            Err(SlotTaken) => {
                Stats::count(&self.stats.duplicates_refused);
                tracing::warn!(%charge_point, %address, "refused: a charge point with this identity is connected, better authenticated or alive");
                Err(handshake::TAKEN)
            }
        }
    }
}

/// Everything it needs from outside.
pub struct Deps {
    /// To the engine.
    pub frames: FrameSender,
    /// The register in force.
    pub register: watch::Receiver<Arc<Register>>,
    /// Hides tags.
    pub hasher: TokenHasher,
    /// Time of arrival.
    pub clock: ArrivalClock,
    /// Counters.
    pub stats: Arc<Stats>,
    /// Written down, if anybody asked.
    pub capture: Capture,
    /// The way to operators.
    pub upstream: Upstream,
    /// True when it is time to stop.
    pub shutdown: watch::Receiver<bool>,
}

/// A port, and what is spoken on it below HTTP.
pub struct Listener {
    /// Bound.
    pub socket: TcpListener,
    /// Without one, TCP alone.
    pub tls: Option<TlsAcceptor>,
    /// Clients show certificates.
    pub mutual: bool,
}

/// Pause after accept() failed, which mostly means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long connections may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// A charge point that may come in, not answered yet.
pub(crate) struct PendingConnection {
    pub stream: Stream,
    pub request: Request,
    /// Bytes that came behind the request.
    pub rest: Vec<u8>,
    pub authentication: Authentication,
    pub address: IpAddr,
}

impl PendingConnection {
    /// Says no after all.
    pub async fn refuse(mut self, shared: &Shared, refusal: &Refusal) {
        Stats::count(&shared.stats.connections_refused);
        let _ = tokio::time::timeout(
            shared.config.handshake_timeout,
            handshake::refuse(&mut self.stream, refusal),
        )
        .await;
    }
}

/// Serves charge points at all listeners until told to stop.
pub async fn run(config: OcppConfig, listeners: Vec<Listener>, deps: Deps) {
    let limits = Limits::new(config.max_failed_handshakes, config.max_handshakes);
    let shared = Arc::new(Shared {
        config,
        frames: deps.frames,
        register: deps.register,
        hasher: deps.hasher,
        clock: deps.clock,
        stats: deps.stats,
        capture: deps.capture,
        links: Links::default(),
        upstream: deps.upstream,
        logins: crate::ingest::credentials::VerifiedLogins::default(),
        limits,
        shutdown: deps.shutdown,
    });
    let mut open = JoinSet::new();
    for listener in listeners {
        open.spawn(accept_loop(listener, shared.clone()));
    }
    while open.join_next().await.is_some() {}
}

async fn accept_loop(listener: Listener, shared: Arc<Shared>) {
    let mut shutdown = shared.shutdown.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.socket.accept() => match accepted {
                Ok((stream, peer)) => {
                    if Stats::get(&shared.stats.ocpp_open) >= shared.config.max_connections as u64 {
                        Stats::count(&shared.stats.connections_refused);
                        continue;
                    }
                    // Answers are small and awaited: do not let the kernel hold them back.
                    let _ = stream.set_nodelay(true);
                    Stats::count(&shared.stats.ocpp_open);
                    connections.spawn(serve(stream, peer, listener.tls.clone(), listener.mutual, shared.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a charge point's connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
        }
    }
    let _ = tokio::time::timeout(GOODBYE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    connections.shutdown().await;
}

/// Serves a connection to its end.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    mutual: bool,
    shared: Arc<Shared>,
) {
    let _open = Open(shared.clone());
    // On the heap, to be gone when it is done: a task keeps room for the largest of its moments as long as it lives.
    let entering = Box::pin(handshake(stream, peer, tls, mutual, &shared));
    let pending = match tokio::time::timeout(shared.config.handshake_timeout, entering).await {
        Ok(Ok(Ok(pending))) => pending,
        Ok(Ok(Err((mut stream, refusal)))) => {
            Stats::count(&shared.stats.connections_refused);
            shared.limits.failed(peer.ip());
            let _ = tokio::time::timeout(
                shared.config.handshake_timeout,
                handshake::refuse(&mut stream, &refusal),
            )
            .await;
            return;
        }
        // TLS that failed, a line that was cut, or a client that never said what it wants.
        Ok(Err(_)) | Err(_) => {
            Stats::count(&shared.stats.connections_refused);
            shared.limits.failed(peer.ip());
            return;
        }
    };
    if pending.authentication.route == Route::Csms
        || pending.authentication.route == Route::Quarantine
    {
        session::serve(pending, shared).await;
    } else {
        Box::pin(tap::serve(pending, shared)).await;
    }
}

/// Counts an open connection as long as it lives.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        Stats::release(&self.0.stats.ocpp_open);
    }
}

type Refused = (Stream, Refusal);

async fn handshake(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    mutual: bool,
    shared: &Shared,
) -> std::io::Result<Result<Box<PendingConnection>, Refused>> {
    let address = peer.ip();
    if shared.limits.refuses(address) {
        Stats::count(&shared.stats.handshakes_limited);
        return Ok(Err((Stream::Plain(stream), handshake::TOO_MANY)));
    }
    let (mut stream, security) = match tls {
        None => (Stream::Plain(stream), TransportSecurity::Plain),
        Some(acceptor) => {
            let stream = acceptor
                .accept(stream)
                .await
                .inspect_err(|error| tracing::info!(%peer, %error, "TLS handshake failed"))?;
            let shown = stream
                .get_ref()
                .1
                .peer_certificates()
                .and_then(<[_]>::first)
                .map(tls::names);
            let security = if mutual {
                TransportSecurity::Mutual(shown.unwrap_or_default())
            } else {
                TransportSecurity::Tls
            };
            (Stream::Tls(Box::new(TlsStream::Server(stream))), security)
        }
    };
    let (request, rest) = match handshake::read(&mut stream, shared.config.max_head_bytes).await? {
        Ok(read) => read,
        Err(refusal) => return Ok(Err((stream, refusal))),
    };
    if !shared.limits.admits(&request.identity) {
        Stats::count(&shared.stats.handshakes_limited);
        tracing::warn!(charge_point = %request.identity, "refused: it connects more than `ocpp.max_handshakes` times a minute");
        return Ok(Err((stream, handshake::TOO_MANY)));
    }
    let register = shared.register.borrow().clone();
    let authentication =
        match authentication::authenticate(&request, &security, address, shared, &register).await {
            Ok(authentication) => authentication,
            Err(refusal) => return Ok(Err((stream, refusal))),
        };
    if !request.has_connection_upgrade {
        tracing::info!(charge_point = %authentication.charge_point, "its handshake has no `Connection: Upgrade`; taken all the same");
    }
    Ok(Ok(Box::new(PendingConnection {
        stream,
        request,
        rest,
        authentication,
        address,
    })))
}
