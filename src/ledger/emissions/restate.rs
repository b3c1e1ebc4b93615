//! The recalculation policy for base years (GHG Protocol Corporate Standard, chapter 5; Environmental Reporting Guidelines 2019).
//!
//! Reasons are structural change, a changed method or factor, and a discovered error. Organic growth is none, and neither is the factor
//! set of a new year, because each year keeps its own. Below the threshold the base stays, and the effects go on adding up.

use std::collections::BTreeSet;

use super::Inventory;
use crate::units::{KgCo2e, Ratio};

/// The corrected factor sets behind an inventory, by their names.
pub fn corrected_sets(inventory: &Inventory) -> BTreeSet<String> {
    let sets = inventory
        .lines
        .keys()
        .flat_map(|key| [Some(key.factor_set), key.chain_set])
        .flatten();
    sets.filter(|set| set.version > 1)
        .map(|set| set.to_string())
        .collect()
}

/// The reason why a base year changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestatementReason {
    /// An acquisition, divestment or transfer that the base year does not reflect.
    Structure,
    /// A calculation method was changed.
    Method,
    /// A factor of the base year's own set was corrected.
    FactorRevision,
    /// The figure of today differs from the frozen one: late data, corrected factors, changed formulas.
    Recalculated,
    /// An error was discovered.
    Error,
}

impl RestatementReason {
    /// The value of `reason` in JSON and in `[[restatement]]`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Method => "method",
            Self::FactorRevision => "factor_revision",
            Self::Recalculated => "recalculated",
            Self::Error => "error",
        }
    }
}

/// One effect on the base: -0.09 takes 9 % away.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RestatementEffect {
    /// Why the base changes.
    pub reason: RestatementReason,
    /// Change as a share of the base.
    pub ratio: Ratio,
}

/// A base year under the policy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Restatement {
    /// The base to report: the new one only beyond the threshold.
    pub base: KgCo2e,
    /// The base with all effects.
    pub with_effects: KgCo2e,
    /// Cumulative change as a share of the base.
    pub change: Ratio,
    /// The change is beyond the threshold.
    pub restated: bool,
}

/// The significance threshold, 5 % in total: an assumption, since the standard leaves the choice to the organisation.
pub const RESTATEMENT_THRESHOLD: Ratio = Ratio::constant(0.05);
/// The threshold itself is not beyond it, whatever binary makes of 1.05 - 1.
const BINARY_TOLERANCE: Ratio = Ratio::constant(1e-12);

/// Tests the effects since the last restatement, applied one after the other, against the threshold.
pub fn restate(base: KgCo2e, effects: &[RestatementEffect], threshold: Ratio) -> Restatement {
    let with_effects = effects
        .iter()
        .fold(base, |base, effect| base * (Ratio::ONE + effect.ratio));
    let change = relative_change(base, with_effects);
    let restated = change.abs() > threshold + BINARY_TOLERANCE;
    Restatement {
        base: if restated { with_effects } else { base },
        with_effects,
        change,
        restated,
    }
}

/// The change from one figure to another as a share of the first; 0 from nothing.
pub fn relative_change(from: KgCo2e, to: KgCo2e) -> Ratio {
    if from == KgCo2e::ZERO {
        Ratio::ZERO
    } else {
        to / from - Ratio::ONE
    }
}
