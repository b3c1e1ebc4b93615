//! How sure a total is: within a tier errors go together (one factor for all), between tiers they do not.

/// Relative standard uncertainty of a tier (reference emissions.md 5.1; assumptions of it).
pub fn relative_sd(tier: u8) -> f64 {
    match tier {
        1 => 0.02,
        2 => 0.05,
        3 => 0.08,
        4 => 0.15,
        _ => 0.40,
    }
}

/// A total with its spread.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Uncertain {
    /// The total.
    pub total: f64,
    /// One standard deviation.
    pub sd: f64,
}

impl Uncertain {
    /// Adds up groups of (amount, relative standard uncertainty) that are independent of each other.
    pub fn of(groups: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (total, square) = groups
            .into_iter()
            .fold((0.0, 0.0), |(total, square), (amount, u)| {
                (total + amount, square + (amount * u).powi(2))
            });
        Self {
            total,
            sd: f64::sqrt(square),
        }
    }

    /// The interval that holds the true total with 95 %.
    pub fn interval_95(&self) -> (f64, f64) {
        (self.total - 1.96 * self.sd, self.total + 1.96 * self.sd)
    }
}
