//! Litres bought against litres burnt, month by month: a difference is a matter of data quality, never a correction of emissions.

use std::sync::Arc;

use super::Months;
use crate::units::Month;

/// More than this apart (reference emissions.md 5.1).
const MAX_APART: f64 = 0.10;

/// A vehicle's month whose fuel card and own total do not agree.
#[derive(Clone, PartialEq, Debug)]
pub struct FuelMismatch {
    /// The vehicle.
    pub vehicle: Arc<str>,
    /// The month.
    pub month: Month,
    /// By card, l.
    pub card_l: f64,
    /// By the vehicle's own total, l.
    pub can_l: f64,
    /// `card / can - 1`.
    pub ratio: f64,
}

/// Compares months for which both are known.
pub fn reconcile(months: &Months, from: Month, to: Month) -> Vec<FuelMismatch> {
    let both = months.iter().filter(|(_, month, sums)| {
        (from..=to).contains(month) && sums.card_ml > 0 && sums.can_ml > 0
    });
    both.map(|(vehicle, month, sums)| FuelMismatch {
        vehicle: vehicle.clone(),
        month,
        card_l: sums.card_ml as f64 / 1000.0,
        can_l: sums.can_ml as f64 / 1000.0,
        ratio: sums.card_ml as f64 / sums.can_ml as f64 - 1.0,
    })
    // A tenth exactly is none, though 110 / 100 - 1 is a little more in binary.
    .filter(|mismatch| mismatch.ratio.abs() > MAX_APART + 1e-12)
    .collect()
}
