//! OCPP frames of both sides of a link, a site's maps with messages for them, and the numbers and times of `units`.

use std::sync::Arc;

use crate::decode::mqtt::mapping::Mappings;
use crate::decode::mqtt::{Decoders, Formats, Message, Sink};
use crate::decode::ocpp::frame::ParseOptions;
use crate::decode::ocpp::observer::{Observer, Origin};
use crate::model::{OcppVersion, TokenHasher};
use crate::model::{Reading as MqttReading, RejectReason};
use crate::units::{UtcMs, format_scaled, parse_scaled};

/// First byte: version and who begins. Then frames, one a line, by turns.
pub fn ocpp(bytes: &[u8]) {
    let Some((&first, text)) = bytes.split_first() else {
        return;
    };
    let version = [OcppVersion::V16, OcppVersion::V201, OcppVersion::V21][usize::from(first) % 3];
    let hasher = TokenHasher::new(&[7; 32]);
    let text = String::from_utf8_lossy(text);
    let hear = || {
        let mut observer = Observer::new(version);
        let mut heard = Vec::new();
        let mut unheard = Vec::new();
        for (index, line) in text.split('\n').take(32).enumerate() {
            let reading = ParseOptions {
                version,
                hasher: &hasher,
                max_depth: 16,
                repair_metering: first & 8 != 0,
            };
            let speaker = if (index + usize::from(first >> 4)) % 2 == 0 {
                Origin::ChargePoint
            } else {
                Origin::Csms
            };
            if let Err(error) = observer.observe(
                speaker,
                line,
                &reading,
                UtcMs(1_787_400_000_000),
                &mut heard,
            ) {
                assert!(!error.detail.is_empty(), "refused without saying why");
                unheard.push(error);
            }
        }
        (heard, unheard)
    };
    assert!(hear() == hear(), "the same frames say different things");
}

/// A text as everything that `units` reads.
pub fn units(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for scale in [0, 1, 3, 6, 7, 11] {
        let Ok(value) = parse_scaled(text, scale) else {
            continue;
        };
        let mut written = Vec::new();
        format_scaled(value, scale, &mut written);
        let written = String::from_utf8(written).expect("digits are text");
        assert_eq!(
            parse_scaled(&written, scale),
            Ok(value),
            "{text} was written as {written}"
        );
    }
    if let Ok(parsed) = UtcMs::parse_lenient(text) {
        let written = parsed.instant.to_string();
        assert_eq!(
            written.parse(),
            Ok(parsed.instant),
            "{text} was written as {written}"
        );
    }
    let _ = text.parse::<crate::units::Day>();
    let _ = text.parse::<crate::units::Month>();
    let _ = text.parse::<crate::units::WeeklyHours>();
}

/// Keeps what comes, as text.
#[derive(Default, PartialEq)]
struct Heard(Vec<String>);

impl Sink for Heard {
    fn reading(&mut self, reading: MqttReading<'_>) {
        assert!(!reading.entries.is_empty(), "a reading without a value");
        self.0.push(format!("{reading:?}"));
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        assert!(!detail.is_empty(), "ignored without saying why");
        self.0.push(format!("{reason:?} {field}"));
    }
}

/// A mapping file, a zero byte, a topic, a zero byte, a payload. Mistakes are all named, and good maps say the same twice.
pub fn mapping(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (file, topic, payload) = (part(), part(), part());
    let (Ok(file), Ok(topic)) = (std::str::from_utf8(file), std::str::from_utf8(topic)) else {
        return;
    };
    let zone = |name: &str| Err(format!("there is no zone {name} here"));
    let mappings = match Mappings::parse(&[("site.toml", file)], &zone) {
        Ok(mappings) => Arc::new(mappings),
        Err(errors) => {
            assert!(
                !errors.0.is_empty() && !errors.to_string().is_empty(),
                "refused without saying why"
            );
            return;
        }
    };
    let now = UtcMs(1_787_400_000_000);
    let hear = || {
        let mut heard = Heard::default();
        let message = Message {
            topic,
            payload,
            retained: false,
            received_at: now,
            properties: &[],
        };
        let mut decoders = Decoders::with_mappings(mappings.clone()).telling_all();
        let _ = decoders.decode(&Formats::ByTopic, &message, &mut heard);
        heard
    };
    assert!(hear() == hear(), "the same message says different things");
}
