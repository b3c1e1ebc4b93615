//! The emissions of a fiscal year as they were computed on a day: at the freeze, and each time they changed since. A stored version
//! is never overwritten, so a published figure can always be shown again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::units::{Day, FinancialYear, KgCo2e};

/// The figures of a year on a day.
#[derive(Clone, PartialEq, Debug)]
pub struct YearVersion {
    /// The year of the figures.
    pub year: FinancialYear,
    /// The day of the computation; the first of a year's versions is the freeze.
    pub as_of: Day,
    /// Emissions by organisation and scope (`1`, `2` location-based, `3`, `outside`).
    pub kgco2e: BTreeMap<(Arc<str>, Arc<str>), KgCo2e>,
    /// Factor sets behind them.
    pub factor_sets: String,
    /// Version of the formulas.
    pub method_version: u32,
}

impl YearVersion {
    /// Scope 1 with location-based scope 2 of an organisation, or of all.
    pub fn in_use(&self, organisation: Option<&str>) -> KgCo2e {
        let wanted = |(owner, scope): &(Arc<str>, Arc<str>)| {
            organisation.is_none_or(|organisation| organisation == &**owner)
                && matches!(&**scope, "1" | "2")
        };
        self.kgco2e
            .iter()
            .filter(|(key, _)| wanted(key))
            .map(|(_, kgco2e)| *kgco2e)
            .sum()
    }
}
