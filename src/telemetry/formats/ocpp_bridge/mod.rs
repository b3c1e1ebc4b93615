//! Charge points behind somebody else's OCPP bridge: ocpp2mqtt (`ocpp/<charge point>/state/<measurand>`, bare values) and EMQX's gateway
//! (`ocpp/cp/<charge point>`, whole OCPP 1.6 requests). What goes down to the charge point (`ocpp/cs/...`, `/cmd`) is never read, and a tag
//! goes no further than here. Sources: `gyzod/ocpp2mqtt` (README, charge_point.py), docs.emqx.com gateway/ocpp, OCPP 1.6.

mod memory;
mod request;

use crate::model::{
    AssetKind, ConnectorStatus, FeedFormat, Quantity, ReadingEntry, RejectReason, TokenHasher,
    Value,
};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::plain::{Of, give, give_all, rule_of};
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::{object, scalar};
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use memory::Memory;

/// The format's line in the table.
pub const DECODER: Decoder = Decoder {
    name: "ocpp_bridge",
    format: FORMAT,
    filters: &["ocpp/+/state/+", "ocpp/cp/#"],
    claims: |topic| topic.starts_with("ocpp/") && split(topic).is_some(),
    start: || Box::new(Bridge::new()),
};
const FORMAT: FeedFormat = FeedFormat::new(26);

/// ocpp2mqtt names a topic after the measurand and drops its unit: Wh and W are the defaults of OCPP 1.6 (types, UnitOfMeasure). The
/// connector, the phase and the location are dropped as well, so values are those of the charge point.
const STATES: &[(&str, Rule)] = &[
    (
        "energy_active_import_register",
        Rule::Number(Quantity::EnergyImportTotal, "Wh"),
    ),
    (
        "energy_active_export_register",
        Rule::Number(Quantity::EnergyExportTotal, "Wh"),
    ),
    (
        "power_active_import",
        Rule::Number(Quantity::ChargePower, "W"),
    ),
    ("soc", Rule::Number(Quantity::Soc, "%")),
    (
        "connection_state",
        Rule::Either(Quantity::Online, "CONNECTED", "DISCONNECTED"),
    ),
];

/// Bytes of a status; the longest word has 13.
const MAX_STATUS: usize = 128;

/// Where a topic belongs: the charge point, and what of it.
enum Place<'a> {
    /// A value kept by ocpp2mqtt.
    State(&'a str, &'a str),
    /// What a charge point said to EMQX. With a topic mapping further levels follow (`/Notify/<action>`); answers have `/Reply`.
    Upstream(&'a str),
    /// What is said to it.
    Downstream,
}

/// The levels before these are free in both (`MQTT_BASEPATH`, the mount point).
fn split(topic: &str) -> Option<Place<'_>> {
    let mut from_the_end = topic.rsplit('/');
    let (last, before, point) = (
        from_the_end.next()?,
        from_the_end.next()?,
        from_the_end.next(),
    );
    match (before, point) {
        ("state", Some(point)) => return Some(Place::State(point, last)),
        ("cmd_result", Some(_)) => return Some(Place::Downstream),
        _ => {}
    }
    let below = topic.strip_prefix("ocpp/").unwrap_or(topic);
    let direction = |side: &str| {
        let rest = below.strip_prefix(side)?.strip_prefix('/')?;
        rest.split('/').next()
    };
    if let Some(point) = direction("cp") {
        return Some(Place::Upstream(point));
    }
    (direction("cs").is_some() || last == "cmd").then_some(Place::Downstream)
}

struct Bridge {
    /// The frame reader hashes tags. These hashes are thrown away, so the key is nobody's secret.
    hasher: TokenHasher,
    memory: Memory,
}

impl Bridge {
    fn new() -> Self {
        Self {
            hasher: TokenHasher::new(&[0; 32]),
            memory: Memory::default(),
        }
    }
}

impl Decode for Bridge {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let place = split(message.topic).ok_or_else(|| {
            Refused::new(
                RejectReason::UnknownTopic,
                "the topic is neither ocpp/<charge point>/state/<measurand> nor ocpp/cp/<charge point>",
            )
        })?;
        match place {
            Place::State(point, key) => state(message, point, key, sink),
            Place::Upstream(point) => {
                request::decode(message, point, &self.hasher, &mut self.memory, sink)
            }
            Place::Downstream => Ok(()),
        }
    }

    fn has_news(&mut self) -> bool {
        self.memory.has_news()
    }

    fn save(&self) -> Vec<u8> {
        self.memory.save()
    }

    fn restore(&mut self, saved: &[u8]) {
        self.memory = Memory::restored(saved);
    }
}

fn state(
    message: &Message<'_>,
    point: &str,
    key: &str,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let asset = AssetId::new("ocpp", &[point])?;
    let of = Of {
        format: FORMAT,
        kind: AssetKind::Charger,
        asset: &asset,
    };
    if key == "status" {
        // Not read as other values are: for them `Unavailable` is a word for "unknown".
        let word = object::text_within(message, MAX_STATUS)?
            .trim()
            .trim_matches('"');
        let status = ConnectorStatus::from_name(word);
        if status == ConnectorStatus::Unknown && scalar::known(word).is_some() {
            return Err(Refused::new(
                RejectReason::Type,
                format!("status: `{word:.64}` is no status of OCPP 1.6"),
            ));
        }
        let (entries, len) = said_by(status);
        give_all(message, of, &entries[..len], sink);
        return Ok(());
    }
    match rule_of(STATES, key) {
        Some(rule) => give(message, of, key, rule, sink),
        None => Ok(()),
    }
}

/// What a status says of charging and of the plug (OCPP 1.6 section 4.9), and how many of the two it says.
///
/// `Faulted` and `Unavailable` give no energy, and a vehicle may be plugged in or not. So it is with `Reserved`: an unauthorised plug leaves
/// it as it is. `Occupied` (OCPP 1.5) does not tell whether energy flows; an unknown word tells nothing.
fn said_by(status: ConnectorStatus) -> ([ReadingEntry<'static>; 2], usize) {
    use ConnectorStatus as S;
    let charging = |state| ReadingEntry {
        quantity: Quantity::Charging,
        value: Value::Bool(state),
    };
    let plugged = |state| ReadingEntry {
        quantity: Quantity::PluggedIn,
        value: Value::Bool(state),
    };
    match status {
        S::Charging => ([charging(true), plugged(true)], 2),
        S::Preparing | S::SuspendedEV | S::SuspendedEVSE | S::Finishing => {
            ([charging(false), plugged(true)], 2)
        }
        S::Available => ([charging(false), plugged(false)], 2),
        S::Reserved | S::Unavailable | S::Faulted => ([charging(false), plugged(false)], 1),
        S::Occupied => ([plugged(true), charging(false)], 1),
        S::Unknown => ([charging(false), plugged(false)], 0),
    }
}
