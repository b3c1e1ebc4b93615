//! permessage-deflate (RFC 7692): compressed messages of charge points are inflated. Our own messages are short and are sent uncompressed,
//! which the extension allows for every message (section 6).
//!
//! Neither side takes over the context, so that an idle connection holds no window of 32 KiB.

use flate2::{Decompress, FlushDecompress, Status};

/// The response to the offers in `Sec-WebSocket-Extensions`; `None` if none of them can be accepted.
pub fn negotiate(offers: &[&str]) -> Option<String> {
    offers
        .iter()
        .flat_map(|offers| offers.split(','))
        .find_map(accept_offer)
}

fn accept_offer(offer: &str) -> Option<String> {
    let mut parameters = offer.split(';').map(str::trim);
    if !parameters
        .next()?
        .eq_ignore_ascii_case("permessage-deflate")
    {
        return None;
    }
    // Section 7.1.1: a server may request either even if the client did not offer it.
    let mut answer =
        String::from("permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    for parameter in parameters {
        let (name, value) = parameter
            .split_once('=')
            .map_or((parameter, None), |(name, value)| {
                (name.trim(), Some(value))
            });
        let bits = value.map(|value| {
            value
                .trim()
                .trim_matches('"')
                .parse::<u8>()
                .ok()
                .filter(|bits| (8..=15).contains(bits))
        });
        match (name, bits) {
            ("server_no_context_takeover" | "client_no_context_takeover", None) => {}
            // Section 7.1.2.2: a hint; we inflate with the largest window anyway.
            ("client_max_window_bits", None | Some(Some(_))) => {}
            // Section 7.1.2.1: we compress nothing, so any window is kept to.
            ("server_max_window_bits", Some(Some(bits))) => {
                answer.push_str(&format!("; server_max_window_bits={bits}"))
            }
            // Section 7.1: an offer with anything else must be declined.
            _ => return None,
        }
    }
    Some(answer)
}

/// Inflates a message. An error if it is no deflate stream, or inflates to more than `max_bytes`.
pub fn inflate(compressed: &[u8], max_bytes: usize) -> Result<Vec<u8>, &'static str> {
    // Section 7.2.2: the sender removed these four bytes.
    const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
    let mut inflater = Decompress::new(false);
    let mut out = Vec::with_capacity((compressed.len() * 4).clamp(256, max_bytes.max(256)));
    for piece in [compressed, &TAIL] {
        let begun = inflater.total_in();
        loop {
            let taken = (inflater.total_in() - begun) as usize;
            let before = (inflater.total_in(), inflater.total_out());
            let status = inflater
                .decompress_vec(&piece[taken..], &mut out, FlushDecompress::Sync)
                .map_err(|_| "a compressed message that cannot be inflated")?;
            let moved = (inflater.total_in(), inflater.total_out()) != before;
            let done = inflater.total_in() - begun == piece.len() as u64;
            if out.len() > max_bytes {
                return Err("a compressed message that inflates beyond the limit");
            }
            if matches!(status, Status::StreamEnd) || (done && out.len() < out.capacity()) {
                break;
            }
            if !moved && out.len() < out.capacity() {
                return Err("a compressed message that cannot be inflated");
            }
            if out.len() == out.capacity() {
                out.reserve(out.capacity().clamp(256, 65_536));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use crate::ocpp::websocket::deflate::*;
    use flate2::{Compress, Compression, FlushCompress};

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 1_024);
        let mut deflater = Compress::new(Compression::default(), false);
        deflater
            .compress_vec(text, &mut out, FlushCompress::Sync)
            .expect("memory");
        assert!(out.ends_with(&[0, 0, 0xFF, 0xFF]));
        out.truncate(out.len() - 4);
        out
    }

    #[test]
    fn what_is_deflated_is_inflated() {
        for text in [
            &b""[..],
            b"Hello",
            &b"[2,\"1\",\"Heartbeat\",{}]".repeat(1_000),
        ] {
            assert_eq!(inflate(&deflated(text), 1 << 20).as_deref(), Ok(text));
        }
        // RFC 7692 section 7.2.3.1.
        assert_eq!(
            inflate(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 100).as_deref(),
            Ok(&b"Hello"[..])
        );
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        let bomb = deflated(&vec![b'x'; 10 << 20]);
        assert!(bomb.len() < 20_000);
        assert_eq!(
            inflate(&bomb, 1 << 20),
            Err("a compressed message that inflates beyond the limit")
        );
        assert!(inflate(b"this is not deflate", 1 << 20).is_err());
    }

    #[test]
    fn offers() {
        const PLAIN: &str =
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        for (offers, want) in [
            (&["permessage-deflate"][..], Some(PLAIN.to_owned())),
            (
                &["permessage-deflate; client_max_window_bits"],
                Some(PLAIN.to_owned()),
            ),
            (
                &["x-webkit-deflate-frame, permessage-deflate; client_max_window_bits=10"],
                Some(PLAIN.to_owned()),
            ),
            (
                &["permessage-deflate; server_max_window_bits=10"],
                Some(format!("{PLAIN}; server_max_window_bits=10")),
            ),
            (
                &["permessage-deflate; server_max_window_bits=16, permessage-deflate"],
                Some(PLAIN.to_owned()),
            ),
            (&["permessage-deflate; colour=red"], None),
            (&["permessage-bzip2"], None),
            (&[], None),
        ] {
            assert_eq!(negotiate(offers), want, "{offers:?}");
        }
    }
}
