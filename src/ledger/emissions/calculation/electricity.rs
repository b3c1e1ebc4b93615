//! Electricity by a meter, and electric kilometres without one. Scope 2 is computed twice: by the average of the grid and by contracts
//! (GHG Protocol Scope 2 Guidance 2015, chapters 6 and 7).

use super::{Computed, ELECTRICITY, all_gases};
use crate::ledger::emissions::InventoryContext;
use crate::ledger::emissions::figures::{Figures, Scope3Lines};
use crate::model::register::Coverage;
use crate::units::{Day, KilowattHours, Metres, Ratio, TenthWattHours};

/// Contracts that leave less than this of the energy cover all of it: their shares are sums of decimal fractions.
const NEGLIGIBLE: Ratio = Ratio::constant(1e-9);

/// Electric kilometres that fit a vehicle.
#[derive(Clone, Copy)]
pub(in crate::ledger::emissions) struct ElectricClass<'a> {
    /// The vehicle class as DESNZ names it.
    pub class: &'a str,
    /// `bev`, or `phev` for the electric part of a plug-in hybrid's kilometres.
    pub fuel: &'a str,
    /// The fuel of a plug-in hybrid is computed by kilometres: its published well-to-tank figure contains the electric part.
    pub wtt_with_fuel: bool,
}

impl InventoryContext<'_> {
    /// Emissions of metered electricity; `None` without a factor.
    pub(in crate::ledger::emissions) fn by_energy(
        &self,
        day: Day,
        energy: TenthWattHours,
        coverage: Coverage,
    ) -> Option<Computed> {
        let mut computed = self.by_kwh(day, energy.kilowatt_hours(), coverage)?;
        computed.figures.energy = energy;
        computed.figures.renewable = energy * coverage.share;
        Some(computed)
    }

    fn by_kwh(&self, day: Day, energy: KilowattHours, coverage: Coverage) -> Option<Computed> {
        let generation = self.factors.kwh("generation", day)?;
        let chain = |component| self.factors.kwh(component, day);
        let (td, wtt, wtt_td) = (chain("td_losses"), chain("wtt_generation"), chain("wtt_td"));
        let average = generation.value.kgco2e;
        let residual = self.residual_factor.unwrap_or(average);
        let uncovered = coverage.share.rest();
        let figures = Figures {
            location: (energy * average).location_based(),
            market: (energy * (coverage.factor + residual * uncovered)).market_based(),
            scope3: Scope3Lines {
                td_losses: energy * all_gases(td),
                wtt_generation: energy * all_gases(wtt),
                wtt_td: energy * all_gases(wtt_td),
                ..Scope3Lines::default()
            },
            ..Figures::default()
        };
        Some(Computed {
            figures: figures.with_scopes(ELECTRICITY),
            set: generation.set,
            chain_set: td.map(|td| td.set),
            residual_missing: self.residual_factor.is_none() && uncovered > NEGLIGIBLE,
        })
    }

    /// Electric kilometres without a meter: by the published kilometre if it is of the same year as the factor of the grid, else by the
    /// energy of a kilometre, so that the electricity of one year is never counted with the grid of another.
    pub(in crate::ledger::emissions) fn by_electric_km(
        &self,
        electric: ElectricClass<'_>,
        day: Day,
        distance: Metres,
        coverage: Coverage,
    ) -> Option<Computed> {
        let ElectricClass {
            class,
            fuel,
            wtt_with_fuel,
        } = electric;
        let km = distance.km();
        let grid = self.factors.kwh("generation", day)?;
        let part = |component: &str| self.factors.km(class, &format!("{fuel} {component}"), day);
        let published = part("elec_generation").filter(|factor| factor.set.year == grid.set.year);
        let mut computed = if let Some(factor) = &published {
            let energy = km * factor.value.kgco2e / grid.value.kgco2e;
            let mut computed = self.by_kwh(day, energy, coverage)?;
            computed.set = factor.set;
            computed
        } else {
            let per_km = self.factors.kwh_per_km(class, fuel, day)?;
            let mut computed = self.by_kwh(day, km * per_km.value, coverage)?;
            computed.set.provisional |= per_km.set.provisional;
            computed
        };
        let lines = &mut computed.figures.scope3;
        if published.is_some() && fuel == "bev" {
            // The published well-to-tank figure of a class contains that of generation and losses.
            *lines = Scope3Lines {
                td_losses: km * all_gases(part("elec_td")),
                wtt_generation: km * all_gases(part("wtt")),
                ..Scope3Lines::default()
            };
        } else if wtt_with_fuel {
            let td_losses = part("elec_td")
                .filter(|_| published.is_some())
                .map_or(lines.td_losses, |td| km * td.value.kgco2e);
            *lines = Scope3Lines {
                td_losses,
                ..Scope3Lines::default()
            };
        }
        Some(computed)
    }
}
