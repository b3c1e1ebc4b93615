//! Assembles messages (RFC 6455 section 5.4) of limited size from bytes that arrive in any pieces.

use super::frame::{self, Head, LONGEST_HEAD, Opcode};

/// A whole message or control frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// A text or binary message, unmasked and assembled, but not inflated.
    Message {
        /// It was sent as text.
        text: bool,
        /// RSV1 was set: the payload is compressed (RFC 7692, section 6).
        compressed: bool,
        /// Payload of the message, without frame heads and masks.
        payload: Vec<u8>,
    },
    /// A ping, with the payload of the pong.
    Ping(Vec<u8>),
    /// Pong frame: a sign of life.
    Pong,
    /// A close frame, with its code.
    Close(Option<u16>),
    /// A message beyond the limit, of which only the beginning is kept.
    TooLarge(Vec<u8>),
}

/// A violation of RFC 6455, after which the stream cannot be parsed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken(pub &'static str);

/// The number of bytes kept of a message beyond the limit.
const KEPT_OF_TOO_LARGE: usize = 512;

/// Assembles messages from frames (RFC 6455 section 5.4).
#[derive(Debug)]
pub struct Assembler {
    max_bytes: usize,
    head: [u8; LONGEST_HEAD],
    head_length: usize,
    /// The present frame, and the bytes of its payload that have arrived.
    frame: Option<(Head, u64)>,
    control: Vec<u8>,
    message: Vec<u8>,
    /// The present message: is it text, and is it compressed.
    kind: Option<(bool, bool)>,
    too_large: bool,
}

