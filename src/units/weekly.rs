//! Hours of the week by the local clock: opening hours, weekly maintenance.
//!
//! The local clock alone decides. On the day it goes back, the hour it shows twice counts twice; on the day it goes forward, the
//! hour it skips does not count.

use std::str::FromStr;

use super::{UtcMs, Zone};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY_MIN: u16 = 1_440;
const WEEK_MIN: u16 = 7 * DAY_MIN;
const MINUTE_MS: i64 = 60_000;
const WEEK_MS: i64 = WEEK_MIN as i64 * MINUTE_MS;

/// Hours of the week, `Mon-Fri 07:00-19:00; Sat 08:00-12:00`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeeklyHours {
    /// Minutes since Monday 00:00, half-open, rising, not touching.
    spans: Vec<(u16, u16)>,
}

/// The text is not hours of the week.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseWeeklyError {
    /// Nothing in it.
    #[error("has no days and hours")]
    Empty,
    /// A part is not days and hours.
    #[error("`{0}` is not days and hours")]
    Entry(String),
    /// A day that is none.
    #[error("`{0}` is not a day from Mon to Sun, or a span of them")]
    Day(String),
    /// A span of hours that is not `HH:MM-HH:MM`.
    #[error("`{0}` is not hours from 00:00 to 24:00")]
    Hours(String),
    /// Begins where it ends.
    #[error("`{0}` is no time at all")]
    NoDuration(String),
}

impl WeeklyHours {
    /// How to write them, for hints.
    pub const HINT: &str = "write days and London hours, such as `Mon-Fri 07:00-19:00; Sat 08:00-12:00`; `22:00-06:00` ends on the next day, all day is `00:00-24:00`";

    /// The instant lies within the hours.
    pub fn contains(&self, instant: UtcMs, zone: &Zone) -> bool {
        self.at(instant, zone).0
    }

    /// Whether the instant lies within the hours by the clocks of a zone, and until when that surely holds.
    pub fn at(&self, instant: UtcMs, zone: &Zone) -> (bool, UtcMs) {
        let offset = zone.offset_ms(instant);
        // 1 January 1970 was a Thursday.
        let in_week = instant
            .plus(offset)
            .plus(3 * 86_400_000)
            .0
            .rem_euclid(WEEK_MS);
        let (inside, border) = self.border(in_week);
        let Some(border) = border else {
            return (inside, UtcMs(i64::MAX));
        };
        let until = instant.plus(border - in_week);
        if zone.offset_ms(until) == offset {
            return (inside, until);
        }
        // The clocks change before: call again then.
        (
            inside,
            zone.next_change(instant)
                .map_or(until, |change| change.min(until)),
        )
    }

    /// Where the state at a time of the week ends, in ms since Monday; `None` is never.
    fn border(&self, in_week: i64) -> (bool, Option<i64>) {
        let ms = |minutes: u16| i64::from(minutes) * MINUTE_MS;
        let Some((first, last)) = self.spans.first().zip(self.spans.last()) else {
            return (false, None);
        };
        let (first, last) = (*first, *last);
        if first == (0, WEEK_MIN) {
            return (true, None);
        }
        for (from, to) in &self.spans {
            if in_week < ms(*from) {
                return (false, Some(ms(*from)));
            }
            if in_week < ms(*to) {
                // Over Sunday midnight it goes on.
                let joined = *to == WEEK_MIN && first.0 == 0;
                return (
                    true,
                    Some(if joined {
                        WEEK_MS + ms(first.1)
                    } else {
                        ms(*to)
                    }),
                );
            }
        }
        debug_assert!(last.1 < WEEK_MIN);
        (false, Some(WEEK_MS + ms(first.0)))
    }
}

impl FromStr for WeeklyHours {
    type Err = ParseWeeklyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut spans: Vec<(u16, u16)> = Vec::new();
        for entry in text
            .split(';')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let split = entry.rsplit_once(char::is_whitespace);
            let (days, hours) = split.ok_or_else(|| ParseWeeklyError::Entry(entry.to_owned()))?;
            let (from, to) = read_hours(hours)?;
            for day in read_days(days)? {
                let start = day * DAY_MIN + from;
                let end = day * DAY_MIN + to + if to < from { DAY_MIN } else { 0 };
                spans.push((start, end.min(WEEK_MIN)));
                if end > WEEK_MIN {
                    spans.push((0, end - WEEK_MIN));
                }
            }
        }
        if spans.is_empty() {
            return Err(ParseWeeklyError::Empty);
        }
        spans.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (from, to) in spans {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        Ok(Self { spans: merged })
    }
}

fn read_days(text: &str) -> Result<Vec<u16>, ParseWeeklyError> {
    let mut days = Vec::new();
    for part in text.split(',').map(str::trim) {
        let refused = || ParseWeeklyError::Day(part.to_owned());
        let day = |name: &str| {
            DAYS.iter()
                .position(|day| day.eq_ignore_ascii_case(name.trim()))
                .ok_or_else(refused)
        };
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        // `Sat-Mon` goes over the weekend.
        let count = (last + 7 - first) % 7;
        days.extend((0..=count).map(|step| ((first + step) % 7) as u16));
    }
    Ok(days)
}

