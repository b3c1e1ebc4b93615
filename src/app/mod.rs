//! F5: configuration, wiring, clock, shutdown, and the commands.

pub mod cli;
pub mod clock;
pub mod config;
mod inbox;
mod pipeline;
mod questions;
mod recovery;
mod register;
mod run;
mod writer;

pub use register::{EXAMPLE_REGISTER, RegisterSource};
pub use run::{Daemon, StartError, StartOptions, check_files};
