//! Seeds from the recorded messages of `tests/`. Files are read once at the start, never while fuzzing.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A recorded message.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub topic: String,
    pub payload: Vec<u8>,
    pub retained: bool,
    pub properties: Vec<(String, String)>,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests")
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// Sessions of a format: its captures, and its recorded cases.
pub fn sessions(name: &str, claims: fn(&str) -> bool) -> Vec<Vec<Recorded>> {
    let mut sessions = Vec::new();
    for path in sorted(&tests().join("samples")) {
        let session = jsonl(&path);
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if stem.contains(name) || session.first().is_some_and(|first| claims(&first.topic)) {
            // One at a time, and all together.
            sessions.extend(session.iter().map(|message| vec![message.clone()]));
            sessions.push(session);
        }
    }
    for folder in sorted(&tests().join("frames/mqtt").join(name)) {
        let session = folder.join("messages.jsonl");
        if session.exists() {
            sessions.push(jsonl(&session));
        } else if let (Ok(topic), Ok(payload)) = (
            fs::read_to_string(folder.join("topic")),
            fs::read(folder.join("payload")),
        ) {
            let retained = folder.join("retained").exists();
            sessions.push(vec![Recorded {
                topic: topic.trim().to_owned(),
                payload,
                retained,
                properties: Vec::new(),
            }]);
        }
    }
    sessions.retain(|session| !session.is_empty());
    sessions
}

fn jsonl(path: &Path) -> Vec<Recorded> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| recorded(&line))
        .collect()
}

fn recorded(line: &Value) -> Option<Recorded> {
    let payload = match (&line["payload"], &line["payload_b64"]) {
        (Value::String(text), _) => text.clone().into_bytes(),
        (_, Value::String(text)) => unbase64(text),
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

fn unbase64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = text.bytes().filter_map(digit).collect();
    let mut bytes = Vec::new();
    for chunk in digits.chunks(4) {
        let bits = chunk
            .iter()
            .fold(0u32, |bits, digit| bits << 6 | u32::from(*digit))
            << (6 * (4 - chunk.len()));
        bytes.extend(
            (0..chunk.len().saturating_sub(1)).map(|index| (bits >> (16 - 8 * index)) as u8),
        );
    }
    bytes
}

/// Seeds of the targets that are not MQTT decoders.
pub fn for_target(name: &str) -> Vec<Vec<u8>> {
    match name {
        "mapping" => mapping(),
        "ocpp" => ocpp(),
        "websocket" => websocket(),
        "units" => units(),
        _ => Vec::new(),
    }
}

fn mapping() -> Vec<Vec<u8>> {
    let mut maps = sorted(&tests().join("../config/mappings"));
    maps.push(tests().join("samples/generic_mapping.toml"));
    maps.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    let messages = jsonl(&tests().join("samples/generic_mapping.jsonl"));
    let mut seeds = Vec::new();
    for path in maps {
        let map = fs::read(path).unwrap_or_default();
        for Recorded { topic, payload, .. } in &messages {
            seeds.push([&map[..], b"\0", topic.as_bytes(), b"\0", payload].concat());
        }
    }
    seeds
}

fn ocpp() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (version, folder) in ["ocpp16", "ocpp201", "ocpp21"].into_iter().enumerate() {
        let cases = sorted(&tests().join("frames").join(folder));
        for file in cases.iter().flat_map(|case| sorted(case)) {
            // Some files of a case hold no frames; as seeds they do no harm.
            let recorded = fs::read(&file).unwrap_or_default();
            let lines = recorded.split(|byte| *byte == b'\n');
            for line in lines.filter(|line| !line.is_empty()).take(8) {
                seeds.push([&[version as u8][..], line].concat());
            }
        }
    }
    let start = br#"[2,"7","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":5,"timestamp":"2026-08-21T09:15:02Z"}]"#;
    seeds.push([&[0][..], start].concat());
    seeds.push([&[1][..], br#"[2,"7","Heartbeat",{}]"#].concat());
    seeds
}

/// Masked, plain, in fragments with a ping and a close between them, compressed (RFC 7692 section 7.2.3.1), and an offer.
fn websocket() -> Vec<Vec<u8>> {
    vec![
        b"\x01\x81\x85abcdHELLO".to_vec(),
        b"\x04\x81\x05HELLO".to_vec(),
        b"\x00\x01\x02HE\x80\x03LLO\x89\x00\x88\x02\x03\xE8".to_vec(),
        b"\x00\xC1\x07\xF2\x48\xCD\xC9\xC9\x07\x00".to_vec(),
        b"permessage-deflate; client_max_window_bits".to_vec(),
    ]
}

fn units() -> Vec<Vec<u8>> {
    [
        "84512.345",
        "1e+06",
        "-12345.6e-3",
        "2026-08-21T09:15:02.120Z",
        "2026-08-21 10:15:02,12+01:00",
        "2026-02",
        "2026-08-21",
        "Mon-Fri 07:00-19:00",
        "2025/26",
        "+.5",
        "0e999999",
        "99999999999999999999999999999999",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}
