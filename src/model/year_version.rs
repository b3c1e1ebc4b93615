//! An April-March year's emissions as they were on a day: at the freeze, and each time they have changed since. Never overwritten.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::units::{Day, FinancialYear};

/// The figures of a year on a day.
#[derive(Clone, PartialEq, Debug)]
pub struct YearVersion {
    /// The year.
    pub year: FinancialYear,
    /// The day they were computed on; the first of a year's versions is the freeze.
    pub as_of: Day,
    /// kgCO2e by organisation and scope (`1`, `2` location-based, `3`, `outside`).
    pub kgco2e: BTreeMap<(Arc<str>, Arc<str>), f64>,
    /// Factor sets behind them.
    pub factor_sets: String,
    /// Version of the formulas.
    pub method_version: u32,
}

impl YearVersion {
    /// Scope 1 with location-based scope 2, kgCO2e, of an organisation or of all.
    pub fn in_use_kgco2e(&self, organisation: Option<&str>) -> f64 {
        let wanted = |(owner, scope): &(Arc<str>, Arc<str>)| {
            organisation.is_none_or(|organisation| organisation == &**owner)
                && matches!(&**scope, "1" | "2")
        };
        self.kgco2e
            .iter()
            .filter(|(key, _)| wanted(key))
            .map(|(_, kgco2e)| kgco2e)
            .sum()
    }
}
