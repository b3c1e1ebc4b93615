//! `[ocpp]`.

use std::time::Duration;

/// Settings of the central system.
#[derive(Clone, PartialEq, Debug)]
pub struct CsmsConfig {
    /// `enabled`.
    pub enabled: bool,
    /// `listen`, host:port.
    pub listen: String,
    /// `accept_unknown`: take charge points that are not in the register (and unknown tags). Off by default.
    pub accept_unknown: bool,
    /// `require_subprotocol`: refuse charge points that offer no `Sec-WebSocket-Protocol` (else 1.6 is assumed).
    pub require_subprotocol: bool,
    /// `heartbeat_interval`, answered to BootNotification. A link that is silent for three of them and a minute is given up.
    pub heartbeat_interval: Duration,
    /// `max_connections`.
    pub max_connections: usize,
    /// `max_message_bytes`: larger messages are answered with an error; four times as large ones end the connection unread.
    pub max_message_bytes: usize,
}

impl Default for CsmsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: "127.0.0.1:9310".into(),
            accept_unknown: false,
            require_subprotocol: false,
            heartbeat_interval: Duration::from_secs(300),
            max_connections: 12_000,
            max_message_bytes: 256 * 1024,
        }
    }
}
