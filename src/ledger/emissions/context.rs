//! What an inventory is computed with: the register, the factors, and the months that decide which source of data counts.

use super::months::{MonthSums, Months};
use crate::ledger::factors::FactorSets;
use crate::model::register::Register;
use crate::units::{Day, KgCo2ePerKwh, Month};

/// The inputs of an inventory besides activity data.
#[derive(Clone, Copy, Debug)]
pub struct InventoryContext<'a> {
    /// Vehicles, sites, charge points and contracts.
    pub register: &'a Register,
    /// Emission factors by day.
    pub factors: &'a FactorSets,
    /// The whole months of the days that are computed, and those of a year before and after as far as there are any.
    pub months: &'a Months,
    /// Further activity of the days' own months that `months` may not hold yet.
    pub running: Option<&'a Months>,
    /// Factor of the residual mix, for electricity without a contract in the market-based view.
    pub residual_factor: Option<KgCo2ePerKwh>,
    /// Keys carry the vehicle.
    pub per_vehicle: bool,
    /// First and last day on which missing data are estimated: whole months that are over, or parts of them.
    pub fill: Option<(Day, Day)>,
}

impl<'a> InventoryContext<'a> {
    /// Without residual factor, vehicles in the keys, and estimates for missing data.
    pub fn new(register: &'a Register, factors: &'a FactorSets, months: &'a Months) -> Self {
        Self {
            register,
            factors,
            months,
            running: None,
            residual_factor: None,
            per_vehicle: false,
            fill: None,
        }
    }

    /// What is known of a vehicle's month. A day that both sources hold counts twice, which is harmless: only the presence of data is used.
    pub(super) fn month(&self, vehicle: &str, month: Month) -> MonthSums {
        let mut sums = self.months.get(vehicle, month).copied().unwrap_or_default();
        if let Some(more) = self.running.and_then(|running| running.get(vehicle, month)) {
            sums.add(more);
        }
        sums
    }
}
