//! `[ocpp]`.

use std::time::Duration;

use crate::model::OcppVersion;

/// What happens to charge points that are not in the register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Unknown {
    /// `refuse`: 404.
    #[default]
    Refuse,
    /// `quarantine`: answered, so that an installer sees it work, but nothing it says is booked. It is listed as a reject.
    Quarantine,
    /// `accept`: like registered ones, at site `unknown`; any tag may charge.
    Accept,
}

/// Settings of the central system.
#[derive(Clone, PartialEq, Debug)]
pub struct CsmsConfig {
    /// `enabled`.
    pub enabled: bool,
    /// `listen`, host:port.
    pub listen: String,
    /// `unknown`.
    pub unknown: Unknown,
    /// `versions`: spoken here, unless the register says otherwise for a charge point.
    pub versions: Vec<OcppVersion>,
    /// `require_subprotocol`: refuse charge points that offer no `Sec-WebSocket-Protocol` (else 1.6 is assumed).
    pub require_subprotocol: bool,
    /// `strict_upgrade`: refuse charge points that leave `Connection: Upgrade` out.
    pub strict_upgrade: bool,
    /// `repair_metering`: take MeterValues from frames in which a value or a comma is missing or too much.
    pub repair_metering: bool,
    /// `heartbeat_interval`, answered to BootNotification. A link that is silent for three of them and a minute is given up.
    pub heartbeat_interval: Duration,
    /// `max_connections`.
    pub max_connections: usize,
    /// `max_message_bytes`: larger messages are answered with an error; four times as large ones end the connection unread.
    pub max_message_bytes: usize,
    /// `max_json_depth`.
    pub max_json_depth: usize,
}

impl Default for CsmsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: "127.0.0.1:9310".into(),
            unknown: Unknown::Refuse,
            versions: vec![OcppVersion::V21, OcppVersion::V201, OcppVersion::V16],
            require_subprotocol: false,
            strict_upgrade: false,
            repair_metering: true,
            heartbeat_interval: Duration::from_secs(300),
            max_connections: 12_000,
            max_message_bytes: 256 * 1024,
            max_json_depth: 32,
        }
    }
}
