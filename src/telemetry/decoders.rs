//! Selects the decoder for a message. A site's own maps come first, then the format that claims the topic.

use std::sync::Arc;

use super::mapping::Mappings;
use super::{DECODERS, Decode, Decoder, Message, Refused, Sink};
use crate::model::{DecoderMemory, RejectReason};

/// Which formats a listener or connection decodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Formats {
    /// The one that claims the topic.
    #[default]
    ByTopic,
    /// Only these, by their place in [`DECODERS`]: the first that claims the topic, else the first that can read it.
    Only(Vec<usize>),
}

impl Formats {
    /// The formats with these names; an unknown name is the error.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, &'n str> {
        let index = |name: &'n str| {
            DECODERS
                .iter()
                .position(|decoder| decoder.name == name)
                .ok_or(name)
        };
        names
            .into_iter()
            .map(index)
            .collect::<Result<_, _>>()
            .map(Self::Only)
    }

    /// The topic filters to subscribe to. [`Formats::ByTopic`] leaves out filters that begin with a wildcard: on a shared broker they would
    /// match the messages of every other publisher.
    pub fn filters(&self) -> Vec<&'static str> {
        let all = |decoder: &'static Decoder| decoder.filters.iter().copied();
        match self {
            Self::ByTopic => DECODERS
                .iter()
                .flat_map(all)
                .filter(|filter| !filter.starts_with('+'))
                .collect(),
            Self::Only(indexes) => indexes
                .iter()
                .flat_map(|index| all(&DECODERS[*index]))
                .collect(),
        }
    }
}

/// All decoders with their state, and the site's maps.
pub struct Decoders {
    running: Vec<Box<dyn Decode>>,
    mappings: Arc<Mappings>,
    reports_absent: bool,
}

impl Default for Decoders {
    fn default() -> Self {
        let running = DECODERS.iter().map(|decoder| (decoder.start)()).collect();
        Self {
            running,
            mappings: Arc::default(),
            reports_absent: false,
        }
    }
}

impl Decoders {
    /// All decoders, with a site's maps before them.
    pub fn with_mappings(mappings: Arc<Mappings>) -> Self {
        Self {
            mappings,
            ..Self::default()
        }
    }

    /// Also reports the fields of a map that a message does not have, which helps when writing a map.
    #[must_use]
    pub fn reporting_absent(self) -> Self {
        Self {
            reports_absent: true,
            ..self
        }
    }

    /// Decodes one message. A map whose topic matches is used whatever the formats are, because the site wrote it for this topic.
    pub fn decode(
        &mut self,
        formats: &Formats,
        message: &Message<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        if let Some(decoded) = self.mappings.decode(message, self.reports_absent, sink) {
            return decoded;
        }
        match formats {
            Formats::ByTopic => match DECODERS
                .iter()
                .position(|decoder| (decoder.claims)(message.topic))
            {
                Some(index) => self.running[index].decode(message, sink),
                None => Err(unknown_topic()),
            },
            Formats::Only(indexes) => {
                if let Some(index) = indexes
                    .iter()
                    .find(|index| (DECODERS[**index].claims)(message.topic))
                {
                    return self.running[*index].decode(message, sink);
                }
                for index in indexes {
                    match self.running[*index].decode(message, sink) {
                        Err(refused) if refused.reason == RejectReason::UnknownTopic => {}
                        other => return other,
                    }
                }
                Err(unknown_topic())
            }
        }
    }

    /// The state of each decoder whose state changed since the last call; [`Decoders::restore`] takes it back after a restart.
    pub fn changed_memories(&mut self) -> impl Iterator<Item = DecoderMemory<'static>> + '_ {
        self.running
            .iter_mut()
            .zip(DECODERS)
            .filter_map(|(running, decoder)| {
                running.take_changed().then(|| {
                    let mut bytes = vec![running.memory_version()];
                    bytes.extend(running.save());
                    DecoderMemory {
                        decoder: decoder.name.into(),
                        bytes: bytes.into(),
                    }
                })
            })
    }

    /// Restores the saved state of one decoder. State of another layout is dropped, because the source sends its content again.
    pub fn restore(&mut self, memory: &DecoderMemory<'_>) {
        if let Some(index) = DECODERS
            .iter()
            .position(|decoder| decoder.name == memory.decoder)
        {
            let running = &mut self.running[index];
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

#[cfg(test)]
mod tests;
