//! Every sample message, cut, flipped and repeated: nothing panics, and whatever still comes out is a sound reading.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fleetgauge::ingest::credentials::unbase64;
use fleetgauge::jurisdiction::UK;
use fleetgauge::model::{Reading, RejectReason, Value};
use fleetgauge::telemetry::{DECODERS, Decoders, Formats, Message, Sink};
use fleetgauge::units::UtcMs;

/// A line of a sample capture.
#[derive(serde::Deserialize)]
struct Case {
    topic: String,
    payload: Option<String>,
    payload_b64: Option<String>,
    #[serde(default)]
    retain: bool,
    #[serde(default)]
    props: BTreeMap<String, String>,
}

impl Case {
    fn payload(&self) -> Vec<u8> {
        match (&self.payload, &self.payload_b64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, text) => unbase64(text.as_deref().unwrap()).unwrap(),
        }
    }
}

/// The samples' captures; the others are no messages.
fn cases() -> Vec<Case> {
    let mut files: Vec<_> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples"))
            .unwrap()
            .collect();
    files.sort_by_key(|file| file.as_ref().unwrap().path());
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    let captures = files
        .into_iter()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().unwrap() == "jsonl");
    captures
        .flat_map(|path| {
            text(&path)
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect::<Vec<Case>>()
        })
        .collect()
}

struct Sound;

impl Sink for Sound {
    fn reading(&mut self, reading: Reading<'_>) {
        assert!(
            !reading.entries.is_empty() && !reading.asset.is_empty() && reading.asset.len() <= 256
        );
        for entry in reading.entries.iter() {
            if let Value::Position(latitude, longitude) = entry.value {
                assert!(latitude.abs() <= 900_000_000 && longitude.abs() <= 1_800_000_000);
            }
        }
    }

    fn ignored(&mut self, _: RejectReason, field: &str, detail: &str) {
        assert!(!field.is_empty() || !detail.is_empty());
    }
}

#[test]
fn damaged_messages_never_stop_the_feed() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let good = cases();
    assert!(good.len() > 100, "only {} messages found", good.len());
    let mut decoders = Decoders::default();
    for _ in 0..30_000 {
        let case = &good[below(good.len())];
        let mut payload = case.payload();
        for _ in 0..=below(4) {
            let at = below(payload.len().max(1));
            match below(3) {
                0 => payload.truncate(at.max(1)),
                1 if !payload.is_empty() => payload[at] = below(256) as u8,
                _ => payload.insert(at.min(payload.len()), b"{}[]\",:e-9\\\0"[below(12)]),
            }
        }
        let properties: Vec<_> = case.props.clone().into_iter().collect();
        let message = Message {
            zone: UK.zone(),
            topic: &case.topic,
            payload: &payload,
            retained: case.retain,
            received_at: UtcMs(1_787_400_000_000),
            properties: &properties,
        };
        let formats = if below(2) == 0 {
            Formats::ByTopic
        } else {
            Formats::Only(vec![below(DECODERS.len())])
        };
        if let Err(refused) = decoders.decode(&formats, &message, &mut Sound) {
            assert!(!refused.detail.is_empty());
        }
        for memory in decoders.changed_memories().collect::<Vec<_>>() {
            decoders.restore(&memory);
        }
    }
}
