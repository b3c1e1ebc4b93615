//! Compares fuel bought with fuel burnt, month by month. A difference is a matter of data quality and never corrects emissions.

use std::sync::Arc;

use super::Months;
use crate::units::{Litres, Millilitres, Month, Ratio};

/// The largest difference that is not reported (an assumption).
const MAX_APART: Ratio = Ratio::constant(0.10);
/// A tenth exactly is not reported, though 110 / 100 - 1 is a little more in binary.
const BINARY_TOLERANCE: Ratio = Ratio::constant(1e-12);

/// A vehicle's month in which the fuel of the card and of the vehicle's own total disagree.
#[derive(Clone, PartialEq, Debug)]
pub struct FuelMismatch {
    /// Id of the vehicle.
    pub vehicle: Arc<str>,
    /// The month compared.
    pub month: Month,
    /// Fuel by card.
    pub card: Litres,
    /// Fuel by the total of the vehicle itself.
    pub can: Litres,
    /// `card / can - 1`.
    pub ratio: Ratio,
}

/// Compares the months for which both are known.
pub fn reconcile(months: &Months, from: Month, to: Month) -> Vec<FuelMismatch> {
    let both = months.iter().filter(|(_, month, sums)| {
        (from..=to).contains(month) && sums.card > Millilitres::ZERO && sums.can > Millilitres::ZERO
    });
    both.map(|(vehicle, month, sums)| FuelMismatch {
        vehicle: vehicle.clone(),
        month,
        card: sums.card.litres(),
        can: sums.can.litres(),
        ratio: sums.card / sums.can - Ratio::ONE,
    })
    .filter(|mismatch| mismatch.ratio.abs() > MAX_APART + BINARY_TOLERANCE)
    .collect()
}
