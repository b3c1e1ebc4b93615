//! Days on a scale of calendar months, so that every month counts the same whatever its length.

use crate::units::{Day, Month};

/// The end of a day: whole numbers are ends of months.
pub fn month_scale(day: Day) -> f64 {
    let month = Month::of_day(day);
    let (year, number, of_month) = day.ymd();
    let (_, _, length) = month.last_day().ymd();
    f64::from(year * 12 + i32::from(number) - 1) + f64::from(of_month) / f64::from(length)
}

/// The last day of the month that ends at a place on the scale or next after it; `None` beyond the year 9999.
pub fn month_end_at(scale: f64) -> Option<Day> {
    // The epsilon keeps 24315.0000000001 from being a month later.
    let ends = (scale - 1e-9).ceil();
    if !(12.0..=119_999.0).contains(&ends) {
        return None;
    }
    let index = ends as i32 - 1;
    Month::from_ym(index.div_euclid(12), index.rem_euclid(12) as u8 + 1).map(Month::last_day)
}

/// The last month that has ended by the end of a day.
pub fn last_full_month(day: Day) -> Month {
    let month = Month::of_day(day);
    if month.last_day() == day {
        month
    } else {
        month.plus(-1)
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::targets::calendar::*;

    #[test]
    fn there_and_back() {
        let day = |text: &str| text.parse::<Day>().expect("a day");
        assert_eq!(
            month_scale(day("2028-03-31")) - month_scale(day("2026-03-31")),
            24.0
        );
        assert_eq!(
            month_end_at(month_scale(day("2026-03-31")) + 30.0),
            Some(day("2028-09-30"))
        );
        assert_eq!(
            month_end_at(month_scale(day("2026-02-10"))),
            Some(day("2026-02-28"))
        );
        assert_eq!(month_end_at(f64::INFINITY), None);
        assert_eq!(last_full_month(day("2026-02-28")).to_string(), "2026-02");
        assert_eq!(last_full_month(day("2026-02-27")).to_string(), "2026-01");
    }
}
