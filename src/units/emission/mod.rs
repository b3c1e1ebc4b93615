//! Activity data, emission factors and emissions as types, so that a product of the wrong two does not compile.
//!
//! Emissions are activity data times an emission factor (GHG Protocol Corporate Standard, chapter 6). Only the products in [`product!`]
//! exist; every quantity can also be scaled by a [`Ratio`] and divided by its own kind. A number leaves its type by `get`, where a row,
//! an answer or a file is written.

#[macro_use]
mod quantity;
mod counts;

pub use counts::{Metres, Millilitres, TenthWattHours};

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

quantity! {
    /// A share, a relative change or a multiplier: 0.05 is 5 %.
    Ratio,
    /// Distance in kilometres.
    Km,
    /// Distance in metres per day in service.
    MetresPerDay,
    /// Fuel in litres.
    Litres,
    /// Energy in kilowatt-hours.
    KilowattHours,
    /// Fuel consumption in litres per kilometre.
    LitresPerKm,
    /// Electricity consumption in kilowatt-hours per kilometre.
    KwhPerKm,
    /// Greenhouse gases in kilograms of carbon dioxide equivalent.
    KgCo2e,
    /// Square of an emission, as variances are added up.
    KgCo2eSquared,
    /// Scope 2 by the average of the grid (location-based). It has no sum with [`KgCo2eMarket`]: they are two views of the same energy
    /// (GHG Protocol Scope 2 Guidance 2015, chapter 7).
    ///
    /// ```compile_fail
    /// use fleetgauge::units::{KgCo2eLocation, KgCo2eMarket};
    /// let wrong = KgCo2eLocation::ZERO + KgCo2eMarket::ZERO;
    /// ```
    KgCo2eLocation,
    /// Scope 2 by contracts (market-based).
    KgCo2eMarket,
    /// Carbon dioxide of biogenic origin in kilograms. It is reported outside the scopes, so it has no sum with [`KgCo2e`].
    ///
    /// ```compile_fail
    /// use fleetgauge::units::{KgCo2Biogenic, KgCo2e};
    /// let wrong = KgCo2e::ZERO + KgCo2Biogenic::ZERO;
    /// ```
    KgCo2Biogenic,
    /// Emission factor per kilometre.
    ///
    /// ```compile_fail
    /// use fleetgauge::units::{KgCo2ePerKm, Litres};
    /// let wrong = Litres::ZERO * KgCo2ePerKm::ZERO;
    /// ```
    KgCo2ePerKm,
    /// Emission factor per kilowatt-hour.
    KgCo2ePerKwh,
    /// Emission factor per litre of fuel.
    KgCo2ePerLitre,
    /// Published emission factor per the unit that its row names. It has no product until the unit is known.
    KgCo2ePerUnit,
    /// Air pollutants in grams.
    Grams,
    /// Air pollutants in kilograms.
    Kilograms,
    /// Emission factor of an air pollutant in grams per kilometre.
    GramsPerKm,
    /// Operational carbon dioxide in grams: without CH4 and N2O, so it has no sum with [`KgCo2e`].
    GramsCo2,
    /// Carbon intensity of a half-hour of the grid in grams of carbon dioxide per kilowatt-hour.
    GramsCo2PerKwh,
}

/// Every product of an activity and a factor, with both ways back.
macro_rules! product {
    ($($activity:ident * $factor:ident = $result:ident;)*) => {$(
        impl Mul<$factor> for $activity {
            type Output = $result;
            fn mul(self, factor: $factor) -> $result {
                $result(self.0 * factor.0)
            }
        }

        impl Div<$factor> for $result {
            type Output = $activity;
            fn div(self, factor: $factor) -> $activity {
                $activity(self.0 / factor.0)
            }
        }

        impl Div<$activity> for $result {
            type Output = $factor;
            fn div(self, activity: $activity) -> $factor {
                $factor(self.0 / activity.0)
            }
        }
    )*};
}

product! {
    Km * KgCo2ePerKm = KgCo2e;
    Km * LitresPerKm = Litres;
    Km * KwhPerKm = KilowattHours;
    Km * GramsPerKm = Grams;
    Litres * KgCo2ePerLitre = KgCo2e;
    KilowattHours * KgCo2ePerKwh = KgCo2e;
    KilowattHours * GramsCo2PerKwh = GramsCo2;
}

impl Ratio {
    /// All of it.
    pub const ONE: Self = Self(1.0);

