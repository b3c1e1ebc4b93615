//! A line of a capture, as `ingest::capture` writes it: an MQTT message, or a frame or event of a charge point.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::LinkMode;

/// A line that is not one of a capture.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Not the JSON it should be.
    #[error("is not a line of a capture: {0}")]
    Json(#[from] serde_json::Error),
    /// `at`, the time of arrival, is not an RFC 3339 time with a zone; the text as found.
    #[error("`at` {0:?} is not an RFC 3339 time with its zone")]
    At(String),
    /// `version` of a charge point's line is no OCPP version that is decoded; the text as found.
    #[error("`version` {0:?} is not 1.6, 2.0.1 or 2.1")]
    Version(String),
    /// `payload_b64`, which stands for a payload that is not UTF-8, is not base64.
    #[error("`payload_b64` is not base64")]
    Base64,
    /// Neither `mqtt` nor `ocpp`, or an `ocpp` without anything in it.
    #[error("is empty: it needs `mqtt`, or `ocpp` with `frame` or `event`")]
    Empty,
}

#[derive(Deserialize)]
pub(super) struct Line {
    pub at: String,
    pub mqtt: Option<MqttLine>,
    pub ocpp: Option<OcppLine>,
}

#[derive(Deserialize)]
pub(super) struct MqttLine {
    pub topic: String,
    pub payload: Option<String>,
    pub payload_b64: Option<String>,
    #[serde(default)]
    pub retain: bool,
    #[serde(default)]
    pub props: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct OcppLine {
    pub charge_point: String,
    pub version: Option<String>,
    pub from: Option<From>,
    pub frame: Option<String>,
    pub event: Option<Event>,
    pub mode: Option<LinkMode>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum From {
    ChargePoint,
    Csms,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    Connected,
    Disconnected,
}
