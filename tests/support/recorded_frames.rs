//! The recorded messages of every decoder: its captures in `tests/samples`, or its cases in `tests/frames` if it has none there.

#![allow(dead_code, reason = "each binary uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};

use fleetgauge::jurisdiction::UK;
use fleetgauge::telemetry::{Decoder, Message};
use fleetgauge::units::UtcMs;
use serde_json::Value;

/// A recorded message.
pub struct Recorded {
    pub topic: String,
    pub payload: Vec<u8>,
    pub retained: bool,
    pub properties: Vec<(String, String)>,
}

impl Recorded {
    /// As a decoder gets it, a day after it was recorded.
    pub fn message(&self) -> Message<'_> {
        let Self {
            topic,
            payload,
            retained,
            properties,
        } = self;
        Message {
            zone: UK.zone(),
            topic,
            payload,
            retained: *retained,
            received_at: UtcMs(1_787_400_000_000),
            properties,
        }
    }
}

/// The messages of a decoder, in order: a decoder may remember.
pub fn messages(decoder: &Decoder) -> Vec<Recorded> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut found = Vec::new();
    for path in sorted(&tests.join("samples")) {
        let session = jsonl(&path);
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem.contains(decoder.name)
            || session
                .first()
                .is_some_and(|first| (decoder.claims)(&first.topic))
        {
            found.extend(session);
        }
    }
    if found.is_empty() {
        found = cases(decoder);
    }
    assert!(!found.is_empty(), "nothing recorded of `{}`", decoder.name);
    found
}

/// The messages of a decoder's recorded cases, bad ones among them.
pub fn cases(decoder: &Decoder) -> Vec<Recorded> {
    let mut found = Vec::new();
    for case in sorted(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/frames/mqtt")
            .join(decoder.name),
    ) {
        found.extend(jsonl(&case.join("messages.jsonl")));
        if let (Ok(topic), Ok(payload)) = (
            fs::read_to_string(case.join("topic")),
            fs::read(case.join("payload")),
        ) {
            let retained = case.join("retained").exists();
            found.push(Recorded {
                topic: topic.trim().to_owned(),
                payload,
                retained,
                properties: Vec::new(),
            });
        }
    }
    found
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|path| {
        path.is_dir()
            || path
                .extension()
                .is_some_and(|extension| extension == "jsonl")
    });
    found.sort();
    found
}

fn jsonl(path: &Path) -> Vec<Recorded> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| recorded(&line))
        .collect()
}

/// Other things are recorded in the same form; they have no topic.
fn recorded(line: &Value) -> Option<Recorded> {
    let payload = match (&line["payload"], &line["payload_b64"]) {
        (Value::String(text), _) => text.clone().into_bytes(),
        (_, Value::String(text)) => fleetgauge::ingest::credentials::unbase64(text)?,
        _ => return None,
    };
    let properties = line["props"].as_object().into_iter().flatten();
    Some(Recorded {
        topic: line["topic"].as_str()?.to_owned(),
        payload,
        retained: line["retain"] == true,
        properties: properties
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
    })
}
