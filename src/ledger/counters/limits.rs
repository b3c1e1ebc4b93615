//! What a counter may do: its fastest rate, its smallest step, its modulus. A property of quantity and source together.

use super::Point;
use crate::model::{CounterKind, FeedFormat, Quantity};

/// How far two clocks may disagree before a step looks too fast.
const SLACK_MS: i128 = 60_000;
const HOUR_MS: i128 = 3_600_000;

/// Limits of one counter. Values in thousandths of the quantity's unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CounterLimits {
    /// The fastest believable growth in an hour; `None` believes anything.
    pub max_rate_per_hour: Option<i64>,
    /// The smallest difference that means something.
    pub resolution: i64,
    /// The source prints so many significant digits, so its resolution grows with the value.
    pub significant_digits: Option<u32>,
    /// The register starts again at zero here. Only when configured: a guess would turn a replaced meter into a gain.
    pub modulus: Option<i64>,
    /// Restarts with every session.
    pub session: bool,
}

/// The fastest believable growth of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CounterRates {
    /// The fastest growth of odometers.
    pub metres_per_hour: i64,
    /// Of fuel totals.
    pub millilitres_per_hour: i64,
    /// Of energy registers.
    pub watts: i64,
}

impl Default for CounterRates {
    /// 200 km/h, 100 l/h, 400 kW: above every ambulance, lorry and vehicle charger in service.
    fn default() -> Self {
        Self {
            metres_per_hour: 200_000,
            millilitres_per_hour: 100_000,
            watts: 400_000,
        }
    }
}

/// Configured limits of a register, in place of the defaults. Values in thousandths of the quantity's unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CounterOverride {
    /// The feed's asset id; with `*` at the end, all that begin so.
    pub feed: String,
    /// The quantity that the register counts.
    pub quantity: Quantity,
    /// The fastest believable growth in an hour.
    pub max_rate_per_hour: Option<i64>,
    /// Where it starts again at zero.
    pub modulus: Option<i64>,
}

impl CounterOverride {
    /// True if the override applies to this register.
    pub fn concerns(&self, feed: &str, quantity: Quantity) -> bool {
        self.quantity == quantity
            && match self.feed.strip_suffix('*') {
                Some(start) => feed.starts_with(start),
                None => feed == self.feed,
            }
    }
}

impl CounterLimits {
    /// The limits with the configured values in place of the defaults.
    pub fn overridden(self, by: &CounterOverride) -> Self {
        Self {
            max_rate_per_hour: by.max_rate_per_hour.or(self.max_rate_per_hour),
            modulus: by.modulus.or(self.modulus),
            ..self
        }
    }

    /// The limits of a quantity from a source; `None` if the quantity does not count.
    pub fn for_quantity(
        quantity: Quantity,
        format: FeedFormat,
        rates: &CounterRates,
    ) -> Option<Self> {
        let session = match quantity.kind() {
            CounterKind::Lifetime => false,
            CounterKind::Session => true,
            CounterKind::Gauge | CounterKind::State => return None,
        };
        let (max_rate_per_hour, resolution) = match quantity {
            Quantity::Odometer | Quantity::OdometerCoarse | Quantity::DistanceGpsTotal => {
                (rates.metres_per_hour, 1_000)
            }
            Quantity::FuelUsedTotal => (rates.millilitres_per_hour, 1_000),
            // An hour in an hour; hour meters count tenths.
            Quantity::EngineHoursTotal => (1_000, 100),
            // Meters reached through two gateways differ in the last digit: 215.7 kWh, then 215.6.
            _ => (rates.watts, 100),
        };
        let significant_digits = (format.digits > 0).then(|| u32::from(format.digits));
        Some(Self {
            max_rate_per_hour: Some(max_rate_per_hour),
            resolution,
            significant_digits,
            modulus: None,
            session,
        })
    }

    /// The smallest difference that means something at a value.
    pub fn resolution_at(&self, value: i64) -> i64 {
        let printed = self.significant_digits.map_or(0, |digits| {
            let length = value
                .unsigned_abs()
                .checked_ilog10()
                .map_or(1, |log| log + 1);
            10i64.saturating_pow(length.saturating_sub(digits))
        });
        self.resolution.max(printed)
    }

    /// Can the register have grown by `gain` in the time between the two? One step of the resolution is always allowed:
    /// a coarse register stands still and then jumps.
    pub(super) fn allows(&self, from: Point, to: Point, gain: i64) -> bool {
        let Some(rate) = self.max_rate_per_hour else {
            return true;
        };
        let time = i128::from(to.at.since(from.at)).max(0) + SLACK_MS;
        i128::from(gain)
            <= i128::from(rate) * time / HOUR_MS + i128::from(self.resolution_at(to.value))
    }

    /// The gain if the register ran over its modulus between two values: from above nine tenths to below one tenth.
    pub(super) fn rollover(&self, last: i64, value: i64) -> Option<i64> {
        let modulus = self.modulus.filter(|modulus| *modulus > 0)?;
        let (last_share, share) = (i128::from(last) * 10, i128::from(value) * 10);
        let modulus_share = i128::from(modulus);
        (last_share > modulus_share * 9 && share < modulus_share && last <= modulus)
            .then(|| modulus - last + value)
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::counters::limits::*;

    #[test]
    fn six_digits_are_coarser_for_larger_values() {
        let limits = CounterLimits::for_quantity(
            Quantity::Odometer,
            FeedFormat {
                number: 1,
                digits: 6,
            },
            &CounterRates::default(),
        )
        .expect("a counter");
        let finest = CounterLimits {
            resolution: 1,
            ..limits
        };
        for (km, want_m) in [
            (1, 1),
            (999, 1),
            (1_000, 10),
            (99_999, 100),
            (100_000, 1_000),
            (999_999, 1_000),
            (1_000_000, 10_000),
        ] {
            assert_eq!(finest.resolution_at(km * 1_000), want_m, "{km} km");
        }
        assert_eq!(limits.resolution_at(1_000), 1_000);
        assert_eq!(limits.resolution_at(1_000_000_000), 10_000);
    }

    #[test]
    fn only_counters_have_limits() {
        for &quantity in Quantity::ALL {
            let counts = matches!(
                quantity.kind(),
                CounterKind::Lifetime | CounterKind::Session
            );
            assert_eq!(
                CounterLimits::for_quantity(quantity, FeedFormat::new(0), &CounterRates::default())
                    .is_some(),
                counts,
                "{quantity:?}"
            );
        }
    }
}
