//! The server that charge points connect to: TCP, TLS, the WebSocket handshake, authentication, and one connection per identity.
//!
//! A connection that is accepted continues in our own central system ([`super::session`]) or is tapped on its way to its operator's
//! ([`super::tap`]).

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
use tokio_rustls::TlsAcceptor;

pub(crate) use self::authentication::{AuthMethod, Authentication, Route};
pub use self::config::{OcppConfig, Unknown};
pub(crate) use self::handshake::PendingConnection;
use self::handshake::{Refusal, handshake};
use self::limits::Limits;
use self::links::{ConnectionSlot, Links, SlotTaken};
pub(crate) use self::stream::Stream;
pub use self::tls::Acceptors;
use super::tap::{self, Upstream};
use crate::ingest::capture::Capture;
use crate::ingest::credentials::VerifiedLogins;
use crate::ingest::{ArrivalClock, FrameSender};
use crate::model::register::Register;
use crate::model::{Stats, TokenHasher};
use crate::ocpp::session;

/// The pause after accept() failed, which mostly means that the process has no free file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The time that open connections get to close when the server stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// What the server needs from other parts of the process.
pub struct Deps {
    /// The pipeline to the engine.
    pub frames: FrameSender,
    /// The register in force.
    pub register: watch::Receiver<Arc<Register>>,
    /// Hashes RFID tags before they leave the server.
    pub hasher: TokenHasher,
    /// The time of arrival.
    pub clock: ArrivalClock,
    /// The process's counters.
    pub stats: Arc<Stats>,
    /// Records the traffic, if that is configured.
    pub capture: Capture,
    /// Dials operators for tapped charge points.
    pub upstream: Upstream,
    /// True when the server is to stop.
    pub shutdown: watch::Receiver<bool>,
}

/// A bound socket, and how its connections are secured.
pub struct Listener {
    /// The bound socket.
    pub socket: TcpListener,
    /// `None` for plain TCP.
    pub tls: Option<TlsAcceptor>,
    /// Clients must present a certificate.
    pub mutual: bool,
}

/// What all connections share.
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
    /// Verified logins, so that a fleet that reconnects at once does not cost a PBKDF2 computation per charge point.
    logins: VerifiedLogins,
    limits: Limits,
    pub shutdown: watch::Receiver<bool>,
}

impl Shared {
    /// Acquires the slot of a charge point's identity.
    pub(crate) async fn acquire_slot(
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
                tracing::warn!(%charge_point, %address, "charge point refused: one with this identity is connected, better authenticated or alive; check for two with one identity");
                Err(handshake::CONFLICT)
            }
        }
    }
}

/// Serves charge points on all listeners until `deps.shutdown`.
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
        logins: VerifiedLogins::default(),
        limits,
        shutdown: deps.shutdown,
    });
    let mut loops = JoinSet::new();
    for listener in listeners {
        loops.spawn(accept_loop(listener, shared.clone()));
    }
    while loops.join_next().await.is_some() {}
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
                    // Responses are small and awaited, so the kernel must not delay them.
                    let _ = stream.set_nodelay(true);
                    let open = OpenConnection::new(shared.clone());
                    connections.spawn(serve(open, stream, peer, listener.tls.clone(), listener.mutual));
                }
                Err(error) => {
                    tracing::warn!(%error, "a charge point's connection could not be accepted; trying again");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
        }
    }
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    connections.shutdown().await;
}

/// Serves one connection until it ends.
async fn serve(
    open: OpenConnection,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    mutual: bool,
) {
    let shared = &open.0;
    // On the heap, and freed after the handshake: a task keeps the memory of its largest await point for its whole life.
    let pending = Box::pin(handshake(stream, peer, tls, mutual, shared));
    let pending = match tokio::time::timeout(shared.config.handshake_timeout, pending).await {
        Ok(Ok(Ok(pending))) => pending,
        Ok(Ok(Err((mut stream, refusal)))) => {
            shared.limits.record_failure(peer.ip());
            return handshake::refuse(&mut stream, shared, &refusal).await;
        }
        // TLS failed, the connection broke, or no request arrived in time.
        Ok(Err(_)) | Err(_) => {
            Stats::count(&shared.stats.connections_refused);
            shared.limits.record_failure(peer.ip());
            return;
        }
    };
    match pending.authentication.route {
        Route::Csms | Route::Quarantine => session::serve(pending, shared.clone()).await,
        Route::Tap(_) => Box::pin(tap::serve(pending, shared.clone())).await,
    }
}

/// Counts a connection as open until it is dropped.
struct OpenConnection(Arc<Shared>);

impl OpenConnection {
    fn new(shared: Arc<Shared>) -> Self {
        Stats::count(&shared.stats.ocpp_open);
        Self(shared)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        Stats::release(&self.0.stats.ocpp_open);
    }
}
