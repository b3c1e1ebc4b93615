//! F2: the books. Observations and activity to domain state; pure, one file per book.

pub mod air;
pub mod alerts;
pub mod audit;
pub mod charging;
pub mod clock;
pub mod counters;
pub mod emissions;
pub mod factors;
pub mod intensity;
pub mod rollups;
pub mod series_tombstones;
pub mod targets;
pub mod transition;
pub mod uptime;
