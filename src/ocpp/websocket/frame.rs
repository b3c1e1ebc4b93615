//! Parses and encodes frames (RFC 6455 section 5.2).

/// The type of a frame (RFC 6455 section 11.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opcode {
    /// The next fragment of a message.
    Continuation,
    /// A message of UTF-8 text.
    Text,
    /// A message of bytes.
    Binary,
    /// The end of the connection.
    Close,
    /// Requests a pong.
    Ping,
    /// Answers a ping.
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    /// Close, ping and pong may stand between the frames of a message.
    pub fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A frame's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The last frame of its message.
    pub last: bool,
    /// RSV1: the message is compressed (RFC 7692 section 6).
    pub compressed: bool,
    /// The type of the frame.
    pub opcode: Opcode,
    /// The mask; clients must, servers must not.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload that follow.
    pub length: u64,
    /// Bytes of the head itself.
    pub size: usize,
}

/// The longest head, in bytes.
pub const LONGEST_HEAD: usize = 14;
/// The longest payload of a control frame, in bytes (RFC 6455 section 5.5).
pub const LONGEST_CONTROL: u64 = 125;

/// Parses a head. `Ok(None)` if more bytes are needed; an error if the stream cannot be parsed any further.
pub fn parse_head(bytes: &[u8]) -> Result<Option<Head>, &'static str> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    let opcode = Opcode::from_bits(first & 0x0F).ok_or("an opcode that does not exist")?;
    if first & 0x30 != 0 {
        return Err("reserved bits are set");
    }
    let (last, compressed) = (first & 0x80 != 0, first & 0x40 != 0);
    let short = second & 0x7F;
    let (length, wide) = match short {
        126 => match rest.first_chunk::<2>() {
            Some(length) => (u64::from(u16::from_be_bytes(*length)), 2),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(length) => (u64::from_be_bytes(*length), 8),
            None => return Ok(None),
        },
        short => (u64::from(short), 0),
    };
    if opcode.is_control() && (!last || length > LONGEST_CONTROL || compressed) {
        return Err("a control frame that is cut, too long or compressed");
    }
    let masked = second & 0x80 != 0;
    let mask = match (
        masked,
        rest.get(wide..).and_then(|rest| rest.first_chunk::<4>()),
    ) {
        (false, _) => None,
        (true, Some(mask)) => Some(*mask),
        (true, None) => return Ok(None),
    };
    let size = 2 + wide + if masked { 4 } else { 0 };
    Ok(Some(Head {
        last,
        compressed,
        opcode,
        mask,
        length,
        size,
    }))
}

/// Appends a whole unmasked frame, as servers send it.
pub fn encode(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.reserve(payload.len() + 10);
    out.push(0x80 | opcode.bits());
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => out.push(length),
        (_, Ok(length)) => {
            out.push(126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// Takes the mask off a stretch of payload that begins `offset` bytes into it (section 5.3).
pub fn unmask(payload: &mut [u8], mask: [u8; 4], offset: u64) {
    let turn = (offset % 4) as usize;
    let mut key = mask;
    key.rotate_left(turn);
    let wide = u64::from_ne_bytes([
        key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3],
    ]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::websocket::frame::*;

    #[test]
    fn heads_of_rfc_6455_section_5_7() {
        let head = |last, opcode, mask, length, size| Head {
            last,
            compressed: false,
            opcode,
            mask,
            length,
            size,
        };
        for (bytes, want) in [
            (
                &[0x81, 0x05, 0x48][..],
                Ok(Some(head(true, Opcode::Text, None, 5, 2))),
            ),
            (
                &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f],
                Ok(Some(head(
                    true,
                    Opcode::Text,
                    Some([0x37, 0xfa, 0x21, 0x3d]),
                    5,
                    6,
                ))),
            ),
            (
                &[0x01, 0x03],
                Ok(Some(head(false, Opcode::Text, None, 3, 2))),
            ),
            (
                &[0x80, 0x02],
                Ok(Some(head(true, Opcode::Continuation, None, 2, 2))),
            ),
            (
                &[0x89, 0x05],
                Ok(Some(head(true, Opcode::Ping, None, 5, 2))),
            ),
            (
                &[0x82, 0x7E, 0x01, 0x00],
                Ok(Some(head(true, Opcode::Binary, None, 256, 4))),
            ),
            (
                &[0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0],
                Ok(Some(head(true, Opcode::Binary, None, 65_536, 10))),
            ),
            (&[], Ok(None)),
            (&[0x81], Ok(None)),
            (&[0x82, 0x7E, 0x01], Ok(None)),
            (&[0x81, 0x85, 1, 2, 3], Ok(None)),
            (&[0xA1, 0x05], Err("reserved bits are set")),
            (&[0x83, 0x05], Err("an opcode that does not exist")),
            (
                &[0x09, 0x05],
                Err("a control frame that is cut, too long or compressed"),
            ),
            (
                &[0x89, 0x7E, 0, 126],
                Err("a control frame that is cut, too long or compressed"),
            ),
        ] {
            assert_eq!(parse_head(bytes), want, "{bytes:x?}");
        }
    }

    #[test]
    fn a_mask_comes_off_in_any_pieces() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let plain: Vec<u8> = (0..=200).collect();
        let mut whole = plain.clone();
        unmask(&mut whole, mask, 0);
        assert_eq!(whole[..5], [0x37, 0xfb, 0x23, 0x3e, 0x33]);
        for cut in 0..plain.len() {
            let mut pieces = whole.clone();
            let (left, right) = pieces.split_at_mut(cut);
            unmask(left, mask, 0);
            unmask(right, mask, cut as u64);
            assert_eq!(pieces, plain, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let mut out = Vec::new();
            encode(&mut out, Opcode::Text, &vec![7; length]);
            let head = parse_head(&out).expect("a frame").expect("whole");
            assert_eq!(
                (head.length, head.size + length, head.mask),
                (length as u64, out.len(), None)
            );
        }
    }
}
