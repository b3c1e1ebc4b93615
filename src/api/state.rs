//! What all handlers share.

use std::sync::Arc;

use tokio::sync::watch;

use super::events::Events;
use super::requests::EngineClient;
use crate::model::Stats;
use crate::units::Zone;

/// Answer of `/readyz`, and what the page shows about the clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// True if the daemon works; else `reasons` has what is wrong.
    pub ready: bool,
    /// Why the daemon is not ready.
    pub reasons: Vec<String>,
    /// What does not work although all messages are accepted.
    pub warnings: Vec<String>,
    /// How much faster than real time the clock runs.
    pub speed: u32,
    /// The data is simulated.
    pub demo: bool,
}

/// State of the API's router.
#[derive(Clone)]
pub struct ApiState {
    pub(super) engine: EngineClient,
    pub(super) stats: Arc<Stats>,
    pub(super) health: watch::Receiver<Health>,
    /// JSON without secrets.
    pub(super) settings: Arc<str>,
    /// The clock by which days in requests are meant.
    pub(super) zone: &'static Zone,
    pub(super) events: Events,
}

impl ApiState {
    /// `settings` is the answer of `/api/v1/settings`; event streams end with `shutdown`.
    pub fn new(
        engine: EngineClient,
        stats: Arc<Stats>,
        health: watch::Receiver<Health>,
        settings: Arc<str>,
        zone: &'static Zone,
        shutdown: watch::Receiver<bool>,
    ) -> Self {
        Self {
            engine,
            stats,
            health,
            settings,
            zone,
            events: Events::new(shutdown),
        }
    }
}
