//! The MQTT listener: devices connect straight to us; a PUBACK means "on disk".
//!
//! MQTT 3.1.1 and 5 on one port. Subscribers are answered, but nothing is routed: this is the end of the line, not a broker. No session
//! outlives its connection; a device that repeats an unacknowledged message after a reconnect does no harm, because counters telescope.

mod config;
mod connection;
mod packet;
mod responses;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

pub use config::ListenerConfig;

use self::connection::Connection;
use crate::ingest::credentials::PasswordFile;
use crate::ingest::{ArrivalClock, FrameSender};
use crate::model::Stats;

/// What all connections share.
struct Shared {
    config: ListenerConfig,
    passwords: Option<PasswordFile>,
    frames: FrameSender,
    clock: ArrivalClock,
    stats: Arc<Stats>,
    /// Connected clients by client id, with the channel that closes one when its id connects again.
    clients: Mutex<HashMap<String, (u64, oneshot::Sender<()>)>>,
}

/// Pause after accept() failed, which mostly means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves devices until shutdown.
pub async fn run(
    config: ListenerConfig,
    passwords: Option<PasswordFile>,
    listener: TcpListener,
    frames: FrameSender,
    clock: ArrivalClock,
    stats: Arc<Stats>,
    mut shutdown: watch::Receiver<bool>,
) {
    let shared = Arc::new(Shared {
        config,
        passwords,
        frames,
        clock,
        stats,
        clients: Mutex::default(),
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
                    // Acknowledgements are small and awaited: do not let the kernel hold them back.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(Connection::new(stream, shared.clone(), generation).run());
                }
                Err(error) => {
                    tracing::warn!(%error, "a device's connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
        }
    }
    connections.shutdown().await;
}
