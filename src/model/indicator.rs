//! External indicators: any monthly figure of an organisation that comes from elsewhere (charge points in service, renewable share,
//! landfill tonnes), by CSV or over MQTT. Targets are tracked on them as on our own figures.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::units::{Month, UtcMs};

/// Identifies a monthly figure: organisation, name and month.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct IndicatorKey {
    /// `organisation_id` of the register.
    pub organisation: Arc<str>,
    /// The site's own name for it, as in the topic `fleet/indicators/<organisation>/<name>`.
    pub name: Arc<str>,
    /// The London month it is for.
    pub month: Month,
}

/// How a figure was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum IndicatorSource {
    /// By `fleetgauge import indicators`.
    Csv,
    /// By an MQTT message.
    Mqtt,
}

impl IndicatorSource {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Mqtt => "mqtt",
        }
    }
}

/// A figure as it was published. Borrowed from the message while decoding; read back from the inbox at a restart.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IndicatorReport<'a> {
    /// `organisation_id`, from the topic.
    #[serde(borrow)]
    pub organisation: Cow<'a, str>,
    /// Its name, from the topic.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The month it is for.
    pub month: Month,
    /// The figure; finite.
    pub value: f64,
    /// Its unit, if the message has one.
    #[serde(borrow)]
    pub unit: Option<Cow<'a, str>>,
    /// Arrival at this process.
    pub received_at: UtcMs,
}

/// One monthly figure.
#[derive(Clone, PartialEq, Debug)]
pub struct Indicator {
    /// Organisation, name and month.
    pub key: IndicatorKey,
    /// The figure; finite.
    pub value: f64,
    /// Its unit, if the source gave one.
    pub unit: Option<Arc<str>>,
    /// When this value was first received; a newer figure replaces an older one.
    pub at: UtcMs,
    /// How it was received.
    pub source: IndicatorSource,
}
