//! Tests that need a folder: stores, imports, reports, and commands that run to their end.

#![allow(
    unreachable_pub,
    reason = "helpers of a binary are public to its modules alone"
)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

#[path = "../support/mod.rs"]
mod support;

mod clock_cases;
mod config;
mod emissions_replay;
mod golden_factors;
mod imports;
mod intensity;
mod mapping;
mod outputs;
mod report;
mod report_golden;
mod targets_cli;
mod years;
