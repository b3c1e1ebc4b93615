//! What the engine concludes and the outside may have: one variant per measurement of the schema.

use std::sync::Arc;

use super::{
    AirFact, AlertFact, AvoidedFact, ChargingIntensityFact, ConnectorStatus, EmissionsFact,
    FleetGroupFact, ProjectionFact, SessionRecord, SiteEmissionsFact, SiteInfoFact,
    VehicleInfoFact, ZeroRowFact,
};
use crate::units::{Thousandths, UtcMs};

/// What drives a vehicle (tag `powertrain`).
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Powertrain {
    /// Battery electric.
    Bev,
    /// Plug-in hybrid.
    Phev,
    /// Hybrid without a plug.
    Hev,
    /// Diesel.
    Diesel,
    /// Petrol.
    Petrol,
    /// Gas, alone or with petrol.
    Gas,
    /// Fuel cell.
    H2,
    /// Not in the register, or not said there.
    #[default]
    Unknown,
}

impl Powertrain {
    /// The tag value.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bev => "bev",
            Self::Phev => "phev",
            Self::Hev => "hev",
            Self::Diesel => "diesel",
            Self::Petrol => "petrol",
            Self::Gas => "gas",
            Self::H2 => "h2",
            Self::Unknown => "unknown",
        }
    }
}

/// Tags of every row about a vehicle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VehicleTags {
    /// The fleet id.
    pub vehicle: Arc<str>,
    /// Home site, or `unknown`.
    pub site: Arc<str>,
    /// What drives it.
    pub powertrain: Powertrain,
}

/// Something to write down.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// `vehicle_telemetry`.
    Telemetry(TelemetryFact),
    /// `meter_values`.
    MeterValues(MeterValuesFact),
    /// `charge_point_status`.
    ChargePointStatus(ChargePointStatusFact),
    /// `charge_point_info`.
    ChargePointInfo(ChargePointInfoFact),
    /// `connector_time`.
    ConnectorTime(Box<ConnectorTimeFact>),
    /// `charge_point_conformance`.
    Conformance(ConformanceFact),
    /// `charging_session`: a closed session; also goes to the store's session table.
    Session {
        /// The session.
        record: Box<SessionRecord>,
        /// Location-based scope 2 of a fleet session, kgCO2e; `None` where it is not the fleet's or energy is unknown.
        kgco2e_location: Option<f64>,
    },
    /// `fleet_emissions`.
    Emissions(EmissionsFact),
    /// `site_emissions`.
    SiteEmissions(SiteEmissionsFact),
    /// `avoided_emissions`.
    Avoided(AvoidedFact),
    /// Air pollutants of a day.
    Air(AirFact),
    /// `fleet_transition`.
    Transition(TransitionFact),
    /// `target_progress`.
    Target(TargetFact),
    /// `target_projection`.
    Projection(ProjectionFact),
    /// `fleet_groups`.
    FleetGroup(FleetGroupFact),
    /// `site_info`.
    SiteInfo(SiteInfoFact),
    /// `vehicle_info`.
    VehicleInfo(Box<VehicleInfoFact>),
    /// `counter_event`.
    CounterEvent(CounterEventFact),
    /// `data_quality`.
    DataQuality(DataQualityFact),
    /// `alerts`.
    Alert(Box<AlertFact>),
    /// `charging_intensity`.
    ChargingIntensity(ChargingIntensityFact),
    /// `ingest_stats`.
    IngestStats(IngestStatsFact),
    /// A row of zeros of a measurement whose days are rewritten.
    ZeroRow(Box<ZeroRowFact>),
}

