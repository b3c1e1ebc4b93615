//! Days and April-March years as the trust's accounts see them: civil days in Europe/London.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;

use super::UtcMs;
use super::instant::{civil_from_days, days_from_civil};

/// London's rules are compiled in: a gateway often has no zone files.
pub(super) static LONDON: TimeZone = jiff::tz::get!("Europe/London");

/// A civil day in Europe/London, counted from 1970-01-01.
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
pub struct Day(pub i32);

/// A year from 1 April to 31 March, named by the year it starts in: `FinancialYear(2025)` is 2025/26.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct FinancialYear(pub i32);

/// The text is not a date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is not a date such as 2026-03-31 (or 2026-03 where a month will do)")]
pub struct ParseDayError;

/// How far London's clocks are ahead of UTC at an instant, ms.
pub fn london_offset_ms(instant: UtcMs) -> i64 {
    let seconds = instant.0.div_euclid(1000);
    jiff::Timestamp::from_second(seconds)
        .map_or(0, |ts| i64::from(LONDON.to_offset(ts).seconds()) * 1000)
}

/// When London's clocks change next after an instant.
pub(super) fn next_offset_change(instant: UtcMs) -> Option<UtcMs> {
    let after = jiff::Timestamp::from_millisecond(instant.0).ok()?;
    LONDON
        .following(after)
        .next()
        .map(|change| UtcMs(change.timestamp().as_millisecond()))
}

/// Months as people write them.
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl UtcMs {
    /// By London's clocks, for people: `25 Nov 2026 15:19`.
    pub fn in_words(self) -> String {
        let (year, month, day) = Day::of(self).ymd();
        let minutes = self
            .plus(london_offset_ms(self))
            .0
            .div_euclid(60_000)
            .rem_euclid(1440);
        format!(
            "{day} {} {year} {:02}:{:02}",
            MONTHS[usize::from(month) - 1],
            minutes / 60,
            minutes % 60
        )
    }
}

impl Day {
    /// The London day that holds the instant.
    pub fn of(instant: UtcMs) -> Day {
        Day(instant
            .plus(london_offset_ms(instant))
            .0
            .div_euclid(86_400_000) as i32)
    }

    /// The day of a calendar date, or `None` if there is no such date.
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Option<Day> {
        days_from_civil(year.into(), month.into(), day.into()).map(|days| Day(days as i32))
    }

    /// Year, month, day.
    pub fn ymd(self) -> (i32, u8, u8) {
        let (year, month, day) = civil_from_days(self.0.into());
        (year as i32, month as u8, day as u8)
    }

    /// The instant of London midnight that starts the day.
    pub fn start(self) -> UtcMs {
        let utc_midnight = i64::from(self.0) * 86_400;
        // London is UTC or UTC+1, so midnight is at UTC midnight or an hour before; ask for the offset there.
        let offset = london_offset_ms(UtcMs((utc_midnight - 3_600) * 1000));
        UtcMs(utc_midnight * 1000 - offset)
    }

    /// The instant at which the next day starts.
    pub fn end(self) -> UtcMs {
        self.next().start()
    }

    /// The following day.
    pub fn next(self) -> Day {
        Day(self.0 + 1)
    }

    /// The April-March year that holds the day.
    pub fn financial_year(self) -> FinancialYear {
        let (year, month, _) = self.ymd();
        FinancialYear(if month >= 4 { year } else { year - 1 })
    }

    /// Reads `YYYY-MM-DD`, or `YYYY-MM` as the first day of the month (DVLA gives months only).
    pub fn parse_month_or_day(text: &str) -> Result<Day, ParseDayError> {
        let mut parts = text.splitn(3, '-');
        let mut part = |width: usize| {
            parts
                .next()
                .filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|p| p.parse::<u16>().ok())
        };
        let year = part(4).ok_or(ParseDayError)?;
        let month = part(2).ok_or(ParseDayError)?;
        let day = if text.len() > 7 {
            part(2).ok_or(ParseDayError)?
        } else {
            1
        };
        Day::from_ymd(year.into(), month as u8, day as u8).ok_or(ParseDayError)
    }
}

impl FinancialYear {
    /// 1 April.
    pub fn first_day(self) -> Day {
        Day::from_ymd(self.0, 4, 1).expect("1 April exists in every year")
    }

    /// 31 March.
    pub fn last_day(self) -> Day {
        Day(FinancialYear(self.0 + 1).first_day().0 - 1)
    }
}

impl fmt::Display for FinancialYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:02}", self.0, (self.0 + 1).rem_euclid(100))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = ParseDayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 10 {
            Self::parse_month_or_day(text)
        } else {
            Err(ParseDayError)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::units::civil::*;

    fn at(text: &str) -> UtcMs {
        text.parse().expect("a time")
    }

    #[test]
    fn london_days_follow_summer_time() {
        for (instant, want) in [
            ("2026-03-28T23:59:59Z", "2026-03-28"),
            ("2026-06-30T23:30:00Z", "2026-07-01"),
            ("2026-06-30T22:59:59Z", "2026-06-30"),
            ("2026-12-31T23:59:59Z", "2026-12-31"),
        ] {
            assert_eq!(Day::of(at(instant)).to_string(), want, "{instant}");
        }
    }

    #[test]
    fn days_have_23_24_or_25_hours() {
        for (day, hours) in [
            ("2026-03-29", 23),
            ("2026-10-25", 25),
            ("2026-06-30", 24),
            ("2026-12-31", 24),
        ] {
            let day: Day = day.parse().expect("a date");
            assert_eq!(day.end().since(day.start()), hours * 3_600_000, "{day}");
            assert_eq!(Day::of(day.start()), day);
            assert_eq!(Day::of(day.end().plus(-1)), day);
        }
    }

    #[test]
    fn april_starts_the_year() {
        for (day, year) in [
            ("2024-03-31", "2023/24"),
            ("2024-04-01", "2024/25"),
            ("2025-12-31", "2025/26"),
            ("2026-01-15", "2025/26"),
            ("2099-12-31", "2099/00"),
        ] {
            assert_eq!(
                day.parse::<Day>()
                    .expect("a date")
                    .financial_year()
                    .to_string(),
                year
            );
        }
        assert_eq!(FinancialYear(2027).last_day().to_string(), "2028-03-31");
    }

    #[test]
    fn months_count_as_their_first_day() {
        assert_eq!(
            Day::parse_month_or_day("2016-09").map(|d| d.to_string()),
            Ok("2016-09-01".into())
        );
        for bad in [
            "2016",
            "2016-9",
            "16-09-01",
            "2016-02-30",
            "2016-09-01x",
            "2016-09-",
        ] {
            assert_eq!(Day::parse_month_or_day(bad), Err(ParseDayError), "{bad}");
        }
    }
}
