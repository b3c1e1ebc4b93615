//! The products: litres, kilometres and kWh times the day's factors, every line of the scope map at once.

use super::Setting;
use super::class::FACTOR_CLASSES;
use super::figures::{Figures, GasSums, Scope, ScopeThree};
use crate::ledger::factors::{Dated, FactorSetId, Gases};
use crate::model::register::Coverage;
use crate::units::{Day, KgCo2eLocation, KgCo2eMarket};

/// Figures with the sets they were computed by: of the line itself, and of the chain behind it (scope 3).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Computed {
    pub figures: Figures,
    pub set: FactorSetId,
    pub chain_set: Option<FactorSetId>,
    /// Some energy had no contract and there is no residual factor: the location factor stood in.
    pub residual_missing: bool,
}

const FUEL: &[Scope] = &[Scope::One, Scope::Three, Scope::Outside];
const ELECTRICITY: &[Scope] = &[Scope::TwoLocation, Scope::TwoMarket, Scope::Three];

fn kgco2e(dated: Option<Dated<Gases>>) -> f64 {
    dated.map_or(0.0, |dated| dated.value.kgco2e)
}

impl Setting<'_> {
    /// A fuel by the litre.
    pub(super) fn litres(&self, fuel: &str, day: Day, ml: i64) -> Option<Computed> {
        let litres = ml as f64 / 1000.0;
        let ttw = self.factors.fuel(fuel, "ttw", day)?;
        let wtt = self.factors.fuel(fuel, "wtt", day);
        let figures = Figures {
            fuel_ml: ml,
            scope1: GasSums::of(ttw.value, litres),
            scope3: ScopeThree {
                wtt_fuel: litres * kgco2e(wtt),
                ..ScopeThree::default()
            },
            biogenic_kgco2: litres * kgco2e(self.factors.fuel(fuel, "biogenic_co2", day)),
            ..Figures::default()
        };
        Some(Computed {
            figures: figures.booked(FUEL),
            set: ttw.set,
            chain_set: wtt.map(|wtt| wtt.set),
            residual_missing: false,
        })
    }

    /// Kilometres with an engine. `tank` is the fuel whose litres stand behind them. `electric_part_apart`: a PHEV whose electric part is
    /// metered; the published well-to-tank figure of its class would hold that part again.
    pub(super) fn engine_km(
        &self,
        class: &str,
        fuel: &str,
        tank: Option<&str>,
        day: Day,
        metres: i64,
        electric_part_apart: bool,
    ) -> Option<Computed> {
        let km = metres as f64 / 1000.0;
        let ttw = self.factors.km(class, &format!("{fuel} ttw"), day)?;
        // The set gives no biogenic part per kilometre: that of the litres that emit as much.
        let litre = tank.and_then(|tank| self.factors.fuel(tank, "ttw", day).zip(Some(tank)));
        let litres = litre.map(|(litre, tank)| (km * ttw.value.kgco2e / litre.value.kgco2e, tank));
        let by_litre = |component| {
            litres.map(|(litres, tank)| litres * kgco2e(self.factors.fuel(tank, component, day)))
        };
        let wtt = self.factors.km(class, &format!("{fuel} wtt"), day);
        let wtt_fuel = if electric_part_apart {
            by_litre("wtt").unwrap_or(0.0)
        } else {
            km * kgco2e(wtt)
        };
        let figures = Figures {
            scope1: GasSums::of(ttw.value, km),
            scope3: ScopeThree {
                wtt_fuel,
                ..ScopeThree::default()
            },
            biogenic_kgco2: by_litre("biogenic_co2").unwrap_or(0.0),
            ..Figures::default()
        };
        Some(Computed {
            figures: figures.booked(FUEL),
            set: ttw.set,
            chain_set: wtt.map(|wtt| wtt.set),
            residual_missing: false,
        })
    }

    /// Metered electricity.
    pub(super) fn energy(&self, day: Day, dwh: i64, coverage: Coverage) -> Option<Computed> {
        let mut computed = self.kwh(day, dwh as f64 / 10_000.0, coverage)?;
        computed.figures.energy_dwh = dwh;
        computed.figures.renewable_dwh = (dwh as f64 * coverage.share).round() as i64;
        Some(computed)
    }

    fn kwh(&self, day: Day, kwh: f64, coverage: Coverage) -> Option<Computed> {
        let generation = self.factors.kwh("generation", day)?;
        let chain = |component| self.factors.kwh(component, day);
        let (td, wtt, wtt_td) = (chain("td_losses"), chain("wtt_generation"), chain("wtt_td"));
        let residual = self
            .residual_kgco2e_per_kwh
            .unwrap_or(generation.value.kgco2e);
        let uncovered = (1.0 - coverage.share).max(0.0);
        let figures = Figures {
            location: KgCo2eLocation::new(kwh * generation.value.kgco2e)?,
            market: KgCo2eMarket::new(kwh * (coverage.kgco2e_per_kwh + uncovered * residual))?,
            scope3: ScopeThree {
                td_losses: kwh * kgco2e(td),
                wtt_generation: kwh * kgco2e(wtt),
                wtt_td: kwh * kgco2e(wtt_td),
                ..ScopeThree::default()
            },
            ..Figures::default()
        };
        Some(Computed {
            figures: figures.booked(ELECTRICITY),
            set: generation.set,
            chain_set: td.map(|td| td.set),
            residual_missing: self.residual_kgco2e_per_kwh.is_none() && uncovered > 1e-9,
        })
    }

    /// Electric kilometres of a BEV (`bev`) or the electric part of a PHEV's (`phev`), without a meter. By the published kilometre of the
    /// grid's own set; where the grid's set is newer, by its energy, so that nobody drives on the power of another year (G3, G4).
    /// `fuel_by_km`: the PHEV's published well-to-tank figure, which holds both parts, stands with its fuel already.
    pub(super) fn electric_km(
        &self,
        class: &str,
        fuel: &str,
        day: Day,
        metres: i64,
        coverage: Coverage,
        fuel_by_km: bool,
    ) -> Option<Computed> {
        let km = metres as f64 / 1000.0;
        let grid = self.factors.kwh("generation", day)?;
        let part = |component: &str| self.factors.km(class, &format!("{fuel} {component}"), day);
        let published = part("elec_generation").filter(|factor| factor.set.year == grid.set.year);
        let mut computed = match (&published, self.factors.kwh_per_km(class, fuel, day)) {
            (Some(factor), _) => {
                let mut computed =
                    self.kwh(day, km * factor.value.kgco2e / grid.value.kgco2e, coverage)?;
                computed.set = factor.set;
                computed
            }
            (None, Some(per_km)) => {
                let mut computed = self.kwh(day, km * per_km.value, coverage)?;
                computed.set.provisional |= per_km.set.provisional;
                computed
            }
            (None, None) => return None,
        };
        let lines = &mut computed.figures.scope3;
        if published.is_some() && fuel == "bev" {
            // The class's well-to-tank figure holds generation and losses.
            let wtt = km * kgco2e(part("wtt"));
            *lines = ScopeThree {
                td_losses: km * kgco2e(part("elec_td")),
                wtt_generation: wtt,
                ..ScopeThree::default()
            };
        } else if fuel_by_km {
            let td_losses = part("elec_td")
                .filter(|_| published.is_some())
                .map_or(lines.td_losses, |td| km * td.value.kgco2e);
            *lines = ScopeThree {
                td_losses,
                ..ScopeThree::default()
            };
        }
        Some(computed)
    }

    /// Kilometres in somebody else's car: the whole of it is scope 3.6. A class or fuel that is not in the sets is the average car's.
    pub(super) fn grey_km(
        &self,
        class: &str,
        fuel: &str,
        day: Day,
        metres: i64,
    ) -> Option<(Computed, &'static str)> {
        let total = |class: &str, fuel: &str| {
            self.factors
                .km(class, &format!("{fuel} grey_fleet_total"), day)
        };
        let known = FACTOR_CLASSES
            .iter()
            .find(|known| **known == class)
            .copied()
            .unwrap_or("car_average");
        let (factor, class) = total(known, fuel)
            .or_else(|| total(known, "unknown"))
            .map(|factor| (factor, known))
            .or_else(|| total("car_average", "unknown").map(|factor| (factor, "car_average")))?;
        let grey_fleet = metres as f64 / 1000.0 * factor.value.kgco2e;
        let figures = Figures {
            distance_m: metres,
            scope3: ScopeThree {
                grey_fleet,
                ..ScopeThree::default()
            },
            ..Figures::default()
        };
        let figures = figures.booked(&[Scope::Three]);
        Some((
            Computed {
                figures,
                set: factor.set,
                chain_set: Some(factor.set),
                residual_missing: false,
            },
            class,
        ))
    }
}
