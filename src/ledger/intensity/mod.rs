//! F2: half-hourly carbon intensity: replies of the API to slots, the ladder of what to fall back on, and energy-weighted sums.
//!
//! Operational figures for charge timing. They hold losses but no CH4 and N2O, so they are never added to or mixed with reported figures
//! (emissions.md section 4.2).

mod ladder;
mod reply;
mod sums;

pub use ladder::{Basis, Intensity, Series};
pub use reply::{Reply, ReplyError};
pub use sums::{OperationalSum, split};
