//! How many vehicles will count at a date, from the ages at which they are replaced: a Poisson-binomial distribution under a common delay.
//!
//! Each vehicle has its own chance, so the sum is not binomial; independence alone is false comfort, because deliveries come in batches
//! and budgets move together: a delay common to all is mixed in. Unknown ages give no chance.

use super::normal;

/// More uncertain vehicles are summed up by the normal approximation with continuity correction: exactness is quadratic in their number.
const MAX_EXACT: usize = 4_000;
/// Chances this near to never or always are.
const CERTAIN: f64 = 1e-12;

/// The age at which a vehicle is replaced: normal.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ReplacementAge {
    /// Mean in years.
    pub mu: f64,
    /// Standard deviation, years.
    pub sigma: f64,
}

impl ReplacementAge {
    /// Is a successor already, whatever the delay: a vehicle that is planned and of which no more is known.
    pub const DONE: Self = Self {
        mu: f64::NEG_INFINITY,
        sigma: 1.0,
    };

    /// The chance that a vehicle of an age, not replaced so far, is replaced within `horizon` years.
    pub fn chance(self, age: f64, horizon: f64) -> f64 {
        if self == Self::DONE {
            return 1.0;
        }
        if horizon <= 0.0 {
            return 0.0;
        }
        let survives = |age: f64| normal::upper((age - self.mu) / self.sigma);
        let so_far = survives(age);
        // Overdue beyond all experience: due at once.
        if so_far < 1e-9 {
            1.0
        } else {
            (1.0 - survives(age + horizon) / so_far).clamp(0.0, 1.0)
        }
    }
}

/// A vehicle as the forecast sees it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Candidate {
    /// Counts for the target today.
    pub counts: bool,
    /// Age today, in years.
    pub age: f64,
    /// When it is replaced.
    pub replacement: ReplacementAge,
    /// Chance that its successor counts.
    pub qualifies: f64,
}

impl Candidate {
    /// The chance that it, or its successor, counts after `horizon` years.
    pub fn chance(&self, horizon: f64) -> f64 {
        let replaced = self.replacement.chance(self.age, horizon);
        if self.counts {
            1.0 - replaced * (1.0 - self.qualifies)
        } else {
            replaced * self.qualifies
        }
    }
}

/// A delay common to all vehicles, years, and its chance.
pub type Delays = [(f64, f64)];

/// None, half a year, a year (assumptions).
pub const COMMON_DELAYS: [(f64, f64); 3] = [(0.0, 0.5), (0.5, 0.3), (1.0, 0.2)];

/// How many of a number of vehicles count.
#[derive(Clone, PartialEq, Debug)]
pub struct Distribution {
    /// The chance of each number, from 0.
    mass: Vec<f64>,
}

impl Distribution {
    /// The sum of independent chances: exact by convolution, or normal where they are too many.
    pub fn of(chances: impl IntoIterator<Item = f64>) -> Self {
        let mut certain = 0;
        let mut open = Vec::new();
        let mut never = 0;
        for chance in chances {
            match chance {
                p if p >= 1.0 - CERTAIN => certain += 1,
                p if p > CERTAIN => open.push(p),
                _ => never += 1,
            }
        }
        let mut mass = vec![0.0; certain];
        mass.extend(if open.len() <= MAX_EXACT {
            convolved(&open)
        } else {
            approximated(&open)
        });
        mass.resize(mass.len() + never, 0.0);
        Self { mass }
    }

    /// The distribution under a common delay; chances of delays add up to 1.
    pub fn under_delays(candidates: &[Candidate], horizon: f64, delays: &Delays) -> Self {
        let mut mixed = vec![0.0; candidates.len() + 1];
        for (delay, weight) in delays {
            let one = Self::of(
                candidates
                    .iter()
                    .map(|candidate| candidate.chance(horizon - delay)),
            );
            mixed
                .iter_mut()
                .zip(&one.mass)
                .for_each(|(sum, mass)| *sum += weight * mass);
        }
        Self { mass: mixed }
    }

    /// The chance of at least so many.
    pub fn at_least(&self, count: u32) -> f64 {
        // A sum of nothing is -0, and would be printed so.
        self.mass
            .iter()
            .skip(count as usize)
            .sum::<f64>()
            .clamp(0.0, 1.0)
            + 0.0
    }

    /// The expected number.
    pub fn mean(&self) -> f64 {
        self.mass
            .iter()
            .enumerate()
            .map(|(count, mass)| count as f64 * mass)
            .sum()
    }

    /// Standard deviation of the number of vehicles that count.
    pub fn sd(&self) -> f64 {
        let mean = self.mean();
        self.mass
            .iter()
            .enumerate()
            .map(|(count, mass)| (count as f64 - mean).powi(2) * mass)
            .sum::<f64>()
            .sqrt()
    }

    /// The least number that is not exceeded with chance `share`.
    pub fn quantile(&self, share: f64) -> u32 {
        let mut sum = 0.0;
        let found = self.mass.iter().position(|mass| {
            sum += mass;
            sum >= share - CERTAIN
        });
        found.unwrap_or(self.mass.len().saturating_sub(1)) as u32
    }
}

fn convolved(chances: &[f64]) -> Vec<f64> {
    let mut mass = Vec::with_capacity(chances.len() + 1);
    mass.push(1.0);
    for chance in chances {
        mass.push(0.0);
        for count in (1..mass.len()).rev() {
            mass[count] = mass[count] * (1.0 - chance) + mass[count - 1] * chance;
        }
        mass[0] *= 1.0 - chance;
    }
    mass
}

fn approximated(chances: &[f64]) -> Vec<f64> {
    let (mean, sd) = moments(chances);
    let below = |count: f64| 1.0 - normal::upper((count - mean) / sd);
    let mut before = 0.0;
    let mut mass: Vec<f64> = (0..chances.len())
        .map(|count| {
            let up_to = below(count as f64 + 0.5);
            std::mem::replace(&mut before, up_to).mul_add(-1.0, up_to)
        })
        .collect();
    mass.push(1.0 - before);
    mass
}

fn moments(chances: &[f64]) -> (f64, f64) {
    (
        chances.iter().sum(),
        chances.iter().map(|p| p * (1.0 - p)).sum::<f64>().sqrt(),
    )
}

/// Chance of at least `count` by the normal approximation with continuity correction: a check on the exact figure.
pub fn at_least_by_normal(chances: &[f64], count: u32) -> f64 {
    let (mean, sd) = moments(chances);
    normal::upper((f64::from(count) - 0.5 - mean) / sd)
}
