//! Answers to [`super::View`]: plain structures that serialise to the JSON of the API. Units stand in the field names.

mod activity;
mod air;
mod alerts;
mod charge_points;
mod counters;
mod emissions;
mod feeds;
mod frozen;
mod headline;
mod history;
mod home_assistant_vehicles;
mod indicators;
mod intensity;
mod overview;
mod provisioning;
mod sessions;
mod transition;
mod uptime;
mod vehicles;
mod what_if;

pub use emissions::StoredActivity;
pub use history::{HistoryView, UtilisationView};
pub use intensity::StoredIntensity;

use crate::units::UtcMs;

/// What the outside knows and the engine does not.
#[derive(Clone, Copy, Debug)]
pub struct ViewContext {
    /// Now.
    pub now: UtcMs,
    /// Readings that came late.
    pub late: u64,
    /// Messages rejected.
    pub rejected: u64,
}

/// An instant as the API writes it.
fn rfc3339(at: UtcMs) -> String {
    at.to_string()
}

/// Tenths of Wh as Wh.
fn wh(dwh: i64) -> f64 {
    dwh as f64 / 10.0
}

/// Tenths of Wh as kWh.
fn kwh(dwh: i64) -> f64 {
    dwh as f64 / 10_000.0
}

/// Thousandths as whole units.
fn whole(thousandths: i64) -> f64 {
    thousandths as f64 / 1000.0
}
