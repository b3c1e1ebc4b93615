//! `[setup]`.

use std::time::Duration;

/// How charge points are set up for rich telemetry.
#[derive(Clone, PartialEq, Debug)]
pub struct ProvisioningConfig {
    /// `enabled`. Without it nothing is ever asked of a charge point.
    pub enabled: bool,
    /// `charge_points`: only these; empty is all that we are the central system of.
    pub charge_points: Vec<String>,
    /// `settle`: after the answer to BootNotification, and again after a request for a StatusNotification.
    pub settle: Duration,
    /// `boot_wait`: for a BootNotification; after a mere reconnect none comes.
    pub boot_wait: Duration,
    /// `call_timeout`.
    pub call_timeout: Duration,
    /// `measurands` during a transaction, the most wanted first.
    pub measurands: Vec<String>,
    /// `sample_interval` of them.
    pub sample_interval: Duration,
    /// `sample_interval_rapid`: the same for charge points of 50 kW and more.
    pub sample_interval_rapid: Duration,
    /// `clock_aligned_interval` of the register, idle or not.
    pub clock_aligned_interval: Duration,
    /// `websocket_ping_interval`, at most: by it a charge point notices that the line is dead.
    pub websocket_ping_interval: Duration,
    /// `triggers`: ask for states and samples that are missing after a connect.
    pub triggers: bool,
    /// `inventory`: ask OCPP 2.x stations for it, once.
    pub inventory: bool,
    /// `inventory_timeout`.
    pub inventory_timeout: Duration,
    /// `transaction_check`: so long after a connect or the end of a transaction OCPP 2.x stations are asked for what is missing of it.
    pub transaction_check: Duration,
    /// `deaf_after` requests in a row without an answer.
    pub deaf_after: u32,
    /// `deaf_close_interval`: the link of a deaf charge point is closed at most once in it.
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
    /// It is to be set up.
    pub fn wants(&self, charge_point: &str) -> bool {
        self.enabled
            && (self.charge_points.is_empty()
                || self
                    .charge_points
                    .iter()
                    .any(|id| id.eq_ignore_ascii_case(charge_point)))
    }
}
