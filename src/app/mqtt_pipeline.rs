//! Passes an MQTT message to the engine: the decoder of its topic, then each reading is observed and written at once.

use super::inbox;
use crate::engine::Engine;
use crate::model::{IndicatorReport, Observation, Quantity, Reading, RejectReason, Stats};
use crate::telemetry::{Decoders, Formats, Message, Sink};
use crate::units::{UtcMs, Zone};

/// Hands each reading to the engine and to the inbox at once: no copy in between.
pub(super) struct MqttSink<'a> {
    pub engine: &'a mut Engine,
    pub inbox: &'a mut Vec<u8>,
    pub stats: &'a Stats,
    pub now: UtcMs,
    /// Readings of the message so far.
    pub readings: u32,
}

impl Sink for MqttSink<'_> {
    fn reading(&mut self, mut reading: Reading<'_>) {
        self.readings += 1;
        // Tags are personal data and no book reads them from MQTT yet: they go no further, not even to disk.
        if reading
            .entries
            .iter()
            .any(|entry| entry.quantity == Quantity::IdTag)
        {
            reading
                .entries
                .to_mut()
                .retain(|entry| entry.quantity != Quantity::IdTag);
            if reading.entries.is_empty() {
                return;
            }
        }
        let observation = Observation::Telemetry(reading);
        self.engine.handle(&observation, self.now);
        inbox::append_observed(self.inbox, self.now, observation);
    }

    fn indicator(&mut self, report: IndicatorReport<'_>) {
        self.readings += 1;
        let observation = Observation::Indicator(report);
        self.engine.handle(&observation, self.now);
        inbox::append_observed(self.inbox, self.now, observation);
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, _detail: &str) {
        self.stats.ignore(reason, field);
    }
}

/// A PUBLISH as it came from a socket or a capture.
pub(super) struct Published<'a> {
    pub topic: &'a [u8],
    pub payload: &'a [u8],
    pub retained: bool,
    pub properties: &'a [(String, String)],
    pub received_at: UtcMs,
    /// The clocks by which a month is over.
    pub zone: &'static Zone,
}

/// Decodes one PUBLISH and passes its readings to `sink`; the error is the reason of a reject.
pub(super) fn decode(
    decoders: &mut Decoders,
    formats: &Formats,
    published: &Published<'_>,
    sink: &mut dyn Sink,
) -> Result<(), (RejectReason, String)> {
    let Published {
        payload,
        retained,
        properties,
        received_at,
        zone,
        ..
    } = *published;
    let topic = std::str::from_utf8(published.topic)
        .map_err(|_| (RejectReason::Utf8, "the topic is not UTF-8".to_owned()))?;
    let message = Message {
        topic,
        payload,
        retained,
        received_at,
        zone,
        properties,
    };
    decoders
        .decode(formats, &message, sink)
        .map_err(|refused| (refused.reason, refused.detail))
}
