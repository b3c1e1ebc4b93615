//! F5: configuration, wiring, clock, shutdown, and the commands.

pub mod cli;
pub mod clock;
pub mod config;
