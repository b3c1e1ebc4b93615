//! Tests that need nothing but the crate: no file, no socket, no process.

#![allow(
    unreachable_pub,
    reason = "helpers of a binary are public to its modules alone"
)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod alerts_engine;
mod alerts_monthly;
mod alerts_targets;
mod charging;
mod counters;
mod damaged_messages;
mod engine;
mod feed_registers;
mod fleet_rows;
mod frames;
mod golden_air;
mod golden_emissions;
mod golden_inventory;
mod golden_targets;
mod golden_targets_drift;
mod history_engine;
mod inventory_bits;
mod inventory_edges;
mod inventory_properties;
mod jurisdictions;
mod low_emission_definition;
mod mapping_load;
mod mapping_presets;
mod register;
mod series_docs;
mod series_rows;
mod source;
mod targets;
mod targets_config;
mod targets_planned;
mod uptime;
