//! Energy-weighted sums: `E = sum_h kWh_h * CI_h / 1000` (emissions.md section 4.2). The mean is of the energy, never of the hours.

use super::{Basis, Intensity};
use crate::ledger::charging::half_hours_of;
use crate::model::HalfHour;
use crate::units::UtcMs;

/// Energy with what it caused, and what that was taken from.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct OperationalSum {
    /// Tenths of Wh, as far as an intensity is known.
    pub dwh: i64,
    /// gCO2.
    pub g: f64,
    /// Tenths of Wh for which no intensity is known at all: in no figure.
    pub unknown_dwh: i64,
    /// Tenths of Wh by [`Basis`], in the order of [`Basis::ALL`].
    pub by_basis: [i64; 5],
}

impl OperationalSum {
    /// Adds a half-hour's energy.
    pub fn add(&mut self, dwh: i64, intensity: Option<Intensity>) {
        let Some(Intensity { g_per_kwh, basis }) = intensity else {
            self.unknown_dwh += dwh;
            return;
        };
        self.dwh += dwh;
        self.g += dwh as f64 / 10_000.0 * g_per_kwh;
        if let Some(place) = Basis::ALL.iter().position(|known| *known == basis) {
            self.by_basis[place] += dwh;
        }
    }

    /// Adds another sum.
    pub fn join(&mut self, other: &Self) {
        self.dwh += other.dwh;
        self.g += other.g;
        self.unknown_dwh += other.unknown_dwh;
        self.by_basis
            .iter_mut()
            .zip(other.by_basis)
            .for_each(|(mine, theirs)| *mine += theirs);
    }

    /// kgCO2; `None` if no energy has an intensity.
    pub fn kg(&self) -> Option<f64> {
        (self.dwh != 0).then_some(self.g / 1000.0)
    }

    /// gCO2/kWh of the energy.
    pub fn mean_g_per_kwh(&self) -> Option<f64> {
        (self.dwh != 0).then(|| self.g / (self.dwh as f64 / 10_000.0))
    }
}

/// Splits a register's difference, in tenths of Wh, over the half-hours between its readings by how long each lies in between.
pub fn split(from: UtcMs, to: UtcMs, dwh: i64) -> Vec<HalfHour> {
    half_hours_of(from, to, dwh)
}

#[cfg(test)]
mod tests {
    use crate::ledger::intensity::sums::*;

    /// emissions-golden.md, G6.
    #[test]
    fn g6_half_hourly_carbon_intensity() {
        let mut sum = OperationalSum::default();
        for (kwh, g_per_kwh) in [(2.0, 120.0), (3.5, 180.0), (1.5, 90.0)] {
            sum.add(
                (kwh * 10_000.0) as i64,
                Some(Intensity {
                    g_per_kwh,
                    basis: Basis::Actual,
                }),
            );
        }
        assert!((sum.g - 1005.0).abs() < 1e-6, "{}", sum.g);
        let mean = sum.mean_g_per_kwh().expect("there is energy");
        assert!(
            (mean - 143.571428571).abs() < 1e-6 && (mean - 130.0).abs() > 1.0,
            "{mean}"
        );
        let at = |text: &str| text.parse::<UtcMs>().expect("a time");
        let parts = split(
            at("2026-11-25T12:10:00Z"),
            at("2026-11-25T13:20:00Z"),
            (17_000 - 10_000) * 10,
        );
        let parts: Vec<_> = parts
            .iter()
            .map(|part| (part.start, part.dwh / 10))
            .collect();
        let want = [("12:00", 2_000), ("12:30", 3_000), ("13:00", 2_000)];
        assert_eq!(
            parts,
            want.map(|(time, wh)| (at(&format!("2026-11-25T{time}:00Z")), wh))
        );
    }

    #[test]
    fn what_is_unknown_is_in_no_figure() {
        let mut sum = OperationalSum::default();
        sum.add(10_000, None);
        assert_eq!(
            (sum.kg(), sum.mean_g_per_kwh(), sum.unknown_dwh),
            (None, None, 10_000)
        );
        sum.add(
            10_000,
            Some(Intensity {
                g_per_kwh: 0.0,
                basis: Basis::LastWeek,
            }),
        );
        assert_eq!((sum.kg(), sum.by_basis), (Some(0.0), [0, 0, 0, 10_000, 0]));
        let mut twice = sum;
        twice.join(&sum);
        assert_eq!((twice.dwh, twice.unknown_dwh), (20_000, 20_000));
    }
}
