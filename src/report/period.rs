//! Parses the period of a report: a month, a quarter, a fiscal year, or two days. The fiscal year is the country's, so parsing
//! needs its calendar.

use crate::units::{Calendar, Day, FinancialYear, Month};

/// A stretch of whole days, `from..=to`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Period {
    /// The name in the report, such as `2025/26`.
    pub name: String,
    /// The first day.
    pub from: Day,
    /// The last day; it is part of the period.
    pub to: Day,
}

/// The text names no period.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ParsePeriodError(String);

impl Period {
    /// Parses `2025-26`, `2025-Q4`, `2025-26-Q4`, `2026-03` or `2026-01-01..2026-02-15`.
    pub fn parse(text: &str, calendar: &Calendar) -> Result<Self, ParsePeriodError> {
        if let Some((from, to)) = text.split_once("..") {
            return days(text, from, to, calendar);
        }
        if let Some((year, number)) = text.rsplit_once("-Q") {
            return quarter(text, year, number, calendar);
        }
        if let Some(year) = year(text, calendar) {
            let first = Month::of_day(year.first_day(calendar));
            return Ok(months(year.title(calendar), first, 12));
        }
        text.parse::<Month>()
            .map(|month| months(text.to_owned(), month, 1))
            .map_err(|_| refused(text, "is no period", calendar))
    }

    /// The same stretch a year before: a month's last day stays its last day.
    pub fn year_before(&self) -> (Day, Day) {
        (year_before(self.from), year_before(self.to))
    }

    /// What of it lies before the end of a day; `None` if it has not begun.
    pub fn until(&self, today: Day) -> Option<Self> {
        (self.from <= today).then(|| Self {
            to: self.to.min(today),
            ..self.clone()
        })
    }

    /// Days in it.
    pub fn days(&self) -> i32 {
        self.to.0 - self.from.0 + 1
    }
}

/// The same day a year before.
pub(super) fn year_before(day: Day) -> Day {
    let month = Month::of_day(day);
    let earlier = month.plus(-12);
    if month.last_day() == day {
        return earlier.last_day();
    }
    let (_, _, of_month) = day.ymd();
    Day((earlier.first_day().0 + i32::from(of_month) - 1).min(earlier.last_day().0))
}

fn months(name: String, first: Month, count: i32) -> Period {
    Period {
        name,
        from: first.first_day(),
        to: first.plus(count - 1).last_day(),
    }
}

/// `2025-26` or `2025/26`, and `2025` where the fiscal year is the calendar year. 1 to 12 behind a dash is a month.
fn year(text: &str, calendar: &Calendar) -> Option<FinancialYear> {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if calendar.year_starts == 1 {
        return digits(text, 4)
            .then(|| text.parse().ok().map(FinancialYear))
            .flatten();
    }
    let (first, second, slash) = match text.split_once('/') {
        Some((first, second)) => (first, second, true),
        None => text
            .split_once('-')
            .map(|(first, second)| (first, second, false))?,
    };
    if !digits(first, 4) || !digits(second, 2) {
        return None;
    }
    let (first, second): (i32, i32) = (first.parse().ok()?, second.parse().ok()?);
    ((first + 1) % 100 == second && (slash || !(1..=12).contains(&second)))
        .then_some(FinancialYear(first))
}

/// The hint names years as the country of `calendar` counts them.
fn refused(text: &str, reason: &str, calendar: &Calendar) -> ParsePeriodError {
    let years = if calendar.year_starts == 1 {
        "2025, 2025-Q4 (October to December)"
    } else if calendar.year_starts == 4 {
        "2025-26 (April to March), 2025-Q4 (October to December), 2025-26-Q4 (January to March 2026)"
    } else {
        "2025-26, 2025-Q4 (October to December), 2025-26-Q4"
    };
    ParsePeriodError(format!(
        "`{text}`: {reason}\n  hint: write {years}, 2026-03, or 2026-01-01..2026-02-15"
    ))
}

