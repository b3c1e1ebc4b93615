//! Which year's set a day is computed with, and the name of that set beside the result.
//!
//! The conversion factors for 2025 (full set, sheet "Introduction") allow two ways for a reporting year that is not a calendar year: the
//! set of the year with most of its days, or a mean weighted by days. The way is to be stated and kept to.

use std::fmt;

use super::row::EmissionFactor;
use crate::jurisdiction::Jurisdiction;
use crate::units::{
    Calendar, Day, FinancialYear, KgCo2ePerKm, KgCo2ePerKwh, KgCo2ePerLitre, KwhPerKm, Month,
};

/// The rule that chooses a set for a day of a fiscal year.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum YearPolicy {
    /// The set of the year in which most of the days lie: the one in which the fiscal year starts.
    #[default]
    Majority,
    /// The mean of both sets, weighted by days.
    Blended,
    /// Each day the set of its own calendar year. This is not one of the two official ways; it serves to compare with calendar-year reports.
    Calendar,
}

/// The year of a set, and what was done to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FactorSetId {
    /// As printed on the set; of a blend, the first.
    pub year: i32,
    /// Blended with the set of the following year.
    pub blended: bool,
    /// The day's own set lacks the factor and an older one was carried forward, or the figure is confirmed by second hand only.
    pub provisional: bool,
    /// 1 as first published; more for a correction.
    pub version: u8,
    /// The family of the sets in results: `Jurisdiction::factor_family`.
    pub family: &'static str,
}

impl fmt::Display for FactorSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.family, self.year)?;
        if self.blended {
            write!(f, "-{}", self.year + 1)?;
        }
        if self.version > 1 {
            write!(f, "+v{}", self.version)?;
        }
        f.write_str(if self.provisional { "+provisional" } else { "" })
    }
}

/// A factor with its origin.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Dated<T> {
    /// The factor itself.
    pub value: T,
    /// The set that it was taken from.
    pub set: FactorSetId,
}

/// A factor as one year's set prints it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Printed<T> {
    pub year: i32,
    pub version: u8,
    pub provisional: bool,
    pub value: T,
}

/// One factor over the years, sorted by year.
pub(super) type Years<T> = Vec<Printed<T>>;

impl YearPolicy {
    /// The factor for a day. Where the set of the day lacks it, the newest earlier set holds, marked as provisional; before the first set
    /// there is none.
    pub(super) fn factor<T: MeanByDays>(
        self,
        years: &Years<T>,
        day: Day,
        jurisdiction: &'static Jurisdiction,
    ) -> Option<Dated<T>> {
        let (calendar, family) = (&jurisdiction.calendar, jurisdiction.factor_family);
        let year = day.financial_year(calendar);
        match self {
            Self::Majority => newest(years, year.0, family),
            Self::Calendar => newest(years, day.ymd().0, family),
            Self::Blended => {
                let (first, second) = (
                    newest(years, year.0, family)?,
                    newest(years, year.0 + 1, family)?,
                );
                let (first_days, second_days) = days_by_calendar_year(year, calendar);
                Some(Dated {
                    value: T::mean_by_days((first.value, first_days), (second.value, second_days)),
                    set: FactorSetId {
                        family,
                        year: year.0,
                        blended: true,
                        provisional: first.set.provisional || second.set.provisional,
                        version: first.set.version.max(second.set.version),
                    },
                })
            }
        }
    }
}

/// Days of a fiscal year in its first and in its second calendar year.
fn days_by_calendar_year(year: FinancialYear, calendar: &Calendar) -> (i32, i32) {
    let (first, last) = (year.first_day(calendar), year.last_day(calendar));
    let new_year = Month::of_day(first).first_of_year().plus(12).first_day();
    let before = new_year.0 - first.0;
    (before, last.0 + 1 - first.0 - before)
}

/// The newest set that is not after the wanted year.
fn newest<T: Copy>(years: &Years<T>, wanted: i32, family: &'static str) -> Option<Dated<T>> {
    let found = years.iter().rev().find(|printed| printed.year <= wanted)?;
    Some(Dated {
        value: found.value,
        set: FactorSetId {
            family,
            year: found.year,
            blended: false,
            provisional: found.provisional || found.year < wanted,
            version: found.version,
        },
    })
}

/// What can be blended: two factors, each with its days.
pub(super) trait MeanByDays: Copy {
    fn mean_by_days(first: (Self, i32), second: (Self, i32)) -> Self;
}

macro_rules! mean_by_days {
    ($($name:ident),*) => {$(
        impl MeanByDays for $name {
            fn mean_by_days(first: (Self, i32), second: (Self, i32)) -> Self {
                $name::mean_by_days(first, second)
            }
        }
    )*};
}

mean_by_days!(KwhPerKm, KgCo2ePerKm, KgCo2ePerKwh, KgCo2ePerLitre);

impl<F: MeanByDays> MeanByDays for EmissionFactor<F> {
    fn mean_by_days((first, before): (Self, i32), (second, after): (Self, i32)) -> Self {
        let mean = |first, second| F::mean_by_days((first, before), (second, after));
        let split = first.split.zip(second.split);
        Self {
            kgco2e: mean(first.kgco2e, second.kgco2e),
            split: split.map(|(first, second)| [0, 1, 2].map(|gas| mean(first[gas], second[gas]))),
        }
    }
}
