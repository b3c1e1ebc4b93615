//! `[tap]`: the connection to operators' central systems.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of the tap.
#[derive(Clone, PartialEq, Debug)]
pub struct TapConfig {
    /// `upstream`: the operator's URL for charge points that are not in the register, with `ocpp.unknown = "tap"`.
    pub upstream: Option<String>,
    /// `ca_file`: the authority that signed operators' certificates; without it, this machine's authorities.
    pub ca_file: Option<PathBuf>,
    /// `client_certificate_file`: presented to operators that request a client certificate.
    pub client_certificate_file: Option<PathBuf>,
    /// `client_key_file`: the private key of `client_certificate_file`.
    pub client_key_file: Option<PathBuf>,
    /// `connect_timeout`: the time an operator has to accept a connection.
    pub connect_timeout: Duration,
    /// `max_queued`: messages of one link that may wait for the observer; the oldest are dropped and counted.
    pub max_queued: usize,
}

impl Default for TapConfig {
    fn default() -> Self {
        Self {
            upstream: None,
            ca_file: None,
            client_certificate_file: None,
            client_key_file: None,
            connect_timeout: Duration::from_secs(10),
            max_queued: 256,
        }
    }
}
