//! Days of the local calendar and the spreading of a gain over them.

use serde::{Deserialize, Serialize};

use crate::model::ActivityData;
use crate::units::{Day, Metres, Millilitres, TenthWattHours, UtcMs, Zone};

/// A local day with its bounds at hand, because nearly every message falls into the running one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::engine) struct DaySpan {
    /// The day of the zone's calendar.
    pub day: Day,
    start: UtcMs,
    end: UtcMs,
}

impl DaySpan {
    /// The day that holds the instant.
    pub(crate) fn of(instant: UtcMs, zone: &Zone) -> Self {
        let day = Day::of(instant, zone);
        Self {
            day,
            start: day.start(zone),
            end: day.end(zone),
        }
    }

    /// The instant lies in the day.
    pub(crate) fn contains(&self, instant: UtcMs) -> bool {
        self.start <= instant && instant < self.end
    }

    /// When the next day starts.
    pub(crate) fn end(&self) -> UtcMs {
        self.end
    }
}

/// A gap longer than this is not spread day by day: a vehicle silent for a year would make hundreds of rows of guesswork.
const LONGEST_SPREAD_MS: i64 = 62 * 86_400_000;

/// Splits an amount gained over `[from, to]` among days of the local calendar, linearly in time. The parts always add up to the amount.
///
/// `recent` is the day of the gain before, and that of this gain afterwards: finding the bounds of a day costs more than booking, and
/// gains of one day follow each other.
fn spread(
    zone: &Zone,
    recent: &mut DaySpan,
    from: UtcMs,
    to: UtcMs,
    amount: i64,
    mut book: impl FnMut(Day, i64),
) {
    let from = from.max(to.plus(-LONGEST_SPREAD_MS)).min(to);
    if !recent.contains(from) {
        *recent = DaySpan::of(from, zone);
    }
    let mut span = *recent;
    // Beyond the calendar a day has no length and contains nothing.
    if from == to || span.contains(to) {
        return book(span.day, amount);
    }
    let whole = i128::from(to.since(from));
    let mut booked = 0;
    let mut at = from;
    // Bounded: beyond the calendar (a device's clock in year 292,000,000) there is no day to go on to.
    for _ in 0..=LONGEST_SPREAD_MS / 86_400_000 {
        if span.contains(to) {
            break;
        }
        at = span.end;
        // Cumulative rounding: each boundary gets its exact share, so no remainder piles up on one day.
        let until_here = (i128::from(amount) * i128::from(at.since(from)) / whole) as i64;
        book(span.day, until_here - booked);
        booked = until_here;
        span = DaySpan::of(at, zone);
    }
    if to > at || booked != amount {
        book(span.day, amount - booked);
    }
}

/// Spreads each sum of an activity over the days between two instants.
pub(super) fn for_each_day(
    zone: &Zone,
    recent: &mut DaySpan,
    from: UtcMs,
    to: UtcMs,
    gain: &ActivityData,
    mut book: impl FnMut(Day, ActivityData),
) {
    type Part = fn(i64) -> ActivityData;
    let parts: [(i64, Part); 4] = [
        (gain.distance.0, |metres| ActivityData {
            distance: Metres(metres),
            ..ActivityData::default()
        }),
        (gain.fuel.0, |millilitres| ActivityData {
            fuel: Millilitres(millilitres),
            metered: ActivityData::FUEL_METERED,
            ..ActivityData::default()
        }),
        (gain.vehicle_grid.0, |energy| ActivityData {
            vehicle_grid: TenthWattHours(energy),
            metered: ActivityData::GRID_METERED,
            ..ActivityData::default()
        }),
        (gain.charged.0, |energy| ActivityData {
            charged: TenthWattHours(energy),
            ..ActivityData::default()
        }),
    ];
    for (amount, part) in parts.into_iter().filter(|(amount, _)| *amount != 0) {
        spread(zone, recent, from, to, amount, |day, share| {
            book(day, part(share));
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::activity::day_span::*;
    use crate::jurisdiction::UK;

    fn at(text: &str) -> UtcMs {
        text.parse().expect("a time")
    }

    #[test]
    fn parts_add_up_and_follow_local_midnight() {
        let mut recent = DaySpan::of(at("2026-06-30T12:00:00Z"), UK.zone());
        for (from, to, amount, want) in [
            (
                "2026-06-30T22:00:00Z",
                "2026-07-01T00:00:00Z",
                100,
                vec![("2026-06-30", 50), ("2026-07-01", 50)],
            ),
            (
                "2026-06-30T10:00:00Z",
                "2026-06-30T11:00:00Z",
                7,
                vec![("2026-06-30", 7)],
            ),
            (
                "2026-06-30T11:00:00Z",
                "2026-06-30T11:00:00Z",
                7,
                vec![("2026-06-30", 7)],
            ),
            (
                "2026-01-01T12:00:00Z",
                "2026-01-04T12:00:00Z",
                10,
                vec![
                    ("2026-01-01", 1),
                    ("2026-01-02", 4),
                    ("2026-01-03", 3),
                    ("2026-01-04", 2),
                ],
            ),
        ] {
            let mut parts = Vec::new();
            spread(
                UK.zone(),
                &mut recent,
                at(from),
                at(to),
                amount,
                |day, part| parts.push((day.to_string(), part)),
            );
            let want: Vec<_> = want
                .into_iter()
                .map(|(day, part)| (day.to_owned(), part))
                .collect();
            assert_eq!(parts, want, "{from} {to}");
            assert_eq!(parts.iter().map(|(_, part)| part).sum::<i64>(), amount);
        }
    }
}
