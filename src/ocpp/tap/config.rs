//! `[tap]`.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of the way through to operators.
#[derive(Clone, PartialEq, Debug)]
pub struct TapConfig {
    /// `upstream`: where charge points that are not in the register lead, with `ocpp.unknown = "tap"`.
    pub upstream: Option<String>,
    /// `ca_file`: whom operators' certificates are checked against; without it, this machine's authorities.
    pub ca_file: Option<PathBuf>,
    /// `client_certificate_file`: shown to operators that ask for one.
    pub client_certificate_file: Option<PathBuf>,
    /// `client_key_file`: its key.
    pub client_key_file: Option<PathBuf>,
    /// `connect_timeout`: how long an operator may take to answer.
    pub connect_timeout: Duration,
    /// `max_queued`: frames of one link that may wait to be understood; the oldest are dropped and counted.
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
