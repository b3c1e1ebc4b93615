//! A time zone's rules, for sources that send local time without an offset. Reads no file: whoever has one hands its bytes in.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::civil::LONDON;
use super::{ParseInstantError, UtcMs};

/// An IANA time zone.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Zones that are compiled in: a gateway often has no zone files.
    pub fn compiled_in(name: &str) -> Option<Self> {
        match name {
            "Europe/London" => Some(Self(LONDON.clone())),
            "UTC" | "Etc/UTC" => Some(Self(TimeZone::UTC)),
            _ => None,
        }
    }

    /// A zone from a compiled zone file (TZif, RFC 9636); `None` if it is none.
    pub fn from_tzif(name: &str, file: &[u8]) -> Option<Self> {
        TimeZone::tzif(name, file).ok().map(Self)
    }

    /// The instant of a local time such as `2026-08-21T10:15:02`; a text that names its offset is taken at its word.
    ///
    /// An hour that a clock shows twice in autumn is taken as the first one, a time it skips in spring as if it had not
    /// been put forward: what RFC 5545, section 3.3.5, says.
    pub fn instant(&self, text: &str) -> Result<UtcMs, ParseInstantError> {
        let read = UtcMs::parse_lenient(text)?;
        if read.has_zone {
            return Ok(read.instant);
        }
        let shown = Timestamp::from_millisecond(read.instant.0).map_err(|_| ParseInstantError)?;
        let local = Offset::UTC.to_datetime(shown);
        let instant = self
            .0
            .to_ambiguous_timestamp(local)
            .compatible()
            .map_err(|_| ParseInstantError)?;
        Ok(UtcMs(instant.as_millisecond()))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.0.iana_name().unwrap_or("?"))
    }
}

#[cfg(test)]
mod tests {
    use crate::units::zone::*;

    #[test]
    fn local_times_follow_the_zone() {
        let london = Zone::compiled_in("Europe/London").expect("it is");
        for (local, want) in [
            ("2026-01-15T09:15:02", "2026-01-15T09:15:02.000Z"),
            ("2026-08-21T10:15:02.25", "2026-08-21T09:15:02.250Z"),
            ("2026-08-21 10:15:02", "2026-08-21T09:15:02.000Z"),
            ("2026-08-21T10:15:02+02:00", "2026-08-21T08:15:02.000Z"),
            // Shown twice on 25 October: the first time in summer time.
            ("2026-10-25T01:30:00", "2026-10-25T00:30:00.000Z"),
            ("2026-10-25T02:00:00", "2026-10-25T02:00:00.000Z"),
            // Skipped on 29 March.
            ("2026-03-29T01:30:00", "2026-03-29T01:30:00.000Z"),
        ] {
            assert_eq!(
                london.instant(local).map(|at| at.to_string()),
                Ok(want.to_owned()),
                "{local}"
            );
        }
        assert!(london.instant("yesterday").is_err());
        assert!(
            Zone::compiled_in("Europe/Paris").is_none()
                && Zone::from_tzif("x", b"no zone").is_none()
        );
    }
}