    /// The rest up to all of it, never below 0.
    #[must_use]
    pub fn rest(self) -> Self {
        Self((1.0 - self.0).max(0.0))
    }

    /// The nearest ratio from 0 to 1.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self(self.0.clamp(0.0, 1.0))
    }
}

impl KgCo2e {
    /// As location-based scope 2.
    pub fn location_based(self) -> KgCo2eLocation {
        KgCo2eLocation(self.0)
    }

    /// As market-based scope 2.
    pub fn market_based(self) -> KgCo2eMarket {
        KgCo2eMarket(self.0)
    }

    /// As biogenic carbon dioxide: the published factor of a biogenic component counts nothing else.
    pub fn biogenic(self) -> KgCo2Biogenic {
        KgCo2Biogenic(self.0)
    }

    /// The variance, of a standard deviation.
    pub fn squared(self) -> KgCo2eSquared {
        KgCo2eSquared(self.0 * self.0)
    }
}

impl KgCo2eSquared {
    /// The standard deviation, of a variance.
    pub fn sqrt(self) -> KgCo2e {
        KgCo2e(self.0.sqrt())
    }
}

/// Scope 1 with location-based scope 2: what vehicles with an engine and without one are compared by.
impl Add<KgCo2eLocation> for KgCo2e {
    type Output = Self;
    fn add(self, location: KgCo2eLocation) -> Self {
        Self(self.0 + location.0)
    }
}

impl KgCo2eLocation {
    /// The figure alone, for a row that names the view beside it.
    pub fn in_row(self) -> KgCo2e {
        KgCo2e(self.0)
    }
}

impl KgCo2eMarket {
    /// The figure alone, for a row that names the view beside it.
    pub fn in_row(self) -> KgCo2e {
        KgCo2e(self.0)
    }
}

impl KgCo2Biogenic {
    /// The figure alone, for a row that is marked as outside the scopes.
    pub fn in_row(self) -> KgCo2e {
        KgCo2e(self.0)
    }
}

impl KgCo2ePerUnit {
    /// The factor of a row by the kilometre.
    pub fn per_km(self) -> KgCo2ePerKm {
        KgCo2ePerKm(self.0)
    }

    /// The factor of a row by the kilowatt-hour.
    pub fn per_kwh(self) -> KgCo2ePerKwh {
        KgCo2ePerKwh(self.0)
    }

    /// The factor of a row by the litre.
    pub fn per_litre(self) -> KgCo2ePerLitre {
        KgCo2ePerLitre(self.0)
    }
}

impl KgCo2ePerKwh {
    /// In the unit of carbon intensities, to compare with them.
    pub fn grams(self) -> GramsCo2PerKwh {
        GramsCo2PerKwh(self.0 * 1000.0)
    }
}

impl Grams {
    /// The same mass in kilograms.
    pub fn kilograms(self) -> Kilograms {
        Kilograms(self.0 / 1000.0)
    }
}

impl MetresPerDay {
    /// Distance of so many days, to the nearest metre.
    pub fn over_days(self, days: i32) -> Metres {
        Metres((self.0 * f64::from(days)).round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use crate::units::emission::*;

    #[test]
    fn golden_g1_and_g2() {
        let diesel = KgCo2ePerLitre::constant(2.57082);
        assert!(((Millilitres(100_000).litres() * diesel).get() - 257.082).abs() < 1e-9);
        let electricity = KgCo2ePerKwh::constant(0.177);
        let energy = TenthWattHours(1_000_000).kilowatt_hours();
        assert!(((energy * electricity).get() - 17.7).abs() < 1e-9);
        assert_eq!(Km::new(f64::NAN), None);
    }

    #[test]
    fn a_product_divides_back() {
        let (distance, factor) = (Km::constant(1000.0), KgCo2ePerKm::constant(0.25));
        let emissions = distance * factor;
        assert_eq!(emissions / factor, distance);
        assert_eq!(emissions / distance, factor);
        assert_eq!(emissions / emissions, Ratio::ONE);
    }

    #[test]
    fn counts_times_a_rate_are_rounded_to_whole_counts() {
        assert_eq!(
            Metres(1_999) * LitresPerKm::constant(0.25),
            Millilitres(500)
        );
        assert_eq!(TenthWattHours(3) * Ratio::constant(0.5), TenthWattHours(2));
        assert_eq!(MetresPerDay::constant(10.4).over_days(3), Metres(31));
        assert_eq!(
            Millilitres(500) / Metres(2_000),
            LitresPerKm::constant(0.25)
        );
    }
}
