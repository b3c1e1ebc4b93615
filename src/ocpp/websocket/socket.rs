//! A server's end of a WebSocket over any stream: messages in, messages out, little memory while idle.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::deflate::inflate;
use super::frame::{self, Opcode};
use super::messages::{Assembler, Broken, Part};

/// What came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Incoming {
    /// A message, marked as text.
    Text(Vec<u8>),
    /// A message, marked as binary.
    Binary(Vec<u8>),
    /// To be answered with a pong.
    Ping(Vec<u8>),
    /// An answer to a ping.
    Pong,
    /// The other side says goodbye, with its code.
    Close(Option<u16>),
    /// A message beyond the limit; its beginning.
    TooLarge(Vec<u8>),
    /// Against RFC 6455: nothing can be read from here on.
    Broken(&'static str),
    /// The stream is at its end.
    End,
}

/// Bytes read at once, on the stack: a connection that waits holds no buffer.
const PIECE: usize = 8_192;

/// A server's WebSocket.
#[derive(Debug)]
pub struct Socket<S> {
    stream: S,
    /// Read, but not yet taken: from `taken` on. Empty but for clients that do not wait for answers.
    buffer: Vec<u8>,
    taken: usize,
    assembler: Assembler,
    /// The largest message after inflating; 0 if compression was not agreed on.
    inflated: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// After the handshake. `rest` is what the client sent behind its request. Compressed messages are taken only if `deflate`.
    pub fn new(stream: S, rest: Vec<u8>, most: usize, deflate: bool) -> Self {
        let inflated = if deflate { most } else { 0 };
        Self {
            stream,
            buffer: rest,
            taken: 0,
            assembler: Assembler::new(most),
            inflated,
        }
    }

    /// What comes next. Safe to drop and call again.
    pub async fn next(&mut self) -> io::Result<Incoming> {
        if let Some(incoming) = self.next_waiting() {
            return Ok(incoming);
        }
        poll_fn(|context| self.poll_next(context)).await
    }

    /// From what was read before.
    fn next_waiting(&mut self) -> Option<Incoming> {
        let mut bytes = &self.buffer[self.taken..];
        let part = self.assembler.take(&mut bytes);
        self.taken = self.buffer.len() - bytes.len();
        if self.taken == self.buffer.len() {
            (self.buffer, self.taken) = (Vec::new(), 0);
        }
        self.judge(part)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Incoming>> {
        loop {
            let mut piece = [const { MaybeUninit::uninit() }; PIECE];
            let mut read = ReadBuf::uninit(&mut piece);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            let mut bytes = read.filled();
            if bytes.is_empty() {
                return Poll::Ready(Ok(Incoming::End));
            }
            let part = self.assembler.take(&mut bytes);
            self.buffer.extend_from_slice(bytes);
            if let Some(incoming) = self.judge(part) {
                return Poll::Ready(Ok(incoming));
            }
        }
    }

    fn judge(&self, part: Result<Option<Part>, Broken>) -> Option<Incoming> {
        match part {
            Ok(part) => part.map(|part| self.incoming(part)),
            Err(Broken(why)) => Some(Incoming::Broken(why)),
        }
    }

    fn incoming(&self, part: Part) -> Incoming {
        match part {
            Part::Message {
                text,
                compressed: false,
                payload,
            } if text => Incoming::Text(payload),
            Part::Message {
                compressed: false,
                payload,
                ..
            } => Incoming::Binary(payload),
            // RFC 6455 section 5.2: a bit that was not agreed on ends the connection.
            Part::Message { .. } if self.inflated == 0 => {
                Incoming::Broken("compressed, although that was not agreed on")
            }
            Part::Message { text, payload, .. } => match inflate(&payload, self.inflated) {
                Ok(payload) if text => Incoming::Text(payload),
                Ok(payload) => Incoming::Binary(payload),
                Err(why) => Incoming::Broken(why),
            },
            Part::Ping(payload) => Incoming::Ping(payload),
            Part::Pong => Incoming::Pong,
            Part::Close(code) => Incoming::Close(code),
            Part::TooLarge(beginning) => Incoming::TooLarge(beginning),
        }
    }

    /// Sends a text message.
    pub async fn send(&mut self, text: &str) -> io::Result<()> {
        self.frame(Opcode::Text, text.as_bytes()).await
    }

    /// Answers a ping.
    pub async fn pong(&mut self, payload: &[u8]) -> io::Result<()> {
        self.frame(Opcode::Pong, payload).await
    }

    /// Asks for a sign of life.
    pub async fn ping(&mut self) -> io::Result<()> {
        self.frame(Opcode::Ping, b"").await
    }

    /// Says goodbye. `reason` is at most 123 bytes.
    pub async fn close(&mut self, code: u16, reason: &str) -> io::Result<()> {
        let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
        self.frame(Opcode::Close, &payload[..payload.len().min(125)])
            .await?;
        self.stream.shutdown().await
    }

    async fn frame(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mut out = Vec::new();
        frame::write(&mut out, opcode, payload);
        self.stream.write_all(&out).await?;
        self.stream.flush().await
    }
}
