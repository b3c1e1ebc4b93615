//! WebSocket bytes in pieces to messages: where the pieces begin must not matter, and no message grows beyond its limit.

use fleetgauge::ocpp::websocket::{Assembler, Part, deflate};

/// Longest message here; small, so that inputs reach it.
const MAX_MESSAGE: usize = 1_024;

/// The first byte is the length of the pieces that the rest is cut into.
pub fn fuzz(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else {
        return;
    };
    let whole = assemble(bytes, bytes.len().max(1));
    let pieces = assemble(bytes, usize::from(first % 16) + 1);
    assert_eq!(whole, pieces, "the result depends on the pieces");
    for part in whole.0 {
        if let Part::Message {
            compressed: true,
            payload,
            ..
        } = part
        {
            if let Ok(plain) = deflate::inflate(&payload, MAX_MESSAGE) {
                assert!(plain.len() <= MAX_MESSAGE);
            }
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = deflate::negotiate(&[text]);
    }
}

fn assemble(bytes: &[u8], piece: usize) -> (Vec<Part>, Option<&'static str>) {
    let mut assembler = Assembler::new(MAX_MESSAGE);
    let mut parts = Vec::new();
    for mut piece in bytes.chunks(piece) {
        loop {
            match assembler.next_part(&mut piece) {
                Ok(Some(part)) => {
                    if let Part::Message { payload, .. } = &part {
                        assert!(payload.len() <= MAX_MESSAGE, "a message beyond the limit");
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
