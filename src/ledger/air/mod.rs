//! Air pollutants of kilometres driven: exhaust by class, fuel and Euro stage, wear of tyres, brakes and road (EMEP/EEA guidebook 2019,
//! chapters 1.A.3.b.i-iv and vi-vii).
//!
//! `P = sum km x (exhaust x (1 - electric share) + wear x multiplier)`, for hot running only: without cold starts, blue-light driving and
//! idling the result is too low for city ambulances. Distances without a factor are counted and not set to zero.

mod change;
mod config;
mod emitted;
mod inventory;
mod stage;

pub use change::{PollutantChange, PollutantStatus, changes};
pub use config::{AirConfig, Pollutant};
pub use emitted::{AirSums, emitted};
pub use inventory::{AirInventory, air};
pub use stage::{AirClass, Stage, air_class};
