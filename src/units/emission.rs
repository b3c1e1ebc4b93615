//! Activity data, emission factors, and the only products between them that mean something (GHG Protocol: activity data x factor).

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

macro_rules! quantity {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name(f64);

        impl $name {
            /// The quantity, unless the number is NaN or infinite.
            pub fn new(value: f64) -> Option<Self> {
                value.is_finite().then_some(Self(value))
            }

            /// From a count of thousandths of the unit (always finite).
            pub fn from_thousandths(count: i64) -> Self {
                Self(count as f64 / 1000.0)
            }

            /// The number in the unit of the type's name.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self(0.0), Add::add)
            }
        }
    )*};
}

quantity! {
    /// Distance in kilometres.
    Km,
    /// Fuel in litres.
    Litres,
    /// Energy in kilowatt hours.
    KilowattHours,
    /// Greenhouse gases in kilograms of carbon dioxide equivalent.
    KgCo2e,
    /// Scope 2 by the grid's average (location-based). It has no sum with [`KgCo2eMarket`]: they are two views of the same energy.
    ///
    /// ```compile_fail
    /// use fleetgauge::units::{KgCo2eLocation, KgCo2eMarket};
    /// let wrong = KgCo2eLocation::new(1.0).unwrap() + KgCo2eMarket::new(1.0).unwrap();
    /// ```
    KgCo2eLocation,
    /// Scope 2 by contracts (market-based).
    KgCo2eMarket,
    /// Emission factor per kilometre.
    KgCo2ePerKm,
    /// Emission factor per kilowatt hour.
    KgCo2ePerKwh,
    /// Emission factor per litre of fuel.
    KgCo2ePerLitre,
}

impl Mul<KgCo2ePerKm> for Km {
    type Output = KgCo2e;
    fn mul(self, factor: KgCo2ePerKm) -> KgCo2e {
        KgCo2e(self.0 * factor.0)
    }
}

impl Mul<KgCo2ePerKwh> for KilowattHours {
    type Output = KgCo2e;
    fn mul(self, factor: KgCo2ePerKwh) -> KgCo2e {
        KgCo2e(self.0 * factor.0)
    }
}

impl Mul<KgCo2ePerLitre> for Litres {
    type Output = KgCo2e;
    fn mul(self, factor: KgCo2ePerLitre) -> KgCo2e {
        KgCo2e(self.0 * factor.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::units::emission::*;

    #[test]
    fn golden_g1_and_g2() {
        let diesel = KgCo2ePerLitre::new(2.57082).expect("finite");
        assert!(((Litres::from_thousandths(100_000) * diesel).get() - 257.082).abs() < 1e-9);
        let electricity = KgCo2ePerKwh::new(0.177).expect("finite");
        assert!(
            ((KilowattHours::from_thousandths(100_000) * electricity).get() - 17.7).abs() < 1e-9
        );
        assert_eq!(Km::new(f64::NAN), None);
    }
}
