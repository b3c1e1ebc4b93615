//! Any decoder: a session of messages out of random bytes, decoded twice by decoders that know nothing yet, and once after a restart.

use std::collections::BTreeSet;

use crate::decode::mqtt::{Decode, Decoder, Message, Sink};
use crate::model::{Quantity, Reading, RejectReason, Value};
use crate::seeds::{self, Recorded};
use crate::units::UtcMs;

/// A day after the recorded messages.
const NOW: UtcMs = UtcMs(1_787_400_000_000);
/// Messages of one session; more would only be slower.
const MAX_MESSAGES: usize = 64;

/// A decoder, and the words of its recorded messages that a mutation would hardly find.
pub struct Target {
    decoder: &'static Decoder,
    sessions: Vec<Vec<Recorded>>,
    topics: Vec<String>,
    properties: Vec<String>,
}

impl Target {
    /// Reads the recorded messages.
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
    /// name, length, value), length of the payload in two bytes, payload. What is cut off is shorter.
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

    /// One input.
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
            "two decoders that know nothing say different things"
        );
        let saved = decoder.save();
        let mut restarted = (self.decoder.start)();
        restarted.restore(&saved);
        assert!(
            restarted.save() == saved,
            "what was saved and restored is not the same"
        );
        self.decode(restarted, &session);
        let mut astray = (self.decoder.start)();
        astray.restore(bytes);
        self.decode(astray, &session);
    }

    fn decode(&self, mut decoder: Box<dyn Decode>, session: &[Input<'_>]) -> Log {
        let mut log = Log::new(self.decoder);
        for message in session {
            let _ = (self.decoder.claims)(&message.topic);
            message.decode(&mut *decoder, &mut log);
            let _ = decoder.has_news();
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
                assert!(!refused.detail.is_empty(), "refused without saying why");
                log.lines.push(1);
                log.lines.extend(refused.detail.bytes());
            }
        }
    }
}

/// What was said, in order, and whether it can be.
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
            assert!(can_be(entry.quantity, &entry.value), "{entry:?} of {asset}");
        }
        self.lines
            .extend(postcard::to_stdvec(&reading).expect("readings go to the inbox"));
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        assert!(!detail.is_empty(), "left out without saying why");
        self.lines.extend(
            reason
                .name()
                .bytes()
                .chain(field.bytes())
                .chain(detail.bytes()),
        );
    }
}

/// The limits again, from the other side: said once more and not taken from the decoders.
fn can_be(quantity: Quantity, value: &Value<'_>) -> bool {
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
