//! Tests that need servers of others: brokers, databases, notifiers, foreign OCPP implementations. Missing ones are skipped by name.

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

mod dashboards;
mod dashboards_files;
mod intensity_daemon;
mod mqtt;
mod mqtt_sessions;
mod notify;
mod outputs;
mod provisioning;
mod publish;
mod tap;
