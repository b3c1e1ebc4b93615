//! Carbon intensity of Great Britain's grid by half-hour, as the Carbon Intensity API publishes and revises it.

use std::sync::Arc;

use crate::units::{GramsCo2PerKwh, UtcMs};

/// Length of a slot, in milliseconds.
pub const HALF_HOUR_MS: i64 = 1_800_000;

/// A region of the API, 1 to 17, or all of Great Britain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GridArea(pub u8);

impl GridArea {
    /// All of Great Britain.
    pub const NATIONAL: Self = Self(0);

    /// The name of the area in the API (https://carbon-intensity.github.io/api-definitions, list of regions).
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 18] = [
            "Great Britain",
            "North Scotland",
            "South Scotland",
            "North West England",
            "North East England",
            "Yorkshire",
            "North Wales",
            "South Wales",
            "West Midlands",
            "East Midlands",
            "East England",
            "South West England",
            "South England",
            "London",
            "South East England",
            "England",
            "Scotland",
            "Wales",
        ];
        NAMES.get(usize::from(self.0)).copied().unwrap_or("unknown")
    }
}

/// One half-hour of one area. The intensity is that of generation with imports and contains grid losses, but no CH4 and N2O.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct IntensitySlot {
    /// The region of the grid that the figure is for.
    pub area: GridArea,
    /// Start, at a whole half-hour.
    pub start: UtcMs,
    /// Published beforehand and revised.
    pub forecast: Option<GramsCo2PerKwh>,
    /// Published about half an hour afterwards and revised for a day or more; regions have none.
    pub actual: Option<GramsCo2PerKwh>,
    /// The time at which these values were first received.
    pub vintage: UtcMs,
}

/// Row of `charging_intensity`: energy of one half-hour of one site with its operational emissions.
#[derive(Clone, PartialEq, Debug)]
pub struct ChargingIntensityFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// `fleet`, or `sold_on` to staff and the public.
    pub user: &'static str,
    /// Start of the half-hour.
    pub at: UtcMs,
    /// In tenths of a watt-hour.
    pub energy_tenth_wh: i64,
    /// Carbon intensity of the half-hour, gCO2/kWh.
    pub g_per_kwh: f64,
    /// Operational emissions, kgCO2.
    pub kgco2: f64,
    /// Source of the intensity.
    pub basis: &'static str,
    /// The same as its position from best to worst.
    pub basis_code: i64,
}
