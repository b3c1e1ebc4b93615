//! Counters of what we did ourselves: received, refused, dropped. Written by every room, read by `/metrics`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::redact;
use crate::units::UtcMs;

/// Why a message was not taken. The name is the label in `/metrics` and in `/api/v1/rejects`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// No decoder claims the topic.
    UnknownTopic,
    /// Not the syntax the format asks for (JSON, a number, an OCPP frame).
    Syntax,
    /// Not UTF-8.
    Utf8,
    /// Larger than the limit.
    TooLarge,
    /// Nested deeper than the limit.
    TooDeep,
    /// More samples than the limit.
    TooManySamples,
    /// A number that cannot be (NaN, infinite, out of range).
    Number,
    /// A time that cannot be read, or lies too far ahead.
    Time,
    /// A unit that the quantity does not have.
    Unit,
    /// An id that is none.
    Id,
    /// A wrong type for the field.
    Type,
    /// A key that the format does not have.
    UnknownKey,
    /// Nothing in it although something was promised.
    Empty,
    /// An OCPP action nobody knows.
    UnknownAction,
    /// A limit on assets, connectors or series is reached.
    Limit,
    /// A charge point could not use our answer (CALLRESULTERROR).
    AnswerRefused,
    /// The charge point or device is not known here.
    NotRegistered,
    /// Wrong or missing credentials.
    Credentials,
}

impl RejectReason {
    /// The label.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownTopic => "unknown_topic",
            Self::Syntax => "syntax",
            Self::Utf8 => "utf8",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::TooManySamples => "too_many_samples",
            Self::Number => "number",
            Self::Time => "time",
            Self::Unit => "unit",
            Self::Id => "id",
            Self::Type => "type",
            Self::UnknownKey => "unknown_key",
            Self::Empty => "empty",
            Self::UnknownAction => "unknown_action",
            Self::Limit => "limit",
            Self::AnswerRefused => "answer_refused",
            Self::NotRegistered => "not_registered",
            Self::Credentials => "credentials",
        }
    }
}

/// A message that was not taken, kept for people to look at.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Reject {
    /// When, RFC 3339.
    pub at: String,
    /// `mqtt` or `ocpp`.
    pub source: &'static str,
    /// Topic, or charge point id.
    pub origin: String,
    /// Why.
    pub reason: RejectReason,
    /// What exactly.
    pub detail: String,
    /// The first 256 bytes, lossily as text.
    pub excerpt: String,
}

/// How many rejects are kept.
const REJECT_RING: usize = 256;
/// How much of a rejected message is kept.
const EXCERPT_BYTES: usize = 256;

