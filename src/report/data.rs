//! The report as data: what every format is rendered from. Unrounded, units in the names; what is not known is null, never zero.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::ledger::emissions::YearRestatement;
use crate::ledger::targets::TargetRecord;

/// All of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// The days that the report covers.
    pub period: PeriodRow,
    /// When it was made.
    pub generated_at: String,
    /// Every target at the end of the period.
    pub targets: Vec<TargetRecord>,
    /// By scope and organisation.
    pub emissions: Emissions,
    /// Pollutants of the fleet and of each organisation.
    pub air: Air,
    /// Organisations, best first.
    pub league_organisations: Vec<LeagueRow>,
    /// Sites, best first.
    pub league_sites: Vec<LeagueRow>,
    /// Sessions, energy and uptime of the charge points.
    pub charging: Charging,
    /// How it was computed.
    pub method: Method,
    /// The base-year policy.
    pub restatements: Restatements,
    /// How good it is.
    pub data_quality: DataQuality,
    /// What is not in it, and why.
    pub missing: Vec<String>,
}

/// The days of a report.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PeriodRow {
    /// Name of the period as the report prints it, such as `2025/26`; two days are joined by `to`.
    pub name: String,
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day, `YYYY-MM-DD`; it is part of the period.
    pub to: String,
    /// The last day that figures cover: before `to` while the period runs.
    pub figures_to: String,
    /// The period is over.
    pub complete: bool,
    /// First day of the stretch that "last year" is.
    pub last_year_from: String,
    /// Its last day.
    pub last_year_to: String,
}

/// Emissions of the period beside those of a year before.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Emissions {
    /// All organisations together.
    pub total: Group,
    /// One by one; they add up to `total`.
    pub organisations: Vec<Group>,
    /// Month by month.
    pub months: Vec<MonthRow>,
}

/// Emissions of an organisation. No sum over scopes: the two views of scope 2 have none.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Group {
    /// Its id; `all` is the total.
    pub organisation: Arc<str>,
    /// In the order of reports.
    pub scopes: Vec<ScopeRow>,
    /// Kilometres behind them.
    pub distance_km: f64,
    /// Fuel behind them.
    pub fuel_l: f64,
    /// Metered electricity behind them.
    pub energy_kwh: f64,
}

/// One scope of a group.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ScopeRow {
    /// `1`, `2` (location-based), `2_market`, `3`, `outside`.
    pub scope: &'static str,
    /// `None`: nothing was booked.
    pub kgco2e: Option<f64>,
    /// One standard deviation.
    pub sd_kgco2e: f64,
    /// The part that rests on estimated activity.
    pub estimated_kgco2e: f64,
    /// A year before; `None`: nothing was booked.
    pub last_year_kgco2e: Option<f64>,
    /// The part of it that rests on estimated activity: a change may be one of data, not of driving.
    pub last_year_estimated_kgco2e: f64,
    /// Change against last year as a share of it; `None`: cannot be computed.
    pub change_ratio: Option<f64>,
    /// kg CO2e by the tier of the calculation method.
    pub tiers_kgco2e: BTreeMap<u8, f64>,
    /// Ids of the factor sets that were used.
    pub factor_sets: Vec<String>,
}

/// A month of the whole fleet.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MonthRow {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// kg CO2e; `None`: nothing was booked.
    pub scope_1_kgco2e: Option<f64>,
    /// Scope 2, location-based.
    pub scope_2_location_kgco2e: Option<f64>,
    /// Scope 2, market-based.
    pub scope_2_market_kgco2e: Option<f64>,
    /// kg CO2e; `None`: nothing was booked.
    pub scope_3_kgco2e: Option<f64>,
}

/// Pollutants of the period beside the base year.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Air {
    /// What is in the figures.
    pub method: &'static str,
    /// Every tracked one meets the target; `None`: one cannot be compared.
    pub all_met: Option<bool>,
    /// Relative to the base year.
    pub target_change_ratio: f64,
    /// Pollutants of the whole fleet.
    pub pollutants: Vec<PollutantRow>,
    /// Kilograms by organisation.
    pub organisations: Vec<AirRow>,
    /// Kilometres without coefficients.
    pub not_computed_km: f64,
}

/// One pollutant of the whole fleet.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PollutantRow {
    /// `nox`, `pm25`, `pm10`.
    pub pollutant: &'static str,
    /// The target is about it.
    pub tracked: bool,
    /// Emitted; `None`: no kilometres are known.
    pub kg: Option<f64>,
    /// A year before.
    pub last_year_kg: Option<f64>,
    /// Emitted in the base year; `None`: not set.
    pub base_kg: Option<f64>,
    /// Against the base year.
    pub change_from_base_ratio: Option<f64>,
    /// In a word.
    pub status: crate::ledger::air::PollutantStatus,
}

/// Pollutants of an organisation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AirRow {
    /// Id of the organisation.
    pub organisation: Arc<str>,
    /// Kilometres behind it.
    pub distance_km: f64,
    /// Nitrogen oxides, kg.
    pub nox_kg: f64,
    /// Particles up to 2.5 um, kg.
    pub pm25_kg: f64,
    /// Particles up to 10 um, kg.
    pub pm10_kg: f64,
}

