//! A map's `time`: where the device's own time stands and how it is written. Parsed in integers, because a float would lose milliseconds.

use super::pointer::FoundValues;
use super::raw_value;
use crate::model::RejectReason;
use crate::telemetry::Message;
use crate::telemetry::kit::rule::ValueError;
use crate::units::{Decimal, UtcMs, Zone};

const ABSENT: ValueError = (
    RejectReason::Time,
    "is not in the message; the time of arrival is used",
);
const NO_RFC3339: ValueError = (
    RejectReason::Time,
    "is not an RFC 3339 time with its offset; the time of arrival is used (for local time write format = \"local:Europe/London\")",
);
const NO_LOCAL: ValueError = (
    RejectReason::Time,
    "is not a local time such as 2026-08-21T10:15:02; the time of arrival is used",
);
const NO_UNIX: ValueError = (
    RejectReason::Time,
    "is not in Unix seconds of this century; the time of arrival is used",
);
const NO_UNIX_MS: ValueError = (
    RejectReason::Time,
    "is not in Unix milliseconds of this century; the time of arrival is used",
);
const BEFORE_1970: ValueError = (
    RejectReason::Time,
    "is before 1970: a clock that was never set; the time of arrival is used",
);

/// Unix milliseconds of 13 digits, 2001 to 2286, as in the native format: everything else is a clock that was never set, or another unit.
const THIRTEEN_DIGITS: std::ops::Range<i128> = 1_000_000_000_000..10_000_000_000_000;

/// Where the time stands.
#[derive(Debug)]
pub(super) enum TimeLocation {
    /// In the message, found by a pointer.
    Pointer(usize),
    /// In a user property.
    Property(String),
}

/// How it is written.
#[derive(Clone, Debug)]
pub(super) enum TimeFormat {
    /// RFC 3339 with its offset.
    Rfc3339,
    /// Seconds since 1970, with a fraction or without.
    Unix,
    /// Milliseconds since 1970.
    UnixMs,
    /// The clock of a zone.
    Local(Zone),
}

/// A device's own time.
#[derive(Debug)]
pub(super) struct TimeRule {
    /// The key or property that holds it.
    pub location: TimeLocation,
    /// Its name in messages for people.
    pub name: String,
    /// How it is written.
    pub format: TimeFormat,
}

impl TimeRule {
    /// Parses the time of a message; an error comes with the text found.
    pub(super) fn parse<'a>(
        &self,
        found: &FoundValues<'a>,
        message: &Message<'a>,
    ) -> Result<UtcMs, (&'a str, ValueError)> {
        let raw = match &self.location {
            TimeLocation::Pointer(number) => found.get(*number).copied().flatten(),
            TimeLocation::Property(name) => message.property(name),
        };
        let raw = raw.unwrap_or_default();
        let text = raw_value::known(raw).ok_or((raw, ABSENT))?;
        self.format.parse(&text).map_err(|error| (raw, error))
    }
}

impl TimeFormat {
    fn parse(&self, text: &str) -> Result<UtcMs, ValueError> {
        match self {
            Self::Rfc3339 => since_1970(text.parse().map_err(|_| NO_RFC3339)?),
            Self::Local(zone) => since_1970(zone.instant(text).map_err(|_| NO_LOCAL)?),
            Self::Unix => unix(text, 3).ok_or(NO_UNIX),
            Self::UnixMs => unix(text, 0).ok_or(NO_UNIX_MS),
        }
    }
}

/// Year 1 is how some libraries write "no time"; nothing here was measured before 1970.
fn since_1970(instant: UtcMs) -> Result<UtcMs, ValueError> {
    if instant < UtcMs(0) {
        Err(BEFORE_1970)
    } else {
        Ok(instant)
    }
}

/// To the nearest millisecond.
fn unix(text: &str, digits: u32) -> Option<UtcMs> {
    let ms = text.parse::<Decimal>().ok()?.scaled(digits).ok()?;
    i64::try_from(ms)
        .ok()
        .filter(|_| THIRTEEN_DIGITS.contains(&ms))
        .map(UtcMs)
}

#[cfg(test)]
mod tests {
    use crate::jurisdiction::UK;
    use crate::telemetry::mapping::time::*;

    #[test]
    fn times_are_read_in_integers() {
        let london = TimeFormat::Local(UK.zone().clone());
        for (format, text, want) in [
            (
                &TimeFormat::Rfc3339,
                "2026-08-21T10:15:02.5+01:00",
                Ok(1_787_303_702_500),
            ),
            (&TimeFormat::Rfc3339, "2026-08-21T10:15:02", Err(NO_RFC3339)),
            (
                &TimeFormat::Rfc3339,
                "0001-01-01T00:00:00Z",
                Err(BEFORE_1970),
            ),
            (&TimeFormat::Unix, "1787303702", Ok(1_787_303_702_000)),
            (
                &TimeFormat::Unix,
                "1787303702.120999",
                Ok(1_787_303_702_121),
            ),
            (&TimeFormat::Unix, "1.787303702120e9", Ok(1_787_303_702_120)),
            (&TimeFormat::Unix, "1787303702120", Err(NO_UNIX)),
            (&TimeFormat::Unix, "0", Err(NO_UNIX)),
            (&TimeFormat::UnixMs, "1787303702120", Ok(1_787_303_702_120)),
            (
                &TimeFormat::UnixMs,
                "1787303702120.4",
                Ok(1_787_303_702_120),
            ),
            (&TimeFormat::UnixMs, "1787303702", Err(NO_UNIX_MS)),
            (&TimeFormat::UnixMs, "NaN", Err(NO_UNIX_MS)),
            (&london, "2026-08-21 10:15:02", Ok(1_787_303_702_000)),
            (&london, "10:15", Err(NO_LOCAL)),
        ] {
            assert_eq!(format.parse(text), want.map(UtcMs), "{format:?} {text}");
        }
    }
}
