//! Timestamps of devices, from text to instants. Whether a device's clock is to be believed is judged by its feed's history
//! (`ledger::clock`), not here.

use crate::model::RejectReason;
use crate::telemetry::Sink;
use crate::units::{UtcMs, parse_scaled};

/// Zero and less is how senders write "no time".
const EARLIEST: UtcMs = UtcMs(1);
/// The end of the year 9999: more is nanoseconds, or no time at all.
const LATEST: UtcMs = UtcMs(253_402_300_799_999);

const UNUSABLE: &str = "is no time; the time of arrival is used";

/// RFC 3339 with a zone.
pub(crate) fn rfc3339(text: &str) -> Option<UtcMs> {
    text.parse().ok()
}

/// RFC 3339, where a text without a zone means UTC.
pub(crate) fn utc(text: &str) -> Option<UtcMs> {
    UtcMs::parse_lenient(text).ok().map(|parsed| parsed.instant)
}

/// Unix seconds with a fraction. Digits beyond milliseconds are cut, not rounded: they are the rest of a float.
pub(crate) fn unix_seconds(text: &str) -> Option<UtcMs> {
    parse_scaled(text, 6)
        .ok()
        .map(|micros| UtcMs(micros.div_euclid(1_000)))
}

/// A time in Unix milliseconds; a fraction is rounded to the nearest.
pub(crate) fn unix_ms(text: &str) -> Option<UtcMs> {
    parse_scaled(text, 0).ok().map(UtcMs)
}

/// Parses a field's text, if there is one; a text that is not a usable time is reported and dropped.
pub(crate) fn parse_field(
    field: &str,
    text: Option<&str>,
    parse: fn(&str) -> Option<UtcMs>,
    sink: &mut dyn Sink,
) -> Option<UtcMs> {
    let text = text.and_then(super::value_text::known)?;
    let at = parse(text).filter(|at| (EARLIEST..=LATEST).contains(at));
    if at.is_none() {
        sink.ignored(RejectReason::Time, field, UNUSABLE);
    }
    at
}

#[cfg(test)]
mod tests {
    use crate::telemetry::kit::time::*;

    #[test]
    fn texts_become_instants() {
        type Parse = fn(&str) -> Option<UtcMs>;
        let cases: [(Parse, &str, Option<i64>); 10] = [
            (
                rfc3339,
                "2026-08-21T09:15:02.000+00:00",
                Some(1_787_303_702_000),
            ),
            (rfc3339, "2026-08-21T09:15:02", None),
            (utc, "2026-08-21T09:15:02.123456", Some(1_787_303_702_123)),
            (utc, "2026-08-21T10:15:02+01:00", Some(1_787_303_702_000)),
            (unix_seconds, "1706905170.17258", Some(1_706_905_170_172)),
            (unix_seconds, "1706905170.9999", Some(1_706_905_170_999)),
            (unix_seconds, "1706905170", Some(1_706_905_170_000)),
            (unix_seconds, "soon", None),
            (unix_ms, "1745803078000", Some(1_745_803_078_000)),
            (unix_ms, "1e99", None),
        ];
        for (parse, text, want) in cases {
            assert_eq!(parse(text), want.map(UtcMs), "{text}");
        }
    }
}