fn days(text: &str, from: &str, to: &str, calendar: &Calendar) -> Result<Period, ParsePeriodError> {
    let day = |part: &str| {
        part.trim()
            .parse::<Day>()
            .map_err(|error| refused(part, &error.to_string(), calendar))
    };
    let (from, to) = (day(from)?, day(to)?);
    if to < from {
        return Err(refused(text, "ends before it begins", calendar));
    }
    Ok(Period {
        name: format!("{from} to {to}"),
        from,
        to,
    })
}

/// Quarters are counted within the fiscal year (`2025-26-Q4`) or the calendar year (`2025-Q4`); the form of the year decides.
fn quarter(
    text: &str,
    year_text: &str,
    number: &str,
    calendar: &Calendar,
) -> Result<Period, ParsePeriodError> {
    let number: i32 = number
        .parse()
        .ok()
        .filter(|number| (1..=4).contains(number))
        .ok_or_else(|| refused(text, "has quarters 1 to 4", calendar))?;
    let (of, first) = if let Some(year) = year(year_text, calendar) {
        (
            year.title(calendar),
            Month::of_day(year.first_day(calendar)),
        )
    } else {
        let first = (year_text.len() == 4)
            .then(|| year_text.parse().ok())
            .flatten()
            .and_then(|year| Month::from_ym(year, 1))
            .ok_or_else(|| refused(text, "names no year before its quarter", calendar))?;
        (format!("calendar year {year_text}"), first)
    };
    let name = format!("Q{number} of {of}");
    Ok(months(name, first.plus((number - 1) * 3), 3))
}

#[cfg(test)]
mod tests {
    use crate::jurisdiction::{IRELAND, UK};
    use crate::report::period::*;

    #[test]
    fn periods_have_their_days_and_those_of_the_year_before() {
        for (text, want, before) in [
            ("2025-26", "2025-04-01 2026-03-31", "2024-04-01 2025-03-31"),
            ("2025/26", "2025-04-01 2026-03-31", "2024-04-01 2025-03-31"),
            ("2011/12", "2011-04-01 2012-03-31", "2010-04-01 2011-03-31"),
            ("2011-12", "2011-12-01 2011-12-31", "2010-12-01 2010-12-31"),
            ("2099-00", "2099-04-01 2100-03-31", "2098-04-01 2099-03-31"),
            ("2025-Q4", "2025-10-01 2025-12-31", "2024-10-01 2024-12-31"),
            (
                "2025-26-Q4",
                "2026-01-01 2026-03-31",
                "2025-01-01 2025-03-31",
            ),
            ("2025-02", "2025-02-01 2025-02-28", "2024-02-01 2024-02-29"),
            ("2024-02", "2024-02-01 2024-02-29", "2023-02-01 2023-02-28"),
            (
                "2024-02-10..2024-02-29",
                "2024-02-10 2024-02-29",
                "2023-02-10 2023-02-28",
            ),
        ] {
            let period =
                Period::parse(text, &UK.calendar).unwrap_or_else(|error| panic!("{text}: {error}"));
            let earlier = period.year_before();
            assert_eq!(format!("{} {}", period.from, period.to), want, "{text}");
            assert_eq!(format!("{} {}", earlier.0, earlier.1), before, "{text}");
        }
        for bad in [
            "",
            "2025",
            "2025-27",
            "2025-13",
            "2025-Q5",
            "2025-Q0",
            "25-26",
            "25-Q1",
            "2025-01-02..",
            "2025-02-02..2025-02-01",
        ] {
            let error = Period::parse(bad, &UK.calendar).expect_err(bad).to_string();
            assert!(error.contains("hint: write 2025-26"), "{error}");
        }
    }

    #[test]
    fn a_fiscal_year_that_is_the_calendar_year_is_written_with_four_digits() {
        for (text, name, want) in [
            ("2025", "2025", "2025-01-01 2025-12-31"),
            ("2025-Q4", "Q4 of 2025", "2025-10-01 2025-12-31"),
            ("2025-02", "2025-02", "2025-02-01 2025-02-28"),
        ] {
            let period = Period::parse(text, &IRELAND.calendar)
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(period.name, name, "{text}");
            assert_eq!(format!("{} {}", period.from, period.to), want, "{text}");
        }
        let error = Period::parse("2025-26", &IRELAND.calendar)
            .expect_err("a split year")
            .to_string();
        assert!(error.contains("hint: write 2025, "), "{error}");
    }
}
