//! Charge points behind another OCPP bridge: ocpp2mqtt (`ocpp/<charge point>/state/<measurand>`, bare values) and EMQX's gateway
//! (`ocpp/cp/<charge point>`, whole OCPP 1.6 requests). Messages to the charge point (`ocpp/cs/...`, `/cmd`) are ignored, and id tags are
//! dropped here. Sources: `gyzod/ocpp2mqtt` (README, charge_point.py), docs.emqx.com gateway/ocpp, OCPP 1.6.

mod open_transactions;
mod request;

use crate::model::{
    AssetKind, ConnectorStatus, FeedFormat, Quantity, ReadingEntry, RejectReason, TokenHasher,
    Value,
};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{ReadingSource, emit_entries, emit_value, find_rule};
use crate::telemetry::kit::{json_object, value_text};
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use open_transactions::OpenTransactions;

/// The entry in the table of formats.
pub(super) const DECODER: Decoder = Decoder {
    name: "ocpp_bridge",
    format: FORMAT,
    filters: &["ocpp/+/state/+", "ocpp/cp/#"],
    claims: |topic| topic.starts_with("ocpp/") && parse_topic(topic).is_some(),
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

/// What a topic is about, with its charge point.
enum Topic<'a> {
    /// A value published by ocpp2mqtt.
    State(&'a str, &'a str),
    /// A request of a charge point to EMQX. With a topic mapping further levels follow (`/Notify/<action>`); responses have `/Reply`.
    Upstream(&'a str),
    /// A message to the charge point.
    Downstream,
}

/// Both bridges allow any levels before these (`MQTT_BASEPATH`, the mount point).
fn parse_topic(topic: &str) -> Option<Topic<'_>> {
    let mut from_the_end = topic.rsplit('/');
    let (last, before, point) = (
        from_the_end.next()?,
        from_the_end.next()?,
        from_the_end.next(),
    );
    match (before, point) {
        ("state", Some(point)) => return Some(Topic::State(point, last)),
        ("cmd_result", Some(_)) => return Some(Topic::Downstream),
        _ => {}
    }
    let below = topic.strip_prefix("ocpp/").unwrap_or(topic);
    let direction = |side: &str| {
        let rest = below.strip_prefix(side)?.strip_prefix('/')?;
        rest.split('/').next()
    };
    if let Some(point) = direction("cp") {
        return Some(Topic::Upstream(point));
    }
    (direction("cs").is_some() || last == "cmd").then_some(Topic::Downstream)
}

struct Bridge {
    /// The frame parser hashes id tags. These hashes are dropped, so the key need not be secret.
    hasher: TokenHasher,
    open_transactions: OpenTransactions,
}

impl Bridge {
    fn new() -> Self {
        Self {
            hasher: TokenHasher::new(&[0; 32]),
            open_transactions: OpenTransactions::default(),
        }
    }
}

impl Decode for Bridge {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let parsed = parse_topic(message.topic).ok_or_else(|| {
            Refused::new(
                RejectReason::UnknownTopic,
                "the topic is neither ocpp/<charge point>/state/<measurand> nor ocpp/cp/<charge point>",
            )
        })?;
        match parsed {
            Topic::State(point, key) => state(message, point, key, sink),
            Topic::Upstream(point) => request::decode(
                message,
                point,
                &self.hasher,
                &mut self.open_transactions,
                sink,
            ),
            Topic::Downstream => Ok(()),
        }
    }

    fn take_changed(&mut self) -> bool {
        self.open_transactions.take_changed()
    }

    fn save(&self) -> Vec<u8> {
        self.open_transactions.save()
    }

    fn restore(&mut self, saved: &[u8]) {
        self.open_transactions = OpenTransactions::restored(saved);
    }
}

fn state(
    message: &Message<'_>,
    point: &str,
    key: &str,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let asset = AssetId::new("ocpp", &[point])?;
    let source = ReadingSource {
        format: FORMAT,
        kind: AssetKind::Charger,
        asset: &asset,
    };
    if key == "status" {
        // Other values treat `Unavailable` as a word for "unknown"; here it is a status.
        let word = json_object::text_within(message, MAX_STATUS)?
            .trim()
            .trim_matches('"');
        let status = ConnectorStatus::from_name(word);
        if status == ConnectorStatus::Unknown && value_text::known(word).is_some() {
            return Err(Refused::new(
                RejectReason::Type,
                format!("status: `{word:.64}` is no status of OCPP 1.6"),
            ));
        }
        let (entries, len) = status_entries(status);
        emit_entries(message, source, &entries[..len], sink);
        return Ok(());
    }
    match find_rule(STATES, key) {
        Some(rule) => emit_value(message, source, key, rule, sink),
        None => Ok(()),
    }
}

/// The entries that follow from a status (OCPP 1.6, section 4.9), charging and plugged in, and how many of the two are known.
///
/// `Faulted` and `Unavailable` deliver no energy, whether or not a vehicle is plugged in; so does `Reserved`, which an unauthorised plug
/// does not change. `Occupied` (OCPP 1.5) leaves open whether energy flows.
fn status_entries(status: ConnectorStatus) -> ([ReadingEntry<'static>; 2], usize) {
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
