//! UTC instants in milliseconds, and a lenient reader for the times that devices really send.

use std::fmt;
use std::str::FromStr;

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Leap seconds do not exist, as in Unix time.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct UtcMs(pub i64);

/// An instant as parsed, and whether the text has a zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParsedInstant {
    /// The instant; a text without a zone is read as UTC.
    pub instant: UtcMs,
    /// False when the text carried no zone (Growatt, AEFA and others send local time so).
    pub has_zone: bool,
}

/// The text is not an RFC 3339 time, not even leniently read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is not an RFC 3339 time such as 2026-08-21T09:15:02Z")]
pub struct ParseInstantError;

impl UtcMs {
    /// Milliseconds from `earlier` to `self`; negative if `earlier` is later.
    pub fn since(self, earlier: UtcMs) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The instant `ms` milliseconds later.
    pub fn plus(self, ms: i64) -> UtcMs {
        UtcMs(self.0.saturating_add(ms))
    }

    /// Reads RFC 3339 and its field dialects: `Z`, `±hh`, `±hhmm`, `±hh:mm`, a space for the `T`, seconds
    /// left out, 0 to n fraction digits after a point or comma, and no zone at all (then UTC, and marked as such).
    pub fn parse_lenient(text: &str) -> Result<ParsedInstant, ParseInstantError> {
        let bytes = text.trim().as_bytes();
        let mut at = 0;
        let year = number(bytes, &mut at, 4)?;
        literal(bytes, &mut at, b"-")?;
        let month = number(bytes, &mut at, 2)?;
        literal(bytes, &mut at, b"-")?;
        let day = number(bytes, &mut at, 2)?;
        literal(bytes, &mut at, b"Tt ")?;
        let hour = number(bytes, &mut at, 2)?;
        literal(bytes, &mut at, b":")?;
        let minute = number(bytes, &mut at, 2)?;
        let mut second = 0;
        let mut millis = 0;
        if bytes.get(at) == Some(&b':') {
            at += 1;
            second = number(bytes, &mut at, 2)?;
            if matches!(bytes.get(at), Some(b'.' | b',')) {
                at += 1;
                let mut weight = 100;
                while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit()) {
                    millis += i64::from(digit - b'0') * weight;
                    weight /= 10;
                    at += 1;
                }
            }
        }
        let (offset_minutes, has_zone) = offset(bytes, &mut at)?;
        if at != bytes.len() || hour > 23 || minute > 59 || second > 60 {
            return Err(ParseInstantError);
        }
        let days = days_from_civil(year, month, day).ok_or(ParseInstantError)?;
        let seconds = days * 86_400 + hour * 3_600 + (minute - offset_minutes) * 60 + second;
        Ok(ParsedInstant {
            instant: UtcMs(seconds * 1000 + millis),
            has_zone,
        })
    }
}

fn number(bytes: &[u8], at: &mut usize, width: usize) -> Result<i64, ParseInstantError> {
    let digits = bytes.get(*at..*at + width).ok_or(ParseInstantError)?;
    let mut value = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(ParseInstantError);
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    *at += width;
    Ok(value)
}

fn literal(bytes: &[u8], at: &mut usize, allowed: &[u8]) -> Result<(), ParseInstantError> {
    match bytes.get(*at) {
        Some(byte) if allowed.contains(byte) => {
            *at += 1;
            Ok(())
        }
        _ => Err(ParseInstantError),
    }
}

fn offset(bytes: &[u8], at: &mut usize) -> Result<(i64, bool), ParseInstantError> {
    let sign = match bytes.get(*at) {
        None => return Ok((0, false)),
        Some(b'Z' | b'z') => {
            *at += 1;
            return Ok((0, true));
        }
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return Err(ParseInstantError),
    };
    *at += 1;
    let hours = number(bytes, at, 2)?;
    if bytes.get(*at) == Some(&b':') {
        *at += 1;
    }
    let minutes = if *at < bytes.len() {
        number(bytes, at, 2)?
    } else {
        0
    };
    if hours > 23 || minutes > 59 {
        return Err(ParseInstantError);
    }
    Ok((sign * (hours * 60 + minutes), true))
}

/// Days since 1970-01-01 of a proleptic Gregorian date, or `None` if there is no such date.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years start in March here, so that the leap day is the last one and a month's offset is a straight line.
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// The proleptic Gregorian date (year, month, day) of a count of days since 1970-01-01.
pub(super) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

impl fmt::Display for UtcMs {
    /// `2026-08-21T09:15:02.120Z`: always milliseconds and `Z`, which every charge point seen so far can read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(86_400_000));
        let ms = self.0.rem_euclid(86_400_000);
        let (hour, minute, second, milli) =
            (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
        )
    }
}

impl FromStr for UtcMs {
    type Err = ParseInstantError;

    /// Strict about the zone: a time in a file, a query or a native message must state its zone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = Self::parse_lenient(text)?;
        if parsed.has_zone {
            Ok(parsed.instant)
        } else {
            Err(ParseInstantError)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::units::instant::*;

    #[test]
    fn reads_the_dialects() {
        for (text, want, has_zone) in [
            ("2026-08-21T09:15:02.120Z", 1_787_303_702_120, true),
            ("2026-08-21 10:15:02,12+01:00", 1_787_303_702_120, true),
            ("2026-08-21T09:15:02.120999999999", 1_787_303_702_120, false),
            ("2026-08-21T11:15:02.12+02", 1_787_303_702_120, true),
            ("2026-08-21t04:45:02.12-0430", 1_787_303_702_120, true),
            ("1970-01-01T00:00Z", 0, true),
        ] {
            assert_eq!(
                UtcMs::parse_lenient(text),
                Ok(ParsedInstant {
                    instant: UtcMs(want),
                    has_zone
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "now",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-08-21",
            "2026-08-21T25:00:00Z",
            "2026-08-21T09:15:02Zx",
            "2026-08-21T09:15:02+1",
        ] {
            assert_eq!(UtcMs::parse_lenient(text), Err(ParseInstantError), "{text}");
        }
        assert!(
            "2026-08-21T09:15:02".parse::<UtcMs>().is_err(),
            "strict reading wants a zone"
        );
    }

    #[test]
    fn prints_what_it_reads() {
        for ms in [
            0,
            1_787_303_702_120,
            -1,
            253_402_300_799_999,
            951_782_400_000,
        ] {
            assert_eq!(UtcMs(ms).to_string().parse(), Ok(UtcMs(ms)));
        }
    }
}
