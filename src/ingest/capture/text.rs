//! The JSON text of a captured line.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Line;
use crate::model::{LinkMode, TokenHasher, redact};
use crate::ocpp::codec::observer::Origin;

#[derive(Serialize)]
struct LineJson<'a> {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mqtt: Option<MqttJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ocpp: Option<OcppJson<'a>>,
}

#[derive(Serialize)]
struct MqttJson<'a> {
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_b64: Option<String>,
    retain: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    props: BTreeMap<&'a str, &'a str>,
}

#[derive(Default, Serialize)]
struct OcppJson<'a> {
    charge_point: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<LinkMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<String>,
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::ChargePoint => "charge_point",
        Origin::Csms => "csms",
    }
}

fn event_name(is_connected: bool) -> &'static str {
    if is_connected {
        "connected"
    } else {
        "disconnected"
    }
}

/// The line as JSON, with hashes in place of RFID tags.
pub(super) fn json_line(line: &Line, hasher: &TokenHasher) -> String {
    let hashed = |text: &str| redact(text, |tag| hasher.written(tag)).into_owned();
    let at = line.at().to_string();
    match line {
        Line::Mqtt {
            topic,
            payload,
            retained,
            properties,
            ..
        } => {
            let text = std::str::from_utf8(payload).ok().map(hashed);
            let mqtt = MqttJson {
                topic: &String::from_utf8_lossy(topic),
                payload_b64: text
                    .is_none()
                    .then(|| data_encoding::BASE64.encode(payload)),
                payload: text,
                retain: *retained,
                props: properties
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect(),
            };
            json(&LineJson {
                at,
                mqtt: Some(mqtt),
                ocpp: None,
            })
        }
        Line::Frame {
            charge_point,
            version,
            from,
            text,
            ..
        } => ocpp_line(
            at,
            OcppJson {
                charge_point,
                version: Some(version.name()),
                from: Some(origin_name(*from)),
                frame: Some(hashed(text)),
                ..OcppJson::default()
            },
        ),
        Line::Link {
            charge_point, up, ..
        } => ocpp_line(
            at,
            OcppJson {
                charge_point,
                event: Some(event_name(up.is_some())),
                version: up.map(|(version, _)| version.name()),
                mode: up.map(|(_, mode)| mode),
                ..OcppJson::default()
            },
        ),
    }
}

fn ocpp_line(at: String, ocpp: OcppJson<'_>) -> String {
    json(&LineJson {
        at,
        mqtt: None,
        ocpp: Some(ocpp),
    })
}

fn json(line: &LineJson<'_>) -> String {
    serde_json::to_string(line).expect("structures of text always serialise")
}
