//! A time zone's rules: civil days, and sources that send local time without an offset. Zone files are read elsewhere.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::{ParseInstantError, UtcMs};

/// An IANA time zone.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// A zone with compiled-in rules: a gateway often has no zone files.
    pub const fn compiled_in(rules: TimeZone) -> Self {
        Self(rules)
    }

    /// Its IANA name, such as `Europe/Dublin`.
    pub fn name(&self) -> Option<&str> {
        self.0.iana_name()
    }

    /// How far its clocks are ahead of UTC at an instant, ms.
    pub fn offset_ms(&self, instant: UtcMs) -> i64 {
        let seconds = instant.0.div_euclid(1000);
        Timestamp::from_second(seconds)
            .map_or(0, |at| i64::from(self.0.to_offset(at).seconds()) * 1000)
    }

    /// When its clocks change next after an instant.
    pub(super) fn next_change(&self, instant: UtcMs) -> Option<UtcMs> {
        let after = Timestamp::from_millisecond(instant.0).ok()?;
        let change = self.0.following(after).next()?;
        Some(UtcMs(change.timestamp().as_millisecond()))
    }

    /// The instant at which its clocks show the midnight that UTC shows at `utc_ms`.
    pub(super) fn midnight(&self, utc_ms: i64) -> UtcMs {
        let local = Timestamp::from_millisecond(utc_ms).map(|at| Offset::UTC.to_datetime(at));
        let instant = local.and_then(|local| self.0.to_ambiguous_timestamp(local).compatible());
        // Beyond the range of the rules there is no offset.
        UtcMs(instant.map_or(utc_ms, |at| at.as_millisecond()))
    }

    /// A zone from a compiled zone file (TZif, RFC 9636); `None` if it is none.
    pub fn from_tzif(name: &str, file: &[u8]) -> Option<Self> {
        TimeZone::tzif(name, file).ok().map(Self)
    }

    /// The instant of a local time such as `2026-08-21T10:15:02`; a text that names its offset is taken at its word.
    ///
    /// An hour that a clock shows twice in autumn is taken as the first one, a time it skips in spring as if it had not
    /// been put forward, as RFC 5545, section 3.3.5, has it.
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
        write!(f, "Zone({})", self.name().unwrap_or("?"))
    }
}

#[cfg(test)]
mod tests {
    use crate::units::zone::*;

    #[test]
    fn local_times_follow_the_zone() {
        let london = Zone::compiled_in(jiff::tz::get!("Europe/London"));
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
        assert!(Zone::from_tzif("x", b"no zone").is_none());
    }
}
