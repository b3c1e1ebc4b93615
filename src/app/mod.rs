//! F5: configuration, wiring, clock, shutdown, and the commands.

mod aggregates;
mod api_requests;
mod backfill;
pub mod cli;
pub mod clock;
pub mod config;
mod daemon;
mod disk;
mod health;
pub mod import;
mod inbox;
mod intensity;
mod mappings;
mod mqtt_pipeline;
mod outputs;
mod pipeline;
mod preflight;
mod recovery;
mod register;
pub mod replay;
mod rollups;
mod start_error;
mod wiring;
mod writer;

pub use daemon::{Daemon, StartOptions};
pub use mappings::{load_mappings, preset_names};
pub use preflight::check_files;
pub use register::{EXAMPLE_REGISTER, RegisterSource};
pub use start_error::StartError;
