//! A one-sided CUSUM (Page 1954): small shortfalls that go on add up until they are beyond chance; single ones do not.

use serde::{Deserialize, Serialize};

/// The reference value: half of the shift to be detected, in sigma (Montgomery, Introduction to Statistical Quality Control, chapter 9).
pub(super) const K: f64 = 0.5;

/// The sum of deviations, in sigma.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Cusum(f64);

impl Cusum {
    /// One month: `z` in sigma, negative for a shortfall. Returns the sum.
    pub fn step(&mut self, z: f64) -> f64 {
        if z.is_finite() {
            self.0 = (self.0 - z - K).max(0.0);
        }
        self.0
    }

    /// The sum as it stands.
    pub fn sum(self) -> f64 {
        self.0
    }

    /// Begins anew, once the alert is acknowledged.
    pub fn reset(&mut self) {
        self.0 = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::alerts::cusum::*;

    #[test]
    fn golden_g12() {
        let x = [5.0, 6.0, 4.0, 5.0, 3.0, 3.0, 2.0, 4.0, 2.0, 3.0, 1.0, 2.0];
        let want = [
            0.0, 0.0, 0.0, 0.0, 0.394_427, 0.788_854, 1.630_495, 1.577_709, 2.419_35, 2.813_777,
            4.102_631, 4.944_272,
        ];
        let mut cusum = Cusum::default();
        let sums: Vec<f64> = x
            .iter()
            .map(|x| cusum.step((x - 5.0) / 5.0_f64.sqrt()))
            .collect();
        for (sum, want) in sums.iter().zip(want) {
            assert!((sum - want).abs() < 1e-6, "{sums:?}");
        }
        assert_eq!(
            sums.iter().position(|sum| *sum > 4.0),
            Some(10),
            "the eleventh month"
        );
    }
}
