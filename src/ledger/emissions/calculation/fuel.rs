//! Emissions of fuel by the litre, and of kilometres without measured fuel.

use super::{Computed, FUEL, all_gases};
use crate::ledger::emissions::InventoryContext;
use crate::ledger::emissions::class::FACTOR_CLASSES;
use crate::ledger::emissions::figures::{Figures, GasSums, Scope, Scope3Lines};
use crate::units::{Day, Metres, Millilitres};

/// A kilometre with an engine: the rows of the distance sheet that fit a vehicle.
#[derive(Clone, Copy)]
pub(in crate::ledger::emissions) struct EngineClass<'a> {
    /// The vehicle class as DESNZ names it.
    pub class: &'a str,
    /// Fuel of the distance sheet.
    pub fuel: &'a str,
    /// Fuel of the fuel sheet, from which the biogenic part is taken.
    pub tank: Option<&'a str>,
    /// A plug-in hybrid with metered electricity: the published well-to-tank figure of its class would contain the electric part again.
    pub electricity_metered: bool,
}

impl InventoryContext<'_> {
    /// A fuel by the litre.
    pub(in crate::ledger::emissions) fn by_litres(
        &self,
        fuel: &str,
        day: Day,
        amount: Millilitres,
    ) -> Option<Computed> {
        let litres = amount.litres();
        let ttw = self.factors.fuel(fuel, "ttw", day)?;
        let wtt = self.factors.fuel(fuel, "wtt", day);
        let biogenic = all_gases(self.factors.fuel(fuel, "biogenic_co2", day));
        let figures = Figures {
            fuel: amount,
            scope1: GasSums::from_activity(litres, ttw.value),
            scope3: Scope3Lines {
                wtt_fuel: litres * all_gases(wtt),
                ..Scope3Lines::default()
            },
            biogenic: (litres * biogenic).biogenic(),
            ..Figures::default()
        };
        Some(Computed {
            figures: figures.with_scopes(FUEL),
            set: ttw.set,
            chain_set: wtt.map(|wtt| wtt.set),
            residual_missing: false,
        })
    }

    /// Kilometres with an engine.
    pub(in crate::ledger::emissions) fn by_engine_km(
        &self,
        engine: EngineClass<'_>,
        day: Day,
        distance: Metres,
    ) -> Option<Computed> {
        let EngineClass {
            class, fuel, tank, ..
        } = engine;
        let km = distance.km();
        let ttw = self.factors.km(class, &format!("{fuel} ttw"), day)?;
        let emissions = km * ttw.value.kgco2e;
        // The sets give no biogenic part per kilometre: it is that of the litres with the same emissions.
        let litre = tank.and_then(|tank| Some((tank, self.factors.fuel(tank, "ttw", day)?)));
        let litres = litre.map(|(tank, litre)| (tank, emissions / litre.value.kgco2e));
        let by_litre = |component| {
            litres.map_or_else(Default::default, |(tank, litres)| {
                litres * all_gases(self.factors.fuel(tank, component, day))
            })
        };
        let wtt = self.factors.km(class, &format!("{fuel} wtt"), day);
        let wtt_fuel = if engine.electricity_metered {
            by_litre("wtt")
        } else {
            km * all_gases(wtt)
        };
        let figures = Figures {
            scope1: GasSums::from_activity(km, ttw.value),
            scope3: Scope3Lines {
                wtt_fuel,
                ..Scope3Lines::default()
            },
            biogenic: by_litre("biogenic_co2").biogenic(),
            ..Figures::default()
        };
        Some(Computed {
            figures: figures.with_scopes(FUEL),
            set: ttw.set,
            chain_set: wtt.map(|wtt| wtt.set),
            residual_missing: false,
        })
    }

    /// Kilometres in a private car: all of their emissions are scope 3, category 6. A class or fuel that the sets lack counts as the
    /// average car. Returns the class that was used too.
    pub(in crate::ledger::emissions) fn by_private_km(
        &self,
        class: &str,
        fuel: &str,
        day: Day,
        distance: Metres,
    ) -> Option<(Computed, &'static str)> {
        const AVERAGE: &str = "car_average";
        let total = |class: &'static str, fuel: &str| {
            let factor = format!("{fuel} grey_fleet_total");
            Some((self.factors.km(class, &factor, day)?, class))
        };
        let class = FACTOR_CLASSES
            .iter()
            .find(|known| **known == class)
            .copied()
            .unwrap_or(AVERAGE);
        let (factor, class) = total(class, fuel)
            .or_else(|| total(class, "unknown"))
            .or_else(|| total(AVERAGE, "unknown"))?;
        let figures = Figures {
            distance,
            scope3: Scope3Lines {
                grey_fleet: distance.km() * factor.value.kgco2e,
                ..Scope3Lines::default()
            },
            ..Figures::default()
        };
        let computed = Computed {
            figures: figures.with_scopes(&[Scope::Scope3]),
            set: factor.set,
            chain_set: Some(factor.set),
            residual_missing: false,
        };
        Some((computed, class))
    }
}
