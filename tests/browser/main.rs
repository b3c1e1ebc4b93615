//! Tests that look at the page in headless Chromium.

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

mod access_browser;
mod browser;
mod history_browser;
