//! The sums of an inventory: activity, scope 1 with its gases, scope 2 in both views, scope 3 by category, biogenic CO2 outside the scopes.
//!
//! The views of scope 2 are two types without a common sum, and no figure here holds all scopes: a total over both does not compile.

use std::ops::Mul;

use crate::ledger::factors::EmissionFactor;
use crate::units::{
    KgCo2Biogenic, KgCo2e, KgCo2eLocation, KgCo2eMarket, Metres, Millilitres, TenthWattHours,
};

/// A scope of the GHG Protocol (Corporate Standard, chapter 4), with the two views of scope 2 apart (Scope 2 Guidance 2015, chapter 7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// Fuel burnt in the fleet's vehicles.
    Scope1,
    /// Electricity by the average of the grid.
    Scope2LocationBased,
    /// The same electricity by contracts.
    Scope2MarketBased,
    /// Fuel- and energy-related activities (category 3) and business travel in private cars (category 6) of the Scope 3 Standard.
    Scope3,
    /// Biogenic CO2, which is reported outside the scopes.
    OutsideScopes,
}

impl Scope {
    /// Every scope, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Scope1,
        Self::Scope2LocationBased,
        Self::Scope2MarketBased,
        Self::Scope3,
        Self::OutsideScopes,
    ];

    /// The value of the tag `scope` and of the same field in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scope1 => "1",
            Self::Scope2LocationBased => "2",
            Self::Scope2MarketBased => "2_market",
            Self::Scope3 => "3",
            Self::OutsideScopes => "outside",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Emissions with the part of each gas.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct GasSums {
    /// All gases together.
    pub kgco2e: KgCo2e,
    /// CO2, CH4, N2O, as far as the set gives the split; the rest of `kgco2e` has none.
    pub split: [KgCo2e; 3],
}

impl GasSums {
    /// Activity data times a factor, gas by gas.
    pub(super) fn from_activity<A, F>(activity: A, factor: EmissionFactor<F>) -> Self
    where
        A: Copy + Mul<F, Output = KgCo2e>,
        F: Copy + Default,
    {
        Self {
            kgco2e: activity * factor.kgco2e,
            split: factor.split.unwrap_or_default().map(|gas| activity * gas),
        }
    }
}

/// Scope 3 by category of the GHG Protocol's Scope 3 Standard.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Scope3Lines {
    /// Category 3: well to tank of fuel.
    pub wtt_fuel: KgCo2e,
    /// Category 3: losses of transmission and distribution.
    pub td_losses: KgCo2e,
    /// Category 3: well to tank of generation; for electric kilometres that of the losses too.
    pub wtt_generation: KgCo2e,
    /// Category 3: well to tank of the losses.
    pub wtt_td: KgCo2e,
    /// Category 6: private cars on business and short hires. The NHS Carbon Footprint contains it although it is scope 3.
    pub grey_fleet: KgCo2e,
}

impl Scope3Lines {
    /// All categories together.
    pub fn kgco2e(&self) -> KgCo2e {
        self.wtt_fuel + self.td_losses + self.wtt_generation + self.wtt_td + self.grey_fleet
    }
}

/// Activity and emissions of one line of the inventory.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Figures {
    /// Distance driven, by odometer or claim.
    pub distance: Metres,
    /// Electricity that meters measured.
    pub energy: TenthWattHours,
    /// The part of `energy` that contracts cover.
    pub renewable: TenthWattHours,
    /// Fuel, metered or estimated.
    pub fuel: Millilitres,
    /// Gases of the fuel burnt.
    pub scope1: GasSums,
    /// Electricity by the average of the grid.
    pub location: KgCo2eLocation,
    /// Electricity by contracts.
    pub market: KgCo2eMarket,
    /// Scope 3 by category.
    pub scope3: Scope3Lines,
    /// Biogenic CO2 of the bio-components of fuel, outside the scopes.
    pub biogenic: KgCo2Biogenic,
    /// The scopes that have a figure, even if it is 0: one bit each.
    pub(super) scopes: u8,
}

impl Figures {
    pub(super) fn with_scopes(mut self, scopes: &[Scope]) -> Self {
        self.scopes |= scopes.iter().fold(0, |bits, scope| bits | scope.bit());
        self
    }

    /// The figure of one scope, for a row that names the scope; `None` if the line has none there.
    pub fn scope(&self, scope: Scope) -> Option<KgCo2e> {
        (self.scopes & scope.bit() != 0).then(|| match scope {
            Scope::Scope1 => self.scope1.kgco2e,
            Scope::Scope2LocationBased => self.location.in_row(),
            Scope::Scope2MarketBased => self.market.in_row(),
            Scope::Scope3 => self.scope3.kgco2e(),
            Scope::OutsideScopes => self.biogenic.in_row(),
        })
    }

    /// The part of a line that belongs in the row of one scope. Activity stands in one row only: with the fuel, else with the electricity
    /// (its energy beside the market-based view too), else with scope 3.
    pub fn part(&self, scope: Scope) -> Option<Self> {
        self.scope(scope)?;
        let first = Scope::ALL
            .into_iter()
            .find(|scope| self.scope(*scope).is_some());
        let mut part = *self;
        if first != Some(scope) {
            (part.distance, part.fuel) = (Metres::ZERO, Millilitres::ZERO);
            if scope != Scope::Scope2MarketBased {
                (part.energy, part.renewable) = (TenthWattHours::ZERO, TenthWattHours::ZERO);
            }
        }
        Some(part)
    }

    /// Scope 1 with location-based scope 2: a vehicle and its replacement are compared by this.
    pub fn in_use(&self) -> KgCo2e {
        self.scope1.kgco2e + self.location
    }

    /// Adds the sums of another line.
    pub fn add(&mut self, other: &Self) {
        self.distance += other.distance;
        self.energy += other.energy;
        self.renewable += other.renewable;
        self.fuel += other.fuel;
        self.scope1.kgco2e += other.scope1.kgco2e;
        for (sum, gas) in self.scope1.split.iter_mut().zip(other.scope1.split) {
            *sum += gas;
        }
        self.location += other.location;
        self.market += other.market;
        self.scope3.wtt_fuel += other.scope3.wtt_fuel;
        self.scope3.td_losses += other.scope3.td_losses;
        self.scope3.wtt_generation += other.scope3.wtt_generation;
        self.scope3.wtt_td += other.scope3.wtt_td;
        self.scope3.grey_fleet += other.scope3.grey_fleet;
        self.biogenic += other.biogenic;
        self.scopes |= other.scopes;
    }
}
