//! The running decoders: which of them a message goes to, and what holds for the readings of all. A site's maps come first.

use std::sync::Arc;

use super::mapping::Mappings;
use super::{DECODERS, Decode, Decoder, Message, Refused, Sink};
use crate::model::{DecoderMemory, IndicatorReport, Reading, RejectReason};

/// How far a device's clock may run ahead of ours (`mqtt-telemetry` section 7).
const MAX_AHEAD_MS: i64 = 10 * 60 * 1000;
const AHEAD: &str =
    "is more than 10 minutes ahead of this machine's clock; check the device's clock";

/// A choice of formats.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Formats {
    /// The one that claims the topic.
    #[default]
    ByTopic,
    /// Only these, by their place in [`DECODERS`]: the first that claims the topic, else the first that can read it.
    Only(Vec<usize>),
}

impl Formats {
    /// The formats of these names; an unknown name is given back.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, &'n str> {
        let place = |name: &'n str| {
            DECODERS
                .iter()
                .position(|decoder| decoder.name == name)
                .ok_or(name)
        };
        names
            .into_iter()
            .map(place)
            .collect::<Result<_, _>>()
            .map(Self::Only)
    }

    /// What to subscribe to. Without a choice, filters that begin with a wildcard are left out: on a shared broker they would ask for
    /// everybody's messages.
    pub fn filters(&self) -> Vec<&'static str> {
        let all = |decoder: &'static Decoder| decoder.filters.iter().copied();
        match self {
            Self::ByTopic => DECODERS
                .iter()
                .flat_map(all)
                .filter(|filter| !filter.starts_with('+'))
                .collect(),
            Self::Only(places) => places
                .iter()
                .flat_map(|place| all(&DECODERS[*place]))
                .collect(),
        }
    }
}

/// All decoders with what they remember, and the site's maps.
pub struct Decoders {
    running: Vec<Box<dyn Decode>>,
    mappings: Arc<Mappings>,
    tells_all: bool,
}

impl Default for Decoders {
    fn default() -> Self {
        let running = DECODERS.iter().map(|decoder| (decoder.start)()).collect();
        Self {
            running,
            mappings: Arc::default(),
            tells_all: false,
        }
    }
}

impl Decoders {
    /// With a site's maps.
    pub fn with_mappings(mappings: Arc<Mappings>) -> Self {
        Self {
            mappings,
            ..Self::default()
        }
    }

    /// Also reports what a map looks for and a message does not have: for whoever writes the map.
    #[must_use]
    pub fn telling_all(self) -> Self {
        Self {
            tells_all: true,
            ..self
        }
    }

    /// Decodes one message. A map that is for its topic has it, whatever the formats are: the site knows its topics best.
    pub fn decode(
        &mut self,
        formats: &Formats,
        message: &Message<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        let mut sink = InTime { sink };
        if let Some(decoded) = self.mappings.decode(message, self.tells_all, &mut sink) {
            return decoded;
        }
        match formats {
            Formats::ByTopic => match DECODERS
                .iter()
                .position(|decoder| (decoder.claims)(message.topic))
            {
                Some(place) => self.running[place].decode(message, &mut sink),
                None => Err(unknown_topic()),
            },
            Formats::Only(places) => {
                if let Some(place) = places
                    .iter()
                    .find(|place| (DECODERS[**place].claims)(message.topic))
                {
                    return self.running[*place].decode(message, &mut sink);
                }
                for place in places {
                    match self.running[*place].decode(message, &mut sink) {
                        Err(refused) if refused.reason == RejectReason::UnknownTopic => {}
                        other => return other,
                    }
                }
                Err(unknown_topic())
            }
        }
    }

    /// What decoders want to be given back after a restart and did not say before.
    pub fn news(&mut self) -> impl Iterator<Item = DecoderMemory<'static>> + '_ {
        self.running
            .iter_mut()
            .zip(DECODERS)
            .filter_map(|(running, decoder)| {
                running.has_news().then(|| {
                    let mut bytes = vec![running.memory_version()];
                    bytes.extend(running.save());
                    DecoderMemory {
                        decoder: decoder.name.into(),
                        bytes: bytes.into(),
                    }
                })
            })
    }

    /// Gives a decoder back what it had saved. A memory of another layout is dropped: the source sends its content again.
    pub fn restore(&mut self, memory: &DecoderMemory<'_>) {
        if let Some(place) = DECODERS
            .iter()
            .position(|decoder| decoder.name == memory.decoder)
        {
            let running = &mut self.running[place];
            match memory.bytes.split_first() {
                Some((version, content)) if *version == running.memory_version() => {
                    running.restore(content);
                }
                _ => {}
            }
        }
    }
}

fn unknown_topic() -> Refused {
    Refused::new(
        RejectReason::UnknownTopic,
        "no format claims this topic; see `fleetgauge decode --help` for the formats, and write a mapping for a format of your own",
    )
}

/// Lets no reading through whose time is too far ahead: it would hold back everything after it as late.
struct InTime<'a> {
    sink: &'a mut dyn Sink,
}

impl Sink for InTime<'_> {
    fn reading(&mut self, reading: Reading<'_>) {
        if reading
            .at
            .is_some_and(|at| at.since(reading.received_at) > MAX_AHEAD_MS)
        {
            self.sink.ignored(RejectReason::Time, "ts", AHEAD);
        } else {
            self.sink.reading(reading);
        }
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        self.sink.ignored(reason, field, detail);
    }

    fn indicator(&mut self, report: IndicatorReport<'_>) {
        self.sink.indicator(report);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::telemetry::decoders::*;

    #[test]
    fn names_and_numbers_are_told_apart() {
        let names: BTreeSet<_> = DECODERS.iter().map(|decoder| decoder.name).collect();
        let numbers: BTreeSet<_> = DECODERS
            .iter()
            .map(|decoder| decoder.format.number)
            .collect();
        assert_eq!(
            (names.len(), numbers.len()),
            (DECODERS.len(), DECODERS.len())
        );
    }

    #[test]
    fn nobody_asks_a_shared_broker_for_everything() {
        assert!(
            Formats::ByTopic
                .filters()
                .iter()
                .all(|filter| !filter.starts_with(['+', '#']))
        );
        assert_eq!(Formats::named(["native", "ovsm"]), Err("ovsm"));
    }
}
