//! The targets that are not MQTT decoders: OCPP frames of both sides of a connection, mapping files with a message, numbers and times.

use std::sync::Arc;

use fleetgauge::model::{OcppVersion, TokenHasher};
use fleetgauge::model::{Reading as MqttReading, RejectReason};
use fleetgauge::ocpp::codec::frame::ParseOptions;
use fleetgauge::ocpp::codec::observer::{Observer, Origin};
use fleetgauge::telemetry::mapping::Mappings;
use fleetgauge::telemetry::{Decoders, Formats, Message, Sink};
use fleetgauge::units::{UtcMs, format_scaled, parse_scaled};

/// The first byte selects the version and which side begins. Then frames, one a line, the two sides in turn.
pub fn ocpp(bytes: &[u8]) {
    let Some((&first, text)) = bytes.split_first() else {
        return;
    };
    let version = [OcppVersion::V16, OcppVersion::V201, OcppVersion::V21][usize::from(first) % 3];
    let hasher = TokenHasher::new(&[7; 32]);
    let text = String::from_utf8_lossy(text);
    let decode = || {
        let mut observer = Observer::new(version);
        let mut messages = Vec::new();
        let mut refused = Vec::new();
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
                &mut messages,
            ) {
                assert!(!error.detail.is_empty(), "refused without a reason");
                refused.push(error);
            }
        }
        (messages, refused)
    };
    assert!(
        decode() == decode(),
        "the same frames give different results"
    );
}

/// A text, parsed as everything that `units` parses.
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
    let _ = text.parse::<fleetgauge::units::Day>();
    let _ = text.parse::<fleetgauge::units::Month>();
    let _ = text.parse::<fleetgauge::units::WeeklyHours>();
}

/// Records what a decoder reports, as text.
#[derive(Default, PartialEq)]
struct Log(Vec<String>);

impl Sink for Log {
    fn reading(&mut self, reading: MqttReading<'_>) {
        assert!(!reading.entries.is_empty(), "a reading without a value");
        self.0.push(format!("{reading:?}"));
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        assert!(!detail.is_empty(), "ignored without a reason");
        self.0.push(format!("{reason:?} {field}"));
    }
}

/// A mapping file, a zero byte, a topic, a zero byte, a payload. A bad file must be refused with its mistakes, and a good one must decode twice to the same readings.
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
                "refused without a reason"
            );
            return;
        }
    };
    let now = UtcMs(1_787_400_000_000);
    let decode = || {
        let mut log = Log::default();
        let message = Message {
            topic,
            payload,
            retained: false,
            received_at: now,
            zone: fleetgauge::jurisdiction::UK.zone(),
            properties: &[],
        };
        let mut decoders = Decoders::with_mappings(mappings.clone()).reporting_absent();
        let _ = decoders.decode(&Formats::ByTopic, &message, &mut log);
        log
    };
    assert!(
        decode() == decode(),
        "the same message gives different results"
    );
}
