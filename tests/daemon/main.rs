//! Tests that start the daemon and speak to it over loopback.

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

mod access;
mod access_login;
mod backfill;
mod broker;
mod checkpoints;
mod crash;
mod feeds_daemon;
mod figures_daemon;
mod frozen_years;
mod handshake;
mod history;
mod history_daemon;
mod imports_cli;
mod indicators;
mod notify_tls;
mod ocpp;
mod positions;
mod provisioning_limits;
mod quirks;
mod redaction;
mod replay;
mod security;
mod start_and_reload;
mod store;
mod store_versions;
mod uptime_daemon;
mod web;
