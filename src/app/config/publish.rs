//! `[publish]` and `[home_assistant]`: where results go, and what of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::ConfigError;
use super::source::{Node, SourcePosition};
use crate::app::config::keys::Section;
use crate::model::{check_id, nearest};
use crate::mqtt::client::BrokerConfig;
use crate::mqtt::publisher::{HomeAssistantConfig, PublishConfig};

pub(super) fn read(
    tree: &mut BTreeMap<String, Node>,
    brokers: &[BrokerConfig],
    errors: &mut Vec<ConfigError>,
) -> PublishConfig {
    let mut config = PublishConfig::default();
    let mut section = Section::take(tree, "publish", errors);
    let position = section.position_of("broker");
    section.optional_text("broker", &mut config.broker);
    prefix(&mut section, &mut config.prefix);
    section.duration(
        "interval",
        &mut config.interval,
        Duration::from_secs(1),
        Duration::from_secs(3_600),
    );
    if let Some(name) = config
        .broker
        .clone()
        .filter(|name| brokers.iter().all(|broker| broker.name != *name))
    {
        let names: Vec<&str> = brokers.iter().map(|broker| broker.name.as_str()).collect();
        let hint = if names.is_empty() {
            "there is no [[broker]] section; write one with this `name`".into()
        } else {
            nearest(&name, &names)
        };
        section.refuse(
            "broker",
            position,
            name,
            "is not the name of a [[broker]]",
            hint,
        );
    }
    section.finish();
    config.home_assistant = home_assistant(Section::take(tree, "home_assistant", errors), &config);
    config
}

fn home_assistant(mut section: Section<'_>, publish: &PublishConfig) -> HomeAssistantConfig {
    let mut config = HomeAssistantConfig::default();
    let (mut vehicles, mut organisations) = (Vec::new(), Vec::new());
    let position = section.position_of("enabled");
    section.flag("enabled", &mut config.enabled);
    let own_position = section.position_of("prefix");
    prefix(&mut section, &mut config.prefix);
    ids(&mut section, "vehicles", &mut vehicles);
    ids(&mut section, "organisations", &mut organisations);
    section.whole("max_devices", &mut config.max_devices, 1, 10_000);
    if config.enabled && publish.broker.is_none() {
        section.refuse(
            "enabled",
            position,
            "true",
            "needs a broker to publish to",
            "write [publish] with broker = \"<name of a [[broker]]>\"",
        );
    }
    if config.prefix == publish.prefix {
        let hint = "homeassistant is Home Assistant's own default";
        section.refuse(
            "prefix",
            own_position,
            config.prefix.clone(),
            "is the prefix of [publish] too",
            hint,
        );
    }
    section.finish();
    HomeAssistantConfig {
        vehicles: Arc::from(vehicles),
        organisations: Arc::from(organisations),
        ..config
    }
}

fn ids(section: &mut Section<'_>, key: &'static str, into: &mut Vec<String>) {
    let position = section.position_of(key);
    section.texts(key, into);
    for id in into.iter() {
        if let Err(error) = check_id(id) {
            section.refuse(
                key,
                position.clone(),
                id.clone(),
                error.to_string(),
                "write them as in the register",
            );
        }
    }
}

fn prefix(section: &mut Section<'_>, into: &mut String) {
    let position: Option<SourcePosition> = section.position_of("prefix");
    section.text("prefix", into);
    let odd = into.contains(['+', '#', '\0'])
        || into.starts_with(['/', '$'])
        || into.ends_with('/')
        || into.len() > 1_024;
    if odd {
        section.refuse(
            "prefix",
            position,
            into.clone(),
            "is not the beginning of a topic",
            "write it without wildcards and outer slashes",
        );
    }
}
