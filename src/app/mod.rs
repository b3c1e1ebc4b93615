//! F5: configuration, wiring, clock, shutdown, and the commands.

pub mod cli;
pub mod clock;
pub mod config;
pub mod dashboards;
mod disk;
mod feed;
mod health;
mod history;
pub mod import;
mod inbox;
mod intensity;
mod mappings;
mod outlets;
mod past_days;
mod pipeline;
mod prepare;
mod questions;
mod recovery;
mod register;
pub mod replay;
pub mod report;
mod rollups;
mod run;
mod writer;

pub use mappings::{load_mappings, preset_names};
pub use prepare::check_files;
pub use register::{EXAMPLE_REGISTER, RegisterSource};
pub use run::{Daemon, StartError, StartOptions};