fn read_hours(text: &str) -> Result<(u16, u16), ParseWeeklyError> {
    let refused = || ParseWeeklyError::Hours(text.to_owned());
    let minutes = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| {
            (part.len() == 2)
                .then(|| part.parse::<u16>().ok())
                .flatten()
        };
        let (hour, minute) = (two(hour)?, two(minute)?);
        (hour < 24 && minute < 60 || (hour, minute) == (24, 0)).then_some(hour * 60 + minute)
    };
    let (from, to) = text.split_once('-').ok_or_else(refused)?;
    let (from, to) = minutes(from).zip(minutes(to)).ok_or_else(refused)?;
    match from {
        DAY_MIN => Err(refused()),
        _ if from == to => Err(ParseWeeklyError::NoDuration(text.to_owned())),
        _ => Ok((from, to)),
    }
}

#[cfg(test)]
mod tests {
    use crate::units::weekly::*;

    static LONDON: Zone = Zone::compiled_in(jiff::tz::get!("Europe/London"));

    fn hours(text: &str) -> WeeklyHours {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn at(text: &str) -> UtcMs {
        text.parse().expect("a time")
    }

    /// Open ms between two instants, by walking from border to border.
    fn open_ms(hours: &WeeklyHours, from: &str, to: &str) -> i64 {
        let (mut now, end, mut open) = (at(from), at(to), 0);
        while now < end {
            let (inside, until) = hours.at(now, &LONDON);
            assert!(until > now, "{now}");
            let until = until.min(end);
            open += if inside { until.since(now) } else { 0 };
            now = until;
        }
        open
    }

    #[test]
    fn the_clock_on_the_wall_decides() {
        // 2026-11-23 is a Monday; in July London is an hour ahead.
        let work = hours("Mon-Fri 07:00-19:00; Sat 08:00-12:00");
        for (instant, inside, until) in [
            ("2026-11-23T06:59:59Z", false, "2026-11-23T07:00:00Z"),
            ("2026-11-23T07:00:00Z", true, "2026-11-23T19:00:00Z"),
            ("2026-11-28T12:00:00Z", false, "2026-11-30T07:00:00Z"),
            ("2026-07-06T06:00:00Z", true, "2026-07-06T18:00:00Z"),
        ] {
            assert_eq!(
                work.at(at(instant), &LONDON),
                (inside, at(until)),
                "{instant}"
            );
        }
        let night = hours("Sat,Sun 22:00-06:00");
        assert_eq!(
            night.at(at("2026-11-29T23:00:00Z"), &LONDON),
            (true, at("2026-11-30T06:00:00Z")),
            "over the end of the week"
        );
        assert!(
            night.contains(at("2026-11-30T05:59:59Z"), &LONDON)
                && !night.contains(at("2026-11-30T06:00:00Z"), &LONDON)
        );
        assert_eq!(
            hours("Mon-Sun 00:00-24:00").at(at("2026-11-23T00:00:00Z"), &LONDON),
            (true, UtcMs(i64::MAX))
        );
    }

    #[test]
    fn days_of_23_and_25_hours() {
        const HOUR: i64 = 3_600_000;
        for (text, day, want) in [
            (
                "Sun 00:00-24:00",
                ("2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z"),
                23 * HOUR,
            ),
            (
                "Sun 00:00-24:00",
                ("2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z"),
                25 * HOUR,
            ),
            (
                "Sun 01:00-02:00",
                ("2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z"),
                0,
            ),
            (
                "Sun 01:00-02:00",
                ("2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z"),
                2 * HOUR,
            ),
            (
                "Sat-Sun 22:00-06:00",
                ("2026-03-28T12:00:00Z", "2026-03-29T11:00:00Z"),
                7 * HOUR,
            ),
            (
                "Sat-Sun 22:00-06:00",
                ("2026-10-24T11:00:00Z", "2026-10-25T12:00:00Z"),
                9 * HOUR,
            ),
        ] {
            assert_eq!(open_ms(&hours(text), day.0, day.1), want, "{text} {day:?}");
        }
    }

    #[test]
    fn texts_without_hours_are_refused() {
        for (text, want) in [
            ("", "has no days and hours"),
            (" ; ", "has no days and hours"),
            ("always", "`always` is not days and hours"),
            ("Mon 7-19", "`7-19` is not hours"),
            ("Mon 07:00-25:00", "is not hours"),
            ("Mon 24:00-07:00", "is not hours"),
            ("Mon 07:00-07:00", "is no time at all"),
            ("Mo 07:00-08:00", "`Mo` is not a day"),
            ("Mon-Fry 07:00-08:00", "`Mon-Fry` is not a day"),
        ] {
            let error = text.parse::<WeeklyHours>().expect_err(text).to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
        assert_eq!(
            hours("Fri-Mon 08:00-09:00"),
            hours("sat,SUN 08:00-09:00; Mon 08:00-09:00;Fri 08:00-08:30; Fri 08:30-09:00;")
        );
    }
}
