//! Decoding a message of a known asset again takes nothing from the heap: for every decoder, over its recorded messages.

#![allow(
    unreachable_pub,
    reason = "helpers of a binary are public to its modules alone"
)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/recorded_frames.rs"]
mod recorded_frames;

use fleetgauge::model::{Reading, RejectReason};
use fleetgauge::telemetry::{DECODERS, Refused, Sink};

/// Messages that may allocate: decoder (empty: any), what their payload holds, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "",
        "\\",
        "a text with escapes is no text until they are resolved",
    ),
    (
        "evcc",
        "db:22",
        "a vehicle that has come is remembered by its name",
    ),
    (
        "ocpp_bridge",
        "[2,",
        "the OCPP reader owns what it gives, because it waits for a commit",
    ),
    ("ocpp_bridge", "MessageTypeId", "the same"),
];

/// Looks at everything and keeps nothing.
struct Look(usize);

impl Sink for Look {
    fn reading(&mut self, reading: Reading<'_>) {
        self.0 += reading.entries.len();
    }

    fn ignored(&mut self, _: RejectReason, field: &str, _: &str) {
        self.0 += field.len();
    }
}

#[test]
fn a_known_asset_costs_no_memory() {
    let mut wrong = Vec::new();
    for decoder in DECODERS {
        let messages = recorded_frames::messages(decoder);
        let mut running = (decoder.start)();
        let mut look = Look(0);
        for message in &messages {
            let _ = running.decode(&message.message(), &mut look);
        }
        for message in &messages {
            let text = String::from_utf8_lossy(&message.payload);
            let mut result: Result<(), Refused> = Ok(());
            let info = allocation_counter::measure(|| {
                result = running.decode(&message.message(), &mut look)
            });
            let excused = EXCEPTIONS
                .iter()
                .any(|(name, part, _)| decoder.name.starts_with(name) && text.contains(part));
            // A refusal is words for people.
            if info.count_total > 0 && !excused && result.is_ok() {
                wrong.push(format!(
                    "{}: {} allocations: {} {text}",
                    decoder.name, info.count_total, message.topic
                ));
            }
        }
        assert!(look.0 > 0, "{}: nothing was decoded", decoder.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
