//! Rows about charge points and their connectors.

use std::sync::Arc;

use super::ConnectorStatus;
use crate::units::UtcMs;

/// Row of `meter_values`.
#[derive(Clone, PartialEq, Debug)]
pub struct MeterValuesFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// The connector; 0 is the main meter.
    pub connector_id: u32,
    /// Time of the device, else of arrival.
    pub at: UtcMs,
    /// Active power in mW.
    pub power_milliwatts: Option<i64>,
    /// Energy register in tenths of Wh.
    pub register_tenth_wh: Option<i64>,
    /// Current of the most loaded phase in mA.
    pub current_ma: Option<i64>,
    /// Voltage in mV.
    pub voltage_mv: Option<i64>,
    /// State of charge of the vehicle in thousandths of a per cent.
    pub soc_millipercent: Option<i64>,
    /// Temperature in thousandths of a degree Celsius.
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
    /// Time of the change.
    pub at: UtcMs,
    /// The state that the connector reported last.
    pub status: ConnectorStatus,
    /// True if the OCPP link is up.
    pub online: bool,
    /// Tapped charge points, connector 0: true if the operator can be reached.
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
    /// Time of the BootNotification.
    pub at: UtcMs,
    /// Vendor as sent.
    pub vendor: String,
    /// Model as sent.
    pub model: String,
    /// Firmware version; empty if unknown.
    pub firmware: String,
}

/// Row of `connector_time`: sums since the connector's first message.
#[derive(Clone, PartialEq, Debug)]
pub struct ConnectorTimeFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// The connector, from 1.
    pub connector_id: u32,
    /// Time of writing; what is still uncertain then is not in the sums.
    pub at: UtcMs,
    /// Class at present.
    pub class: &'static str,
    /// Number of the class.
    pub class_code: i64,
    /// Milliseconds available, occupied, reserved, inoperative, faulted, offline, not observed.
    pub class_ms: [i64; 7],
    /// Observed milliseconds within maintenance windows.
    pub maintenance_ms: i64,
    /// Observed milliseconds while the site was closed.
    pub closed_ms: i64,
    /// The part of both that was inoperative or faulted.
    pub exempt_down_ms: i64,
    /// The part of both that was offline.
    pub exempt_offline_ms: i64,
    /// Milliseconds with energy flowing, of closed sessions.
    pub charging_ms: i64,
    /// Milliseconds plugged in longer than needed and allowed, of closed sessions.
    pub overstay_ms: i64,
    /// Energy of sessions in tenths of Wh.
    pub energy_tenth_wh: i64,
    /// Sessions that ended.
    pub sessions: i64,
    /// Those with at least 0.2 kWh or three minutes of charging.
    pub sessions_successful: i64,
    /// Faults and warnings reported.
    pub faults: i64,
}

/// Row of `charge_point_conformance`: requests since the charge point's first message.
#[derive(Clone, PartialEq, Debug)]
pub struct ConformanceFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// Its vendor, or `unknown`.
    pub vendor: Arc<str>,
    /// Time of the row.
    pub at: UtcMs,
    /// Requests checked against the OCPP schemas.
    pub checked: u64,
    /// Those that conform.
    pub conformant: u64,
}
