//! Tests that look at the page in headless Chromium.

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
