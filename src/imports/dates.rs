//! Dates as exports write them: ISO, or day first as in Britain; a time of day behind the date is ignored. Month-first dates are refused.

use crate::units::{Day, Month, UtcMs, Zone};

/// How to write them, for hints.
pub(super) const DAY_HINT: &str = "write 2026-11-24, or 24/11/2026 with the day first";

/// The day of a cell.
pub(super) fn day(text: &str, zone: &Zone) -> Result<Day, &'static str> {
    const NONE: &str = "is not a date";
    // An instant that names its offset is the local day it falls on.
    if let Ok(instant) = text.parse::<UtcMs>() {
        return Ok(Day::of(instant, zone));
    }
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    if date.as_bytes().get(4) == Some(&b'-') {
        return date.parse().map_err(|_| NONE);
    }
    let parts: Vec<&str> = date.split(['/', '-', '.']).collect();
    let [day, month, year] = parts[..] else {
        return Err(NONE);
    };
    let number = |text: &str, max: usize| {
        (1..=max)
            .contains(&text.len())
            .then(|| text.parse::<i32>().ok())
            .flatten()
    };
    let month = match month_name(month) {
        Some(month) => month,
        None => u8::try_from(number(month, 2).ok_or(NONE)?).map_err(|_| NONE)?,
    };
    let day = u8::try_from(number(day, 2).ok_or(NONE)?).map_err(|_| NONE)?;
    if year.len() != 4 {
        return Err("has no year of four digits");
    }
    if month > 12 && day <= 12 {
        return Err("has its month first");
    }
    Day::from_ymd(number(year, 4).ok_or(NONE)?, month, day).ok_or("is a day that does not exist")
}

fn month_name(text: &str) -> Option<u8> {
    const NAMES: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = text.get(..3)?.to_lowercase();
    NAMES
        .iter()
        .position(|name| *name == start)
        .map(|index| index as u8 + 1)
}

/// The month of a cell: `2026-11`, `11/2026`, `Nov 2026`, or a day of it.
pub(super) fn month(text: &str, zone: &Zone) -> Option<Month> {
    if let Ok(month) = text.parse() {
        return Some(month);
    }
    if let Some((first, year)) = text.split_once(['/', '-', ' ', '.'])
        && year.len() == 4
        && let Ok(year) = year.parse::<i32>()
    {
        return Month::from_ym(year, month_name(first).or_else(|| first.parse().ok())?);
    }
    let (year, month, _) = day(text, zone).ok()?.ymd();
    Month::from_ym(year, month)
}

#[cfg(test)]
mod tests {
    use crate::imports::dates::*;
    use crate::jurisdiction::UK;

    #[test]
    fn british_and_iso_days() {
        for (text, want) in [
            ("2026-11-24", "2026-11-24"),
            ("24/11/2026", "2026-11-24"),
            ("4/1/2026 08:15", "2026-01-04"),
            ("24-Nov-2026", "2026-11-24"),
            ("24.11.2026", "2026-11-24"),
            ("2026-11-24 23:59:59", "2026-11-24"),
            ("2026-06-30T23:30:00Z", "2026-07-01"),
        ] {
            assert_eq!(
                day(text, UK.zone()).map(|day| day.to_string()),
                Ok(want.to_owned()),
                "{text}"
            );
        }
        for (text, why) in [
            ("11/24/2026", "has its month first"),
            ("24/11/26", "has no year of four digits"),
            ("31/02/2026", "is a day that does not exist"),
            ("46350", "is not a date"),
            ("", "is not a date"),
            ("2026-13-01", "is not a date"),
        ] {
            assert_eq!(day(text, UK.zone()), Err(why), "{text}");
        }
    }

    #[test]
    fn months() {
        for text in [
            "2026-11",
            "11/2026",
            "Nov 2026",
            "November 2026",
            "24/11/2026",
            "2026-11-01",
        ] {
            assert_eq!(
                month(text, UK.zone())
                    .map(|month| month.to_string())
                    .as_deref(),
                Some("2026-11"),
                "{text}"
            );
        }
        for text in ["2026", "Nov-26", "13/2026", "soon"] {
            assert_eq!(month(text, UK.zone()), None, "{text}");
        }
    }
}
