//! A vehicle as a device of Home Assistant: its discovery document and its state. Values are those that passed the glitch filter; a device
//! has a component for each known quantity, so that none stays "unknown". No positions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Message, PublishConfig};
use crate::engine::views::HomeAssistantVehicle;
use crate::mqtt::publisher::topics::{STATE, STATUS};

/// What every object id of ours begins with.
pub(super) const OBJECT_PREFIX: &str = "fleetgauge_";
/// Who wrote a document.
const ORIGIN: &str = "fleetgauge";

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

/// One component of a device, in the words of Home Assistant's discovery. Keys are in alphabetical order.
#[derive(Serialize)]
struct ComponentDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    device_class: Option<&'static str>,
    name: &'static str,
    platform: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_class: Option<&'static str>,
    unique_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_of_measurement: Option<&'static str>,
    value_template: String,
}

impl Component {
    fn document(&self, object: &str) -> ComponentDocument {
        let quantity = self.quantity;
        let (platform, device_class, state_class, unit_of_measurement) = match self.shown {
            Shown::Counter(class, unit) => {
                ("sensor", Some(class), Some("total_increasing"), Some(unit))
            }
            Shown::Gauge(class, unit) => ("sensor", class, Some("measurement"), Some(unit)),
            Shown::Binary(class) => ("binary_sensor", Some(class), None, None),
        };
        let value_template = match self.shown {
            // A template writes true as "True", which is none of the words of a binary sensor.
            Shown::Binary(_) => format!("{{{{ 'ON' if value_json.{quantity} else 'OFF' }}}}"),
            _ => format!("{{{{ value_json.{quantity} }}}}"),
        };
        ComponentDocument {
            device_class,
            name: self.name,
            platform,
            state_class,
            unique_id: format!("{object}_{quantity}"),
            unit_of_measurement,
            value_template,
        }
    }
}

/// The discovery document of a device. Keys are in alphabetical order.
#[derive(Serialize)]
struct DeviceDocument<'a> {
    availability: [Availability; 1],
    components: BTreeMap<&'static str, ComponentDocument>,
    device: Device<'a>,
    origin: Origin,
    state_topic: &'a str,
}

#[derive(Serialize)]
struct Availability {
    topic: String,
}

#[derive(Serialize)]
struct Device<'a> {
    identifiers: [String; 1],
    manufacturer: &'static str,
    model: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
struct Origin {
    name: &'static str,
    sw_version: &'static str,
}

/// The fields of a document that identify its publisher.
#[derive(Deserialize)]
struct FoundDocument {
    origin: FoundOrigin,
    state_topic: String,
}

#[derive(Deserialize)]
struct FoundOrigin {
    name: String,
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

/// The suffix of a device that an earlier run of ours has published, by the topic and the document.
/// Another gateway's devices, by another prefix, are not ours.
pub(super) fn found(config: &PublishConfig, topic: &str, document: &[u8]) -> Option<String> {
    let object = topic
        .strip_prefix(config.home_assistant.prefix.as_str())?
        .strip_prefix("/device/")?
        .strip_suffix("/config")?;
    let suffix = object.strip_prefix(OBJECT_PREFIX)?;
    let document: FoundDocument = serde_json::from_slice(document).ok()?;
    let ours =
        document.origin.name == ORIGIN && document.state_topic == state_topic(config, suffix);
    ours.then(|| suffix.to_owned())
}

/// Document and state of a vehicle; empty if no quantity of it is known yet.
pub(super) fn messages(
    config: &PublishConfig,
    suffix: &str,
    vehicle: &HomeAssistantVehicle,
) -> serde_json::Result<Vec<Message>> {
    let object = format!("{OBJECT_PREFIX}{suffix}");
    let mut components = BTreeMap::new();
    let mut state = BTreeMap::new();
    for component in COMPONENTS {
        if let Some(value) = vehicle.values.get(component.quantity) {
            components.insert(component.quantity, component.document(&object));
            state.insert(component.quantity, value);
        }
    }
    if components.is_empty() {
        return Ok(Vec::new());
    }
    let state_topic = state_topic(config, suffix);
    let document = DeviceDocument {
        availability: [Availability {
            topic: format!("{}/{STATUS}", config.prefix),
        }],
        components,
        device: Device {
            identifiers: [object],
            manufacturer: ORIGIN,
            model: "vehicle",
            name: &vehicle.vehicle_id,
        },
        origin: Origin {
            name: ORIGIN,
            sw_version: env!("CARGO_PKG_VERSION"),
        },
        state_topic: &state_topic,
    };
    let document = serde_json::to_string(&document)?;
    // The state first: a device that Home Assistant has just made finds its values.
    Ok(vec![
        Message::new(state_topic.clone(), serde_json::to_string(&state)?),
        Message::new(config_topic(config, suffix), document),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::engine::views::AcceptedValue;
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
        let known: BTreeMap<String, Value> = serde_json::from_str(&state).unwrap();
        let accepted = |value: &Value| match value {
            Value::Bool(state) => AcceptedValue::State(*state),
            other => AcceptedValue::Number(other.as_f64().unwrap()),
        };
        let values = COMPONENTS
            .iter()
            .filter_map(|component| {
                let value = known.get(component.quantity)?;
                Some((component.quantity, accepted(value)))
            })
            .collect();
        let vehicle = HomeAssistantVehicle {
            vehicle_id: "AMB-101".into(),
            values,
        };
        let config = PublishConfig::default();
        let messages = messages(&config, &object_suffix("AMB-101"), &vehicle).unwrap();
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(messages[0].topic, ours(&lines[1], "topic"));
        let numbers = |text: &str| -> BTreeMap<String, String> {
            let values: BTreeMap<String, Value> = serde_json::from_str(text).unwrap();
            let number = |value: Value| value.as_f64().map_or(value.to_string(), |n| n.to_string());
            values.into_iter().map(|(k, v)| (k, number(v))).collect()
        };
        assert_eq!(numbers(&messages[0].payload), numbers(&state));
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
