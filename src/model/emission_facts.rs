//! Rows of emissions and air pollutants of one day.

use std::sync::Arc;

use crate::units::UtcMs;

/// Methods that a day's emissions can have rows of, with the tier of each.
pub const METHOD_TIERS: &[(&str, u8)] = &[
    ("fuel_card", 1),
    ("energy", 1),
    ("fuel", 2),
    ("ratio", 3),
    ("distance", 4),
    ("grey_fleet", 4),
];

/// Row of `fleet_emissions`: one day, class, scope and method.
#[derive(Clone, PartialEq, Debug)]
pub struct EmissionsFact {
    /// Fleet (the organisation's id).
    pub fleet: Arc<str>,
    /// DESNZ class name, or `unknown`.
    pub vehicle_class: Arc<str>,
    /// `1`, `2` (location-based), `2_market`, `3`, `outside`.
    pub scope: &'static str,
    /// `fuel_card`, `fuel`, `ratio`, `distance`, `energy`, `grey_fleet`, `mean`.
    pub method: &'static str,
    /// Start of the London day.
    pub at: UtcMs,
    /// Emissions in kgCO2e.
    pub kgco2e: f64,
    /// One standard deviation of the emissions.
    pub sd_kgco2e: f64,
    /// Tier of the method, 1 is best.
    pub tier: u8,
    /// Distance in metres.
    pub distance_m: i64,
    /// Electricity in tenths of Wh.
    pub energy_tenth_wh: i64,
    /// Fuel in millilitres.
    pub fuel_millilitres: i64,
    /// `desnz2025`, with `+provisional` when carried forward.
    pub factor_set: String,
}

/// Row of `fleet_air`: one day and class.
#[derive(Clone, PartialEq, Debug)]
pub struct AirFact {
    /// Fleet (the organisation's id).
    pub fleet: Arc<str>,
    /// DESNZ class name.
    pub vehicle_class: Arc<str>,
    /// Start of the London day.
    pub at: UtcMs,
    /// Distance in metres.
    pub distance_m: i64,
    /// NOx, PM2.5, PM10 in g, wear included where it is configured.
    pub grams: [f64; 3],
    /// PM of exhaust alone, g.
    pub pm_exhaust_g: f64,
}
