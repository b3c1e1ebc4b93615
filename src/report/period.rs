//! The stretch of a report: a month, a quarter, an April-March year, or two days. Refuses what is none of them, with what to write.

use std::str::FromStr;

use crate::jurisdiction::UK;
use crate::units::{Day, FinancialYear, Month};

/// A stretch of whole London days, `from..=to`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Period {
    /// As it is called in the report.
    pub name: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

/// The text names no period.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0}\n  hint: write 2025-26 (April to March), 2025-Q4 (October to December), 2025-26-Q4 (January to March 2026), 2026-03, or 2026-01-01..2026-02-15"
)]
pub struct ParsePeriodError(String);

impl Period {
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

/// `2025-26` or `2025/26`; 1 to 12 behind a dash is a month.
fn year(text: &str) -> Option<FinancialYear> {
    let (first, second, slash) = match text.split_once('/') {
        Some((first, second)) => (first, second, true),
        None => text
            .split_once('-')
            .map(|(first, second)| (first, second, false))?,
    };
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(first, 4) || !digits(second, 2) {
        return None;
    }
    let (first, second): (i32, i32) = (first.parse().ok()?, second.parse().ok()?);
    ((first + 1) % 100 == second && (slash || !(1..=12).contains(&second)))
        .then_some(FinancialYear(first))
}

impl FromStr for Period {
    type Err = ParsePeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no = |reason: &str| ParsePeriodError(format!("`{text}`: {reason}"));
        if let Some((from, to)) = text.split_once("..") {
            let day = |text: &str| {
                text.trim()
                    .parse::<Day>()
                    .map_err(|error| ParsePeriodError(format!("`{text}`: {error}")))
            };
            let (from, to) = (day(from)?, day(to)?);
            if to < from {
                return Err(no("ends before it begins"));
            }
            return Ok(Self {
                name: format!("{from} to {to}"),
                from,
                to,
            });
        }
        if let Some((before, quarter)) = text.rsplit_once("-Q") {
            let quarter: i32 = quarter
                .parse()
                .ok()
                .filter(|quarter| (1..=4).contains(quarter))
                .ok_or_else(|| no("has quarters 1 to 4"))?;
            // Both ways of counting quarters are in use; which one is meant, the way of writing the year says.
            if let Some(year) = year(before) {
                let first = Month::of_day(year.first_day(&UK.calendar)).plus((quarter - 1) * 3);
                return Ok(months(
                    format!("Q{quarter} of {}", year.title(&UK.calendar)),
                    first,
                    3,
                ));
            }
            let first = (before.len() == 4)
                .then(|| before.parse().ok())
                .flatten()
                .and_then(|year| Month::from_ym(year, 1));
            let first = first.ok_or_else(|| no("names no year before its quarter"))?;
            return Ok(months(
                format!("Q{quarter} of calendar year {before}"),
                first.plus((quarter - 1) * 3),
                3,
            ));
        }
        if let Some(year) = year(text) {
            return Ok(months(
                year.title(&UK.calendar),
                Month::of_day(year.first_day(&UK.calendar)),
                12,
            ));
        }
        text.parse::<Month>()
            .map(|month| months(text.to_owned(), month, 1))
            .map_err(|_| no("is no period"))
    }
}

#[cfg(test)]
mod tests {
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
            let period: Period = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
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
            let error = bad.parse::<Period>().expect_err(bad).to_string();
            assert!(error.contains("hint: write 2025-26"), "{error}");
        }
    }
}
