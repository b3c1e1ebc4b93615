//! `[[broker]]`: brokers that have the data already, or are to get it.

use std::time::Duration;

use super::ConfigError;
use super::source::Node;
use crate::app::config::keys::{Section, section_list};
use crate::mqtt::client::{BrokerConfig, MqttVersion, check_filter};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn read(node: Option<Node>, errors: &mut Vec<ConfigError>) -> Vec<BrokerConfig> {
    let items = section_list(node, "broker", "", errors);
    let mut brokers: Vec<BrokerConfig> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mut section = Section::from_node(format!("broker[{index}]"), Some(item), errors);
        let config = broker(&mut section, index);
        if brokers.iter().any(|other| other.name == config.name) {
            section.refuse(
                "",
                None,
                config.name.clone(),
                "is the name of two brokers",
                "names stand in the client id, the log and the metrics",
            );
        }
        section.finish();
        brokers.push(config);
    }
    brokers
}

fn broker(section: &mut Section<'_>, index: usize) -> BrokerConfig {
    let mut config = BrokerConfig {
        name: format!("broker{}", index + 1),
        ..BrokerConfig::default()
    };
    let tls = section.has("ca_file");
    section.text("name", &mut config.name);
    section.text("host", &mut config.host);
    config.port = if tls { 8883 } else { 1883 };
    section.whole("port", &mut config.port, 1, 65_535);
    let versions = [("3.1.1", MqttVersion::V4), ("5", MqttVersion::V5)];
    section.word("version", &mut config.version, &versions);
    section.optional_text("client_id", &mut config.client_id);
    topics(section, &mut config);
    section.whole("qos", &mut config.qos, 0, 1);
    section.optional_text("username", &mut config.username);
    section.optional_path("password_file", &mut config.password_file);
    section.optional_path("ca_file", &mut config.ca_file);
    section.duration("keep_alive", &mut config.keep_alive, 5 * SECOND, 18 * HOUR);
    let expiry = &mut config.session_expiry;
    section.duration("session_expiry", expiry, SECOND, 365 * DAY);
    let max_packet = &mut config.max_packet_bytes;
    section.size("max_packet", max_packet, 1 << 10, 64 << 20);
    section.whole("max_inflight", &mut config.max_inflight, 1, 65_535);
    section.formats("formats", &mut config.formats);
    section.flag("retain_means_replay", &mut config.retain_means_replay);
    if config.host.is_empty() {
        let hint = "write host = \"broker.example\"";
        section.refuse_section("has no `host`", hint);
    }
    if config.password_file.is_some() && config.username.is_none() {
        let reason = "has a `password_file` but no `username`";
        section.refuse_section(reason, "brokers need both");
    }
    config
}

fn topics(section: &mut Section<'_>, config: &mut BrokerConfig) {
    let position = section.position_of("topics");
    section.texts("topics", &mut config.topics);
    for topic in &config.topics {
        if let Err(reason) = check_filter(topic) {
            let hint = "levels between slashes, `+` for any one, `#` last for all below, $share/<group>/... to share";
            section.refuse("topics", position.clone(), topic.clone(), reason, hint);
        }
    }
}