/// Row of `vehicle_telemetry`.
#[derive(Clone, PartialEq, Debug)]
pub struct TelemetryFact {
    /// Tags.
    pub tags: Arc<VehicleTags>,
    /// Device time, or arrival.
    pub at: UtcMs,
    /// km.
    pub odometer: Option<Thousandths>,
    /// Per cent.
    pub soc: Option<Thousandths>,
    /// km/h.
    pub speed: Option<Thousandths>,
    /// l since the vehicle was made.
    pub fuel_used_total: Option<Thousandths>,
    /// Per cent of the tank.
    pub fuel_level: Option<Thousandths>,
    /// kWh taken from the grid since the vehicle was made.
    pub charge_grid_energy_total: Option<Thousandths>,
    /// kW into the battery; negative out of it.
    pub battery_power: Option<Thousandths>,
    /// kW while charging.
    pub charge_power: Option<Thousandths>,
    /// Charging.
    pub charging: Option<bool>,
    /// Ignition.
    pub ignition: Option<bool>,
    /// 1e-7 degrees; only when positions are switched on.
    pub position: Option<(i32, i32)>,
}

/// Row of `meter_values`.
#[derive(Clone, PartialEq, Debug)]
pub struct MeterValuesFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// The connector; 0 is the main meter.
    pub connector_id: u32,
    /// Device time, or arrival.
    pub at: UtcMs,
    /// mW.
    pub power_mw: Option<i64>,
    /// Tenths of Wh.
    pub register_dwh: Option<i64>,
    /// mA.
    pub current_ma: Option<i64>,
    /// mV.
    pub voltage_mv: Option<i64>,
    /// Thousandths of a per cent.
    pub soc_mpct: Option<i64>,
    /// Thousandths of a degree Celsius.
    pub temperature_mc: Option<i64>,
}

/// Row of `charge_point_status`.
#[derive(Clone, PartialEq, Debug)]
pub struct ChargePointStatusFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// The connector; 0 is the charge point itself.
    pub connector_id: u32,
    /// When it became so.
    pub at: UtcMs,
    /// The state.
    pub status: ConnectorStatus,
    /// The link is up.
    pub online: bool,
    /// Tapped charge points, connector 0: its operator can be reached.
    pub operator_online: Option<bool>,
    /// As sent; empty for none.
    pub error_code: String,
}

/// Row of `charge_point_info`.
#[derive(Clone, PartialEq, Debug)]
pub struct ChargePointInfoFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// When it said so.
    pub at: UtcMs,
    /// Vendor.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// Firmware; empty if unknown.
    pub firmware: String,
}

/// Row of `connector_time`: sums since the connector was first heard.
#[derive(Clone, PartialEq, Debug)]
pub struct ConnectorTimeFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// The connector, from 1.
    pub connector_id: u32,
    /// When it was written; what is still uncertain then is not in the sums.
    pub at: UtcMs,
    /// What holds now.
    pub class: &'static str,
    /// Its number.
    pub class_code: i64,
    /// ms available, occupied, reserved, inoperative, faulted, offline, not observed.
    pub class_ms: [i64; 7],
    /// Observed ms within maintenance.
    pub maintenance_ms: i64,
    /// Observed ms while the site was closed.
    pub closed_ms: i64,
    /// The part of both that was inoperative or faulted.
    pub exempt_down_ms: i64,
    /// The part of both that was offline.
    pub exempt_offline_ms: i64,
    /// ms.
    pub charging_ms: i64,
    /// ms.
    pub overstay_ms: i64,
    /// Tenths of Wh.
    pub energy_dwh: i64,
    /// Ended.
    pub sessions: i64,
    /// Those in which the vehicle got something.
    pub sessions_successful: i64,
    /// Reports.
    pub faults: i64,
}

/// Row of `charge_point_conformance`: requests since the charge point was first heard.
#[derive(Clone, PartialEq, Debug)]
pub struct ConformanceFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// Its vendor, or `unknown`.
    pub vendor: Arc<str>,
    /// When.
    pub at: UtcMs,
    /// Shown to the strict reader.
    pub checked: u64,
    /// Taken by it.
    pub conformant: u64,
}

