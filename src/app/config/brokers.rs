//! `[[broker]]`: brokers that have the data already, or are to get it.

use std::time::Duration;

use super::ConfigError;
use super::source::{Node, Value};
use crate::app::config::keys::Section;
use crate::mqtt::client::{BrokerConfig, MqttVersion, check_filter};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn read(node: Option<Node>, errors: &mut Vec<ConfigError>) -> Vec<BrokerConfig> {
    let items = match node {
        None => return Vec::new(),
        Some(Node {
            value: Value::List(items),
            ..
        }) => items,
        Some(Node { place, .. }) => {
            errors.push(ConfigError {
                key: "broker".into(),
                place,
                value: String::new(),
                reason: "is not a list of sections".into(),
                hint: "write [[broker]] with two brackets".into(),
            });
            return Vec::new();
        }
    };
    let mut brokers: Vec<BrokerConfig> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mut section = Section::of(format!("broker[{index}]"), Some(item), errors);
        let mut config = BrokerConfig {
            name: format!("broker{}", index + 1),
            ..BrokerConfig::default()
        };
        let tls = section.has("ca_file");
        section.text("name", &mut config.name);
        section.text("host", &mut config.host);
        config.port = if tls { 8883 } else { 1883 };
        section.whole("port", &mut config.port, 1, 65_535);
        section.word(
            "version",
            &mut config.version,
            &[("3.1.1", MqttVersion::V4), ("5", MqttVersion::V5)],
        );
        section.optional_text("client_id", &mut config.client_id);
        let place = section.place_of("topics");
        section.texts("topics", &mut config.topics);
        for topic in &config.topics {
            if let Err(reason) = check_filter(topic) {
                let hint = "levels between slashes, `+` for any one, `#` last for all below, $share/<group>/... to share";
                section.refuse("topics", place.clone(), topic.clone(), reason, hint);
            }
        }
        section.whole("qos", &mut config.qos, 0, 1);
        section.optional_text("username", &mut config.username);
        section.optional_path("password_file", &mut config.password_file);
        section.optional_path("ca_file", &mut config.ca_file);
        section.duration("keep_alive", &mut config.keep_alive, 5 * SECOND, 18 * HOUR);
        section.duration(
            "session_expiry",
            &mut config.session_expiry,
            SECOND,
            365 * DAY,
        );
        section.size(
            "max_packet",
            &mut config.max_packet_bytes,
            1 << 10,
            64 << 20,
        );
        section.whole("max_inflight", &mut config.max_inflight, 1, 65_535);
        section.formats("formats", &mut config.formats);
        section.flag("retain_means_replay", &mut config.retain_means_replay);
        if config.host.is_empty() {
            section.refuse(
                "",
                None,
                "",
                "has no `host`",
                "write host = \"broker.example\"",
            );
        }
        if config.password_file.is_some() && config.username.is_none() {
            section.refuse(
                "",
                None,
                "",
                "has a `password_file` but no `username`",
                "brokers need both",
            );
        }
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
