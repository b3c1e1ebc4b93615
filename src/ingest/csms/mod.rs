//! The OCPP central system: charge points connect to `/ocpp/{charge_point_id}`.
//!
//! Answers to StartTransaction, StopTransaction, MeterValues and what else the books keep leave after the commit; BootNotification,
//! Heartbeat and Authorize at once. It never sends a request of its own.

mod answer;
mod config;
mod connection;
mod handshake;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

pub use config::{CsmsConfig, Unknown};

use super::capture::Capture;
use super::{ArrivalClock, FrameSender};
use crate::model::register::Register;
use crate::model::{Stats, TokenHasher};

/// What all connections share.
struct Shared {
    config: CsmsConfig,
    frames: FrameSender,
    register: watch::Receiver<Arc<Register>>,
    hasher: TokenHasher,
    clock: ArrivalClock,
    stats: Arc<Stats>,
    capture: Capture,
    /// Who is connected under which identity (lower case), to be told when it connects again.
    links: Mutex<HashMap<String, (u64, oneshot::Sender<()>)>>,
    /// Logins that were good, so that a fleet that reconnects at once does not burn a core on PBKDF2.
    logins: super::credentials::VerifiedLogins,
    shutdown: watch::Receiver<bool>,
}

/// Everything the central system needs from outside.
pub struct Surroundings {
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
    /// True when it is time to stop.
    pub shutdown: watch::Receiver<bool>,
}

/// Pause after accept() failed, which mostly means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long connections may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// Serves charge points until told to stop.
pub async fn run(config: CsmsConfig, listener: TcpListener, around: Surroundings) {
    let mut shutdown = around.shutdown.clone();
    let shared = Arc::new(Shared {
        config,
        frames: around.frames,
        register: around.register,
        hasher: around.hasher,
        clock: around.clock,
        stats: around.stats,
        capture: around.capture,
        links: Mutex::default(),
        logins: super::credentials::VerifiedLogins::default(),
        shutdown: around.shutdown,
    });
    let mut connections = JoinSet::new();
    let mut generation = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    generation += 1;
                    if connections.len() >= shared.config.max_connections {
                        Stats::count(&shared.stats.connections_refused);
                        continue;
                    }
                    // Answers are small and awaited: do not let the kernel hold them back.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection::serve(stream, shared.clone(), generation));
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
    let _ = tokio::time::timeout(GOODBYE, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}
