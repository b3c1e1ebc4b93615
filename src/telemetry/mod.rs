//! MQTT payloads: one file per format, one line in [`DECODERS`]. [`Decoders`] runs them and keeps what they remember.

mod decoders;
mod filter;
pub mod formats;
mod kit;
pub mod mapping;

pub use decoders::{Decoders, Formats};
pub use filter::without_covered;

use std::borrow::Cow;

use crate::model::{AssetKind, FeedFormat, IndicatorReport, Reading, ReadingEntry, RejectReason};
use crate::units::{UtcMs, Zone};

/// A PUBLISH as a decoder sees it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The payload.
    pub payload: &'a [u8],
    /// The retain flag.
    pub retained: bool,
    /// When it arrived.
    pub received_at: UtcMs,
    /// The clocks by which a month is over.
    pub zone: &'static Zone,
    /// MQTT 5 user properties.
    pub properties: &'a [(String, String)],
}

impl<'a> Message<'a> {
    /// A reading of this message; `at` is the device's own time.
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

/// What a decoder calls for each reading and each thing it leaves out.
pub trait Sink {
    /// One reading (one asset, one time). `entries` is never empty.
    fn reading(&mut self, reading: Reading<'_>);
    /// A field or sample of an otherwise good message that is left out, and why.
    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str);
    /// A monthly figure from elsewhere. Whoever asks for readings only leaves it out.
    fn indicator(&mut self, _report: IndicatorReport<'_>) {}
}

/// A whole message that is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// For counting.
    pub reason: RejectReason,
    /// For people: what, where, what to do.
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

/// A format.
#[derive(Debug)]
pub struct Decoder {
    /// Name for `--format`, `formats` and the documentation.
    pub name: &'static str,
    /// How readings of it are told apart; the number is its own for ever.
    pub format: FeedFormat,
    /// Its topics as MQTT filters, for subscriptions and documentation. Those that begin with a wildcard are only subscribed to where
    /// the configuration names the format.
    pub filters: &'static [&'static str],
    /// Is the topic certainly this format's? Where two formats could claim one topic, the first line of the table has it.
    pub claims: fn(topic: &str) -> bool,
    /// A decoder that remembers nothing yet.
    pub start: fn() -> Box<dyn Decode>,
}

/// A running decoder. A function that decodes is one that remembers nothing.
pub trait Decode: Send {
    /// Decodes one message. `Ok` with no reading means: known, deliberately left out.
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused>;

    /// Has what must outlast a restart changed since the last call?
    fn has_news(&mut self) -> bool {
        false
    }

    /// The version of the layout that [`Decode::save`] writes. Raise it with every change of the layout.
    fn memory_version(&self) -> u8 {
        1
    }

    /// What must outlast a restart. Bounded, as everything a decoder remembers.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes back what was saved. What cannot be read is forgotten: the source says it again.
    fn restore(&mut self, _saved: &[u8]) {}
}

impl<F: FnMut(&Message<'_>, &mut dyn Sink) -> Result<(), Refused> + Send> Decode for F {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        self(message, sink)
    }
}

/// Every format in the program. To add one: write its file, add its line, record its frames in `tests/frames/mqtt/<name>/`.
pub const DECODERS: &[Decoder] = &[
    formats::native::DECODER,
    formats::ovms::DECODER,
    formats::teslamate::DECODER,
    formats::traccar::DECODER,
    formats::flespi::DECODER,
    formats::teltonika::DECODER,
    formats::autopi::DECODER,
    formats::viss::DECODER,
    formats::wican::DECODER,
    formats::sparkplug::DECODER,
    // Chargers and meters.
    formats::evcc::DECODER,
    formats::openwb::DECODER,
    formats::goe::DECODER,
    formats::shelly::DECODER,
    formats::tasmota::DECODER,
    formats::wallbox::DECODER,
    formats::ocpp_bridge::DECODER,
    // Its topics are told by their end alone.
    formats::tesla::DECODER,
];

/// The name of a reading's format.
pub fn format_name(format: FeedFormat) -> &'static str {
    DECODERS
        .iter()
        .find(|decoder| decoder.format.number == format.number)
        .map_or("mapping", |decoder| decoder.name)
}
