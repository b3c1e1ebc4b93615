//! The base-year policy: when a base figure is recalculated (Environmental Reporting Guidelines 2019).
//!
//! Structural change, a changed method or factor, and a discovered error are reasons; organic growth is none, and neither is a new year's
//! factor set, because each year keeps its own. Below the threshold the base stays as it is, and the effects go on adding up.

use std::collections::BTreeSet;

use super::Inventory;

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

/// Why a base would change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestatementReason {
    /// Something was taken over or given away that the base holds or lacks.
    Structure,
    /// A method was changed.
    Method,
    /// A factor of the base's own set was corrected.
    FactorRevision,
    /// Computed again, it is another: late data, corrected factors, changed formulas.
    Recalculated,
    /// An error was found.
    Error,
}

impl RestatementReason {
    /// The word in JSON and in `[[restatement]]`.
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

/// One effect on the base, relative: -0.09 takes 9 % away.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RestatementEffect {
    /// Why.
    pub reason: RestatementReason,
    /// How much.
    pub ratio: f64,
}

/// A base under the policy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Restatement {
    /// The base to report: the new one only if the threshold is passed.
    pub base: f64,
    /// What it would be with all effects.
    pub with_effects: f64,
    /// Cumulative change, relative.
    pub change: f64,
    /// The threshold is passed.
    pub restated: bool,
}

/// Default threshold (an assumption): 5 % in total.
pub const RESTATEMENT_THRESHOLD: f64 = 0.05;

/// Tests the effects since the last restatement, applied one after the other, against the threshold.
pub fn restate(base: f64, effects: &[RestatementEffect], threshold: f64) -> Restatement {
    let with_effects = effects
        .iter()
        .fold(base, |base, effect| base * (1.0 + effect.ratio));
    let change = if base == 0.0 {
        0.0
    } else {
        with_effects / base - 1.0
    };
    // The threshold itself is not beyond it, whatever binary makes of 1.05 - 1.
    let restated = change.abs() > threshold + 1e-12;
    Restatement {
        base: if restated { with_effects } else { base },
        with_effects,
        change,
        restated,
    }
}
