//! Series whose rows are written for a whole day at a time, and the rows of zeros that take the place of those that no longer hold.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::units::UtcMs;

/// A measurement whose rows of a day are written together, as its name and number in stored data: neither names nor order may change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum DaySeries {
    /// Rows of `fleet_emissions`.
    Emissions = 0,
    /// Rows of `site_emissions`.
    Sites = 1,
    /// Rows of `avoided_emissions`.
    Avoided = 2,
    /// Rows of `fleet_air`.
    Air = 3,
    /// Rows of `fleet_transition`.
    Transition = 4,
    /// Rows of `fleet_groups`.
    Groups = 5,
}

impl DaySeries {
    /// Every series, by number.
    pub const ALL: [Self; 6] = [
        Self::Emissions,
        Self::Sites,
        Self::Avoided,
        Self::Air,
        Self::Transition,
        Self::Groups,
    ];
}

/// A row of zeros, written over one that was written before and no longer holds.
#[derive(Clone, PartialEq, Debug)]
pub struct ZeroRowFact {
    /// The measurement whose row is overwritten with zeros.
    pub series: DaySeries,
    /// Values of all its tags, in the order of the table of series.
    pub tags: Vec<Arc<str>>,
    /// Start of the London day.
    pub at: UtcMs,
}
