//! MQTT payloads: one file per format, one line in [`DECODERS`].

use crate::model::{Reading, RejectReason};
use crate::units::UtcMs;

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
}

/// What a decoder calls for each reading and each thing it leaves out.
pub trait Sink {
    /// One reading (one asset, one time). `entries` is never empty.
    fn reading(&mut self, reading: Reading<'_>);
    /// A field or sample of an otherwise good message that is left out, and why.
    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str);
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
        Self { reason, detail: detail.into() }
    }
}

/// A format.
#[derive(Debug)]
pub struct Decoder {
    /// Name for `--format` and the documentation.
    pub name: &'static str,
    /// Which topics are this format's, as MQTT filters, for subscriptions and documentation.
    pub filters: &'static [&'static str],
    /// Does the topic belong to this format?
    pub claims: fn(topic: &str) -> bool,
    /// Decodes one message. `Ok` with no reading means: known, deliberately left out.
    pub decode: fn(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused>,
}

mod angle;
mod json;
mod native;
mod ovms;
mod unit;

/// Every format in the program. To add one: write its file, add its line, record its frames in `tests/frames/mqtt/<name>/`.
pub const DECODERS: &[Decoder] = &[native::DECODER, ovms::DECODER];

/// The decoder that claims a topic.
pub fn for_topic(topic: &str) -> Option<&'static Decoder> {
    DECODERS.iter().find(|decoder| (decoder.claims)(topic))
}

/// The decoder of a name.
pub fn by_name(name: &str) -> Option<&'static Decoder> {
    DECODERS.iter().find(|decoder| decoder.name == name)
}
