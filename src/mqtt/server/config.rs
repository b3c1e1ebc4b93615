//! `[listener]`.

use std::path::PathBuf;
use std::sync::Arc;

use crate::telemetry::Formats;

/// `[listener]`: devices that connect straight to this daemon.
#[derive(Clone, PartialEq, Debug)]
pub struct ListenerConfig {
    /// `enabled`: default true; false opens no port.
    pub enabled: bool,
    /// `listen`, host:port; default 127.0.0.1:1883.
    pub listen: String,
    /// `allow_anonymous`: accept devices without credentials. Allowed beyond loopback only when written out.
    pub allow_anonymous: bool,
    /// `password_file`: lines `username:hash` as `fleetgauge hash-password` prints them.
    pub password_file: Option<PathBuf>,
    /// `max_packet`, in bytes: larger packets end the connection.
    pub max_packet_bytes: usize,
    /// `max_connections` at once.
    pub max_connections: usize,
    /// `max_inflight`: PUBLISH packets of one connection waiting for their commit (MQTT 5 receive maximum).
    pub max_inflight: u16,
    /// `formats`: those accepted here; by default the topic decides among all of them.
    pub formats: Arc<Formats>,
    /// `retain_means_replay`: the retain flag marks a broker's stored copy. False here: from a device it only requests that one is kept.
    pub retain_means_replay: bool,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: "127.0.0.1:1883".into(),
            allow_anonymous: true,
            password_file: None,
            max_packet_bytes: 256 * 1024,
            max_connections: 10_000,
            max_inflight: 1024,
            formats: Arc::default(),
            retain_means_replay: false,
        }
    }
}
