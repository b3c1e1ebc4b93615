//! Calendar months: the step in which time is added up for yearly figures.

use std::fmt;
use std::str::FromStr;

use super::{Day, UtcMs, Zone};

/// A calendar month, counted in months from January of year 0.
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
pub struct Month(i32);

/// The text is not a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is not a month such as 2026-11")]
pub struct ParseMonthError;

impl Month {
    /// The month of a calendar date, or `None` if there is no such month.
    pub fn from_ym(year: i32, month: u8) -> Option<Self> {
        ((1..=12).contains(&month) && (0..=9999).contains(&year))
            .then(|| Self(year * 12 + i32::from(month) - 1))
    }

    /// The month that holds the instant by the clocks of a zone.
    pub fn of(instant: UtcMs, zone: &Zone) -> Self {
        Self::of_day(Day::of(instant, zone))
    }

    /// The month of a day.
    pub fn of_day(day: Day) -> Self {
        let (year, month, _) = day.ymd();
        Self(year.saturating_mul(12) + i32::from(month) - 1)
    }

    /// Year and month.
    pub fn ym(self) -> (i32, u8) {
        (self.0.div_euclid(12), self.0.rem_euclid(12) as u8 + 1)
    }

    /// The month of a count of months since January of year 0, as it is stored.
    pub fn from_count(months: i32) -> Self {
        Self(months)
    }

    /// Months since January of year 0.
    pub fn count(self) -> i32 {
        self.0
    }

    /// The instant at which it begins in a zone.
    pub fn start(self, zone: &Zone) -> UtcMs {
        self.first_day().start(zone)
    }

    /// Its first day.
    pub fn first_day(self) -> Day {
        let (year, month) = self.ym();
        Day::from_ymd(year, month, 1).expect("every month has a first day")
    }

    /// Its last day.
    pub fn last_day(self) -> Day {
        Day(self.plus(1).first_day().0 - 1)
    }

    /// The instant at which the next month begins.
    pub fn end(self, zone: &Zone) -> UtcMs {
        self.plus(1).start(zone)
    }

    /// So many months later.
    pub fn plus(self, months: i32) -> Self {
        Self(self.0.saturating_add(months))
    }

    /// Months from `earlier` to this one.
    pub fn since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// January of its year.
    pub fn first_of_year(self) -> Self {
        Self(self.0 - self.0.rem_euclid(12))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = self.ym();
        write!(f, "{year:04}-{month:02}")
    }
}

impl FromStr for Month {
    type Err = ParseMonthError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 7 {
            return Err(ParseMonthError);
        }
        let (year, month, _) = Day::parse_month_or_day(text)
            .map_err(|_| ParseMonthError)?
            .ymd();
        Self::from_ym(year, month).ok_or(ParseMonthError)
    }
}

#[cfg(test)]
mod tests {
    use crate::units::month::*;

    #[test]
    fn months_begin_at_midnight_of_the_zone() {
        let london = Zone::compiled_in(jiff::tz::get!("Europe/London"));
        for (instant, month, start, hours) in [
            (
                "2026-03-31T22:59:59Z",
                "2026-03",
                "2026-03-01T00:00:00.000Z",
                31 * 24 - 1,
            ),
            (
                "2026-03-31T23:00:00Z",
                "2026-04",
                "2026-03-31T23:00:00.000Z",
                30 * 24,
            ),
            (
                "2026-10-31T23:59:59Z",
                "2026-10",
                "2026-09-30T23:00:00.000Z",
                31 * 24 + 1,
            ),
            (
                "2028-02-29T12:00:00Z",
                "2028-02",
                "2028-02-01T00:00:00.000Z",
                29 * 24,
            ),
        ] {
            let found = Month::of(instant.parse().expect("a time"), &london);
            assert_eq!(
                (
                    found.to_string().as_str(),
                    found.start(&london).to_string().as_str()
                ),
                (month, start),
                "{instant}"
            );
            assert_eq!(
                found.end(&london).since(found.start(&london)),
                hours * 3_600_000,
                "{instant}"
            );
            assert_eq!(month.parse(), Ok(found));
        }
    }

    #[test]
    fn months_count() {
        let month: Month = "2026-01".parse().expect("a month");
        assert_eq!(
            (month.plus(-1).to_string().as_str(), month.plus(13).ym()),
            ("2025-12", (2027, 2))
        );
        assert_eq!(
            (month.plus(13).since(month), month.plus(11).first_of_year()),
            (13, month)
        );
        let last = |text: &str| {
            text.parse::<Month>()
                .expect("a month")
                .last_day()
                .to_string()
        };
        assert_eq!(
            [last("2027-02"), last("2028-02"), last("2028-12")],
            ["2027-02-28", "2028-02-29", "2028-12-31"]
        );
        assert_eq!(Month::of_day(month.last_day()), month);
        for bad in [
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "2026-01-01",
            "26-01",
            "",
        ] {
            assert_eq!(bad.parse::<Month>(), Err(ParseMonthError), "{bad}");
        }
    }
}