/// All counters of the process. Cheap to share (`Arc`), never blocking on the hot path but for the reject ring.
#[derive(Debug, Default)]
pub struct Stats {
    /// MQTT PUBLISH packets received.
    pub mqtt_received: AtomicU64,
    /// MQTT messages of our own that a broker brought back.
    pub mqtt_own: AtomicU64,
    /// Messages published to a broker.
    pub published: AtomicU64,
    /// 1 while the publisher is connected.
    pub publisher_connected: AtomicU64,
    /// Vehicles on the list for Home Assistant beyond `home_assistant.max_devices`.
    pub devices_left_out: AtomicU64,
    /// OCPP frames received.
    pub ocpp_received: AtomicU64,
    /// Observations handed to the engine from MQTT.
    pub mqtt_accepted: AtomicU64,
    /// Observations handed to the engine from OCPP.
    pub ocpp_accepted: AtomicU64,
    /// Fields of accepted messages that were ignored (unknown keys, bad fields).
    pub fields_ignored: AtomicU64,
    /// Readings older than what was booked.
    pub late: AtomicU64,
    /// Readings of assets beyond `limits.max_assets`.
    pub assets_refused: AtomicU64,
    /// Answers of the carbon intensity API.
    pub intensity_answers: AtomicU64,
    /// Questions to it that failed.
    pub intensity_failures: AtomicU64,
    /// Monthly figures beyond `limits.max_indicators`.
    pub indicators_refused: AtomicU64,
    /// Messages of charge points or connectors beyond `limits.max_charge_points` and `limits.max_connectors`.
    pub charging_refused: AtomicU64,
    /// Energy and time of charge points beyond `history.max_series`.
    pub history_refused: AtomicU64,
    /// Open MQTT device connections.
    pub listener_connections: AtomicU64,
    /// Open OCPP connections.
    pub ocpp_connections: AtomicU64,
    /// Open connections at the doors for charge points, whether they were let in yet or not.
    pub ocpp_open: AtomicU64,
    /// Handshakes refused because there were too many of an address or an identity.
    pub handshakes_limited: AtomicU64,
    /// Logins at the page with a wrong name or password.
    pub logins_failed: AtomicU64,
    /// Logins beyond `web.max_failed_logins`, or too many at once: not looked at.
    pub logins_limited: AtomicU64,
    /// Connections refused because their identity was connected already, better authenticated or alive.
    pub duplicates_refused: AtomicU64,
    /// Operators that could not be reached for a tapped charge point.
    pub tap_upstream_failures: AtomicU64,
    /// Frames of tapped links that were passed on, but not listened to.
    pub tap_dropped: AtomicU64,
    /// Directions of tapped links that are passed on only, because their bytes are no WebSocket.
    pub tap_deaf: AtomicU64,
    /// Listeners of tapped links that died and were replaced.
    pub tap_listener_deaths: AtomicU64,
    /// Tapped charge points that were given another address by their operator.
    pub tap_bypass: AtomicU64,
    /// OCPP connections that took the place of one that was still open.
    pub ocpp_replaced: AtomicU64,
    /// OCPP requests heard before on the same connection, answered as before.
    pub ocpp_repeated: AtomicU64,
    /// OCPP metering frames whose JSON was broken and mended.
    pub ocpp_repaired: AtomicU64,
    /// Lines of traffic that the capture had no room for.
    pub capture_dropped: AtomicU64,
    /// OCPP answers to what nobody asked.
    pub ocpp_unasked: AtomicU64,
    /// Connections refused (limit, credentials, unknown id).
    pub connections_refused: AtomicU64,
    /// Connected MQTT brokers.
    pub brokers_connected: AtomicU64,
    /// Commits made.
    pub commits: AtomicU64,
    /// Commits that failed and were tried again.
    pub commit_failures: AtomicU64,
    /// Bytes of inbox rows committed.
    pub inbox_bytes: AtomicU64,
    /// Bytes of compressed line protocol committed.
    pub outbox_bytes: AtomicU64,
    /// Rows (points) committed.
    pub points: AtomicU64,
    /// Outbox rows waiting.
    pub outbox_rows: AtomicU64,
    /// Bytes of the outbox waiting.
    pub outbox_waiting_bytes: AtomicU64,
    /// Outbox rows dropped because the limit was reached.
    pub outbox_dropped: AtomicU64,
    /// Unix ms of the oldest waiting outbox row, 0 for none.
    pub outbox_oldest_ms: AtomicU64,
    /// Free part of the disk that holds the store, millionths; 0 is not known.
    pub disk_free_ppm: AtomicU64,
    /// Alerts beyond `alerts.max_series`.
    pub alerts_refused: AtomicU64,
    /// Notifications that wait for their notifiers.
    pub notifications_waiting: AtomicU64,
    /// Notifications dropped because too many waited for a notifier.
    pub notifications_dropped: AtomicU64,
    /// Unix ms of the oldest waiting notification, 0 for none.
    pub notifications_oldest_ms: AtomicU64,
    /// Notifications that a notifier has taken.
    pub notifications_delivered: AtomicU64,
    /// Attempts to deliver that failed and are tried again.
    pub notifications_failed: AtomicU64,
    /// Notifications that a notifier refuses for good.
    pub notifications_refused: AtomicU64,
    /// Checkpoints written.
    pub checkpoints: AtomicU64,
    rejects: Mutex<RejectBook>,
    ignored: Mutex<IgnoredBook>,
    /// Brokers by name, and since when they have no link.
    brokers: Mutex<BTreeMap<String, Option<UtcMs>>>,
    outputs: Mutex<BTreeMap<&'static str, Arc<OutputStats>>>,
}

/// Counters of one output, which takes rows from the outbox.
#[derive(Debug, Default)]
pub struct OutputStats {
    /// Batches that the output acknowledged.
    pub batches: AtomicU64,
    /// Rows that the output refuses for good, or that it lost to a partial write.
    pub points_refused: AtomicU64,
    /// Failed attempts to write.
    pub failures: AtomicU64,
}

/// Fields of accepted messages that were left out, by name and reason.
#[derive(Clone, Debug, Default)]
struct IgnoredBook {
    counts: BTreeMap<(String, RejectReason), u64>,
    /// Those of further names.
    further: u64,
}

/// Names of ignored fields that are told apart; a device that makes up names must not fill the memory.
const MAX_IGNORED: usize = 256;
/// Bytes kept of such a name.
const IGNORED_NAME: usize = 64;

