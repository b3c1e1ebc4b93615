//! Any decoder: a session of messages from random bytes, decoded twice by new decoders and once after a restart.

use std::collections::BTreeSet;

use fleetgauge::jurisdiction::UK;
use fleetgauge::model::{Quantity, Reading, RejectReason, Value};
use fleetgauge::telemetry::{Decode, Decoder, Message, Sink};
use fleetgauge::units::UtcMs;

use crate::seeds::{self, Recorded};

/// A day after the recorded messages.
const NOW: UtcMs = UtcMs(1_787_400_000_000);
/// Messages of one session; more would only be slower.
const MAX_MESSAGES: usize = 64;

/// A decoder, and the topics and property names of its recorded messages, which a mutation would hardly find.
pub struct Target {
    decoder: &'static Decoder,
    sessions: Vec<Vec<Recorded>>,
    topics: Vec<String>,
    properties: Vec<String>,
}

impl Target {
    /// Loads the recorded messages of a decoder.
    pub fn new(decoder: &'static Decoder) -> Self {
        let sessions = seeds::sessions(decoder.name, decoder.claims);
        let messages = || sessions.iter().flatten();
        let topics: BTreeSet<_> = messages().map(|message| message.topic.clone()).collect();
        let properties: BTreeSet<_> = messages()
            .flat_map(|message| &message.properties)
            .map(|(name, _)| name.clone())
            .collect();
        // An index is one byte.
        let topics = topics.into_iter().take(250).collect();
        let properties = properties.into_iter().take(250).collect();
        Self {
            decoder,
            sessions,
            topics,
            properties,
        }
    }

    /// The recorded sessions as inputs.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        self.sessions
            .iter()
            .map(|session| self.encode(session))
            .collect()
    }

    /// A message is: index of the topic (beyond the list: its length and text), flags (1 retained, 2 with a property: index of its
    /// name, length, value), length of the payload in two bytes, payload. An input that ends early is a shorter message.
    fn encode(&self, session: &[Recorded]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for message in session {
            match self.topics.iter().position(|topic| *topic == message.topic) {
                Some(index) => bytes.push(index as u8),
                None => {
                    bytes.extend([255, message.topic.len() as u8]);
                    bytes.extend(message.topic.bytes());
                }
            }
            let property = message
                .properties
                .first()
                .filter(|(_, value)| value.len() < 256);
            bytes.push(u8::from(message.retained) | if property.is_some() { 2 } else { 0 });
            if let Some((name, value)) = property {
                bytes.push(
                    self.properties
                        .iter()
                        .position(|known| known == name)
                        .unwrap_or(0) as u8,
                );
                bytes.push(value.len() as u8);
                bytes.extend(value.bytes());
            }
            let payload = &message.payload[..message.payload.len().min(65_535)];
            bytes.extend((payload.len() as u16).to_le_bytes());
            bytes.extend(payload);
        }
        bytes
    }

    fn session<'a>(&'a self, bytes: &'a [u8]) -> Vec<Input<'a>> {
        let mut rest = bytes;
        let mut session = Vec::new();
        while !rest.is_empty() && session.len() < MAX_MESSAGES {
            let index = usize::from(byte(&mut rest));
            let topic = match self.topics.get(index) {
                Some(topic) => topic.clone(),
                None => {
                    let length = usize::from(byte(&mut rest));
                    String::from_utf8_lossy(take(&mut rest, length)).into_owned()
                }
            };
            let flags = byte(&mut rest);
            let mut properties = Vec::new();
            if flags & 2 != 0 {
                let name = self.properties.get(usize::from(byte(&mut rest))).cloned();
                let length = usize::from(byte(&mut rest));
                let value = String::from_utf8_lossy(take(&mut rest, length)).into_owned();
                properties.extend(name.map(|name| (name, value)));
            }
            let length = u16::from_le_bytes([byte(&mut rest), byte(&mut rest)]);
            let payload = take(&mut rest, length.into());
            session.push(Input {
                topic,
                payload,
                retained: flags & 1 != 0,
                properties,
            });
        }
        session
    }

    /// Decodes one input in four ways: twice from the start, after a restart, and after restoring random bytes.
    pub fn fuzz(&self, bytes: &[u8]) {
        let session = self.session(bytes);
        let first = self.decode((self.decoder.start)(), &session);
        let mut decoder = (self.decoder.start)();
        let mut again = Log::new(self.decoder);
        for message in &session {
            message.decode(&mut *decoder, &mut again);
        }
        assert!(
            first.lines == again.lines,
            "two new decoders give different results"
        );
        let saved = decoder.save();
        let mut restarted = (self.decoder.start)();
        restarted.restore(&saved);
        assert!(
            restarted.save() == saved,
            "what was saved and restored is not the same"
        );
        self.decode(restarted, &session);
        let mut corrupted = (self.decoder.start)();
        corrupted.restore(bytes);
        self.decode(corrupted, &session);
    }

    fn decode(&self, mut decoder: Box<dyn Decode>, session: &[Input<'_>]) -> Log {
        let mut log = Log::new(self.decoder);
        for message in session {
            let _ = (self.decoder.claims)(&message.topic);
            message.decode(&mut *decoder, &mut log);
            let _ = decoder.take_changed();
        }
        log
    }
}

