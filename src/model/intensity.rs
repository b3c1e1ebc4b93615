//! Carbon intensity of Great Britain's grid by half-hour, as the Carbon Intensity API tells it, and its revisions.

use std::sync::Arc;

use crate::units::UtcMs;

/// Length of a slot.
pub const HALF_HOUR_MS: i64 = 1_800_000;

/// A region of the API, 1 to 17, or all of Great Britain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GridArea(pub u8);

impl GridArea {
    /// All of Great Britain.
    pub const NATIONAL: Self = Self(0);

    /// The area's name in the API (api-definitions, `regions`; all of them confirmed, emissions.md section 4.1).
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

/// One half-hour of one area. gCO2/kWh, of generation with imports, transmission and distribution losses included, without CH4 and N2O.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct IntensitySlot {
    /// Where.
    pub area: GridArea,
    /// Its start, at a whole half-hour.
    pub start: UtcMs,
    /// Told beforehand, and revised.
    pub forecast: Option<f64>,
    /// Told about half an hour afterwards, and revised for a day or more; regions have none.
    pub actual: Option<f64>,
    /// When these values were first told.
    pub vintage: UtcMs,
}

/// Row of `charging_intensity`: energy of one half-hour of one site with what it caused by the grid's intensity then.
#[derive(Clone, PartialEq, Debug)]
pub struct ChargingIntensityFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// `fleet`, or `sold_on` to staff and the public.
    pub user: &'static str,
    /// Its start.
    pub at: UtcMs,
    /// Tenths of Wh.
    pub energy_dwh: i64,
    /// gCO2/kWh.
    pub g_per_kwh: f64,
    /// kgCO2, operational.
    pub kgco2: f64,
    /// Where the intensity is from.
    pub basis: &'static str,
    /// The same as a number.
    pub basis_code: i64,
}