#[derive(Debug, Default)]
struct RejectBook {
    counts: BTreeMap<(&'static str, RejectReason), u64>,
    ring: VecDeque<Reject>,
}

/// The figures `/metrics` and `ingest_stats` show.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StatsSnapshot {
    /// Rejected MQTT messages.
    pub mqtt_rejected: u64,
    /// Rejected OCPP frames.
    pub ocpp_rejected: u64,
    /// Rejects by source and reason.
    pub rejects: Vec<(&'static str, &'static str, u64)>,
}

impl Stats {
    /// Adds one.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds many.
    pub fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    /// Takes one away (open connections).
    pub fn release(counter: &AtomicU64) {
        counter.fetch_sub(1, Ordering::Relaxed);
    }

    /// Reads a counter.
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }

    /// The counters of an output, which are shown from the first call on.
    pub fn output(&self, name: &'static str) -> Arc<OutputStats> {
        let mut outputs = self
            .outputs
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        outputs.entry(name).or_default().clone()
    }

    /// The counters of all outputs, by name.
    pub fn outputs(&self) -> Vec<(&'static str, Arc<OutputStats>)> {
        let outputs = self
            .outputs
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        outputs
            .iter()
            .map(|(name, stats)| (*name, stats.clone()))
            .collect()
    }

    /// There is a link to a broker, or none from this instant.
    pub fn broker(&self, name: &str, down_from: Option<UtcMs>) {
        let mut brokers = self
            .brokers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let down_since = brokers.entry(name.to_owned()).or_default();
        *down_since = down_from.map(|now| down_since.unwrap_or(now));
    }

    /// Brokers by name, and since when they have no link.
    pub fn brokers(&self) -> Vec<(String, Option<UtcMs>)> {
        let brokers = self
            .brokers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        brokers
            .iter()
            .map(|(name, down_since)| (name.clone(), *down_since))
            .collect()
    }

    /// Counts a field of an accepted message that was left out, by its name.
    pub fn ignore(&self, reason: RejectReason, field: &str) {
        Self::count(&self.fields_ignored);
        let mut book = self
            .ignored
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let name: String = field.chars().take(IGNORED_NAME).collect();
        if book.counts.len() >= MAX_IGNORED && !book.counts.contains_key(&(name.clone(), reason)) {
            book.further += 1;
            return;
        }
        *book.counts.entry((name, reason)).or_default() += 1;
    }

    /// Ignored fields by name and reason, and how many more there were of further names.
    pub fn ignored(&self) -> (Vec<(String, RejectReason, u64)>, u64) {
        let book = self
            .ignored
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        (
            book.counts
                .iter()
                .map(|((name, reason), count)| (name.clone(), *reason, *count))
                .collect(),
            book.further,
        )
    }

    /// Counts a message that was not taken and keeps its beginning.
    pub fn reject(
        &self,
        now: UtcMs,
        source: &'static str,
        origin: &str,
        reason: RejectReason,
        detail: &str,
        raw: &[u8],
    ) {
        let excerpt = excerpt(raw);
        let origin = origin.chars().take(EXCERPT_BYTES).collect();
        let reject = Reject {
            at: now.to_string(),
            source,
            origin,
            reason,
            detail: detail.to_owned(),
            excerpt,
        };
        let mut book = self
            .rejects
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *book.counts.entry((source, reason)).or_default() += 1;
        if book.ring.len() == REJECT_RING {
            book.ring.pop_front();
        }
        book.ring.push_back(reject);
    }

    /// The kept rejects, newest first.
    pub fn rejects(&self) -> Vec<Reject> {
        let book = self
            .rejects
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        book.ring.iter().rev().cloned().collect()
    }

    /// Sums of rejects.
    pub fn snapshot(&self) -> StatsSnapshot {
        let book = self
            .rejects
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let sum = |wanted: &str| {
            book.counts
                .iter()
                .filter(|((source, _), _)| *source == wanted)
                .map(|(_, n)| n)
                .sum()
        };
        StatsSnapshot {
            mqtt_rejected: sum("mqtt"),
            ocpp_rejected: sum("ocpp"),
            rejects: book
                .counts
                .iter()
                .map(|((source, reason), n)| (*source, reason.name(), *n))
                .collect(),
        }
    }
}

/// The beginning of a message. People look at rejects, and tags are personal data.
fn excerpt(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(EXCERPT_BYTES)]);
    redact(&text, |_| "***".to_owned()).into_owned()
}
