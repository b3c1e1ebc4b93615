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
    /// Battery electric: no combustion engine.
    Bev,
    /// Hybrid that charges from the grid too.
    Phev,
    /// Hybrid without a plug.
    Hev,
    /// Diesel engine alone.
    Diesel,
    /// Petrol engine alone.
    Petrol,
    /// Gas, alone or with petrol.
    Gas,
    /// Electric, with a hydrogen fuel cell.
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
    /// A row of `vehicle_telemetry`: values that a vehicle sent.
    Telemetry(TelemetryFact),
    /// A row of `meter_values`: values of a charge point or a charger.
    MeterValues(MeterValuesFact),
    /// A row of `charge_point_status`: a connector changed its state, or the link came or went.
    ChargePointStatus(ChargePointStatusFact),
    /// A row of `charge_point_info`: what a charge point reported about itself when it started.
    ChargePointInfo(ChargePointInfoFact),
    /// A row of `connector_time`: a connector's time by class.
    ConnectorTime(Box<ConnectorTimeFact>),
    /// A row of `charge_point_conformance`: how many requests of a charge point kept to the standard.
    Conformance(ConformanceFact),
    /// `charging_session`: a closed session; also goes to the store's session table.
    Session {
        /// The closed session.
        record: Box<SessionRecord>,
        /// Location-based scope 2 of a fleet session, kgCO2e; `None` where it is not the fleet's or energy is unknown.
        kgco2e_location: Option<f64>,
    },
    /// A row of `fleet_emissions`: emissions of one day.
    Emissions(EmissionsFact),
    /// A row of `site_emissions`: emissions of one site's energy on one day.
    SiteEmissions(SiteEmissionsFact),
    /// A row of `avoided_emissions`: emissions of one day that a replacement avoided.
    Avoided(AvoidedFact),
    /// Air pollutants of a day.
    Air(AirFact),
    /// A row of `fleet_transition`: classes of a fleet on one day.
    Transition(TransitionFact),
    /// A row of `target_progress`: where one target stands on one day.
    Target(TargetFact),
    /// A row of `target_projection`: what is expected of a target on a day to come.
    Projection(ProjectionFact),
    /// A row of `fleet_groups`: members of a group of the fleet on one day.
    FleetGroup(FleetGroupFact),
    /// A row of `site_info`: what the register has of a site.
    SiteInfo(SiteInfoFact),
    /// A row of `vehicle_info`: what the register has of a vehicle.
    VehicleInfo(Box<VehicleInfoFact>),
    /// A row of `counter_event`: an entry of the audit log of registers.
    CounterEvent(CounterEventFact),
    /// A row of `data_quality`: how complete the data of one day is.
    DataQuality(DataQualityFact),
    /// A row of `alerts`: an alert changed its state.
    Alert(Box<AlertFact>),
    /// A row of `charging_intensity`: grid intensity of energy that was charged.
    ChargingIntensity(ChargingIntensityFact),
    /// A row of `ingest_stats`: counts of one input.
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
