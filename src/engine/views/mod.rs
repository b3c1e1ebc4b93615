//! The read model: one structure per answer. The API serialises them; the report, the MQTT publisher, the notifiers and `replay` use
//! their fields. Units are in the field names, times are RFC 3339 in UTC, and an unknown figure is `None`, never zero.

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

pub use activity::{ActivityQuery, ActivityView, SubjectActivity};
pub use air::{AirQuery, AirRow, AirView, PollutantRow};
pub use alerts::{
    Acknowledgement, AlertAnnotations, AlertRow, AlertRuleRow, AlertState, AlertsQuery, AlertsView,
    SilenceRow,
};
pub use charge_points::{
    ChargePointRow, ChargePointsQuery, ChargePointsView, ConformanceRow, ConnectorRow, LiveSession,
    SitePower, VendorRow,
};
pub use counters::{CounterEntry, CounterRegister, CountersQuery, CountersView};
pub use emissions::{
    AvoidedEmissions, AvoidedVehicle, EmissionsGroup, EmissionsQuery, EmissionsRow, EmissionsView,
    FactorRestatement, FuelMismatch, Restatement, StoredActivity,
};
pub use feeds::{FeedRow, FeedsQuery, FeedsView};
pub use history::{
    HistoryQuery, HistoryRows, HistoryView, SeriesScope, UtilisationQuery, UtilisationView,
};
pub use home_assistant_vehicles::{
    AcceptedValue, HomeAssistantQuery, HomeAssistantVehicle, HomeAssistantView,
};
pub use indicators::{IndicatorRow, IndicatorsQuery, IndicatorsView};
pub use intensity::{
    IntensityArea, IntensityDay, IntensityFigures, IntensityQuery, IntensitySession, IntensityView,
    StoredIntensity,
};
pub use overview::{
    ChargePointTotals, DataQuality, Overview, OverviewQuery, TargetsQuery, TargetsView,
    TodayFigures,
};
pub use provisioning::{ProvisioningKey, ProvisioningRow};
pub use sessions::{HalfHourRow, SessionRow, SessionsQuery, SessionsView, SignedMeterData};
pub use transition::{
    FleetFigures, TransitionFigures, TransitionMonth, TransitionQuery, TransitionView,
};
pub use uptime::{
    ClassDurations, ExemptDurations, FaultRow, NormRow, PcprRatios, UptimeChargePoint,
    UptimeConnector, UptimeFigures, UptimeGroup, UptimeQuery, UptimeSite, UptimeView,
    UtilisationRatios,
};
pub use vehicles::{VehicleRow, VehiclesQuery, VehiclesView};
pub use what_if::{WhatIfQuery, WhatIfView};

use crate::units::UtcMs;

/// Context of a query: state that the engine does not own.
#[derive(Clone, Copy, Debug)]
pub struct ViewContext {
    /// Time of the answer.
    pub now: UtcMs,
    /// Readings that arrived later than what was booked already.
    pub late: u64,
    /// Messages that were rejected.
    pub rejected: u64,
}

/// An instant as the API writes it.
fn rfc3339(at: UtcMs) -> String {
    at.to_string()
}

/// Tenths of Wh as Wh.
fn wh(tenth_wh: i64) -> f64 {
    tenth_wh as f64 / 10.0
}

/// Tenths of Wh as kWh.
fn kwh(tenth_wh: i64) -> f64 {
    tenth_wh as f64 / 10_000.0
}

/// Thousandths as whole units.
fn whole(thousandths: i64) -> f64 {
    thousandths as f64 / 1000.0
}
