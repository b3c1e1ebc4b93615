//! The configuration section `[setup]`; a field has the name of its key.

use std::time::Duration;

/// How charge points are provisioned.
#[derive(Clone, PartialEq, Debug)]
pub struct ProvisioningConfig {
    /// Without it no request is ever sent to a charge point.
    pub enabled: bool,
    /// Only these; empty means all whose central system we are.
    pub charge_points: Vec<String>,
    /// Pause after the response to BootNotification, and after a request for StatusNotification.
    pub settle: Duration,
    /// How long to wait for a BootNotification: after a mere reconnect none comes.
    pub boot_wait: Duration,
    /// How long to wait for a response.
    pub call_timeout: Duration,
    /// Measurands to sample during a transaction, the most important first.
    pub measurands: Vec<String>,
    /// Interval of the sampled measurands.
    pub sample_interval: Duration,
    /// Their interval at charge points of 50 kW and more.
    pub sample_interval_rapid: Duration,
    /// Interval of the register outside transactions too.
    pub clock_aligned_interval: Duration,
    /// At most: with these pings the charge point notices a dead connection.
    pub websocket_ping_interval: Duration,
    /// Request states and samples that are missing after a connect.
    pub triggers: bool,
    /// Request the inventory of OCPP 2.x stations, once.
    pub inventory: bool,
    /// How long to wait for the last part of an inventory.
    pub inventory_timeout: Duration,
    /// So long after a connect or the end of a transaction, the status of transactions with missing events is requested (OCPP 2.x).
    pub transaction_check: Duration,
    /// Requests in a row without a response, after which no more are sent.
    pub deaf_after: u32,
    /// The connection of a charge point that answers no request is closed at most once in this time.
    pub deaf_close_interval: Duration,
}

impl Default for ProvisioningConfig {
    fn default() -> Self {
        let measurands = [
            "Energy.Active.Import.Register",
            "Power.Active.Import",
            "Current.Import",
            "Voltage",
            "SoC",
        ];
        Self {
            enabled: false,
            charge_points: Vec::new(),
            settle: Duration::from_secs(10),
            boot_wait: Duration::from_secs(30),
            call_timeout: Duration::from_secs(60),
            measurands: measurands.map(str::to_owned).to_vec(),
            sample_interval: Duration::from_secs(60),
            sample_interval_rapid: Duration::from_secs(30),
            clock_aligned_interval: Duration::from_secs(900),
            websocket_ping_interval: Duration::from_secs(60),
            triggers: true,
            inventory: true,
            inventory_timeout: Duration::from_secs(60),
            transaction_check: Duration::from_secs(600),
            deaf_after: 3,
            deaf_close_interval: Duration::from_secs(6 * 3_600),
        }
    }
}

impl ProvisioningConfig {
    /// Whether the charge point is to be provisioned.
    pub fn includes(&self, charge_point: &str) -> bool {
        self.enabled
            && (self.charge_points.is_empty()
                || self
                    .charge_points
                    .iter()
                    .any(|id| id.eq_ignore_ascii_case(charge_point)))
    }
}
