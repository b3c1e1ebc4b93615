//! Activity data times emission factors, for every scope at once (GHG Protocol Corporate Standard, chapter 6).

mod electricity;
mod fuel;

pub(super) use electricity::ElectricClass;
pub(super) use fuel::EngineClass;

use super::figures::{Figures, Scope};
use crate::ledger::factors::{Dated, EmissionFactor, FactorSetId};

/// Figures with the sets they were computed by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Computed {
    pub figures: Figures,
    /// The set behind scopes 1 and 2.
    pub set: FactorSetId,
    /// The set behind scope 3; `None` where its factors are missing.
    pub chain_set: Option<FactorSetId>,
    /// Some energy had no contract and there is no residual factor: the location-based factor was used for it.
    pub residual_missing: bool,
}

/// The scopes in which fuel emits.
const FUEL: &[Scope] = &[Scope::Scope1, Scope::Scope3, Scope::OutsideScopes];
/// The scopes in which electricity emits.
const ELECTRICITY: &[Scope] = &[
    Scope::Scope2LocationBased,
    Scope::Scope2MarketBased,
    Scope::Scope3,
];

/// All gases of a factor; 0 where the sets lack the factor: then [`Computed::chain_set`] is `None`.
fn all_gases<F: Default>(factor: Option<Dated<EmissionFactor<F>>>) -> F {
    factor.map_or_else(F::default, |factor| factor.value.kgco2e)
}
