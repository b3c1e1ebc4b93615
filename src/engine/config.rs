//! Limits and choices of the engine.

use std::time::Duration;

use crate::jurisdiction::Jurisdiction;
use crate::ledger::air::AirConfig;
use crate::ledger::alerts::AlertsConfig;
use crate::ledger::charging::ChargingLimits;
use crate::ledger::counters::{CounterOverride, CounterRates};
use crate::model::ExemptWindow;
use crate::units::{Day, KgCo2ePerKwh};

/// `[engine]`, `[counters]`, `[[counter]]`, `[limits]`, `[history]`, `[target]`, `[[exempt]]`, `[alerts]`, `[[alert]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct EngineConfig {
    /// `engine.jurisdiction`: the country whose rules the register and the factors are read by.
    pub jurisdiction: &'static Jurisdiction,
    /// `limits.max_assets`: vehicles, chargers and meters tracked, registered or not.
    pub max_assets: usize,
    /// `limits.max_charge_points`: charge points tracked, registered or not.
    pub max_charge_points: usize,
    /// `limits.max_connectors` per charge point.
    pub max_connectors: usize,
    /// `engine.positions`: write vehicle positions (personal data; off).
    pub positions: bool,
    /// `engine.telemetry_interval`: at most one `vehicle_telemetry` row per vehicle in this time; 0 writes every message.
    pub telemetry_interval: Duration,
    /// `engine.stale_after`: an asset silent for longer is stale, and another feed of the same vehicle may book.
    pub stale_after: Duration,
    /// `engine.freeze_after`: so long after its end an April-March year's figures are kept as they are; whole days.
    pub freeze_after: Duration,
    /// `[counters]`: the fastest believable growth of registers.
    pub rates: CounterRates,
    /// `[[counter]]`: limits of single registers.
    pub counters: Vec<CounterOverride>,
    /// `limits.max_counter_events` kept in the audit log.
    pub max_counter_events: usize,
    /// `limits.max_indicators`: monthly figures kept that were published.
    pub max_indicators: usize,
    /// `history.max_series`: charge points and sites whose quarter hours are kept.
    pub max_history_series: usize,
    /// `engine.profile`: definition of "low emission".
    pub profile: String,
    /// `target.share`: the goal, 0 to 1.
    pub target_share: f64,
    /// `target.due`: last day.
    pub target_due: Day,
    /// `target.start`: first day of the path; `None` is "not set".
    pub target_start: Option<Day>,
    /// `target.start_share`: share on that day.
    pub target_start_share: Option<f64>,
    /// `factors.residual_kgco2e_per_kwh`: market-based factor of energy without a contract.
    pub residual_factor: Option<KgCo2ePerKwh>,
    /// `[air]`: how air pollutants are computed.
    pub air: AirConfig,
    /// `engine.overstay_grace`: how long a vehicle may stay plugged in after charging.
    pub overstay_grace: Duration,
    /// `engine.offline_grace`: a link gone for longer counts as offline, from its last frame on.
    pub offline_grace: Duration,
    /// `[[exempt]]`: time that counts in no uptime.
    pub exempt: Vec<ExemptWindow>,
    /// `[alerts]` and `[[alert]]`: rules and receivers.
    pub alerts: AlertsConfig,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            jurisdiction: Default::default(),
            max_assets: 1_000_000,
            max_charge_points: 100_000,
            max_connectors: 64,
            positions: false,
            telemetry_interval: Duration::ZERO,
            stale_after: Duration::from_secs(86_400),
            freeze_after: Duration::from_secs(91 * 86_400),
            rates: CounterRates::default(),
            counters: Vec::new(),
            max_counter_events: 2_000,
            max_indicators: 10_000,
            max_history_series: 20_000,
            profile: crate::jurisdiction::UK.default_profile().into(),
            target_share: 0.9,
            target_due: Day::from_ymd(2028, 3, 31).expect("31 March exists"),
            target_start: None,
            target_start_share: None,
            residual_factor: None,
            air: AirConfig::default(),
            overstay_grace: Duration::from_secs(600),
            offline_grace: Duration::from_secs(900),
            exempt: Vec::new(),
            alerts: AlertsConfig::default(),
        }
    }
}

impl EngineConfig {
    /// How many charge points and connectors are kept apart.
    pub(super) fn charging_limits(&self) -> ChargingLimits {
        ChargingLimits {
            charge_points: self.max_charge_points,
            connectors: self.max_connectors,
        }
    }
}
