//! Passes bytes from one side to the other, unchanged and in order: text, pings, close frames, fragments. A copy is cut into messages for
//! the observer.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::queue::{Queue, TappedMessage};
use crate::ingest::ArrivalClock;
use crate::model::Stats;
use crate::ocpp::codec::observer::Origin;
use crate::ocpp::server::links::Liveness;
use crate::ocpp::websocket::{Assembler, Part};

/// The number of bytes read at once, on the stack.
const PIECE: usize = 8_192;
/// The time that one direction may go on after the other has ended, for the response to a close frame.
const DRAIN: Duration = Duration::from_secs(2);

/// Cuts a copy of the bytes of one direction into messages.
pub(super) struct MessageCopier {
    origin: Origin,
    /// `None` after bytes that are no WebSocket frames: from then on they are only passed on.
    assembler: Option<Assembler>,
    queue: Arc<Queue>,
    clock: ArrivalClock,
    stats: Arc<Stats>,
}

impl MessageCopier {
    pub(super) fn new(
        origin: Origin,
        max_bytes: usize,
        queue: Arc<Queue>,
        clock: ArrivalClock,
        stats: Arc<Stats>,
    ) -> Self {
        Self {
            origin,
            assembler: Some(Assembler::new(max_bytes)),
            queue,
            clock,
            stats,
        }
    }

    /// Copies bytes that were passed on to the observer.
    pub(super) fn copy(&mut self, mut bytes: &[u8]) {
        let Some(assembler) = &mut self.assembler else {
            return;
        };
        loop {
            match assembler.next_part(&mut bytes) {
                Ok(Some(Part::Message {
                    payload,
                    compressed: false,
                    ..
                })) => {
                    Stats::count(&self.stats.ocpp_received);
                    let message = TappedMessage {
                        origin: self.origin,
                        at: (self.clock)(),
                        payload,
                    };
                    if self.queue.push(message) {
                        Stats::count(&self.stats.tap_dropped);
                    }
                }
                // Too large, or compressed although compression was not offered: passed on, but not observed.
                Ok(Some(Part::TooLarge(_) | Part::Message { .. })) => {
                    Stats::count(&self.stats.tap_dropped)
                }
                Ok(Some(Part::Ping(_) | Part::Pong | Part::Close(_))) => {}
                Ok(None) => return,
                Err(_) => {
                    Stats::count(&self.stats.tap_unobserved);
                    self.assembler = None;
                    return;
                }
            }
        }
    }
}

/// Passes bytes on until one side ends; the other direction then has [`DRAIN`].
pub(super) async fn run<A, B>(
    charger: A,
    operator: B,
    mut from_charger: MessageCopier,
    mut from_operator: MessageCopier,
    liveness: &Liveness,
) where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let (mut charger_in, mut charger_out) = tokio::io::split(charger);
    let (mut operator_in, mut operator_out) = tokio::io::split(operator);
    let up = pass(
        &mut charger_in,
        &mut operator_out,
        &mut from_charger,
        Some(liveness),
    );
    let down = pass(&mut operator_in, &mut charger_out, &mut from_operator, None);
    let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
    tokio::select! {
        _ = &mut up => drop(tokio::time::timeout(DRAIN, down).await),
        _ = &mut down => drop(tokio::time::timeout(DRAIN, up).await),
    }
}

async fn pass<R, W>(
    from: &mut R,
    to: &mut W,
    copier: &mut MessageCopier,
    liveness: Option<&Liveness>,
) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // Bytes that the other side could not accept at once. Without memory on a link that is idle or keeps up.
    let mut backlog = Vec::new();
    loop {
        let more = poll_fn(|context| {
            let mut piece = [const { MaybeUninit::uninit() }; PIECE];
            let mut read = ReadBuf::uninit(&mut piece);
            ready!(Pin::new(&mut *from).poll_read(context, &mut read))?;
            let bytes = read.filled();
            let written = match Pin::new(&mut *to).poll_write(context, bytes) {
                Poll::Ready(written) => written?,
                Poll::Pending => 0,
            };
            backlog.extend_from_slice(&bytes[written..]);
            if let Some(liveness) = liveness {
                liveness.touch();
            }
            copier.copy(bytes);
            Poll::Ready(io::Result::Ok(!bytes.is_empty()))
        });
        let more = more.await?;
        if !backlog.is_empty() {
            to.write_all(&backlog).await?;
            backlog = Vec::new();
        }
        if !more {
            return to.shutdown().await;
        }
        to.flush().await?;
    }
}
