//! Rows of CSV imports: activity that no counter measured (fuel bought, mileage claimed), and the spreading of a period's sum over its days.

use super::{ActivityData, ActivityKey, ActivityRow, Subject};
use crate::units::{Day, Metres, Millilitres};

/// The kind of an import file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ImportKind {
    /// Fuel cards and bunkers.
    Fuel,
    /// Mileage claims and readings by hand.
    Mileage,
    /// Monthly figures of other systems.
    Indicators,
}

impl ImportKind {
    /// The word on the command line and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::Mileage => "mileage",
            Self::Indicators => "indicators",
        }
    }
}

/// One valid row of a fuel or mileage file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedRow {
    /// Fuel or mileage; indicators have a type of their own.
    pub kind: ImportKind,
    /// Identifies the row when it is imported again: vehicle or claimant, period, amount and reference. It may name a person, so only a
    /// keyed hash of it is stored.
    pub identity: String,
    /// First day of its period.
    pub first_day: Day,
    /// Last day, included.
    pub last_day: Day,
    /// The vehicle or group of vehicles that the row counts for.
    pub subject: Subject,
    /// The sums of the whole period; only those of imports are set.
    pub activity: ActivityData,
    /// The odometer as the driver typed it at the pump, in metres; kept for people, nothing is computed from it.
    pub odometer_m: Option<i64>,
    /// Line of the file.
    pub line: u64,
}

/// Spreads a period's sums evenly over its days and calls `book` with those of `from..=to`. The parts of all days add up to the sums.
pub fn spread_days(
    (first, last): (Day, Day),
    sums: &ActivityData,
    (from, to): (Day, Day),
    subject: &Subject,
    mut book: impl FnMut(ActivityRow),
) {
    let days = i128::from(last.0.saturating_sub(first.0)) + 1;
    if days < 1 {
        return;
    }
    // Cumulative rounding: what is due at the end of a day less what was due at its beginning, so no remainder piles up anywhere.
    let due = |amount: i64, days_gone: i128| (i128::from(amount) * days_gone / days) as i64;
    for day in from.0.max(first.0)..=to.0.min(last.0) {
        let gone = i128::from(day - first.0);
        let share = |amount: i64| due(amount, gone + 1) - due(amount, gone);
        let mut activity = ActivityData {
            fuel_card: Millilitres(share(sums.fuel_card.0)),
            hvo_card: Millilitres(share(sums.hvo_card.0)),
            claimed: Metres(share(sums.claimed.0)),
            ..ActivityData::default()
        };
        if !activity.is_empty() {
            activity.metered = sums.metered;
            book(ActivityRow {
                key: ActivityKey {
                    day: Day(day),
                    subject: subject.clone(),
                },
                activity,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::imported::*;

    #[test]
    fn every_split_of_a_period_adds_up() {
        let subject = Subject::Vehicle(Arc::from("A"));
        for (days, claimed_m) in [
            (1, 7),
            (3, 10),
            (7, -100),
            (366, 1_000_001),
            (30, 0),
            (31, 2),
        ] {
            let period = (Day(20_000), Day(20_000 + days - 1));
            let sums = ActivityData {
                claimed: Metres(claimed_m),
                ..ActivityData::default()
            };
            let sum = |from, to| {
                let mut sum = 0;
                spread_days(period, &sums, (Day(from), Day(to)), &subject, |row| {
                    sum += row.activity.claimed.0
                });
                sum
            };
            assert_eq!(sum(0, 30_000), claimed_m, "{days} days");
            for cut in 19_999..20_000 + days {
                assert_eq!(
                    sum(0, cut) + sum(cut + 1, 30_000),
                    claimed_m,
                    "{days} days cut at {cut}"
                );
            }
        }
    }
}
