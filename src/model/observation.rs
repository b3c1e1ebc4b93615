//! Observations: the normalised content of messages, the one language between decoders and the engine, kept in the inbox.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    AssetKind, ConnectorStatus, EmissionsSample, Fingerprint, IdTokenHash, IndicatorReport,
    LinkMode, MeterSample, OcppVersion, ProvisioningEvent, Quantity,
};
use crate::units::{Thousandths, UtcMs};

/// Which format a reading came in; counters are never differenced across formats.
///
/// Each decoder names its own, so that a new one needs no place here. The number is written to disk: it is never used again
/// for another format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct FeedFormat {
    /// Name of the format.
    pub number: u8,
    /// Significant digits of the numbers it prints; 0 is all of them.
    pub digits: u8,
}

impl FeedFormat {
    /// A format that prints all digits it has.
    pub const fn new(number: u8) -> Self {
        Self { number, digits: 0 }
    }
}

/// How a source lets us see what was lost on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Sequence {
    /// The asset's own running number of this message.
    Number(u64),
    /// The decoder counted: so many messages are missing before this one.
    Lost(u32),
}

/// One event of a feed. Borrowed from the message while decoding; read back from the inbox at a restart.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Observation<'a> {
    /// A vehicle, charger or meter reported values over MQTT.
    #[serde(borrow)]
    Telemetry(Reading<'a>),
    /// An OCPP message of a charge point, or a change of its link.
    ChargePoint(ChargePointEvent),
    /// The daemon has just started: nothing was observed since the last thing before this.
    Restarted,
    /// A person undid an entry of the audit log of registers.
    CounterUndone {
        /// Number of the entry in the audit log.
        entry: u64,
    },
    /// State of a decoder, returned to it after a restart.
    Remembered(#[serde(borrow)] DecoderMemory<'a>),
    /// How the daemon itself fares, once a minute, for the alerts about it.
    OwnState(OwnState),
    /// A person acknowledged an alert.
    AlertAcked {
        /// The alert that is acknowledged.
        fingerprint: Fingerprint,
        /// The user who did it.
        by: String,
    },
    /// A person silenced alerts for a while.
    AlertsSilenced {
        /// Labels (and `rule`, `severity`) with their values.
        matchers: Vec<(String, String)>,
        /// When the silence expires.
        until: UtcMs,
        /// The user who did it.
        by: String,
        /// The reason that was given.
        comment: String,
    },
    /// A person ended a silence.
    SilenceEnded {
        /// Number of the silence.
        id: u64,
    },
    /// A person or program published a monthly figure.
    Indicator(#[serde(borrow)] IndicatorReport<'a>),
    /// What a fleet emitted per kilometre in the month that has ended, for the alert about it.
    EmissionsOfMonth(EmissionsSample),
    /// The links to all brokers, once a minute, for the alert about them.
    Brokers(Vec<BrokerLink>),
}

/// The link to a broker.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BrokerLink {
    /// Name of the broker, as in the configuration.
    pub broker: String,
    /// Since when there is no connection; `None` while there is one.
    pub down_since: Option<UtcMs>,
}

/// State of the daemon that the engine cannot see.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct OwnState {
    /// Seconds since the oldest row that a configured database has not taken was written; `None` without a database.
    pub output_age_s: Option<f64>,
    /// Free part of the disk that holds the store, 0 to 1.
    pub disk_free_ratio: Option<f64>,
}

/// What a decoder must remember over a restart: one byte, the version of its layout, then the decoder's own encoding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DecoderMemory<'a> {
    /// The decoder's name.
    #[serde(borrow)]
    pub decoder: Cow<'a, str>,
    /// Version byte and content. Only the decoder reads the content.
    #[serde(borrow)]
    pub bytes: Cow<'a, [u8]>,
}

impl DecoderMemory<'_> {
    /// A memory as it was stored before memories had a version byte: all of those are version 1.
    pub fn from_first_version(memory: &DecoderMemory<'_>) -> DecoderMemory<'static> {
        let bytes: Vec<u8> = std::iter::once(1)
            .chain(memory.bytes.iter().copied())
            .collect();
        DecoderMemory {
            decoder: memory.decoder.clone().into_owned().into(),
            bytes: bytes.into(),
        }
    }
}

