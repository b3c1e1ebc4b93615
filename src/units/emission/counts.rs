//! Activity as registers count it: whole small units, so that sums over years never drift. Each converts once to the unit of the factors.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use super::{KilowattHours, Km, Litres, LitresPerKm, MetresPerDay, Ratio};

/// Defines counts of a small unit: `$name` counts `1 / $per` of `$whole`.
macro_rules! count {
    ($($(#[$doc:meta])* $name:ident, $whole:ident by $method:ident, $per:literal;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
        )]
        pub struct $name(pub i64);

        impl $name {
            /// The count of nothing.
            pub const ZERO: Self = Self(0);

            /// Nothing was counted.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// In the unit of the factors.
            pub fn $method(self) -> $whole {
                $whole::constant(self.0 as f64 / $per)
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

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self(0), Add::add)
            }
        }

        impl Div for $name {
            type Output = Ratio;
            fn div(self, other: Self) -> Ratio {
                Ratio(self.0 as f64 / other.0 as f64)
            }
        }
    )*};
}

count! {
    /// Distance in metres.
    Metres, Km by km, 1000.0;
    /// Fuel in millilitres.
    Millilitres, Litres by litres, 1000.0;
    /// Energy in tenths of a watt-hour: the finest step that charge points report.
    TenthWattHours, KilowattHours by kilowatt_hours, 10_000.0;
}

/// Fuel of a distance, to the nearest millilitre.
impl Mul<LitresPerKm> for Metres {
    type Output = Millilitres;
    fn mul(self, consumption: LitresPerKm) -> Millilitres {
        Millilitres((self.0 as f64 * consumption.0).round() as i64)
    }
}

/// Millilitres per metre are litres per kilometre.
impl Div<Metres> for Millilitres {
    type Output = LitresPerKm;
    fn div(self, distance: Metres) -> LitresPerKm {
        LitresPerKm(self.0 as f64 / distance.0 as f64)
    }
}

/// A share of an energy, to the nearest tenth of a watt-hour.
impl Mul<Ratio> for TenthWattHours {
    type Output = Self;
    fn mul(self, share: Ratio) -> Self {
        Self((self.0 as f64 * share.0).round() as i64)
    }
}

impl Metres {
    /// The mean over days; there must be one.
    pub fn per_day(self, days: i32) -> MetresPerDay {
        MetresPerDay(self.0 as f64 / f64::from(days))
    }
}
