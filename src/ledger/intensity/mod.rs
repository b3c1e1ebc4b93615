//! Half-hourly carbon intensity: replies of the API become slots, a ladder of fallbacks gives each half-hour a value, and sums are weighted
//! by energy.
//!
//! These are operational figures for charge timing. They contain grid losses but no CH4 and N2O, so they have no sum with reported
//! emissions, whose location-based factor is an annual mean (GHG Protocol Scope 2 Guidance 2015, chapter 6).

mod ladder;
mod reply;
mod sums;

pub use ladder::{Basis, Intensity, IntensitySeries};
pub use reply::{Reply, ReplyError};
pub use sums::{OperationalSum, split};
