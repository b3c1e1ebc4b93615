//! The uncertainty of a total: within a tier the errors go together (one factor for all), between tiers they are independent.
//!
//! Variances of independent groups add up (IPCC Guidelines 2006, volume 1, chapter 3, approach 1: error propagation).

use crate::units::{KgCo2e, KgCo2eSquared, Ratio};

/// Half the width of an interval that holds the true total with 95 %, in standard deviations.
const HALF_WIDTH_95: Ratio = Ratio::constant(1.96);

/// Relative standard uncertainty of a tier: assumptions of this program, in the order of a calibrated meter, an on-board counter, the
/// consumption of the vehicle itself, a class factor and a class mean.
pub fn relative_sd(tier: u8) -> Ratio {
    Ratio::constant(match tier {
        1 => 0.02,
        2 => 0.05,
        3 => 0.08,
        4 => 0.15,
        _ => 0.40,
    })
}

/// A total with its spread.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Uncertain {
    /// The sum of all groups.
    pub total: KgCo2e,
    /// One standard deviation.
    pub sd: KgCo2e,
}

impl Uncertain {
    /// Adds up independent groups, each an amount with its relative standard uncertainty.
    pub fn from_groups(groups: impl IntoIterator<Item = (KgCo2e, Ratio)>) -> Self {
        let (mut total, mut variance) = (KgCo2e::ZERO, KgCo2eSquared::ZERO);
        for (amount, relative_sd) in groups {
            total += amount;
            variance += (amount * relative_sd).squared();
        }
        Self {
            total,
            sd: variance.sqrt(),
        }
    }

    /// The interval that holds the true total with 95 %.
    pub fn interval_95(&self) -> (KgCo2e, KgCo2e) {
        let half = self.sd * HALF_WIDTH_95;
        (self.total - half, self.total + half)
    }
}
