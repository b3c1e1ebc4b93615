//! OCPP frames of both sides of a link, and the numbers and times of `units`.

use crate::decode::ocpp::frame::Reading;
use crate::decode::ocpp::observer::{Observer, Speaker};
use crate::model::{OcppVersion, TokenHasher};
use crate::units::{UtcMs, format_scaled, parse_scaled};

/// First byte: version and who begins. Then frames, one a line, by turns.
pub fn ocpp(bytes: &[u8]) {
    let Some((&first, text)) = bytes.split_first() else { return };
    let version = [OcppVersion::V16, OcppVersion::V201, OcppVersion::V21][usize::from(first) % 3];
    let hasher = TokenHasher::new(&[7; 32]);
    let text = String::from_utf8_lossy(text);
    let hear = || {
        let mut observer = Observer::new(version);
        let mut heard = Vec::new();
        let mut unheard = Vec::new();
        for (index, line) in text.split('\n').take(32).enumerate() {
            let reading = Reading { version, hasher: &hasher, most_depth: 16, repair_metering: first & 8 != 0 };
            let speaker = if (index + usize::from(first >> 4)) % 2 == 0 { Speaker::ChargePoint } else { Speaker::Csms };
            if let Err(error) = observer.hear(speaker, line, &reading, UtcMs(1_787_400_000_000), &mut heard) {
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
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for scale in [0, 1, 3, 6, 7, 11] {
        let Ok(value) = parse_scaled(text, scale) else { continue };
        let mut written = Vec::new();
        format_scaled(value, scale, &mut written);
        let written = String::from_utf8(written).expect("digits are text");
        assert_eq!(parse_scaled(&written, scale), Ok(value), "{text} was written as {written}");
    }
    if let Ok(parsed) = UtcMs::parse_lenient(text) {
        let written = parsed.instant.to_string();
        assert_eq!(written.parse(), Ok(parsed.instant), "{text} was written as {written}");
    }
    let _ = text.parse::<crate::units::Day>();
    let _ = text.parse::<crate::units::Month>();
    let _ = text.parse::<crate::units::WeeklyHours>();
}
