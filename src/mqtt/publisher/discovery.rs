//! A vehicle as a device of Home Assistant: its discovery document and its state (`mqtt-telemetry` section 5). Values are those the engine
//! believes; a device has a component for what is known of it, so there are none that stay "unknown". No positions.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Message, PublishConfig};
use crate::mqtt::publisher::topics::{STATE, STATUS};

/// What every object id of ours begins with.
pub(super) const OBJECT_PREFIX: &str = "fleetgauge_";
/// Who wrote a document.
const ORIGIN: &str = "fleetgauge";

/// The answer to `View::Chosen`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Chosen {
    pub vehicles: Vec<ChosenVehicle>,
    pub left_out: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChosenVehicle {
    pub vehicle_id: String,
    values: BTreeMap<String, Value>,
}

/// How Home Assistant shows a quantity.
struct Component {
    quantity: &'static str,
    name: &'static str,
    shown: Shown,
}

enum Shown {
    /// A lifetime counter, with device class and unit: `total_increasing`.
    Counter(&'static str, &'static str),
    /// A measurement, with device class (there is none for a fuel level in per cent) and unit.
    Gauge(Option<&'static str>, &'static str),
    /// On or off, with device class.
    Binary(&'static str),
}

const COMPONENTS: &[Component] = &[
    Component {
        quantity: "odometer",
        name: "Odometer",
        shown: Shown::Counter("distance", "km"),
    },
    Component {
        quantity: "fuel_used_total",
        name: "Fuel used",
        shown: Shown::Counter("volume", "L"),
    },
    Component {
        quantity: "charge_grid_energy_total",
        name: "Energy from the grid",
        shown: Shown::Counter("energy", "kWh"),
    },
    Component {
        quantity: "energy_charged_total",
        name: "Energy charged",
        shown: Shown::Counter("energy", "kWh"),
    },
    Component {
        quantity: "energy_discharged_total",
        name: "Energy discharged",
        shown: Shown::Counter("energy", "kWh"),
    },
    Component {
        quantity: "engine_hours_total",
        name: "Engine hours",
        shown: Shown::Counter("duration", "h"),
    },
    Component {
        quantity: "soc",
        name: "State of charge",
        shown: Shown::Gauge(Some("battery"), "%"),
    },
    Component {
        quantity: "fuel_level",
        name: "Fuel level",
        shown: Shown::Gauge(None, "%"),
    },
    Component {
        quantity: "charge_power",
        name: "Charge power",
        shown: Shown::Gauge(Some("power"), "kW"),
    },
    Component {
        quantity: "charging",
        name: "Charging",
        shown: Shown::Binary("battery_charging"),
    },
    Component {
        quantity: "online",
        name: "Online",
        shown: Shown::Binary("connectivity"),
    },
];

impl Component {
    fn document(&self, object: &str) -> Value {
        let quantity = self.quantity;
        let mut fields = Map::new();
        let mut put = |key: &str, value: &str| drop(fields.insert(key.to_owned(), value.into()));
        put("unique_id", &format!("{object}_{quantity}"));
        put("name", self.name);
        match self.shown {
            Shown::Counter(class, unit) => {
                put("platform", "sensor");
                put("device_class", class);
                put("state_class", "total_increasing");
                put("unit_of_measurement", unit);
            }
            Shown::Gauge(class, unit) => {
                put("platform", "sensor");
                class
                    .into_iter()
                    .for_each(|class| put("device_class", class));
                put("state_class", "measurement");
                put("unit_of_measurement", unit);
            }
            Shown::Binary(class) => {
                put("platform", "binary_sensor");
                put("device_class", class);
            }
        }
        let template = match self.shown {
            // A template writes true as "True", which is none of the words a binary sensor knows.
            Shown::Binary(_) => format!("{{{{ 'ON' if value_json.{quantity} else 'OFF' }}}}"),
            _ => format!("{{{{ value_json.{quantity} }}}}"),
        };
        put("value_template", &template);
        Value::Object(fields)
    }
}

/// The id of a vehicle in topics and in Home Assistant, which take letters, digits, `-` and `_`. Another character becomes `_`, and a hash of
/// the id follows, so that no two vehicles become one device.
pub(super) fn object_suffix(vehicle_id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !vehicle_id.is_empty() && vehicle_id.chars().all(plain) {
        return vehicle_id.to_owned();
    }
    let name: String = vehicle_id
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    let digest = ring::digest::digest(&ring::digest::SHA256, vehicle_id.as_bytes());
    let hash: String = digest
        .as_ref()
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{name}_{hash}")
}

/// The topic of a vehicle's document.
pub(super) fn config_topic(config: &PublishConfig, suffix: &str) -> String {
    format!(
        "{}/device/{OBJECT_PREFIX}{suffix}/config",
        config.home_assistant.prefix
    )
}

/// The topic of a vehicle's state.
pub(super) fn state_topic(config: &PublishConfig, suffix: &str) -> String {
    format!("{}/{STATE}/{suffix}", config.prefix)
}

/// The suffix of a device of ours that somebody (an earlier run of ours) has told Home Assistant of, by the topic and the document.
/// Another gateway's devices, by another prefix, are not ours.
pub(super) fn found(config: &PublishConfig, topic: &str, document: &[u8]) -> Option<String> {
    let object = topic
        .strip_prefix(config.home_assistant.prefix.as_str())?
        .strip_prefix("/device/")?
        .strip_suffix("/config")?;
    let suffix = object.strip_prefix(OBJECT_PREFIX)?;
    let document: Value = serde_json::from_slice(document).ok()?;
    let origin = document.pointer("/origin/name")?.as_str()?;
    let state = document.get("state_topic")?.as_str()?;
    (origin == ORIGIN && state == state_topic(config, suffix)).then(|| suffix.to_owned())
}

/// Document and state of a vehicle; nothing if nothing is known of it yet.
pub(super) fn messages(
    config: &PublishConfig,
    suffix: &str,
    vehicle: &ChosenVehicle,
) -> Vec<Message> {
    let object = format!("{OBJECT_PREFIX}{suffix}");
    let known = COMPONENTS
        .iter()
        .filter_map(|component| Some((component, vehicle.values.get(component.quantity)?)));
    let (components, state): (Map<_, _>, Map<_, _>) = known
        .map(|(component, value)| {
            let name = component.quantity.to_owned();
            (
                (name.clone(), component.document(&object)),
                (name, value.clone()),
            )
        })
        .unzip();
    if components.is_empty() {
        return Vec::new();
    }
    let state_topic = state_topic(config, suffix);
    let document = json!({
        "device": { "identifiers": [object], "name": vehicle.vehicle_id, "manufacturer": ORIGIN, "model": "vehicle" },
        "origin": { "name": ORIGIN, "sw_version": env!("CARGO_PKG_VERSION") },
        "state_topic": state_topic,
        "availability": [{ "topic": format!("{}/{STATUS}", config.prefix) }],
        "components": components,
    });
    // The state first: a device that Home Assistant has just made finds its values.
    vec![
        Message::new(state_topic, Value::Object(state).to_string()),
        Message::new(config_topic(config, suffix), document.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::mqtt::publisher::discovery::*;

    #[test]
    fn the_document_is_the_one_of_the_reference() {
        // `tests/samples/ha_discovery.jsonl`, written for a program called fleetagg.
        let sample = include_str!("../../../tests/samples/ha_discovery.jsonl");
        let lines: Vec<Value> = sample
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let ours = |line: &Value, key: &str| {
            line[key]
                .as_str()
                .unwrap()
                .replace("fleetagg", "fleetgauge")
        };
        let state = ours(&lines[1], "payload");
        let chosen =
            format!(r#"{{"vehicles":[{{"vehicle_id":"AMB-101","values":{state}}}],"left_out":0}}"#);
        let chosen: Chosen = serde_json::from_str(&chosen).unwrap();
        let config = PublishConfig::default();
        let messages = messages(&config, &object_suffix("AMB-101"), &chosen.vehicles[0]);
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(messages[0].topic, ours(&lines[1], "topic"));
        assert_eq!(parsed(&messages[0].payload), parsed(&state));
        assert_eq!(messages[1].topic, ours(&lines[0], "topic"));
        assert_eq!(
            parsed(&messages[1].payload),
            parsed(&ours(&lines[0], "payload"))
        );
        assert_eq!(
            found(&config, &messages[1].topic, messages[1].payload.as_bytes()).as_deref(),
            Some("AMB-101")
        );
        let other = PublishConfig {
            prefix: "elsewhere".into(),
            ..config
        };
        assert_eq!(
            found(&other, &messages[1].topic, messages[1].payload.as_bytes()),
            None,
            "another gateway's"
        );
    }

    #[test]
    fn ids_that_topics_cannot_hold_stay_apart() {
        assert_eq!(object_suffix("AMB-101_b"), "AMB-101_b");
        let odd = ["AMB 101", "AMB/101", "AMB+101", "AMB#101", "Ä", ""].map(object_suffix);
        for (place, suffix) in odd.iter().enumerate() {
            assert!(
                suffix
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'),
                "{suffix}"
            );
            assert!(!odd[..place].contains(suffix), "{suffix}");
        }
    }
}
