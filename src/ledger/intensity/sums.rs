//! Energy-weighted sums: the emissions are the sum over half-hours of energy times intensity. The mean is over the energy, not the hours.

use super::Intensity;
use crate::ledger::charging::half_hours_of;
use crate::model::HalfHour;
use crate::units::{GramsCo2, GramsCo2PerKwh, TenthWattHours, UtcMs};

/// Energy with its operational emissions and the basis of their intensity.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct OperationalSum {
    /// Energy with a known intensity.
    pub energy: TenthWattHours,
    /// Emissions of that energy.
    pub emissions: GramsCo2,
    /// Energy without any intensity: in no figure.
    pub unknown: TenthWattHours,
    /// Energy by [`Basis`], in the order of [`Basis::ALL`].
    pub by_basis: [TenthWattHours; 5],
}

impl OperationalSum {
    /// Adds the energy of a half-hour.
    pub fn add(&mut self, energy: TenthWattHours, intensity: Option<Intensity>) {
        let Some(Intensity { value, basis }) = intensity else {
            self.unknown += energy;
            return;
        };
        self.energy += energy;
        self.emissions += energy.kilowatt_hours() * value;
        self.by_basis[basis.index()] += energy;
    }

    /// Adds another sum.
    pub fn join(&mut self, other: &Self) {
        self.energy += other.energy;
        self.emissions += other.emissions;
        self.unknown += other.unknown;
        self.by_basis
            .iter_mut()
            .zip(other.by_basis)
            .for_each(|(mine, theirs)| *mine += theirs);
    }

    /// The emissions; `None` if no energy has an intensity.
    pub fn known_emissions(&self) -> Option<GramsCo2> {
        (!self.energy.is_zero()).then_some(self.emissions)
    }

    /// The mean intensity of the energy; `None` if no energy has one.
    pub fn mean(&self) -> Option<GramsCo2PerKwh> {
        (!self.energy.is_zero()).then(|| self.emissions / self.energy.kilowatt_hours())
    }
}

/// Splits the difference of two register readings over the half-hours between them, by their share of the time.
pub fn split(from: UtcMs, to: UtcMs, energy: TenthWattHours) -> Vec<HalfHour> {
    half_hours_of(from, to, energy.0)
}

#[cfg(test)]
mod tests {
    use crate::ledger::intensity::Basis;
    use crate::ledger::intensity::sums::*;

    #[test]
    fn g6_emissions_are_weighted_by_energy() {
        let mut sum = OperationalSum::default();
        for (tenth_watt_hours, g_per_kwh) in [(20_000, 120.0), (35_000, 180.0), (15_000, 90.0)] {
            sum.add(
                TenthWattHours(tenth_watt_hours),
                Some(Intensity {
                    value: GramsCo2PerKwh::constant(g_per_kwh),
                    basis: Basis::Actual,
                }),
            );
        }
        assert!((sum.emissions.get() - 1005.0).abs() < 1e-6, "{sum:?}");
        let mean = sum.mean().expect("there is energy").get();
        assert!(
            (mean - 143.571428571).abs() < 1e-6 && (mean - 130.0).abs() > 1.0,
            "{mean}"
        );
        let at = |text: &str| text.parse::<UtcMs>().expect("a time");
        let parts = split(
            at("2026-11-25T12:10:00Z"),
            at("2026-11-25T13:20:00Z"),
            TenthWattHours((17_000 - 10_000) * 10),
        );
        let parts: Vec<_> = parts
            .iter()
            .map(|part| (part.start, part.tenth_wh / 10))
            .collect();
        let want = [("12:00", 2_000), ("12:30", 3_000), ("13:00", 2_000)];
        assert_eq!(
            parts,
            want.map(|(time, wh)| (at(&format!("2026-11-25T{time}:00Z")), wh))
        );
    }

    #[test]
    fn energy_without_an_intensity_is_in_no_figure() {
        let mut sum = OperationalSum::default();
        sum.add(TenthWattHours(10_000), None);
        assert_eq!(
            (sum.known_emissions(), sum.mean(), sum.unknown),
            (None, None, TenthWattHours(10_000))
        );
        sum.add(
            TenthWattHours(10_000),
            Some(Intensity {
                value: GramsCo2PerKwh::ZERO,
                basis: Basis::LastWeek,
            }),
        );
        assert_eq!(
            (sum.known_emissions(), sum.by_basis[Basis::LastWeek.index()]),
            (Some(GramsCo2::ZERO), TenthWattHours(10_000))
        );
        let mut twice = sum;
        twice.join(&sum);
        assert_eq!(
            (twice.energy, twice.unknown),
            (TenthWattHours(20_000), TenthWattHours(20_000))
        );
    }
}
