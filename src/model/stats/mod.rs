//! The process's own counters: received, refused, dropped. Every room writes them, `/metrics` reads them.

mod ignored;
mod outputs;
mod rejects;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use self::ignored::IgnoredFields;
pub use self::outputs::OutputStats;
use self::rejects::Rejects;
pub use self::rejects::{Reject, RejectReason, StatsSnapshot};
use crate::units::UtcMs;

/// All counters of the process. Cheap to share (`Arc`), never blocking on the hot path but for the reject ring.
#[derive(Debug, Default)]
pub struct Stats {
    /// MQTT PUBLISH packets received.
    pub mqtt_received: AtomicU64,
    /// MQTT messages of our own that a broker brought back.
    pub mqtt_own: AtomicU64,
    /// Messages published to a broker.
    pub published: AtomicU64,
    /// 1 while the publisher is connected.
    pub publisher_connected: AtomicU64,
    /// Vehicles on the list for Home Assistant beyond `home_assistant.max_devices`.
    pub devices_left_out: AtomicU64,
    /// OCPP frames received.
    pub ocpp_received: AtomicU64,
    /// Observations handed to the engine from MQTT.
    pub mqtt_accepted: AtomicU64,
    /// Observations handed to the engine from OCPP.
    pub ocpp_accepted: AtomicU64,
    /// Fields of accepted messages that were ignored (unknown keys, bad fields).
    pub fields_ignored: AtomicU64,
    /// Readings older than the newest one in the ledger.
    pub late: AtomicU64,
    /// Readings of assets beyond `limits.max_assets`.
    pub assets_refused: AtomicU64,
    /// Responses of the carbon intensity API.
    pub intensity_answers: AtomicU64,
    /// Requests to the carbon intensity API that failed.
    pub intensity_failures: AtomicU64,
    /// Monthly figures beyond `limits.max_indicators`.
    pub indicators_refused: AtomicU64,
    /// Messages of charge points or connectors beyond `limits.max_charge_points` and `limits.max_connectors`.
    pub charging_refused: AtomicU64,
    /// Energy and time of charge points beyond `history.max_series`.
    pub history_refused: AtomicU64,
    /// Open MQTT device connections.
    pub listener_connections: AtomicU64,
    /// Open OCPP connections.
    pub ocpp_connections: AtomicU64,
    /// Open connections of charge points, including those that are not authenticated yet.
    pub ocpp_open: AtomicU64,
    /// Handshakes refused because of too many from one address or of one identity.
    pub handshakes_limited: AtomicU64,
    /// Logins at the page with a wrong name or password.
    pub logins_failed: AtomicU64,
    /// Logins refused unchecked: beyond `web.max_failed_logins`, or too many at once.
    pub logins_limited: AtomicU64,
    /// Connections refused because their identity was connected already, better authenticated or alive.
    pub duplicates_refused: AtomicU64,
    /// Operators that could not be reached for a tapped charge point.
    pub tap_upstream_failures: AtomicU64,
    /// Frames of tapped links that were passed on but not observed.
    pub tap_dropped: AtomicU64,
    /// Directions of tapped links that are passed on only, because their bytes are no WebSocket.
    pub tap_unobserved: AtomicU64,
    /// Observers of tapped links that panicked and were restarted.
    pub tap_observer_failures: AtomicU64,
    /// Tapped charge points whose operator set another address.
    pub tap_bypass: AtomicU64,
    /// OCPP connections that replaced one that was still open.
    pub ocpp_replaced: AtomicU64,
    /// OCPP requests received twice on one connection, and answered as before.
    pub ocpp_repeated: AtomicU64,
    /// OCPP metering frames whose broken JSON was repaired.
    pub ocpp_repaired: AtomicU64,
    /// Lines of the capture that were dropped because its queue was full.
    pub capture_dropped: AtomicU64,
    /// OCPP responses without a request.
    pub ocpp_unsolicited: AtomicU64,
    /// Connections refused (limit, credentials, unknown id).
    pub connections_refused: AtomicU64,
    /// Connected MQTT brokers.
    pub brokers_connected: AtomicU64,
    /// Commits of the store, without failed ones.
    pub commits: AtomicU64,
    /// Failed commits, which are repeated.
    pub commit_failures: AtomicU64,
    /// Bytes of inbox rows committed.
    pub inbox_bytes: AtomicU64,
    /// Bytes of compressed line protocol committed.
    pub outbox_bytes: AtomicU64,
    /// Rows (points) committed.
    pub points: AtomicU64,
    /// Outbox rows waiting.
    pub outbox_rows: AtomicU64,
    /// Bytes of the rows that wait in the outbox.
    pub outbox_waiting_bytes: AtomicU64,
    /// Outbox rows dropped because the limit was reached.
    pub outbox_dropped: AtomicU64,
    /// Time of the oldest waiting outbox row in Unix milliseconds; 0 if there is none.
    pub outbox_oldest_ms: AtomicU64,
    /// Free part of the store's disk in millionths; 0 if unknown.
    pub disk_free_ppm: AtomicU64,
    /// Alerts beyond `alerts.max_series`.
    pub alerts_refused: AtomicU64,
    /// Notifications that wait for their notifiers.
    pub notifications_waiting: AtomicU64,
    /// Notifications dropped because too many waited for a notifier.
    pub notifications_dropped: AtomicU64,
    /// Time of the oldest waiting notification in Unix milliseconds; 0 if there is none.
    pub notifications_oldest_ms: AtomicU64,
    /// Notifications that a notifier has delivered.
    pub notifications_delivered: AtomicU64,
    /// Failed attempts to deliver a notification, which are repeated.
    pub notifications_failed: AtomicU64,
    /// Notifications that a receiver refused for good.
    pub notifications_refused: AtomicU64,
    /// Checkpoints written since the start.
    pub checkpoints: AtomicU64,
    rejects: Mutex<Rejects>,
    ignored: Mutex<IgnoredFields>,
    /// Brokers by name, and since when they are disconnected; `None` if connected.
    brokers: Mutex<BTreeMap<String, Option<UtcMs>>>,
    outputs: Mutex<BTreeMap<&'static str, Arc<OutputStats>>>,
}

impl Stats {
    /// Adds one to a counter.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds `n` to a counter.
    pub fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    /// Subtracts one from a counter of open connections.
    pub fn release(counter: &AtomicU64) {
        counter.fetch_sub(1, Ordering::Relaxed);
    }

    /// The present value of a counter.
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }

    /// Records that a broker is connected, or since when it is not.
    pub fn broker(&self, name: &str, down_from: Option<UtcMs>) {
        let mut brokers = self
            .brokers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let down_since = brokers.entry(name.to_owned()).or_default();
        *down_since = down_from.map(|now| down_since.unwrap_or(now));
    }

    /// Brokers by name, and since when they are disconnected; `None` if connected.
    pub fn brokers(&self) -> Vec<(String, Option<UtcMs>)> {
        let brokers = self
            .brokers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        brokers
            .iter()
            .map(|(name, down_since)| (name.clone(), *down_since))
            .collect()
    }
}