impl Assembler {
    /// Messages beyond `max_bytes` bytes are reported as too large.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            head: [0; LONGEST_HEAD],
            head_length: 0,
            frame: None,
            control: Vec::new(),
            message: Vec::new(),
            kind: None,
            too_large: false,
        }
    }

    /// Consumes bytes up to the end of the next part. The caller passes the remaining bytes again.
    pub fn next_part(&mut self, bytes: &mut &[u8]) -> Result<Option<Part>, Broken> {
        loop {
            if self.frame.is_none() && !self.read_head(bytes)? {
                return Ok(None);
            }
            let Some((head, had)) = &mut self.frame else {
                return Ok(None);
            };
            let room = usize::try_from(head.length - *had).unwrap_or(usize::MAX);
            let (piece, rest) = bytes.split_at(room.min(bytes.len()));
            *bytes = rest;
            let into = if head.opcode.is_control() {
                &mut self.control
            } else {
                &mut self.message
            };
            let limit = if self.too_large {
                KEPT_OF_TOO_LARGE
            } else {
                self.max_bytes
            };
            let kept = piece
                .len()
                .min(limit.max(KEPT_OF_TOO_LARGE).saturating_sub(into.len()));
            let begin = into.len();
            into.extend_from_slice(&piece[..kept]);
            if let Some(mask) = head.mask {
                frame::unmask(&mut into[begin..], mask, *had);
            }
            *had += piece.len() as u64;
            if !head.opcode.is_control() && kept < piece.len() {
                self.too_large = true;
            }
            if *had < head.length {
                return Ok(None);
            }
            let head = *head;
            self.frame = None;
            if let Some(part) = self.finish_frame(head) {
                return Ok(Some(part));
            }
        }
    }

    fn read_head(&mut self, bytes: &mut &[u8]) -> Result<bool, Broken> {
        let had = self.head_length;
        let room = (LONGEST_HEAD - had).min(bytes.len());
        self.head[had..had + room].copy_from_slice(&bytes[..room]);
        let Some(head) = frame::parse_head(&self.head[..had + room]).map_err(Broken)? else {
            self.head_length += room;
            *bytes = &bytes[room..];
            return Ok(false);
        };
        *bytes = &bytes[head.size - had..];
        self.head_length = 0;
        match (head.opcode, self.kind) {
            (Opcode::Continuation, None) => return Err(Broken("a continuation of nothing")),
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Broken("a message inside a message"));
            }
            (Opcode::Continuation, Some(_)) if head.compressed => {
                return Err(Broken("reserved bits are set"));
            }
            (Opcode::Text | Opcode::Binary, None) => {
                self.kind = Some((head.opcode == Opcode::Text, head.compressed))
            }
            _ => {}
        }
        self.frame = Some((head, 0));
        Ok(true)
    }

    /// The part that a complete frame finishes, if it does.
    fn finish_frame(&mut self, head: Head) -> Option<Part> {
        match head.opcode {
            Opcode::Ping => Some(Part::Ping(std::mem::take(&mut self.control))),
            Opcode::Pong => {
                self.control.clear();
                Some(Part::Pong)
            }
            Opcode::Close => {
                let code = self
                    .control
                    .first_chunk::<2>()
                    .map(|code| u16::from_be_bytes(*code));
                self.control.clear();
                Some(Part::Close(code))
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                if !head.last {
                    return None;
                }
                let (text, compressed) = self.kind.take()?;
                let mut payload = std::mem::take(&mut self.message);
                if std::mem::take(&mut self.too_large) {
                    payload.truncate(KEPT_OF_TOO_LARGE);
                    return Some(Part::TooLarge(payload));
                }
                Some(Part::Message {
                    text,
                    compressed,
                    payload,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::websocket::messages::*;

    fn text(payload: &str) -> Part {
        Part::Message {
            text: true,
            compressed: false,
            payload: payload.as_bytes().to_vec(),
        }
    }

    fn parts(bytes: &[u8], piece: usize, max_bytes: usize) -> Result<Vec<Part>, Broken> {
        let mut assembler = Assembler::new(max_bytes);
        let mut found = Vec::new();
        for mut chunk in bytes.chunks(piece) {
            while let Some(part) = assembler.next_part(&mut chunk)? {
                found.push(part);
            }
            assert!(chunk.is_empty());
        }
        Ok(found)
    }

    #[test]
    fn messages_are_assembled_from_any_pieces() {
        // RFC 6455 section 5.7: masked, and cut with a ping in between.
        let mut bytes = vec![
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        bytes.extend([
            0x01, 0x03, 0x48, 0x65, 0x6c, 0x89, 0x01, b'!', 0x80, 0x02, 0x6c, 0x6f, 0x8a, 0x00,
            0x81, 0x00,
        ]);
        bytes.extend([0x88, 0x02, 0x03, 0xE8]);
        let want = [
            text("Hello"),
            Part::Ping(b"!".to_vec()),
            text("Hello"),
            Part::Pong,
            text(""),
            Part::Close(Some(1000)),
        ];
        for piece in 1..bytes.len() {
            assert_eq!(
                parts(&bytes, piece, 100).as_deref(),
                Ok(&want[..]),
                "pieces of {piece}"
            );
        }
    }

    #[test]
    fn a_message_beyond_the_limit_is_reported_and_the_next_one_is_whole() {
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, Opcode::Text, &vec![b'x'; 70_000]);
        frame::encode(&mut bytes, Opcode::Text, b"next");
        for piece in [1, 1_000, 100_000] {
            assert_eq!(
                parts(&bytes, piece, 1_000).as_deref(),
                Ok(&[Part::TooLarge(vec![b'x'; 512]), text("next")][..]),
                "{piece}"
            );
        }
    }

    #[test]
    fn violations_of_the_protocol_are_errors() {
        for (bytes, why) in [
            (&[0x80, 0x00][..], "a continuation of nothing"),
            (&[0x01, 0x00, 0x81, 0x00], "a message inside a message"),
            (&[0x01, 0x00, 0xC0, 0x00], "reserved bits are set"),
        ] {
            assert_eq!(parts(bytes, 64, 100), Err(Broken(why)), "{bytes:x?}");
        }
    }

    #[test]
    fn random_bytes_give_the_same_result_in_any_pieces() {
        let mut state = 88_172_645_463_325_252_u64;
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state as u8 & if state & 0x100 == 0 { 0x8F } else { 0xFF }
                })
                .collect();
            let whole = parts(&bytes, 40, 16);
            assert_eq!(whole, parts(&bytes, 3, 16), "{bytes:x?}");
        }
    }
}