fn byte(rest: &mut &[u8]) -> u8 {
    take(rest, 1).first().copied().unwrap_or(0)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (bytes, behind) = rest.split_at(length.min(rest.len()));
    *rest = behind;
    bytes
}

struct Input<'a> {
    topic: String,
    payload: &'a [u8],
    retained: bool,
    properties: Vec<(String, String)>,
}

impl Input<'_> {
    fn decode(&self, decoder: &mut dyn Decode, log: &mut Log) {
        let Self {
            topic,
            payload,
            retained,
            properties,
        } = self;
        let message = Message {
            zone: UK.zone(),
            topic,
            payload,
            retained: *retained,
            received_at: NOW,
            properties,
        };
        log.retained = *retained;
        match decoder.decode(&message, log) {
            Ok(()) => log.lines.push(0),
            Err(refused) => {
                assert!(!refused.detail.is_empty(), "refused without a reason");
                log.lines.push(1);
                log.lines.extend(refused.detail.bytes());
            }
        }
    }
}

/// Records what a decoder reports, in order, and checks each value against its limits.
struct Log {
    decoder: &'static Decoder,
    retained: bool,
    lines: Vec<u8>,
}

impl Log {
    fn new(decoder: &'static Decoder) -> Self {
        Self {
            decoder,
            retained: false,
            lines: Vec::new(),
        }
    }
}

impl Sink for Log {
    fn reading(&mut self, reading: Reading<'_>) {
        assert!(
            !reading.entries.is_empty(),
            "a reading without values: {reading:?}"
        );
        assert_eq!(
            reading.format.number, self.decoder.format.number,
            "{reading:?}"
        );
        assert_eq!(
            (reading.received_at, reading.retained),
            (NOW, self.retained),
            "{reading:?}"
        );
        let asset = &*reading.asset;
        let bad = |c: char| {
            c.is_control() || c.is_whitespace() || matches!(c, '+' | '#' | '"' | ',' | '\\')
        };
        assert!(
            !asset.is_empty() && asset.len() <= 256 && !asset.contains(bad),
            "no asset id: {asset:?}"
        );
        for entry in reading.entries.iter() {
            assert!(
                is_plausible(entry.quantity, &entry.value),
                "{entry:?} of {asset}"
            );
        }
        self.lines
            .extend(postcard::to_stdvec(&reading).expect("readings go to the inbox"));
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        assert!(!detail.is_empty(), "left out without a reason");
        self.lines.extend(
            reason
                .name()
                .bytes()
                .chain(field.bytes())
                .chain(detail.bytes()),
        );
    }
}

/// The limits written a second time, so that a mistake in the decoders' own limits shows.
fn is_plausible(quantity: Quantity, value: &Value<'_>) -> bool {
    match (quantity.unit(), value) {
        ("bool", Value::Bool(_)) => true,
        // A vehicle has left.
        ("id", Value::NoId) => true,
        ("id", Value::Id(id)) => {
            !id.trim().is_empty() && id.len() <= 64 && !id.contains(char::is_control)
        }
        ("deg", Value::Angle(angle)) => match quantity {
            Quantity::Latitude => angle.unsigned_abs() <= 900_000_000,
            Quantity::Longitude => angle.unsigned_abs() <= 1_800_000_000,
            _ => false,
        },
        ("deg", Value::Position(latitude, longitude)) => {
            quantity == Quantity::Position
                && latitude.unsigned_abs() <= 900_000_000
                && longitude.unsigned_abs() <= 1_800_000_000
        }
        (unit, Value::Number(number)) => {
            let range = match unit {
                "%" => 0..=100_000,
                "km/h" => -100_000..=500_000,
                "kW" => -10_000_000..=10_000_000,
                "V" => 0..=100_000,
                "l/h" => 0..=10_000_000,
                // Registers of the largest plausible meter in Wh.
                "km" | "l" | "h" | "kWh" => 0..=10_000_000_000_000,
                _ => return false,
            };
            range.contains(&number.0)
        }
        _ => false,
    }
}