/// Values of one asset at one time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reading<'a> {
    /// The fleet id (native format) or `<source>:<native id>`.
    #[serde(borrow)]
    pub asset: Cow<'a, str>,
    /// Vehicle, charger or meter.
    pub kind: AssetKind,
    /// The format it came in.
    pub format: FeedFormat,
    /// The device's own time, if the message carries one.
    pub at: Option<UtcMs>,
    /// When it arrived.
    pub received_at: UtcMs,
    /// A replay of the broker's stored copy: it never makes an asset fresh.
    pub retained: bool,
    /// From a device's memory, by its own word: it is booked at its time and never becomes the live value.
    pub historical: bool,
    /// Messages lost before it, as far as the source shows that.
    pub sequence: Option<Sequence>,
    /// Silent for longer than this, the asset is stale; `None` is the general setting.
    pub stale_after_s: Option<u32>,
    /// Quantities and values, in the order of the message.
    pub entries: Cow<'a, [ReadingEntry<'a>]>,
}

/// One value of a reading.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ReadingEntry<'a> {
    /// What is measured.
    pub quantity: Quantity,
    /// The value in the quantity's canonical unit.
    #[serde(borrow)]
    pub value: Value<'a>,
}

/// A value in canonical form.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Value<'a> {
    /// A number in thousandths of the quantity's unit.
    Number(Thousandths),
    /// A boolean state.
    Bool(bool),
    /// An identifier, as sent. Readings of `id_tag` are dropped before the inbox.
    #[serde(borrow)]
    Id(Cow<'a, str>),
    /// One angle in units of 1e-7 degree (`latitude` or `longitude` alone).
    Angle(i32),
    /// Latitude and longitude in units of 1e-7 degree.
    Position(i32, i32),
    /// The source reports that there is none: an id ends (the vehicle has left). Not the same as an unknown value, which is no entry at all.
    NoId,
}

impl Value<'_> {
    /// The same with an id of its own.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Number(number) => Value::Number(number),
            Self::Bool(state) => Value::Bool(state),
            Self::Id(id) => Value::Id(Cow::Owned(id.into_owned())),
            Self::Angle(angle) => Value::Angle(angle),
            Self::Position(latitude, longitude) => Value::Position(latitude, longitude),
            Self::NoId => Value::NoId,
        }
    }
}

/// A message of a charge point, of any OCPP version.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChargePointEvent {
    /// The identity from the connection's path.
    pub charge_point: Arc<str>,
    /// When it arrived.
    pub received_at: UtcMs,
    /// Deviations in its form.
    pub deviations: Deviations,
    /// What the message reports.
    pub message: ChargePointMessage,
}

/// Deviations of a message from the standard's form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Deviations {
    /// Some time in it names no zone; it was read as UTC.
    pub zoneless: bool,
    /// Its JSON was broken and mended.
    pub repaired: bool,
    /// Whether the strict check accepted it; `None` if it was not checked.
    pub conformant: Option<bool>,
}

/// Which side issues the id of an OCPP 1.6 transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Issue {
    /// fleetgauge answers the charge point.
    Ours,
    /// The operator did, in the response that was observed; `None` if there was none.
    Theirs(Option<i64>),
}

/// `eventType` of a TransactionEvent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TransactionEventKind {
    /// The first one.
    Started,
    /// Updated: the transaction goes on.
    Updated,
    /// The last one.
    Ended,
}

impl TransactionEventKind {
    /// The kind of an OCPP word.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "Started" => Some(Self::Started),
            "Updated" => Some(Self::Updated),
            "Ended" => Some(Self::Ended),
            _ => None,
        }
    }
}

/// OCPP 2.x TransactionEvent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TransactionEvent {
    /// `eventType`: started, updated or ended.
    pub kind: TransactionEventKind,
    /// `transactionInfo.transactionId`: the station's own.
    pub transaction_id: String,
    /// `seqNo`, which rises by one within a transaction.
    pub seq_no: Option<i64>,
    /// It happened while the link was down.
    pub offline: bool,
    /// `evse.id`; mostly only in the first event.
    pub evse_id: Option<u32>,
    /// Keyed hash of `idToken.idToken`.
    pub id_token: Option<IdTokenHash>,
    /// `transactionInfo.chargingState` in the words of OCPP 1.6 (EVConnected is Preparing, Idle is Available).
    pub charging_state: Option<ConnectorStatus>,
    /// `transactionInfo.timeSpentCharging` in seconds, as the station counted it.
    pub charging_s: Option<i64>,
    /// `transactionInfo.stoppedReason`, as sent.
    pub stopped_reason: Option<String>,
    /// `triggerReason`, as sent.
    pub trigger: Option<String>,
    /// `timestamp` by the charge point's own clock; `None` if missing or unreadable.
    pub at: Option<UtcMs>,
    /// `meterValue`, in time order.
    pub samples: Vec<MeterSample>,
}

