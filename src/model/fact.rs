//! What the engine hands out to be written: one variant per measurement in the table of series.

use std::sync::Arc;

use super::{
    AirFact, AlertFact, AvoidedFact, ChargePointInfoFact, ChargePointStatusFact,
    ChargingIntensityFact, ConformanceFact, ConnectorTimeFact, CounterEventFact, DataQualityFact,
    EmissionsFact, FleetGroupFact, IngestStatsFact, MeterValuesFact, ProjectionFact, SessionRecord,
    SiteEmissionsFact, SiteInfoFact, TargetFact, TransitionFact, VehicleInfoFact, ZeroRowFact,
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
    /// Not in the register, or without a value there.
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
    /// The kind of engine.
    pub powertrain: Powertrain,
}

/// A row to be written.
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
        /// The closed session.
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
    /// Tags of the vehicle.
    pub tags: Arc<VehicleTags>,
    /// Time of the device, else of arrival.
    pub at: UtcMs,
    /// Lifetime distance in km.
    pub odometer: Option<Thousandths>,
    /// State of charge of the traction battery in per cent.
    pub soc: Option<Thousandths>,
    /// Speed in km/h.
    pub speed: Option<Thousandths>,
    /// Lifetime fuel in litres.
    pub fuel_used_total: Option<Thousandths>,
    /// Fuel in the tank in per cent.
    pub fuel_level: Option<Thousandths>,
    /// Lifetime energy taken from the grid in kWh.
    pub charge_grid_energy_total: Option<Thousandths>,
    /// Power into the traction battery in kW; negative out of it.
    pub battery_power: Option<Thousandths>,
    /// Power while charging in kW.
    pub charge_power: Option<Thousandths>,
    /// True if energy flows into the battery.
    pub charging: Option<bool>,
    /// True if the vehicle is switched on.
    pub ignition: Option<bool>,
    /// Latitude and longitude in 1e-7 degrees; only when positions are switched on.
    pub position: Option<(i32, i32)>,
}
