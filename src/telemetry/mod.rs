//! MQTT payloads of vehicles, chargers and meters become readings in one vocabulary. Each format has a file in [`formats`]; a site's own
//! payloads are described by [`mapping`] files. [`Decoders`] selects the decoder for a message and keeps its state.

mod decoders;
mod filter;
mod formats;
mod kit;
pub mod mapping;

pub use decoders::{Decoders, Formats};
pub use filter::without_covered;
pub use formats::DECODERS;

use std::borrow::Cow;

use crate::model::{AssetKind, FeedFormat, IndicatorReport, Reading, ReadingEntry, RejectReason};
use crate::units::{UtcMs, Zone};

/// An MQTT PUBLISH.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Without the prefix of a shared subscription.
    pub topic: &'a str,
    /// As published; empty to erase a retained copy.
    pub payload: &'a [u8],
    /// The retain flag: a replayed copy, not a fresh value.
    pub retained: bool,
    /// Arrival at this process.
    pub received_at: UtcMs,
    /// The clocks by which a month is over.
    pub zone: &'static Zone,
    /// MQTT 5 user properties.
    pub properties: &'a [(String, String)],
}

impl<'a> Message<'a> {
    /// Builds a reading of this message. `at` is the device's own time, `None` if the message has none.
    fn reading(
        &self,
        format: FeedFormat,
        kind: AssetKind,
        asset: &'a str,
        at: Option<UtcMs>,
        entries: &'a [ReadingEntry<'a>],
    ) -> Reading<'a> {
        Reading {
            asset: Cow::Borrowed(asset),
            kind,
            format,
            at,
            received_at: self.received_at,
            retained: self.retained,
            historical: false,
            sequence: None,
            stale_after_s: None,
            entries: Cow::Borrowed(entries),
        }
    }

    /// The value of a user property.
    pub fn property(&self, name: &str) -> Option<&'a str> {
        self.properties
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Receives the readings of a decoder, and the fields that it leaves out.
pub trait Sink {
    /// One reading (one asset, one time). `entries` is never empty.
    fn reading(&mut self, reading: Reading<'_>);
    /// A field or sample of an otherwise good message that is left out, and why.
    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str);
    /// A monthly figure that another system computed. Ignored by default: most receivers only collect readings.
    fn indicator(&mut self, _report: IndicatorReport<'_>) {}
}

/// Why a whole message was not decoded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// The category, for counters.
    pub reason: RejectReason,
    /// A sentence for people: what is wrong, where, and what to do.
    pub detail: String,
}

impl Refused {
    fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

/// A payload format: its name, topics and decoder.
#[derive(Debug)]
pub struct Decoder {
    /// Name for `--format`, `formats` and the documentation.
    pub name: &'static str,
    /// Identifies the format in stored readings. The number must never change.
    pub format: FeedFormat,
    /// MQTT topic filters, for subscriptions and documentation. Filters that begin with a wildcard are only subscribed to if the
    /// configuration names the format.
    pub filters: &'static [&'static str],
    /// Returns true if the topic is certainly of this format. If several formats claim a topic, the first in the table gets it.
    pub claims: fn(topic: &str) -> bool,
    /// Creates a decoder without state.
    pub start: fn() -> Box<dyn Decode>,
}

/// A running decoder. A plain function is a decoder without state.
pub trait Decode: Send {
    /// Decodes one message. `Ok` without a reading means that the topic is known and deliberately left out.
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused>;

    /// Returns true, once, if the state that must survive a restart has changed.
    fn take_changed(&mut self) -> bool {
        false
    }

    /// The version of the layout that [`Decode::save`] writes. Raise it with every change of the layout.
    fn memory_version(&self) -> u8 {
        1
    }

    /// The state that must survive a restart. Its size is bounded.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Restores saved state. State that cannot be decoded is dropped, because the source will send it again.
    fn restore(&mut self, _saved: &[u8]) {}
}

impl<F: FnMut(&Message<'_>, &mut dyn Sink) -> Result<(), Refused> + Send> Decode for F {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        self(message, sink)
    }
}

/// The name of a reading's format.
pub fn format_name(format: FeedFormat) -> &'static str {
    DECODERS
        .iter()
        .find(|decoder| decoder.format.number == format.number)
        .map_or("mapping", |decoder| decoder.name)
}
