//! Rows about sites, the register and what is ahead: what dashboards need besides the ledger, written seldom.

use std::sync::Arc;

use crate::units::UtcMs;

/// Row of `site_emissions`: one day, organisation, site and scope.
#[derive(Clone, PartialEq, Debug)]
pub struct SiteEmissionsFact {
    /// Fleet (the organisation's id).
    pub fleet: Arc<str>,
    /// Site of the vehicle, else of the charge point, or `unknown`.
    pub site: Arc<str>,
    /// `1`, `2` (location-based), `2_market`, `3`, `outside`.
    pub scope: &'static str,
    /// Start of the London day.
    pub at: UtcMs,
    /// Emissions in kgCO2e.
    pub kgco2e: f64,
}

/// Row of `avoided_emissions`: vehicles that replaced another one, one day, organisation and site.
#[derive(Clone, PartialEq, Debug)]
pub struct AvoidedFact {
    /// Fleet (the organisation's id).
    pub fleet: Arc<str>,
    /// Site of the vehicle, or `unknown`.
    pub site: Arc<str>,
    /// Start of the London day.
    pub at: UtcMs,
    /// What the replaced vehicles would have emitted on the same kilometres, kgCO2e of scope 1 with location-based scope 2.
    pub baseline_kgco2e: f64,
    /// What the vehicles that replaced them emitted, in the same unit.
    pub own_kgco2e: f64,
    /// Distance in metres.
    pub distance_m: i64,
    /// Replacing vehicles that drove.
    pub vehicles: u32,
}

/// Row of `target_projection`: what is expected of a target for the end of a day to come.
#[derive(Clone, PartialEq, Debug)]
pub struct ProjectionFact {
    /// Fleet (the organisation's id, or `all`).
    pub fleet: Arc<str>,
    /// Id of the target in the configuration.
    pub target: Arc<str>,
    /// End of that London day: in the future when it is written.
    pub at: UtcMs,
    /// The path at that time: share, or change since the baseline.
    pub path: Option<f64>,
    /// Where the recent pace leads, in the same unit.
    pub trend: Option<f64>,
    /// Quantiles of 5, 50 and 95 % by the ages of the fleet.
    pub band: Option<[f64; 3]>,
    /// The path in the target's own unit.
    pub path_value: Option<f64>,
    /// The recent pace in that unit.
    pub trend_value: Option<f64>,
}

/// Row of `site_info`.
#[derive(Clone, PartialEq, Debug)]
pub struct SiteInfoFact {
    /// Organisation, or `unknown`.
    pub fleet: Arc<str>,
    /// Id of the site in the register.
    pub site: Arc<str>,
    /// Time of the row.
    pub at: UtcMs,
    /// Its name in the register.
    pub name: String,
    /// W of the supply.
    pub capacity_w: Option<f64>,
    /// Charge points of the register in service.
    pub charge_points: u32,
    /// Connectors of these charge points.
    pub connectors: u32,
}

/// Row of `vehicle_info`: a vehicle in scope as the register has it.
#[derive(Clone, PartialEq, Debug)]
pub struct VehicleInfoFact {
    /// Organisation, or `unknown`.
    pub fleet: Arc<str>,
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// Fleet id of the vehicle.
    pub vehicle: Arc<str>,
    /// Start of the London day.
    pub at: UtcMs,
    /// 0 zero, 1 ultra-low, 2 low, 3 other, 4 unknown.
    pub class_code: i64,
    /// The same in words.
    pub class: &'static str,
    /// Role, or `unknown`.
    pub role: &'static str,
    /// Category, or `unknown`.
    pub category: &'static str,
    /// Body; empty if unknown.
    pub body: String,
    /// Fuel; empty if unknown.
    pub fuel: String,
    /// Euro standard, 1 to 7.
    pub euro: Option<u8>,
    /// g CO2/km by type approval.
    pub co2_g_per_km: Option<u32>,
    /// Start of the day of first registration.
    pub first_registered: Option<UtcMs>,
    /// Years since then, or since it came into service.
    pub age_years: Option<f64>,
}

/// Row of `fleet_groups`: one organisation (or all), category and role on one day.
#[derive(Clone, PartialEq, Debug)]
pub struct FleetGroupFact {
    /// Fleet (the organisation's id, or `all`).
    pub fleet: Arc<str>,
    /// Vehicle category, or `unknown`.
    pub vehicle_class: &'static str,
    /// Role, or `unknown`.
    pub role: &'static str,
    /// Start of the London day.
    pub at: UtcMs,
    /// Vehicles in scope.
    pub total: u32,
    /// Those that count as low-emission by the profile.
    pub low_emission: u32,
    /// Still to be replaced until the group itself has the share of `[target]`.
    pub needed: u32,
}
