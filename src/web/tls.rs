//! Connections of `web.tls_listen`: each TLS handshake is a task of its own, so that a slow one delays no other connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A handshake that takes longer is aborted.
const PATIENCE: Duration = Duration::from_secs(10);
/// Handshakes at once; further connections wait in the system's queue.
const MAX_HANDSHAKES: usize = 64;
/// The system has no file descriptor left, for instance.
const PAUSE: Duration = Duration::from_millis(500);

type Handshaken = (TlsStream<TcpStream>, SocketAddr);

/// Yields connections with a complete handshake.
pub(super) struct Secured {
    address: SocketAddr,
    handshaken: mpsc::Receiver<Handshaken>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Secured {
    /// Begins to accept.
    pub(super) fn new(listener: TcpListener, acceptor: TlsAcceptor) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (done, handshaken) = mpsc::channel(MAX_HANDSHAKES);
        Ok(Self {
            address,
            handshaken,
            accepting: tokio::spawn(accept(listener, acceptor, done)),
        })
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, done: mpsc::Sender<Handshaken>) {
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    while let Ok(permit) = handshakes.clone().acquire_owned().await {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection to the page was not accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (acceptor, done) = (acceptor.clone(), done.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(done.send((stream, address)).await),
                Ok(Err(error)) => tracing::debug!(%address, %error, "no TLS with this browser"),
                Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
            }
            drop(permit);
        });
    }
}

impl Listener for Secured {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Handshaken {
        match self.handshaken.recv().await {
            Some(handshaken) => handshaken,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
