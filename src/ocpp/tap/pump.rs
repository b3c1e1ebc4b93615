//! Bytes from one side to the other, unchanged and in order: text, pings, pongs, close codes, fragments, whatever they are. A copy is cut
//! into messages for whoever listens, beside it.

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

/// Bytes passed on at once, on the stack.
const PIECE: usize = 8_192;
/// How long the other direction may go on when one has ended: the answer to a close frame.
const DRAIN: Duration = Duration::from_secs(2);

/// One direction's copy.
pub(super) struct StreamTap {
    origin: Origin,
    /// `None` once the bytes made no sense: then they are only passed on.
    assembler: Option<Assembler>,
    queue: Arc<Queue>,
    clock: ArrivalClock,
    stats: Arc<Stats>,
}

impl StreamTap {
    pub fn new(
        origin: Origin,
        most: usize,
        queue: Arc<Queue>,
        clock: ArrivalClock,
        stats: Arc<Stats>,
    ) -> Self {
        Self {
            origin,
            assembler: Some(Assembler::new(most)),
            queue,
            clock,
            stats,
        }
    }

    /// Listens to bytes that were passed on.
    pub fn hear(&mut self, mut bytes: &[u8]) {
        let Some(assembler) = &mut self.assembler else {
            return;
        };
        loop {
            match assembler.take(&mut bytes) {
                Ok(Some(Part::Message {
                    payload,
                    compressed: false,
                    ..
                })) => {
                    Stats::count(&self.stats.ocpp_received);
                    let tapped = TappedMessage {
                        origin: self.origin,
                        at: (self.clock)(),
                        payload,
                    };
                    if self.queue.put(tapped) {
                        Stats::count(&self.stats.tap_dropped);
                    }
                }
                // Too large, or compressed although we offered no compression: passed on all the same.
                Ok(Some(Part::TooLarge(_) | Part::Message { .. })) => {
                    Stats::count(&self.stats.tap_dropped)
                }
                Ok(Some(Part::Ping(_) | Part::Pong | Part::Close(_))) => {}
                Ok(None) => return,
                Err(_) => {
                    Stats::count(&self.stats.tap_deaf);
                    self.assembler = None;
                    return;
                }
            }
        }
    }
}

/// Passes bytes on until one side ends, then gives the other a moment.
pub(super) async fn run<A, B>(
    charger: A,
    operator: B,
    mut from_charger: StreamTap,
    mut from_operator: StreamTap,
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
    tap: &mut StreamTap,
    liveness: Option<&Liveness>,
) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // What the other side could not take at once. Empty, and without memory, on a line that is idle or keeps up.
    let mut waiting = Vec::new();
    loop {
        let more = poll_fn(|context| {
            let mut piece = [const { MaybeUninit::uninit() }; PIECE];
            let mut read = ReadBuf::uninit(&mut piece);
            ready!(Pin::new(&mut *from).poll_read(context, &mut read))?;
            let bytes = read.filled();
            let taken = match Pin::new(&mut *to).poll_write(context, bytes) {
                Poll::Ready(taken) => taken?,
                Poll::Pending => 0,
            };
            waiting.extend_from_slice(&bytes[taken..]);
            if let Some(liveness) = liveness {
                liveness.touch();
            }
            tap.hear(bytes);
            Poll::Ready(io::Result::Ok(!bytes.is_empty()))
        });
        let more = more.await?;
        if !waiting.is_empty() {
            to.write_all(&waiting).await?;
            waiting = Vec::new();
        }
        if !more {
            return to.shutdown().await;
        }
        to.flush().await?;
    }
}
