//! The answer of `/api/v1/emissions`, field by field.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ledger::emissions::YearRestatement;

/// The inventory of the days `from..=to`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EmissionsView {
    /// First day, `2026-11-24`.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// Version of the method; raised when a formula changes.
    pub method_version: u32,
    /// Factor sets behind the figures.
    pub factor_sets: Vec<String>,
    /// Remarks that hold for the figures as a whole.
    pub flags: Vec<&'static str>,
    /// By scope and the dimensions of the request. The two views of scope 2 are rows of their own and have no sum.
    pub rows: Vec<EmissionsRow>,
    /// Vehicles with activity that no figure could be computed from.
    pub not_computed: Vec<Arc<str>>,
    /// Vehicles in service without any data, neither their own nor of their class.
    pub no_data: Vec<Arc<str>>,
    /// Vehicles of whose emissions more than a fifth is estimated.
    pub low_quality: Vec<Arc<str>>,
    /// Months in which fuel bought and fuel burnt are more than a tenth apart.
    pub fuel_mismatches: Vec<FuelMismatch>,
    /// What replaced vehicles would have emitted.
    pub avoided: AvoidedEmissions,
    /// What corrections of factor sets do to these days under the base-year policy, and every frozen year in them as it was and as it is;
    /// empty without any.
    pub restatements: Vec<Restatement>,
    /// Metered electricity of the fleet.
    pub energy_fleet_kwh: f64,
    /// Its part under renewable contracts.
    pub energy_renewable_kwh: f64,
    /// Delivered without a known user: in scope 2.
    pub energy_unallocated_kwh: f64,
    /// Delivered to staff and the public: sold on, in no scope.
    pub energy_staff_public_kwh: f64,
}

/// One scope of one group. Lines of other scopes are left out.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct EmissionsRow {
    /// `1`, `2` (location-based), `2_market`, `3` or `outside`.
    pub scope: &'static str,
    /// The group, by the dimensions of the request.
    #[serde(flatten)]
    pub group: EmissionsGroup,
    /// Emissions; kg CO2 for `outside`, kg CO2e for all other scopes.
    pub kgco2e: f64,
    /// One standard deviation.
    pub sd_kgco2e: f64,
    /// Whether any of it rests on estimated activity.
    pub estimated: bool,
    /// The part that rests on estimated activity.
    pub estimated_kgco2e: f64,
    /// Factor sets of this row, joined by commas.
    pub factor_set: String,
    /// Kilometres behind the figure.
    pub distance_km: f64,
    /// Metered electricity behind the figure.
    pub energy_kwh: f64,
    /// Fuel behind the figure.
    pub fuel_l: f64,
    /// Parts of the figure by gas or stage, such as `kgco2e_ch4` or `kgco2e_td_losses`.
    #[serde(flatten)]
    pub lines: BTreeMap<&'static str, f64>,
}

/// Dimensions of a row; those that the request does not name are left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, JsonSchema)]
pub struct EmissionsGroup {
    /// Organisation of the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Arc<str>>,
    /// Site of the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Arc<str>>,
    /// Vehicle class of the factors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_class: Option<&'static str>,
    /// Role of the vehicle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Fleet id of the vehicle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_id: Option<Arc<str>>,
    /// Quality tier, 1 (metered or bought) to 5 (mean of the class).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
}

/// A month of a vehicle whose fuel bought and fuel burnt differ.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FuelMismatch {
    /// Fleet id of the vehicle.
    pub vehicle_id: Arc<str>,
    /// The month that the figures are of, `2026-11`.
    pub month: String,
    /// Litres by fuel card.
    pub card_l: f64,
    /// Litres by the vehicle's own total.
    pub can_l: f64,
    /// `card_l / can_l - 1`.
    pub ratio: f64,
}

/// A restatement under the base-year policy; `kind` tells the two apart.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Restatement {
    /// `kind: "factor_sets"`: corrected factor sets touch these days.
    FactorSets(FactorRestatement),
    /// `kind: "frozen_year"`: a frozen year lies in these days.
    Year(Box<YearRestatement>),
}

/// Scope 1 with location-based scope 2, by the factor sets as published and as corrected.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FactorRestatement {
    /// Always `factor_sets`: a set of factors was corrected.
    pub kind: &'static str,
    /// By the sets as first published.
    pub kgco2e_as_published: f64,
    /// By the corrected sets.
    pub kgco2e_corrected: f64,
    /// `kgco2e_corrected / kgco2e_as_published - 1`.
    pub change_ratio: f64,
    /// Beyond the threshold: a base year of these days is to be recalculated.
    pub restated: bool,
    /// The threshold of the base-year policy.
    pub threshold_ratio: f64,
    /// Sets that were corrected.
    pub factor_sets: Vec<String>,
}

/// Against the vehicles that were replaced: scope 1 with location-based scope 2, on the same kilometres.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct AvoidedEmissions {
    /// Sum over the vehicles.
    pub kgco2e: f64,
    /// Kilometres of the successors.
    pub distance_km: f64,
    /// Avoided emissions by the vehicle that replaced another.
    pub vehicles: Vec<AvoidedVehicle>,
}

/// One successor and the vehicle it replaced.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AvoidedVehicle {
    /// Fleet id of the successor.
    pub vehicle_id: Arc<str>,
    /// Fleet id of the replaced vehicle.
    pub replaces: Arc<str>,
    /// Kilometres of the successor.
    pub distance_km: f64,
    /// What the replaced vehicle would have emitted on them.
    pub kgco2e_before: f64,
    /// What the successor emitted.
    pub kgco2e_now: f64,
    /// What the replaced vehicle would have emitted, less what its successor emitted, kgCO2e.
    pub kgco2e_avoided: f64,
}