/// A place in the league table.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct LeagueRow {
    /// Id of the organisation.
    pub organisation: Arc<str>,
    /// Site; `None` in the table of organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Arc<str>>,
    /// In scope on the last day.
    pub vehicles: u32,
    /// Of them low-emission.
    pub vehicles_low: u32,
    /// Of them without a class.
    pub vehicles_unknown: u32,
    /// `vehicles_low / vehicles`.
    pub low_share: Option<f64>,
    /// In scope on an average day.
    pub vehicles_mean: f64,
    /// Kilometres of fleet vehicles.
    pub distance_km: Option<f64>,
    /// Scope 1 with location-based scope 2 of fleet vehicles.
    pub kgco2e_in_use: Option<f64>,
    /// Of vehicles with known kilometres.
    pub kgco2e_per_km: Option<f64>,
    /// How many those are.
    pub vehicles_with_km: u32,
    /// Per vehicle in scope on an average day.
    pub kgco2e_per_vehicle: Option<f64>,
    /// Metered electricity of fleet vehicles.
    pub energy_kwh: Option<f64>,
    /// A year before.
    pub last_year_kgco2e_per_km: Option<f64>,
}

/// Charging in the period.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Charging {
    /// Sessions that ended in the period, by site.
    pub sites: Vec<ChargingRow>,
    /// The sum of all sites.
    pub total: ChargingRow,
    /// Delivered to staff and the public: sold on, in no scope here.
    pub energy_staff_public_kwh: f64,
    /// Delivered to users that are not known: in scope 2.
    pub energy_unallocated_kwh: f64,
    /// By site; empty where it cannot be computed.
    pub uptime: Vec<UptimeRow>,
    /// Of which whole months, or why there is none.
    pub uptime_note: String,
}

/// Sessions of a site.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct ChargingRow {
    /// Which; `all` is the total.
    pub site: Arc<str>,
    /// Registered and in service on the last day.
    pub charge_points: u32,
    /// Sessions that ended in the period.
    pub sessions: u64,
    /// Of them without an energy.
    pub sessions_without_energy: u64,
    /// Of the others.
    pub energy_kwh: Option<f64>,
    /// A year before.
    pub last_year_sessions: u64,
    /// A year before.
    pub last_year_energy_kwh: Option<f64>,
}

/// Uptime of a site; see `/api/v1/uptime` for all of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct UptimeRow {
    /// Which; `all` is the total.
    pub site: String,
    /// Connectors that have reported.
    pub connectors: u64,
    /// Public Charge Point Regulations 2023, as implemented.
    pub pcpr_reliable_as_implemented_ratio: Option<f64>,
    /// 23 CFR 680.116(b), over the twelve months up to the last one.
    pub nevi_uptime_ratio: Option<f64>,
    /// Reports of faults.
    pub faults: u64,
}

/// How it was computed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Method {
    /// Program and version.
    pub program: String,
    /// Definition of "low emission".
    pub profile: String,
    /// `majority`, `blended`, `calendar`.
    pub year_policy: &'static str,
    /// Used in the period.
    pub factor_sets: Vec<String>,
    /// Used for last year.
    pub last_year_factor_sets: Vec<String>,
    /// Of the inventory.
    pub emissions_method_version: u32,
    /// Of the targets.
    pub targets_method_version: u32,
    /// Market-based factor without a contract.
    pub residual_kgco2e_per_kwh: Option<f64>,
}

/// The base-year policy.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Restatements {
    /// The policy as a sentence.
    pub policy: &'static str,
    /// Cumulative change beyond which a base is restated, as a share of it.
    pub threshold_ratio: f64,
    /// Effects; empty: none applies.
    pub effects: Vec<RestatementRow>,
    /// Frozen years among the days of the report and those of last year.
    pub years: Vec<YearRestatement>,
}

/// A corrected factor set's effect.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RestatementRow {
    /// First and last day.
    pub stretch: String,
    /// Scope 1 with location-based scope 2, by the sets as first published.
    pub kgco2e_as_published: f64,
    /// By the corrected ones.
    pub kgco2e_corrected: f64,
    /// Change as a share of the published figure.
    pub change_ratio: f64,
    /// Beyond the threshold: a base of these days is to be restated.
    pub restated: bool,
    /// Ids of the corrected sets.
    pub factor_sets: Vec<String>,
}

/// How good the figures are.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct DataQuality {
    /// In scope on the last day.
    pub vehicles: u32,
    /// Vehicle months in scope in the period.
    pub vehicle_months: u32,
    /// Of them with any data.
    pub vehicle_months_with_data: u32,
    /// The one over the other.
    pub completeness_ratio: Option<f64>,
    /// The same a year before.
    pub last_year_completeness_ratio: Option<f64>,
    /// Of scope 1 with location-based scope 2, resting on estimated activity.
    pub estimated_ratio: Option<f64>,
    /// With activity that no figure could be computed from.
    pub not_computed: Vec<Arc<str>>,
    /// In service in a month of the period that has ended, and nothing is known of them or their class.
    pub no_data: Vec<Arc<str>>,
    /// More than a fifth estimated.
    pub low_quality: Vec<Arc<str>>,
    /// Vehicles that drove, without coefficients of pollutants.
    pub air_not_computed: Vec<Arc<str>>,
    /// Fuel bought and burnt more than a tenth apart.
    pub fuel_mismatches: Vec<MismatchRow>,
    /// Of the inventory.
    pub flags: Vec<&'static str>,
}

/// A month of a vehicle.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MismatchRow {
    /// Id of the vehicle.
    pub vehicle_id: Arc<str>,
    /// The month, `YYYY-MM`.
    pub month: String,
    /// Litres on fuel cards.
    pub card_l: f64,
    /// By its own total.
    pub can_l: f64,
    /// `card / can - 1`.
    pub difference_ratio: f64,
}
