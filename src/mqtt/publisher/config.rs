//! `[publish]` and `[home_assistant]`, and which topics are ours by them.

use std::sync::Arc;
use std::time::Duration;

use super::discovery::OBJECT_PREFIX;
use crate::mqtt::publisher::topics;

/// `[publish]`: results as retained topics of a broker.
#[derive(Clone, PartialEq, Debug)]
pub struct PublishConfig {
    /// `broker`: the name of a `[[broker]]`; without it nothing is published.
    pub broker: Option<String>,
    /// `prefix` of our topics.
    pub prefix: String,
    /// `interval`: how often results are looked at. Only what has changed is published.
    pub interval: Duration,
    /// `[home_assistant]`: vehicles as devices there, by the same broker.
    pub home_assistant: HomeAssistantConfig,
}

/// `[home_assistant]`: MQTT device discovery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HomeAssistantConfig {
    /// `enabled`: discovery messages are published; default false.
    pub enabled: bool,
    /// `prefix` of Home Assistant's discovery.
    pub prefix: String,
    /// `vehicles`: fleet ids.
    pub vehicles: Arc<[String]>,
    /// `organisations`: all of their vehicles.
    pub organisations: Arc<[String]>,
    /// `max_devices`: more vehicles are counted, logged and left out.
    pub max_devices: usize,
}

impl Default for PublishConfig {
    fn default() -> Self {
        Self {
            broker: None,
            prefix: "fleetgauge".into(),
            interval: Duration::from_secs(10),
            home_assistant: HomeAssistantConfig::default(),
        }
    }
}

impl Default for HomeAssistantConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            prefix: "homeassistant".into(),
            vehicles: Arc::default(),
            organisations: Arc::default(),
            // 800 vehicles of ten entities each are heavy for Home Assistant.
            max_devices: 100,
        }
    }
}

impl PublishConfig {
    /// A topic of ours: a subscriber of `#` gets them back. Devices may use other topics under the same prefix.
    pub fn is_own_topic(&self, topic: &[u8]) -> bool {
        if self.broker.is_none() {
            return false;
        }
        let Ok(topic) = std::str::from_utf8(topic) else {
            return false;
        };
        let below = |prefix: &str| topic.strip_prefix(prefix)?.strip_prefix('/');
        let result = below(&self.prefix).is_some_and(topics::is_own_topic);
        let object = || {
            below(&self.home_assistant.prefix)?
                .strip_prefix("device/")?
                .strip_suffix("/config")
        };
        result || object().is_some_and(|object| object.starts_with(OBJECT_PREFIX))
    }
}
