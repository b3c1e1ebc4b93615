//! `[ocpp]` and `[tap]`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::OcppVersion;
use crate::ocpp::provisioning::ProvisioningConfig;
use crate::ocpp::tap::TapConfig;

/// What happens to charge points that are not in the register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Unknown {
    /// `refuse`: the handshake is answered with 404.
    #[default]
    Refuse,
    /// `quarantine`: answered, so that an installer sees it work, but none of its messages is booked. It is listed as a reject.
    Quarantine,
    /// `accept`: like registered ones, at site `unknown`; any tag may charge.
    Accept,
    /// `tap`: passed on to `tap.upstream`, and listened to.
    Tap,
}

/// Settings of the place where charge points come in.
#[derive(Clone, PartialEq, Debug)]
pub struct OcppConfig {
    /// `enabled`: default true; false opens no port.
    pub enabled: bool,
    /// `listen`, host:port: without TLS (OCPP security profiles 0 and 1).
    pub listen: String,
    /// `tls_listen`: TLS and a password (profile 2).
    pub tls_listen: Option<String>,
    /// `mutual_tls_listen`: TLS and a client certificate (profile 3).
    pub mutual_tls_listen: Option<String>,
    /// `certificate_file`: our certificate and its chain, PEM.
    pub certificate_file: Option<PathBuf>,
    /// `key_file`: its private key, PEM.
    pub key_file: Option<PathBuf>,
    /// `client_ca_file`: who signs the charge points' certificates, PEM.
    pub client_ca_file: Option<PathBuf>,
    /// `unknown`: what happens to charge points that are not in the register; default `refuse`.
    pub unknown: Unknown,
    /// `versions`: OCPP versions accepted here, unless the register lists others for the charge point.
    pub versions: Vec<OcppVersion>,
    /// `require_subprotocol`: refuse charge points that offer no `Sec-WebSocket-Protocol` (else 1.6 is assumed).
    pub require_subprotocol: bool,
    /// `strict_upgrade`: refuse charge points that leave `Connection: Upgrade` out.
    pub strict_upgrade: bool,
    /// `accept_hex_passwords`: also accept a password whose hex digits were sent instead of the bytes they stand for.
    pub accept_hex_passwords: bool,
    /// `deflate`: take compressed messages from charge points that offer them (RFC 7692).
    pub deflate: bool,
    /// `repair_metering`: take MeterValues from frames in which a value or a comma is missing or too much.
    pub repair_metering: bool,
    /// `heartbeat_interval`, answered to BootNotification. A link that is silent for three of them and a minute is given up.
    pub heartbeat_interval: Duration,
    /// `ping_interval`: ping a silent link so often; zero is never. A missing pong ends nothing.
    pub ping_interval: Duration,
    /// `handshake_timeout`: from the accepted TCP connection to the end of the WebSocket handshake.
    pub handshake_timeout: Duration,
    /// `max_handshakes` of one identity in a minute.
    pub max_handshakes: u32,
    /// `max_failed_handshakes` of one address in a minute.
    pub max_failed_handshakes: u32,
    /// `max_connections` at once, those in their handshake included.
    pub max_connections: usize,
    /// `max_head`: of a request for a WebSocket; larger ones are refused.
    pub max_head_bytes: usize,
    /// `max_message`, as sent and after inflating: larger messages are answered with an error.
    pub max_message_bytes: usize,
    /// `max_json_depth`: messages nested deeper are answered with an error.
    pub max_json_depth: usize,
    /// `[tap]`: links that are passed on to an operator's central system.
    pub tap: TapConfig,
    /// `[setup]`: what is written to and requested from charge points.
    pub provisioning: Arc<ProvisioningConfig>,
}

impl Default for OcppConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: "127.0.0.1:9310".into(),
            tls_listen: None,
            mutual_tls_listen: None,
            certificate_file: None,
            key_file: None,
            client_ca_file: None,
            unknown: Unknown::Refuse,
            versions: vec![OcppVersion::V21, OcppVersion::V201, OcppVersion::V16],
            require_subprotocol: false,
            strict_upgrade: false,
            accept_hex_passwords: false,
            deflate: true,
            repair_metering: true,
            heartbeat_interval: Duration::from_secs(300),
            ping_interval: Duration::ZERO,
            handshake_timeout: Duration::from_secs(10),
            max_handshakes: 60,
            max_failed_handshakes: 600,
            max_connections: 12_000,
            max_head_bytes: 8 * 1024,
            max_message_bytes: 256 * 1024,
            max_json_depth: 32,
            tap: TapConfig::default(),
            provisioning: Arc::default(),
        }
    }
}