/// Row of `fleet_transition`: one day, one vehicle category.
#[derive(Clone, PartialEq, Debug)]
pub struct TransitionFact {
    /// Fleet (the organisation's id, or `all`).
    pub fleet: Arc<str>,
    /// Vehicle category, or `all`.
    pub vehicle_class: Arc<str>,
    /// Start of the London day.
    pub at: UtcMs,
    /// In scope.
    pub total: u32,
    /// Zero, ultra-low or low.
    pub low_emission: u32,
    /// Ultra-low or zero.
    pub ultra_low: u32,
    /// Zero.
    pub zero: u32,
    /// Not classifiable.
    pub unknown: u32,
}

/// Row of `target_progress`: one day, one target.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetFact {
    /// Fleet (the organisation's id, or `all`).
    pub fleet: Arc<str>,
    /// Target id.
    pub target: Arc<str>,
    /// Start of the London day.
    pub at: UtcMs,
    /// Share now, 0 to 1, or change since the baseline; `None` where the figure is neither.
    pub share: Option<f64>,
    /// Goal, in the same.
    pub goal: Option<f64>,
    /// Where the path is today, in the same; `None` when its start is not set.
    pub path: Option<f64>,
    /// The figure in its own unit.
    pub value: Option<f64>,
    /// The path in that unit.
    pub path_value: Option<f64>,
    /// What is missing to the goal in that unit.
    pub missing: Option<f64>,
    /// Vehicles still needed.
    pub vehicles_needed: Option<u32>,
    /// Progress in that unit and a year, by the last thirteen months.
    pub slope_per_year: Option<f64>,
    /// When the goal is reached at that rate.
    pub projected_at: Option<UtcMs>,
    /// Days after it is due; negative is early.
    pub days_late: Option<i32>,
    /// Chance of reaching it in time.
    pub p_hit: Option<f64>,
    /// Shares on the due date by the ages of the fleet: quantiles of 5, 50 and 95 %.
    pub band_at_due: Option<[f64; 3]>,
    /// 0 ok, 1 drift, 2 off.
    pub state_code: Option<i64>,
}

/// Row of `counter_event`: an entry of the audit log of registers.
#[derive(Clone, PartialEq, Debug)]
pub struct CounterEventFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The vehicle or charger, as the register calls it.
    pub asset: Arc<str>,
    /// Quantity.
    pub quantity: &'static str,
    /// `reset`, `rebase`, `unit_suspect`, `source_changed`.
    pub event: &'static str,
    /// When.
    pub at: UtcMs,
    /// Number in the log.
    pub id: u64,
    /// The id of its feed.
    pub feed: Arc<str>,
    /// Value before, in the quantity's unit.
    pub before: Thousandths,
    /// First value after.
    pub after: Thousandths,
    /// Somebody undid it.
    pub undone: bool,
}

/// Row of `data_quality`.
#[derive(Clone, PartialEq, Debug)]
pub struct DataQualityFact {
    /// Fleet (the organisation's id, or `all`).
    pub fleet: Arc<str>,
    /// When.
    pub at: UtcMs,
    /// Registered and in service.
    pub vehicles: u64,
    /// Of them, heard within 24 hours.
    pub heard_24h: u64,
    /// Of them, silent for longer than their source's limit.
    pub stale: u64,
    /// Messages of theirs that running numbers show to be missing.
    pub messages_lost: u64,
}

/// Row of `ingest_stats`.
#[derive(Clone, PartialEq, Debug)]
pub struct IngestStatsFact {
    /// `mqtt` or `ocpp`.
    pub source: &'static str,
    /// When.
    pub at: UtcMs,
    /// Messages heard since start.
    pub received: u64,
    /// Understood.
    pub accepted: u64,
    /// Not understood.
    pub rejected: u64,
    /// Older than what was known.
    pub late: u64,
    /// Lost for want of room.
    pub dropped: u64,
}
