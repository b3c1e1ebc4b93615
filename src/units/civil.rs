//! Civil days and fiscal years. Where a day begins and in which month a year begins is a country's choice, so both are arguments.

use std::fmt;
use std::str::FromStr;

use super::instant::{civil_from_days, days_from_civil};
use super::{UtcMs, Zone};

/// The clocks and the fiscal year by which a country's accounts are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// Civil days begin at midnight here.
    pub zone: Zone,
    /// The month in which a fiscal year begins, 1 to 12; 1 makes it the calendar year.
    pub year_starts: u8,
}

/// A civil day, counted from 1970-01-01.
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

/// A fiscal year, named by the calendar year in which it starts. A [`Calendar`] gives its first month.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct FinancialYear(pub i32);

/// The text is not a date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is not a date such as 2026-03-31 (or 2026-03 where a month will do)")]
pub struct ParseDayError;

/// Months as people write them.
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl UtcMs {
    /// By the clocks of a zone, for people: `25 Nov 2026 15:19`.
    pub fn in_words(self, zone: &Zone) -> String {
        let (year, month, day) = Day::of(self, zone).ymd();
        let minutes = self
            .plus(zone.offset_ms(self))
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
    /// The civil day that holds the instant.
    pub fn of(instant: UtcMs, zone: &Zone) -> Day {
        Day(instant
            .plus(zone.offset_ms(instant))
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

    /// The instant of the midnight that starts the day.
    pub fn start(self, zone: &Zone) -> UtcMs {
        zone.midnight(i64::from(self.0) * 86_400_000)
    }

    /// The instant at which the next day starts.
    pub fn end(self, zone: &Zone) -> UtcMs {
        self.next().start(zone)
    }

    /// The following day.
    pub fn next(self) -> Day {
        Day(self.0 + 1)
    }

    /// The fiscal year that holds the day.
    pub fn financial_year(self, calendar: &Calendar) -> FinancialYear {
        let (year, month, _) = self.ymd();
        FinancialYear(if month >= calendar.year_starts {
            year
        } else {
            year - 1
        })
    }

    /// Reads `YYYY-MM-DD`, or `YYYY-MM` as the first day of the month (vehicle licensing records often give months only).
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
    /// The first day of its first month.
    pub fn first_day(self, calendar: &Calendar) -> Day {
        Day::from_ymd(self.0, calendar.year_starts, 1).expect("every month has a first day")
    }

    /// The day before the next year begins.
    pub fn last_day(self, calendar: &Calendar) -> Day {
        Day(FinancialYear(self.0 + 1).first_day(calendar).0 - 1)
    }

    /// As files name it: `2025-26`, or `2025` where it is the calendar year.
    pub fn name(self, calendar: &Calendar) -> String {
        self.joined_by("-", calendar)
    }

    /// As people write it: `2025/26`, or `2025` where it is the calendar year.
    pub fn title(self, calendar: &Calendar) -> String {
        self.joined_by("/", calendar)
    }

    fn joined_by(self, mark: &str, calendar: &Calendar) -> String {
        let FinancialYear(year) = self;
        if calendar.year_starts == 1 {
            year.to_string()
        } else {
            format!("{year}{mark}{:02}", (year + 1).rem_euclid(100))
        }
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

    static BRITAIN: Calendar = Calendar {
        zone: Zone::compiled_in(jiff::tz::get!("Europe/London")),
        year_starts: 4,
    };

    fn at(text: &str) -> UtcMs {
        text.parse().expect("a time")
    }

    #[test]
    fn days_follow_summer_time() {
        for (instant, want) in [
            ("2026-03-28T23:59:59Z", "2026-03-28"),
            ("2026-06-30T23:30:00Z", "2026-07-01"),
            ("2026-06-30T22:59:59Z", "2026-06-30"),
            ("2026-12-31T23:59:59Z", "2026-12-31"),
        ] {
            assert_eq!(
                Day::of(at(instant), &BRITAIN.zone).to_string(),
                want,
                "{instant}"
            );
        }
    }

    #[test]
    fn days_have_23_24_or_25_hours() {
        let zone = &BRITAIN.zone;
        for (day, hours) in [
            ("2026-03-29", 23),
            ("2026-10-25", 25),
            ("2026-06-30", 24),
            ("2026-12-31", 24),
        ] {
            let day: Day = day.parse().expect("a date");
            assert_eq!(
                day.end(zone).since(day.start(zone)),
                hours * 3_600_000,
                "{day}"
            );
            assert_eq!(Day::of(day.start(zone), zone), day);
            assert_eq!(Day::of(day.end(zone).plus(-1), zone), day);
        }
    }

    #[test]
    fn a_month_of_the_calendar_starts_the_year() {
        let calendar_year = Calendar {
            year_starts: 1,
            ..BRITAIN.clone()
        };
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
                    .financial_year(&BRITAIN)
                    .title(&BRITAIN),
                year
            );
        }
        let last_day = |calendar| FinancialYear(2027).last_day(calendar).to_string();
        assert_eq!(last_day(&BRITAIN), "2028-03-31");
        assert_eq!(last_day(&calendar_year), "2027-12-31");
        assert_eq!(FinancialYear(2027).name(&calendar_year), "2027");
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
