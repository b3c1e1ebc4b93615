//! InfluxDB 2 (and what speaks its write API, such as VictoriaMetrics) from the outbox.

use std::path::PathBuf;
use std::time::Duration;

/// `[influx]`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct InfluxConfig {
    /// `url`; no section, no sink.
    pub url: String,
    /// `org`.
    pub org: String,
    /// `bucket`.
    pub bucket: String,
    /// `token_file`.
    pub token_file: Option<PathBuf>,
    /// `timeout` of one request.
    pub timeout: Duration,
}
