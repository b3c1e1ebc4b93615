//! Connections of browsers and programs: so many at once, and none that is silent for long. The network can reach them, and what they
//! hold (a file descriptor each) devices need too.

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

/// How long a connection may live with nothing read and nothing written. An open page gets something every second.
const SILENCE: Duration = Duration::from_secs(60);

/// A listener with so many seats; further connections wait in the system's queue.
pub(super) struct Entrance<L> {
    listener: L,
    seats: Arc<Semaphore>,
}

impl<L> Entrance<L> {
    pub fn new(listener: L, seats: usize) -> Self {
        Self {
            listener,
            seats: Arc::new(Semaphore::new(seats)),
        }
    }
}

impl<L: Listener> Listener for Entrance<L> {
    type Io = Seated<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, L::Addr) {
        let seat = self
            .seats
            .clone()
            .acquire_owned()
            .await
            .expect("nobody closes the semaphore");
        let (stream, address) = self.listener.accept().await;
        (
            Seated {
                stream,
                silence: Box::pin(sleep(SILENCE)),
                _seat: seat,
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<L::Addr> {
        self.listener.local_addr()
    }
}

/// A connection on its seat.
pub(super) struct Seated<S> {
    stream: S,
    silence: Pin<Box<Sleep>>,
    _seat: OwnedSemaphorePermit,
}

impl<S> Seated<S> {
    fn heard(&mut self) {
        self.silence.as_mut().reset(Instant::now() + SILENCE);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Seated<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.heard();
        } else if self.silence.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Seated<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.heard();
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

impl Connected<IncomingStream<'_, Entrance<TcpListener>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Entrance<TcpListener>>) -> Self {
        Self {
            address: *stream.remote_addr(),
            tls: false,
        }
    }
}

impl Connected<IncomingStream<'_, Entrance<Secured>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Entrance<Secured>>) -> Self {
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

    use crate::web::entrance::*;

    #[tokio::test]
    async fn a_seat_is_free_when_its_connection_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let mut entrance = Entrance::new(listener, 1);
        let (_one, _two) = (
            TcpStream::connect(address).await,
            TcpStream::connect(address).await,
        );
        let first = Listener::accept(&mut entrance).await;
        assert!(
            Listener::accept(&mut entrance).now_or_never().is_none(),
            "the seat is taken"
        );
        drop(first);
        Listener::accept(&mut entrance).await;
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_connection() {
        let (stream, mut other) = tokio::io::duplex(64);
        let seat = Arc::new(Semaphore::new(1))
            .acquire_owned()
            .await
            .expect("it is open");
        let mut seated = Seated {
            stream,
            silence: Box::pin(sleep(SILENCE)),
            _seat: seat,
        };
        let mut byte = [0];
        tokio::time::advance(SILENCE / 2).await;
        other.write_all(b"a").await.expect("there is room");
        seated.read_exact(&mut byte).await.expect("a byte");
        let before = Instant::now();
        let error = seated
            .read_exact(&mut byte)
            .await
            .expect_err("nothing comes");
        assert_eq!(
            (error.kind(), before.elapsed().as_secs()),
            (io::ErrorKind::TimedOut, SILENCE.as_secs())
        );
    }
}