/// The OCPP messages that carry facts, version-neutral. Times are the charge point's own, where it gave one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum ChargePointMessage {
    /// The WebSocket is up.
    Connected {
        /// The subprotocol agreed on.
        version: OcppVersion,
        /// With us, or through us with its operator.
        mode: LinkMode,
    },
    /// The WebSocket is gone.
    Disconnected,
    /// Tapped: its operator could be reached, or not.
    OperatorLink {
        /// Whether the operator's system could be reached.
        up: bool,
    },
    /// A BootNotification: the charge point has started.
    Boot {
        /// `chargePointVendor`; in OCPP 2.x `vendorName`.
        vendor: String,
        /// `chargePointModel`; in OCPP 2.x `model`.
        model: String,
        /// `firmwareVersion`, if it was sent.
        firmware: Option<String>,
        /// `chargePointSerialNumber` or `chargeBoxSerialNumber`.
        serial: Option<String>,
    },
    /// Heartbeat: a sign of life.
    Heartbeat,
    /// StatusNotification. Connector 0 is the charge point as a whole.
    Status {
        /// 0 for the charge point itself; in OCPP 2.x the EVSE.
        connector_id: u32,
        /// OCPP 2.x: which plug of the EVSE; 0 for all of it, and in OCPP 1.6.
        part: u32,
        /// The status reported.
        status: ConnectorStatus,
        /// `errorCode` unless `NoError`, as sent.
        error_code: Option<String>,
        /// `vendorErrorCode`, as sent.
        vendor_error_code: Option<String>,
        /// `info`, as sent.
        info: Option<String>,
        /// `timestamp` by the charge point's own clock; `None` if missing or unreadable.
        at: Option<UtcMs>,
    },
    /// A StartTransaction (OCPP 1.6 section 4.8).
    StartTransaction {
        /// The number of the connector, from 1.
        connector_id: u32,
        /// Keyed hash of `idTag`; `None` if it was empty.
        id_token: Option<IdTokenHash>,
        /// `meterStart` in tenths of Wh.
        #[serde(rename = "meter_start_dwh")]
        meter_start_tenth_wh: Option<i64>,
        /// `timestamp` by the charge point's own clock; `None` if missing or unreadable.
        at: Option<UtcMs>,
        /// Who gives it its id.
        issue: Issue,
    },
    /// A StopTransaction (OCPP 1.6 section 4.10).
    StopTransaction {
        /// As sent; 0, negative and never issued values occur.
        transaction_id: Option<i64>,
        /// Keyed hash of `idTag`.
        id_token: Option<IdTokenHash>,
        /// `meterStop` in tenths of Wh.
        #[serde(rename = "meter_stop_dwh")]
        meter_stop_tenth_wh: Option<i64>,
        /// `timestamp` by the charge point's own clock; `None` if missing or unreadable.
        at: Option<UtcMs>,
        /// `reason`, as sent.
        reason: Option<String>,
        /// Samples of `transactionData`, in order of time.
        samples: Vec<MeterSample>,
    },
    /// MeterValues (OCPP 1.6 section 4.7).
    MeterValues {
        /// 0 is the charge point's main meter.
        connector_id: u32,
        /// `transactionId`, if sent and not 0.
        transaction_id: Option<i64>,
        /// One per `meterValue` element, in time order.
        samples: Vec<MeterSample>,
    },
    /// OCPP 2.x TransactionEvent.
    Transaction(Box<TransactionEvent>),
    /// OCPP 2.x NotifyEvent of a `Problem`.
    Problem {
        /// EVSE; 0 for the charging station.
        connector_id: u32,
        /// `component.name`: the part that has the problem.
        component: String,
        /// `techCode`: the maker's code of the problem.
        code: Option<String>,
        /// It is there now; false if it went away.
        present: bool,
        /// `timestamp` by the charge point's own clock; `None` if missing or unreadable.
        at: Option<UtcMs>,
    },
    /// Its central system set it (in)operative (ChangeAvailability, accepted).
    AvailabilityChanged {
        /// 0 for all of it.
        connector_id: u32,
        /// True for `Operative`, false for `Inoperative`.
        operative: bool,
    },
    /// All that carries no fact for the books: firmware, logs, security events, vendors' own. Kept as a sign of life and counted.
    Notice {
        /// Name of the action.
        action: String,
        /// Its `status` or `type`.
        status: Option<String>,
    },
    /// Not the charge point's word but ours: how it is being set up.
    Provisioning(ProvisioningEvent),
}

impl ChargePointMessage {
    /// The charge point's own word, or its link's; false for what we note about it, which is no sign of life.
    pub fn comes_from_charge_point(&self) -> bool {
        !matches!(self, Self::Provisioning(_) | Self::OperatorLink { .. })
    }
}
