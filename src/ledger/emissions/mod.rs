//! The inventory of greenhouse gases: activity data times dated emission factors, by scope, with method and tier beside every figure
//! (GHG Protocol Corporate Standard, chapters 4 and 6).
//!
//! Per vehicle and day the best source counts, never a sum of two; the calendar month decides which (`months`). Charging by staff and the
//! public is sold on and not of the fleet. Energy without a known user is of the fleet and stays visible. Activity that cannot be computed
//! is counted and not set to zero; estimates are marked. Location- and market-based scope 2 are two views that have no sum.

mod base_year;
mod builder;
mod calculation;
mod class;
mod context;
mod figures;
mod fill;
mod lines;
mod method;
mod months;
mod reconcile;
mod replaced;
mod restate;
mod rows;
mod uncertainty;
mod vehicle;

pub use super::factors::{Dated, FactorError, FactorSetId, FactorSets};
pub use base_year::{
    DeclaredRestatement, VersionRow, YearEffect, YearRestatement, restate_year, year_changed,
    year_version,
};
pub use builder::inventory;
pub use class::{FACTOR_CLASSES, factor_class};
pub use context::InventoryContext;
pub use figures::{Figures, GasSums, Scope, Scope3Lines};
pub use lines::{Inventory, InventoryKey};
pub use method::{Method, is_estimated};
pub use months::{MonthSums, Months};
pub use reconcile::{FuelMismatch, reconcile};
pub use replaced::Replaced;
pub use restate::{
    RESTATEMENT_THRESHOLD, Restatement, RestatementEffect, RestatementReason, corrected_sets,
    relative_change, restate,
};
pub use rows::{avoided_rows, day_rows, site_rows};
pub use uncertainty::{Uncertain, relative_sd};

use std::sync::Arc;

use crate::units::Ratio;

/// Raised when a formula changes, so that a stored figure can be distinguished from a new one. 2: tiers by month, all scopes. 3: a fuel card's
/// product where the register has no fuel.
pub const METHOD_VERSION: u32 = 3;

/// A share of estimates beyond which the figures of a vehicle are of low quality (an assumption).
pub const MAX_ESTIMATED: Ratio = Ratio::constant(0.2);

/// Flag: energy had no contract and no residual factor is configured, so the location-based factor was used for it.
pub const RESIDUAL_FACTOR_MISSING: &str = "residual_factor_missing";
/// Flag: lines of scope 3, category 3 are missing because the factor sets lack their factors.
pub const CHAIN_FACTOR_MISSING: &str = "scope3_factor_missing";

/// The organisation or site of activity that the register does not name.
fn unknown() -> Arc<str> {
    Arc::from("unknown")
}
