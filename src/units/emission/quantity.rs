//! The macro that defines a floating-point quantity: one number, its sums with its own kind, and nothing else.

/// Defines quantities. Each holds a finite number, save for a quotient by 0: callers test the divisor where it can be.
macro_rules! quantity {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name(f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);

            /// The quantity, unless the number is NaN or infinite.
            pub fn new(value: f64) -> Option<Self> {
                value.is_finite().then_some(Self(value))
            }

            /// A quantity that the program itself states; a number that is not finite does not compile in a constant.
            pub const fn constant(value: f64) -> Self {
                assert!(value.is_finite(), "a stated quantity is finite");
                Self(value)
            }

            /// The number in the unit of the type, for a row, an answer or a file.
            pub const fn get(self) -> f64 {
                self.0
            }

            /// Without its sign.
            #[must_use]
            pub fn abs(self) -> Self {
                Self(self.0.abs())
            }

            /// The mean of two values, each weighted by its days.
            #[must_use]
            pub fn mean_by_days(first: (Self, i32), second: (Self, i32)) -> Self {
                let (first_days, second_days) = (f64::from(first.1), f64::from(second.1));
                Self((first.0.0 * first_days + second.0.0 * second_days) / (first_days + second_days))
            }

            /// The part of this value in a mean over energies: `weight` of `total`.
            #[must_use]
            pub fn weighted(self, weight: $crate::units::TenthWattHours, total: $crate::units::TenthWattHours) -> Self {
                Self(self.0 * weight.0 as f64 / total.0 as f64)
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

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                // As the standard library sums floats: nothing is -0.0, so that a sum of -0.0 keeps its sign.
                items.fold(Self(-0.0), Add::add)
            }
        }

        impl Mul<Ratio> for $name {
            type Output = Self;
            fn mul(self, ratio: Ratio) -> Self {
                Self(self.0 * ratio.0)
            }
        }

        impl Div for $name {
            type Output = Ratio;
            fn div(self, other: Self) -> Ratio {
                Ratio(self.0 / other.0)
            }
        }
    )*};
}
