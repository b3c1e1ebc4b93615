//! Tests that look at the page in headless Chromium.

#[path = "../support/mod.rs"]
mod support;

mod access_browser;
mod browser;
mod history_browser;
