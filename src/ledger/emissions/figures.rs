//! What is added up: activity, scope 1 with its gases, scope 2 in both views, scope 3 by line, biogenic CO2 outside of scopes.
//!
//! The views of scope 2 are two types without a common sum, and no figure here holds all scopes: a total over both cannot be written.

use crate::ledger::factors::Gases;
use crate::units::{KgCo2eLocation, KgCo2eMarket};

/// Scope of the GHG Protocol, as rows name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// Fuel burnt in the fleet's vehicles.
    One,
    /// Electricity, location-based.
    TwoLocation,
    /// The same electricity, market-based.
    TwoMarket,
    /// Well to tank, grid losses (3.3), business travel in other people's cars (3.6).
    Three,
    /// Biogenic CO2.
    Outside,
}

impl Scope {
    /// Every one, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::One,
        Self::TwoLocation,
        Self::TwoMarket,
        Self::Three,
        Self::Outside,
    ];

    /// The tag and JSON value.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::TwoLocation => "2",
            Self::TwoMarket => "2_market",
            Self::Three => "3",
            Self::Outside => "outside",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Sums of gases, kgCO2e.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct GasSums {
    /// All.
    pub kgco2e: f64,
    /// CO2, CH4, N2O, as far as the set gives the split; the rest of `kgco2e` has none.
    pub split: [f64; 3],
}

impl GasSums {
    pub(super) fn of(gases: Gases, amount: f64) -> Self {
        Self {
            kgco2e: gases.kgco2e * amount,
            split: gases.split.unwrap_or_default().map(|gas| gas * amount),
        }
    }
}

/// Scope 3 by line, kgCO2e.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct ScopeThree {
    /// 3.3: well to tank of fuel.
    pub wtt_fuel: f64,
    /// 3.3: losses on the way to the meter.
    pub td_losses: f64,
    /// 3.3: well to tank of generation; of electric kilometres the losses' too.
    pub wtt_generation: f64,
    /// 3.3: well to tank of the losses.
    pub wtt_td: f64,
    /// 3.6: staff's own cars and short hires. It belongs to the NHS Carbon Footprint though it is scope 3.
    pub grey_fleet: f64,
}

impl ScopeThree {
    /// All lines.
    pub fn kgco2e(&self) -> f64 {
        self.wtt_fuel + self.td_losses + self.wtt_generation + self.wtt_td + self.grey_fleet
    }
}

/// Sums of one line of the inventory.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Figures {
    /// m.
    pub distance_m: i64,
    /// Metered electricity, tenths of Wh.
    pub energy_dwh: i64,
    /// Of it covered by contracts, tenths of Wh.
    pub renewable_dwh: i64,
    /// Metered or filled-in fuel, ml.
    pub fuel_ml: i64,
    /// Fuel burnt.
    pub scope1: GasSums,
    /// Electricity by the grid's average.
    pub location: KgCo2eLocation,
    /// Electricity by contracts.
    pub market: KgCo2eMarket,
    /// Scope 3.
    pub scope3: ScopeThree,
    /// Biogenic CO2 of bio-components, kgCO2, outside of scopes.
    pub biogenic_kgco2: f64,
    /// Scopes that something was booked in, even if it was 0.
    pub(super) scopes: u8,
}

impl Figures {
    pub(super) fn booked(mut self, scopes: &[Scope]) -> Self {
        self.scopes |= scopes.iter().fold(0, |bits, scope| bits | scope.bit());
        self
    }

    /// The figure of one scope for a row that says which it is; `None` if nothing was booked there.
    pub fn of(&self, scope: Scope) -> Option<f64> {
        (self.scopes & scope.bit() != 0).then(|| match scope {
            Scope::One => self.scope1.kgco2e,
            Scope::TwoLocation => self.location.get(),
            Scope::TwoMarket => self.market.get(),
            Scope::Three => self.scope3.kgco2e(),
            Scope::Outside => self.biogenic_kgco2,
        })
    }

    /// What of a line belongs into the row of one scope. Activity stands in one row only: with the fuel, else with the electricity (and
    /// its energy beside the market-based view too), else with scope 3.
    pub fn part(&self, scope: Scope) -> Option<Self> {
        self.of(scope)?;
        let first = Scope::ALL
            .into_iter()
            .find(|scope| self.of(*scope).is_some());
        let mut part = *self;
        if first != Some(scope) {
            (part.distance_m, part.fuel_ml) = (0, 0);
            if scope != Scope::TwoMarket {
                (part.energy_dwh, part.renewable_dwh) = (0, 0);
            }
        }
        Some(part)
    }

    /// Scope 1 with location-based scope 2: what a vehicle and its replacement are compared by.
    pub fn in_use_kgco2e(&self) -> f64 {
        self.scope1.kgco2e + self.location.get()
    }

    /// Adds another's sums.
    pub fn add(&mut self, other: &Self) {
        self.distance_m += other.distance_m;
        self.energy_dwh += other.energy_dwh;
        self.renewable_dwh += other.renewable_dwh;
        self.fuel_ml += other.fuel_ml;
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
        self.biogenic_kgco2 += other.biogenic_kgco2;
        self.scopes |= other.scopes;
    }
}
