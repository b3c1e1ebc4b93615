//! Limits the connections of browsers and programs in number and idle time. Each holds a file descriptor, which charge points and vehicles
//! need too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

use super::access::Peer;
use super::tls::Secured;

/// A connection without a byte in either direction is closed after this time. An open page receives an event every second.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// A listener with a limit of open connections; further ones wait in the system's queue.
pub(super) struct LimitedListener<L> {
    listener: L,
    permits: Arc<Semaphore>,
}

impl<L> LimitedListener<L> {
    pub(super) fn new(listener: L, permits: usize) -> Self {
        Self {
            listener,
            permits: Arc::new(Semaphore::new(permits)),
        }
    }
}

impl<L: Listener> Listener for LimitedListener<L> {
    type Io = TimedConnection<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, L::Addr) {
        let permit = self
            .permits
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (stream, address) = self.listener.accept().await;
        (
            TimedConnection {
                stream,
                idle: Box::pin(sleep(MAX_IDLE)),
                _permit: permit,
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<L::Addr> {
        self.listener.local_addr()
    }
}

/// A connection that holds a permit and ends when it is idle for too long.
pub(super) struct TimedConnection<S> {
    stream: S,
    idle: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl<S> TimedConnection<S> {
    fn restart_timeout(&mut self) {
        self.idle.as_mut().reset(Instant::now() + MAX_IDLE);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedConnection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.restart_timeout();
        } else if self.idle.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedConnection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.restart_timeout();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected<IncomingStream<'_, LimitedListener<TcpListener>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, LimitedListener<TcpListener>>) -> Self {
        Self {
            address: *stream.remote_addr(),
            tls: false,
        }
    }
}

impl Connected<IncomingStream<'_, LimitedListener<Secured>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, LimitedListener<Secured>>) -> Self {
        Self {
            address: *stream.remote_addr(),
            tls: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use crate::web::limited_listener::*;

    #[tokio::test]
    async fn a_permit_is_released_when_its_connection_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let mut listener = LimitedListener::new(listener, 1);
        let (_one, _two) = (
            TcpStream::connect(address).await,
            TcpStream::connect(address).await,
        );
        let first = Listener::accept(&mut listener).await;
        assert!(
            Listener::accept(&mut listener).now_or_never().is_none(),
            "the permit is taken"
        );
        drop(first);
        Listener::accept(&mut listener).await;
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_connection() {
        let (stream, mut other) = tokio::io::duplex(64);
        let permit = Arc::new(Semaphore::new(1))
            .acquire_owned()
            .await
            .expect("it is open");
        let mut timed = TimedConnection {
            stream,
            idle: Box::pin(sleep(MAX_IDLE)),
            _permit: permit,
        };
        let mut byte = [0];
        tokio::time::advance(MAX_IDLE / 2).await;
        other.write_all(b"a").await.expect("there is room");
        timed.read_exact(&mut byte).await.expect("a byte");
        let before = Instant::now();
        let error = timed
            .read_exact(&mut byte)
            .await
            .expect_err("nothing comes");
        assert_eq!(
            (error.kind(), before.elapsed().as_secs()),
            (io::ErrorKind::TimedOut, MAX_IDLE.as_secs())
        );
    }
}
