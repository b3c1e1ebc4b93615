//! The server's end of a WebSocket. An idle connection holds no buffer.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::deflate::inflate;
use super::frame::{self, Opcode};
use super::messages::{Assembler, Broken, Part};

/// A received message or event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Incoming {
    /// A text message; not checked for UTF-8.
    Text(Vec<u8>),
    /// A binary message; OCPP-J frames should be text, and some charge points send them so.
    Binary(Vec<u8>),
    /// A ping, to be answered with a pong of the same payload.
    Ping(Vec<u8>),
    /// The response to a ping.
    Pong,
    /// A close frame, with its code.
    Close(Option<u16>),
    /// The beginning of a message beyond the limit.
    TooLarge(Vec<u8>),
    /// A violation of RFC 6455; the connection must be closed.
    Broken(&'static str),
    /// The stream has ended.
    End,
}

/// The number of bytes read at once, on the stack, so that an idle connection holds no buffer.
const PIECE: usize = 8_192;

/// The server's end of a WebSocket.
#[derive(Debug)]
pub struct Socket<S> {
    stream: S,
    /// Bytes that were read but not parsed, from `parsed` on. Empty unless a client sends without waiting for responses.
    buffer: Vec<u8>,
    parsed: usize,
    assembler: Assembler,
    /// The largest message after inflating; 0 if compression was not agreed on.
    inflated: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Starts after the handshake. `rest` is what the client sent behind its request. Compressed messages are accepted only if `deflate`.
    pub fn new(stream: S, rest: Vec<u8>, max_bytes: usize, deflate: bool) -> Self {
        let inflated = if deflate { max_bytes } else { 0 };
        Self {
            stream,
            buffer: rest,
            parsed: 0,
            assembler: Assembler::new(max_bytes),
            inflated,
        }
    }

    /// Waits for the next message. Cancel-safe.
    pub async fn next(&mut self) -> io::Result<Incoming> {
        if let Some(incoming) = self.next_waiting() {
            return Ok(incoming);
        }
        poll_fn(|context| self.poll_next(context)).await
    }

    /// The next message in the bytes that were read already.
    fn next_waiting(&mut self) -> Option<Incoming> {
        let mut bytes = &self.buffer[self.parsed..];
        let part = self.assembler.next_part(&mut bytes);
        self.parsed = self.buffer.len() - bytes.len();
        if self.parsed == self.buffer.len() {
            (self.buffer, self.parsed) = (Vec::new(), 0);
        }
        self.delivered(part)
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
            let part = self.assembler.next_part(&mut bytes);
            self.buffer.extend_from_slice(bytes);
            if let Some(incoming) = self.delivered(part) {
                return Poll::Ready(Ok(incoming));
            }
        }
    }

    fn delivered(&self, part: Result<Option<Part>, Broken>) -> Option<Incoming> {
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

    /// Sends a text message, uncompressed.
    pub async fn send(&mut self, text: &str) -> io::Result<()> {
        self.send_frame(Opcode::Text, text.as_bytes()).await
    }

    /// Sends a pong.
    pub async fn pong(&mut self, payload: &[u8]) -> io::Result<()> {
        self.send_frame(Opcode::Pong, payload).await
    }

    /// Sends a ping.
    pub async fn ping(&mut self) -> io::Result<()> {
        self.send_frame(Opcode::Ping, b"").await
    }

    /// Sends a Close frame. `reason` has at most 123 bytes (RFC 6455 section 5.5).
    pub async fn close(&mut self, code: u16, reason: &str) -> io::Result<()> {
        let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
        self.send_frame(Opcode::Close, &payload[..payload.len().min(125)])
            .await?;
        self.stream.shutdown().await
    }

    async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mut out = Vec::new();
        frame::encode(&mut out, opcode, payload);
        self.stream.write_all(&out).await?;
        self.stream.flush().await
    }
}
