//! `[[broker]]`, and what a topic filter may look like.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::telemetry::Formats;

/// The MQTT version to speak to a broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MqttVersion {
    /// MQTT 3.1.1 (OASIS Standard, 2014).
    V4,
    /// MQTT 5 (OASIS Standard, 2019).
    #[default]
    V5,
}

/// One `[[broker]]` section.
#[derive(Clone, PartialEq, Debug)]
pub struct BrokerConfig {
    /// `name`, for logs and metrics.
    pub name: String,
    /// `host`: name or address of the broker.
    pub host: String,
    /// `port`; default 1883, with `ca_file` 8883.
    pub port: u16,
    /// `version`: `"3.1.1"` or `"5"`.
    pub version: MqttVersion,
    /// `client_id`; default `fleetgauge-<host name>-<name>`: stable, or the broker forgets us.
    pub client_id: Option<String>,
    /// `topics`: filters, wildcards and `$share/<group>/...` allowed; default: those of `formats`.
    pub topics: Vec<String>,
    /// `qos`: 0 or 1.
    pub qos: u8,
    /// `username` for the broker; `None` connects without credentials.
    pub username: Option<String>,
    /// `password_file`: its first line is the password.
    pub password_file: Option<PathBuf>,
    /// `ca_file`: PEM; turns TLS on.
    pub ca_file: Option<PathBuf>,
    /// `keep_alive`: pause after which a PINGREQ is sent.
    pub keep_alive: Duration,
    /// `session_expiry` (MQTT 5).
    pub session_expiry: Duration,
    /// `max_packet`, in bytes: larger packets from the broker end the connection.
    pub max_packet_bytes: usize,
    /// `max_inflight`: messages waiting for their commit (receive maximum).
    pub max_inflight: u16,
    /// `formats`: those accepted here; by default the topic decides among all of them.
    pub formats: Arc<Formats>,
    /// `retain_means_replay`: the retain flag marks a broker's stored copy. False for a broker behind a bridge that sets it on live messages.
    pub retain_means_replay: bool,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            host: String::new(),
            port: 1883,
            version: MqttVersion::V5,
            client_id: None,
            topics: Vec::new(),
            qos: 1,
            username: None,
            password_file: None,
            ca_file: None,
            keep_alive: Duration::from_secs(30),
            session_expiry: Duration::from_secs(7 * 86_400),
            max_packet_bytes: 256 * 1024,
            max_inflight: 1000,
            formats: Arc::default(),
            retain_means_replay: true,
        }
    }
}

/// Checks a topic filter; the error is the reason (MQTT 5 sections 4.7 and 4.8). A broker ends the connection of a client that sends one.
pub fn check_filter(filter: &str) -> Result<(), &'static str> {
    let topics = match filter.strip_prefix("$share/") {
        None => filter,
        Some(rest) => match rest.split_once('/') {
            Some((group, _)) if group.is_empty() || group.contains(['+', '#']) => {
                return Err("has no name for its group");
            }
            Some((_, topics)) => topics,
            None => return Err("has a group and no topics"),
        },
    };
    if topics.is_empty() {
        return Err("is empty");
    }
    if filter.len() > usize::from(u16::MAX) || filter.contains('\0') {
        return Err("is too long, or has a NUL in it");
    }
    let levels: Vec<&str> = topics.split('/').collect();
    let last = levels.len() - 1;
    let wrong = |(place, level): (usize, &&str)| match *level {
        "+" => false,
        "#" => place < last,
        level => level.contains(['+', '#']),
    };
    if levels.iter().enumerate().any(wrong) {
        return Err("has a wildcard that is not a level of its own, or `#` before its end");
    }
    Ok(())
}
