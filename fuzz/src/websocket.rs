//! WebSocket bytes in pieces to messages: how they were cut must not matter, and nothing grows beyond its limit.

#[path = "../../src/ingest/websocket/deflate.rs"]
mod deflate;
#[path = "../../src/ingest/websocket/frame.rs"]
mod frame;
#[path = "../../src/ingest/websocket/messages.rs"]
mod messages;

use messages::{Assembler, Part};

/// Longest message here; small, so that the limit is met.
const MOST: usize = 1_024;

/// First byte: how the rest is cut.
pub fn fuzz(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else {
        return;
    };
    let whole = read(bytes, bytes.len().max(1));
    let pieces = read(bytes, usize::from(first % 16) + 1);
    assert_eq!(whole, pieces, "the cut matters");
    for part in whole.0 {
        if let Part::Message {
            compressed: true,
            payload,
            ..
        } = part
        {
            if let Ok(plain) = deflate::inflate(&payload, MOST) {
                assert!(plain.len() <= MOST);
            }
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = deflate::negotiate(&[text]);
    }
}

fn read(bytes: &[u8], piece: usize) -> (Vec<Part>, Option<&'static str>) {
    let mut assembler = Assembler::new(MOST);
    let mut parts = Vec::new();
    for mut piece in bytes.chunks(piece) {
        loop {
            match assembler.take(&mut piece) {
                Ok(Some(part)) => {
                    if let Part::Message { payload, .. } = &part {
                        assert!(payload.len() <= MOST, "a message beyond the limit");
                    }
                    parts.push(part);
                }
                Ok(None) => break,
                Err(broken) => return (parts, Some(broken.0)),
            }
        }
    }
    (parts, None)
}
